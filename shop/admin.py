from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.models import StockItem
from shop.forms import (
    CurrencyField,
    MoneyField,
    MoneyModelForm,
    PictureForm,
    VariantForm,
    VariantFormSet,
    price_field,
)
from shop.models import Category, Price, Product, ProductImage, ShippingRate, TaxRate, Variant
from shop.money import format_money
from shop.pictures import WIDTHS, rendition_url


def thumbnail(image: ProductImage) -> SafeString:
    """Return the small picture that the lists show."""
    return format_html(
        '<img class="thumbnail" src="{}" alt="{}" width="48" height="48" loading="lazy">',
        rendition_url(image, WIDTHS[0]),
        image.alt,
    )


def currencies_without_price(product: Product) -> list[str]:
    """Return the currencies in which nothing of `product` can be bought. 1 query."""
    prices = Price.objects.filter(variant__product=product, variant__is_active=True)
    priced = set(prices.values_list("currency", flat=True))
    return [currency for currency in settings.CURRENCIES if currency not in priced]


class PictureInline(admin.TabularInline[ProductImage, Product]):
    model = ProductImage
    form = PictureForm
    fields = ["preview", "file", "alt", "position"]
    readonly_fields = ["preview"]
    extra = 0

    @admin.display(description="")
    def preview(self, image: ProductImage) -> SafeString:
        return thumbnail(image) if image.pk else SafeString("")


