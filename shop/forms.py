"""What staff type: amounts of money, a variant's options, variants and pictures."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.renderers import BaseRenderer
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.models import StockItem, StockMovement
from inventory.stock import adjust
from shop.licence_keys import add_keys, known_keys
from shop.models import Price, Product, ProductImage, Variant
from shop.money import exponent, step, to_decimal, to_minor
from shop.pictures import FORMATS, write_picture

M = TypeVar("M", bound=Model)

# Of one form, so that its page still answers in time.
MOST_KEYS = 5000
LONGEST_KEY = 200


class MoneyField(forms.DecimalField):
    """An amount typed as people write it, "42.00"; its value is whole minor units of `currency`.

    A field whose currency stands beside it in the form gets it from MoneyModelForm.
    """

    widget = forms.TextInput

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        super().__init__(min_value=Decimal(0), max_digits=14, **kwargs)
        self.currency = currency

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask phones for the keyboard with digits and a decimal point."""
        return {**super().widget_attrs(widget), "inputmode": "decimal", "size": 7}

    def prepare_value(self, value: object) -> object:
        """Return minor units as money; what was typed comes back as it was typed."""
        return to_decimal(value, self.currency) if isinstance(value, int) else value

    def clean(self, value: object) -> int | None:
        """Return minor units, or None. Raises ValidationError with a sentence for staff."""
        amount = super().clean(value)
        if amount is None:
            return None
        try:
            return to_minor(amount, self.currency)
        except ValueError as error:
            raise ValidationError(self._too_many_places(), code="decimal_places") from error

    def has_changed(self, initial: object, data: object) -> bool:
        """Compare as money, so that "42" and "42.00" are the same."""
        return super().has_changed(self.prepare_value(initial), data)

    def _too_many_places(self) -> str:
        places, payable = exponent(self.currency), step(self.currency)
        if payable > 1:
            return _("%(currency)s is paid in steps of %(step)s: write a multiple of it.") % {
                "currency": self.currency,
                "step": to_decimal(payable, self.currency).normalize(),
            }
        if not places:
            return _("%(currency)s has no decimal places: write a whole number.") % {
                "currency": self.currency
            }
        return ngettext(
            "%(currency)s has %(places)d decimal place: write an amount such as %(example)s.",
            "%(currency)s has %(places)d decimal places: write an amount such as %(example)s.",
            places,
        ) % {
            "currency": self.currency,
            "places": places,
            "example": to_decimal(42 * 10**places, self.currency),
        }


class CurrencyField(forms.ChoiceField):
    """One of the currencies that the shop sells in."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Currency"))
        super().__init__(choices=_currencies, **kwargs)
        if not self.required:
            self.choices = _currencies_or_none


def _currencies() -> list[tuple[str, str]]:
    return [(currency, currency) for currency in settings.CURRENCIES]


def _currencies_or_none() -> list[tuple[str, str]]:
    return [("", "—"), *_currencies()]


class MoneyModelForm(forms.ModelForm[M]):
    """A form with a `currency` field that says what its money fields are in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = self["currency"].value() or settings.CURRENCIES[0]
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = currency


class OptionsField(forms.CharField):
    """A variant's options, typed as "Size: M; Color: Oat"; its value is the dict of them."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Options"))
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: object) -> object:
        """Return options as the text that `clean` reads."""
        if isinstance(value, dict):
            return "; ".join(f"{name}: {choice}" for name, choice in value.items())
        return value

    def clean(self, value: object) -> dict[str, str]:
        """Return the options in the order given. Raises ValidationError for staff to read."""
        options: dict[str, str] = {}
        for part in filter(None, map(str.strip, super().clean(value).split(";"))):
            name, _colon, choice = (piece.strip() for piece in part.partition(":"))
            if not name or not choice:
                raise ValidationError(
                    _("Write “%(part)s” as a name and a choice, such as “Size: M”.")
                    % {"part": part},
                    code="option_incomplete",
                )
            if name in options:
                raise ValidationError(
                    _("“%(name)s” is given twice: keep one.") % {"name": name},
                    code="option_twice",
                )
            options[name] = choice
        return options

    def has_changed(self, initial: object, data: object) -> bool:
        """Compare as text."""
        return super().has_changed(self.prepare_value(initial), data)


class StockLink(forms.Widget):
    """Says how many are there, and leads to the page where stock is corrected."""

    def __init__(self, item: StockItem) -> None:
        super().__init__()
        self.item = item

    def render(
        self,
        name: str,
        value: object,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the link."""
        return render_to_string("admin/shop/stock_link.html", {"item": self.item})


