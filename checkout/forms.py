"""What the shopper types on the checkout page: where the receipt goes and where the goods go.

`CheckoutForm` is for a cart of which something is sent, `DigitalCheckoutForm` for all others.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from checkout.fields import NAMES, EmailField, address_fields, receipt_fields
from orders.placing import BuyerDetails


class CheckoutForm(forms.Form):
    """Contact, delivery and billing address, with the fields that the chosen countries have.

    With `data` it checks; with `initial` alone it shows. Billing fields have the prefix "billing_".
    """

    email = EmailField()
    billing_same = forms.BooleanField(
        label=_("Billing address is the same as delivery"), required=False, initial=True
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        chosen = (self.initial if data is None else data).get
        country = str(chosen("country") or settings.DEFAULT_COUNTRY)
        billing_country = str(chosen("billing_country") or country)
        self._add_address(
            "",
            address_fields("shipping", country, _("Enter the full name for the parcel.")),
        )
        self._add_address(
            "billing_",
            address_fields("billing", billing_country, _("Enter the full name for the invoice.")),
        )
        self.initial.update(country=country, billing_country=billing_country)
        if data is not None and self["billing_same"].value():
            for bound in self.billing_fields:
                bound.field.required = False

    @property
    def delivery_fields(self) -> list[forms.BoundField]:
        """The delivery address, in the order of its country."""
        return [self[name] for name in self._names("")]

    @property
    def billing_fields(self) -> list[forms.BoundField]:
        """The billing address, in the order of its country."""
        return [self[name] for name in self._names("billing_")]

    def details(self) -> BuyerDetails:
        """Return what was typed, after is_valid(); a part that a country lacks is empty."""
        return BuyerDetails(
            email=self.cleaned_data["email"],
            shipping=self._address(""),
            billing={} if self.cleaned_data["billing_same"] else self._address("billing_"),
        )

    def _add_address(self, prefix: str, fields: dict[str, forms.Field]) -> None:
        for name, field in fields.items():
            self.fields[prefix + name] = field

    def _names(self, prefix: str) -> list[str]:
        known = {prefix + name for name in NAMES}
        return [name for name in self.fields if name in known]

    def _address(self, prefix: str) -> dict[str, str]:
        address = {name: self.cleaned_data.get(prefix + name, "") for name in NAMES}
        return {**address, "postcode": address["postcode"].upper()}


class DigitalCheckoutForm(forms.Form):
    """Contact, and what the receipt and its tax need: name and country. Nothing is sent by post.

    With `data` it checks; with `initial` alone it shows.
    """

    email = EmailField()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial={"country": settings.DEFAULT_COUNTRY, **(initial or {})})
        self.fields.update(receipt_fields())

    @property
    def receipt_fields(self) -> list[forms.BoundField]:
        """Whom the receipt names, and the country whose tax is on it."""
        return [self["name"], self["country"]]

    def details(self) -> BuyerDetails:
        """Return what was typed, after is_valid(); the address is a name and a country alone."""
        return BuyerDetails(
            email=self.cleaned_data["email"],
            shipping={name: self.cleaned_data.get(name, "") for name in NAMES},
            billing={},
        )


def form_for(*, needs_delivery: bool) -> type[CheckoutForm] | type[DigitalCheckoutForm]:
    """Return the form for a cart of which something, or nothing, is sent as a parcel."""
    return CheckoutForm if needs_delivery else DigitalCheckoutForm