class VariantInline(admin.TabularInline[Variant, Product]):
    model = Variant
    form = VariantForm
    formset = VariantFormSet
    fields = [
        "options",
        "sku",
        *(price_field(currency) for currency in settings.CURRENCIES),
        "units",
        "image",
        "position",
        "is_active",
    ]

    def get_fields(self, request: HttpRequest, obj: Product | None = None) -> Any:
        # The price fields belong to the form, and who may only look gets none.
        if self.has_change_permission(request, obj):
            return self.fields
        return ["options_label", "sku", "priced", "available", "is_active"]

    @admin.display(description=gettext_lazy("prices"))
    def priced(self, variant: Variant) -> str:
        prices = variant.prices.all()
        return ", ".join(format_money(price.amount_minor, price.currency) for price in prices)

    @admin.display(description=gettext_lazy("available"))
    def available(self, variant: Variant) -> str:
        return str(variant.stock.available) if variant.stock else _("not counted")

    def get_extra(self, request: HttpRequest, obj: Product | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return super().get_queryset(request).select_related("stock").prefetch_related("prices")

    def get_formset(
        self, request: HttpRequest, obj: Product | None = None, **kwargs: Any
    ) -> type[forms.BaseInlineFormSet[Variant, Product, Any]]:
        # The form makes its price fields when it is made: the factory cannot know them.
        return super().get_formset(request, obj, **{**kwargs, "fields": VariantForm.Meta.fields})


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin[Product]):
    list_display = ["picture", "name", "category", "price_range", "available", "is_published"]
    list_display_links = ["picture", "name"]
    list_filter = ["is_published", "category"]
    list_select_related = ["category"]
    list_per_page = 50
    search_fields = ["name", "variants__sku"]
    search_help_text = gettext_lazy("Name or SKU")
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug", "category", "description", "is_published"]
    inlines = [VariantInline, PictureInline]
    actions = ["put_on_sale", "take_off_sale"]
    save_on_top = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        """Add price range and free units: the list takes the same queries however long it is."""
        first = Q(variants__prices__currency=settings.CURRENCIES[0], variants__is_active=True)
        free = (
            StockItem.objects.filter(variant__product=OuterRef("pk"))
            .order_by()
            .values("variant__product")
            .annotate(free=Sum(F("on_hand") - F("held")))
            .values("free")
        )
        queryset: QuerySet[Product] = super().get_queryset(request)
        return queryset.prefetch_related("images").annotate(
            lowest_minor=Min("variants__prices__amount_minor", filter=first),
            highest_minor=Max("variants__prices__amount_minor", filter=first),
            free_units=Subquery(free),
        )

    def view_on_site(self, product: Product) -> str | None:
        return product.get_absolute_url() if product.is_published else None

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for formset in formsets:
            if isinstance(formset, VariantFormSet):
                self._save_offers(request, formset)
        self._warn_of_missing_prices(request, form.instance)

    def _save_offers(self, request: HttpRequest, formset: VariantFormSet) -> None:
        for form in formset.forms:
            if (
                isinstance(form, VariantForm)
                and form.instance.pk
                and form not in formset.deleted_forms
                and form.has_changed()
            ):
                form.save_prices()
                form.save_stock(actor=request.user.get_username())

    def _warn_of_missing_prices(self, request: HttpRequest, product: Product) -> None:
        missing = currencies_without_price(product)
        if product.is_published and missing:
            messages.warning(
                request,
                _(
                    "“%(product)s” is for sale, but no variant has a price in %(currencies)s: "
                    "shoppers who pay in it cannot buy it. Add a price, or take it off sale."
                )
                % {"product": product, "currencies": ", ".join(missing)},
            )

    @admin.display(description=gettext_lazy("picture"))
    def picture(self, product: Product) -> SafeString | str:
        images = product.images.all()
        return thumbnail(images[0]) if images else "—"

    @admin.display(description=gettext_lazy("price"), ordering="lowest_minor")
    def price_range(self, product: Any) -> str:
        if product.lowest_minor is None:
            return _("no price")
        amounts = sorted({product.lowest_minor, product.highest_minor})
        return " – ".join(format_money(amount, settings.CURRENCIES[0]) for amount in amounts)

    @admin.display(description=gettext_lazy("available"), ordering="free_units")
    def available(self, product: Any) -> str:
        return _("not counted") if product.free_units is None else str(product.free_units)

    @admin.action(description=gettext_lazy("Put on sale"), permissions=["change"])
    def put_on_sale(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        count = products.update(is_published=True)
        messages.success(
            request,
            ngettext("%d product is for sale.", "%d products are for sale.", count) % count,
        )
        for product in products:
            self._warn_of_missing_prices(request, product)

    @admin.action(description=gettext_lazy("Take off sale"), permissions=["change"])
    def take_off_sale(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        count = products.update(is_published=False)
        messages.success(
            request,
            ngettext("%d product is off sale.", "%d products are off sale.", count) % count,
        )


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin[Category]):
    list_display = ["name", "product_count", "position"]
    list_editable = ["position"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug", "description", "position"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        queryset: QuerySet[Category] = super().get_queryset(request)
        return queryset.annotate(product_count=Count("products"))

    @admin.display(description=gettext_lazy("products"), ordering="product_count")
    def product_count(self, category: Any) -> int:
        return int(category.product_count)


class ShippingRateForm(MoneyModelForm[ShippingRate]):
    currency = CurrencyField()
    amount_minor = MoneyField(label=gettext_lazy("Amount"))
    free_from_minor = MoneyField(
        label=gettext_lazy("Free from"),
        required=False,
        help_text=gettext_lazy("Delivery is free from this subtotal on. Leave empty for never."),
    )

    class Meta:
        model = ShippingRate
        fields = ["currency", "amount_minor", "free_from_minor", "days_min", "days_max"]

    def clean(self) -> None:
        """Say beside the field that the days are the wrong way round."""
        super().clean()
        days_min, days_max = self.cleaned_data.get("days_min"), self.cleaned_data.get("days_max")
        if days_min is not None and days_max is not None and days_min > days_max:
            self.add_error("days_max", _("Give at least as many days as at best."))


@admin.register(ShippingRate)
class ShippingRateAdmin(admin.ModelAdmin[ShippingRate]):
    form = ShippingRateForm
    list_display = ["currency", "amount", "free_from", "days"]

    @admin.display(description=gettext_lazy("amount"))
    def amount(self, rate: ShippingRate) -> str:
        return format_money(rate.amount_minor, rate.currency)

    @admin.display(description=gettext_lazy("free from"))
    def free_from(self, rate: ShippingRate) -> str:
        if rate.free_from_minor is None:
            return _("never")
        return format_money(rate.free_from_minor, rate.currency)

    @admin.display(description=gettext_lazy("working days"))
    def days(self, rate: ShippingRate) -> str:
        return f"{rate.days_min} – {rate.days_max}"


@admin.register(TaxRate)
class TaxRateAdmin(admin.ModelAdmin[TaxRate]):
    list_display = ["country", "percent"]
    ordering = ["country"]