def price_field(currency: str) -> str:
    """Return the name of the variant form's field for the price in `currency`."""
    return f"price_{currency.lower()}"


def name_fields(form: forms.BaseForm) -> None:
    """Tell screen readers what each field of a table's row is: the column's head is no label."""
    for field in form.fields.values():
        field.widget.attrs["aria-label"] = field.label


class KeysField(forms.CharField):
    """Licence keys, one in each line; its value is the list of them."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Add keys"))
        super().__init__(required=False, widget=forms.Textarea({"rows": 3, "cols": 16}), **kwargs)

    def clean(self, value: object) -> list[str]:
        """Return the keys in the order given. Raises ValidationError, naming what is wrong."""
        lines = map(str.strip, super().clean(value).splitlines())
        keys = [line for line in lines if line]
        if len(keys) > MOST_KEYS:
            raise ValidationError(
                _("Add at most %(most)d keys at once.") % {"most": MOST_KEYS}, code="too_many"
            )
        long = [key for key in keys if len(key) > LONGEST_KEY]
        if long:
            raise ValidationError(
                _("This key is longer than %(most)d characters: %(key)s…")
                % {"most": LONGEST_KEY, "key": long[0][:40]},
                code="too_long",
            )
        if twice := [key for key, times in Counter(keys).items() if times > 1]:
            raise ValidationError(
                _("Given more than once: %(keys)s. No key was added.") % {"keys": ", ".join(twice)},
                code="twice",
            )
        return keys


class VariantForm(forms.ModelForm[Variant]):
    """A variant with its price in each currency and, until it is counted, its first units.

    `keys` go into the pool of a licence, and into its stock.
    """

    options = OptionsField(
        widget=forms.TextInput(attrs={"placeholder": "Size: M; Color: Oat", "size": 16})
    )
    units = forms.IntegerField(
        label=gettext_lazy("Stock"),
        required=False,
        min_value=0,
        max_value=1_000_000,
        help_text=gettext_lazy("Leave empty for what is never counted, such as downloads."),
        widget=forms.NumberInput(attrs={"class": "units"}),
    )
    keys = KeysField(help_text=gettext_lazy("One key per line. They are added to the stock."))

    class Meta:
        model = Variant
        fields = ["options", "sku", "image", "position", "is_active"]
        widgets = {
            "sku": forms.TextInput(attrs={"size": 12}),
            "position": forms.NumberInput(attrs={"class": "units"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        prices = list(self.instance.prices.all()) if self.instance.pk else []
        amounts = {price.currency: price.amount_minor for price in prices}
        for currency in settings.CURRENCIES:
            self.fields[price_field(currency)] = MoneyField(
                currency=currency,
                label=_("Price %(currency)s") % {"currency": currency},
                required=False,
                initial=amounts.get(currency),
            )
        name_fields(self)
        if self.instance.stock:
            self.fields["units"].disabled = True
            self.fields["units"].widget = StockLink(self.instance.stock)

    def clean_sku(self) -> str:
        """Refuse the name of another thing that is counted."""
        sku: str = self.cleaned_data["sku"]
        own = self.instance.stock
        if own and StockItem.objects.filter(sku=sku).exclude(pk=own.pk).exists():
            raise ValidationError(
                _("Another stock item has the SKU “%(sku)s”: choose a different one.")
                % {"sku": sku},
                code="sku_taken",
            )
        return sku

    def clean(self) -> None:
        """Refuse a first count below what is held of the same SKU, left by a deleted variant.

        That stock stays locked until the admin's transaction ends.
        """
        super().clean()
        sku, units = self.cleaned_data.get("sku"), self.cleaned_data.get("units")
        if units is None or self.instance.stock:
            return
        left = StockItem.objects.select_for_update().filter(sku=sku).first()
        if left and units < left.held:
            self.add_error(
                "units",
                ngettext(
                    "%(held)d unit with this SKU is held for an order: write %(held)d or more.",
                    "%(held)d units with this SKU are held for orders: write %(held)d or more.",
                    left.held,
                )
                % {"held": left.held},
            )

    def clean_keys(self) -> list[str]:
        """Refuse keys that are in a pool already.

        The variant stays locked until the admin's transaction ends: a second member of staff waits.
        """
        keys: list[str] = self.cleaned_data["keys"]
        if keys and self.instance.pk:
            Variant.objects.select_for_update().get(pk=self.instance.pk)
        if keys and (known := known_keys(keys)):
            raise ValidationError(
                _("In a pool already: %(keys)s. No key was added.") % {"keys": ", ".join(known)},
                code="known",
            )
        return keys

    def save_prices(self) -> None:
        """Make the prices of the saved variant what was typed; an emptied one goes."""
        for currency in settings.CURRENCIES:
            amount = self.cleaned_data[price_field(currency)]
            if amount is None:
                self.instance.prices.filter(currency=currency).delete()
            else:
                Price.objects.update_or_create(
                    variant=self.instance,
                    currency=currency,
                    defaults={"amount_minor": amount},
                )

    def save_stock(self, actor: str) -> None:
        """Count the saved variant, where units or keys were typed.

        What is counted follows its SKU.
        """
        variant, units = self.instance, self.cleaned_data["units"]
        if variant.stock:
            StockItem.objects.filter(pk=variant.stock.pk).update(sku=variant.sku)
        elif units is not None:
            # An item that is there already has the history of a deleted variant with this sku:
            # what is typed is what lies on the shelf now.
            variant.stock, is_new = StockItem.objects.get_or_create(sku=variant.sku)
            variant.save(update_fields=["stock"])
            reason = StockMovement.Reason.RECEIVED if is_new else StockMovement.Reason.COUNTED
            if change := units - variant.stock.on_hand:
                adjust(variant.stock, change, reason, actor)
        if keys := self.cleaned_data["keys"]:
            add_keys(variant, keys, actor)


class VariantFormSet(forms.BaseInlineFormSet[Variant, Product, forms.ModelForm[Variant]]):
    """The variants of one product: all with the same options, no two alike."""

    def add_fields(self, form: forms.ModelForm[Variant], index: int | None) -> None:
        """Offer the product's own pictures."""
        super().add_fields(form, index)
        image = form.fields["image"]
        if isinstance(image, forms.ModelChoiceField):
            image.queryset = ProductImage.objects.filter(product=self.instance.pk)

    def clean(self) -> None:
        """Refuse two variants that a shopper could not tell apart."""
        kept = [
            form.cleaned_data["options"]
            for form in self.forms
            if form not in self.deleted_forms and "options" in getattr(form, "cleaned_data", {})
        ]
        if any(options in kept[:place] for place, options in enumerate(kept)):
            raise ValidationError(
                _("Two variants have the same options: change or delete one of them.")
            )
        if len({frozenset(options) for options in kept}) > 1:
            raise ValidationError(
                _("Give every variant the same options, such as a Size and a Color for each.")
            )
        for form in self.forms:
            if form not in self.deleted_forms and hasattr(form, "cleaned_data"):
                self._check_keys(form, **form.cleaned_data)
        super().clean()

    def _check_keys(
        self,
        form: forms.ModelForm[Variant],
        *,
        sku: str = "",
        units: int | None = None,
        keys: Sequence[str] = (),
        **_others: object,
    ) -> None:
        """Refuse a licence's stock without keys, and keys of what is no licence."""
        if self.instance.kind != Product.Kind.LICENCE:
            if keys:
                form.add_error("keys", _("Only a licence has keys: choose that kind."))
        elif form.instance.stock or (units is None and not keys):
            return
        elif units:
            form.add_error(
                "units",
                _("A licence has a key for each unit: write 0 and add keys, or leave it empty."),
            )
        elif StockItem.objects.filter(sku=sku, on_hand__gt=0).exists():
            form.add_error("sku", _("There is stock without keys under this SKU: change it."))


class PictureForm(forms.ModelForm[ProductImage]):
    """A picture of a product; an upload is stored in all sizes when it is checked."""

    file = forms.FileField(
        label=gettext_lazy("Picture"),
        widget=forms.FileInput(
            attrs={"accept": ",".join(f"image/{name.lower()}" for name in FORMATS)}
        ),
    )

    class Meta:
        model = ProductImage
        fields = ["file", "alt", "position"]
        widgets = {
            "alt": forms.TextInput(attrs={"size": 40}),
            "position": forms.NumberInput(attrs={"class": "units"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_fields(self)

    def clean_file(self) -> object:
        """Return the stored picture's name, or the file that was there before."""
        file = self.cleaned_data["file"]
        return write_picture(file) if "file" in self.changed_data else file
