from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.admin import ReadOnlyAdmin, StockItemAdmin
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
from shop.kind_forms import (
    DownloadFileForm,
    EventForm,
    GoodsCorrectionForm,
    LessonForm,
    ProductForm,
)
from shop.models import (
    Category,
    DownloadFile,
    EventDetails,
    Lesson,
    Price,
    Product,
    ProductImage,
    ShippingRate,
    StockAlert,
    TaxRate,
    Variant,
)
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


def kind_before(product: Product | None) -> str:
    """Return the kind whose fields the page of `product` had when it was opened. 1 query.

    What was typed just now may name another.
    """
    if product is None:
        return Product.Kind.PARCEL
    kinds = Product.objects.filter(pk=product.pk).values_list("kind", flat=True)
    return kinds.first() or Product.Kind.PARCEL


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
    readonly_fields = ["free_keys"]
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
        if not self.has_change_permission(request, obj):
            return ["options_label", "sku", "priced", "available", "is_active"]
        if kind_before(obj) != Product.Kind.LICENCE:
            return self.fields
        place = self.fields.index("units") + 1
        return [*self.fields[:place], "free_keys", "keys", *self.fields[place:]]

    @admin.display(description=gettext_lazy("free keys"))
    def free_keys(self, variant: Any) -> str:
        if variant.pk and variant.stock:
            return str(variant.free_key_count)
        return _("made when sold")

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
        variants = super().get_queryset(request).select_related("stock").prefetch_related("prices")
        free = Count("licence_keys", filter=Q(licence_keys__taken_by=""))
        return variants.annotate(free_key_count=free)

    def get_formset(
        self, request: HttpRequest, obj: Product | None = None, **kwargs: Any
    ) -> type[forms.BaseInlineFormSet[Variant, Product, Any]]:
        # The form makes its price fields when it is made: the factory cannot know them.
        return super().get_formset(request, obj, **{**kwargs, "fields": VariantForm.Meta.fields})


class DownloadFileInline(admin.TabularInline[DownloadFile, Product]):
    model = DownloadFile
    form = DownloadFileForm
    fields = ["name", "stored", "file", "position"]
    readonly_fields = ["stored"]
    extra = 0

    @admin.display(description=gettext_lazy("stored"))
    def stored(self, download: DownloadFile) -> str:
        if not download.pk:
            return ""
        try:
            size = filesizeformat(download.file.size)
        except OSError:
            return _("The file is missing: upload it again.")
        return f"{Path(str(download.file)).name}, {size}"


class LessonInline(admin.StackedInline[Lesson, Product]):
    model = Lesson
    form = LessonForm
    extra = 0


class EventInline(admin.StackedInline[EventDetails, Product]):
    model = EventDetails
    form = EventForm
    max_num = 1


# What a product of a kind needs besides its variants, and what to say while it is missing.
INLINES: dict[str, type[InlineModelAdmin[Any, Product]]] = {
    Product.Kind.DOWNLOAD: DownloadFileInline,
    Product.Kind.COURSE: LessonInline,
    Product.Kind.EVENT: EventInline,
}
UNFINISHED = {
    Product.Kind.DOWNLOAD: ("downloads", gettext_lazy("Add the files to download.")),
    Product.Kind.COURSE: ("lessons", gettext_lazy("Add the lessons.")),
    Product.Kind.EVENT: ("event", gettext_lazy("Say when and where it takes place.")),
}


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin[Product]):
    form = ProductForm
    list_display = [
        *("picture", "name", "kind", "category", "price_range", "available", "is_published")
    ]
    list_display_links = ["picture", "name"]
    list_filter = ["is_published", "kind", "category"]
    list_select_related = ["category"]
    list_per_page = 50
    search_fields = ["name", "variants__sku"]
    search_help_text = gettext_lazy("Name or SKU")
    prepopulated_fields = {"slug": ["name"]}
    fields = [*ProductForm.Meta.fields]
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

    def get_inlines(self, request: HttpRequest, obj: Product | None) -> Any:
        special = INLINES.get(kind_before(obj))
        return [VariantInline, *filter(None, [special]), PictureInline]

    def view_on_site(self, product: Product) -> str | None:
        return product.get_absolute_url() if product.is_published else None

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for formset in formsets:
            if isinstance(formset, VariantFormSet):
                self._save_offers(request, formset)
        self._warn_of_missing_prices(request, form.instance)
        self._warn_of_missing_goods(request, form.instance)

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

    def _warn_of_missing_goods(self, request: HttpRequest, product: Product) -> None:
        relation, what_to_do = UNFINISHED.get(Product.Kind(product.kind), ("", ""))
        if (
            relation
            and not Product.objects.filter(pk=product.pk, **{f"{relation}__isnull": False}).exists()
        ):
            messages.warning(
                request,
                format_html(
                    '<a href="{}">{}</a>: {}',
                    reverse("admin:shop_product_change", args=[product.pk]),
                    product,
                    what_to_do,
                ),
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
        # By their keys: the list may be filtered by what is changed here.
        products = Product.objects.filter(pk__in=list(products.values_list("pk", flat=True)))
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


@admin.register(StockAlert)
class StockAlertAdmin(ReadOnlyAdmin[StockAlert]):
    list_display = ["email", "variant", "created_at", "planned_at"]
    list_filter = [("planned_at", admin.EmptyFieldListFilter)]
    list_select_related = ["variant__product"]
    search_fields = ["email", "variant__sku"]
    search_help_text = gettext_lazy("Email or SKU")


# The inventory does not know what its items are: here the stock of licences is looked after.
admin.site.unregister(StockItem)


@admin.register(StockItem)
class GoodsStockAdmin(StockItemAdmin):
    form = GoodsCorrectionForm
