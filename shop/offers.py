"""What a product's page offers: variants with price and stock, and the ways to choose one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, FilteredRelation, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.models import Product, Variant

FEW = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant on sale.

    `price_minor` is None where it is not sold in the currency, `available` where it is not counted.
    """

    variant: Variant
    price_minor: int | None
    available: int | None

    @property
    def is_sold_out(self) -> bool:
        return self.available is not None and self.available <= 0

    @property
    def can_be_bought(self) -> bool:
        is_over = self.variant.product.is_over
        return self.price_minor is not None and not self.is_sold_out and not is_over

    @property
    def stock_text(self) -> str:
        """Return the stock in words; the number only where few are left."""
        if self.variant.product.is_over:
            return _("This event has begun")
        if self.is_sold_out:
            return _("Sold out")
        kind = self.variant.product.kind
        if self.available is not None and self.available <= FEW:
            left = (
                ngettext("%(count)d seat left", "%(count)d seats left", self.available)
                if kind == Product.Kind.EVENT
                else ngettext("%(count)d left", "%(count)d left", self.available)
            )
            return left % {"count": self.available}
        return _("In stock") if kind == Product.Kind.PARCEL else _("Available")


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an option, and the offer that choosing it leads to."""

    value: str
    offer: Offer
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """An option such as "Size" with all its values."""

    name: str
    choices: list[Choice]

    @property
    def chosen_value(self) -> str:
        """The value that is chosen; empty when the offer shown lacks this option."""
        return next((choice.value for choice in self.choices if choice.is_chosen), "")


def offers_of(product: Product, currency: str) -> list[Offer]:
    """Return the variants on sale in their order, priced in `currency`. 1 query."""
    variants = (
        product.variants.filter(is_active=True)
        .select_related("stock")
        .annotate(
            price=FilteredRelation("prices", condition=Q(prices__currency=currency)),
            price_minor=F("price__amount_minor"),
        )
    )
    return [
        Offer(variant, variant.price_minor, variant.stock.available if variant.stock else None)
        for variant in variants
    ]


def choose(offers: Sequence[Offer], sku: str) -> Offer | None:
    """Return the offer with that sku, else the first that can be bought, else the first."""
    asked_for = [offer for offer in offers if offer.variant.sku == sku]
    to_buy = [offer for offer in offers if offer.can_be_bought]
    return next(iter([*asked_for, *to_buy, *offers]), None)


def option_groups(offers: Sequence[Offer], chosen: Offer) -> list[OptionGroup]:
    """Return the options to choose by, each value leading to the offer nearest to `chosen`."""
    values: dict[str, dict[str, None]] = {}
    for offer in offers:
        for name, value in offer.variant.options.items():
            values.setdefault(name, {})[value] = None
    return [
        OptionGroup(
            name,
            [
                Choice(
                    value,
                    _nearest(offers, chosen, name, value),
                    is_chosen=chosen.variant.options.get(name) == value,
                )
                for value in of_name
            ],
        )
        for name, of_name in values.items()
    ]


def _nearest(offers: Sequence[Offer], chosen: Offer, name: str, value: str) -> Offer:
    """Return the offer that keeps most of the chosen options; one on sale before one sold out."""
    wanted = {**chosen.variant.options, name: value}

    def fit(offer: Offer) -> tuple[int, bool]:
        same = sum(wanted.get(key) == kept for key, kept in offer.variant.options.items())
        return same, offer.can_be_bought

    return max((o for o in offers if o.variant.options.get(name) == value), key=fit)
