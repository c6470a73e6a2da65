from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from inventory.models import StockItem


class Category(models.Model):
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("slug"), unique=True)
    description = models.TextField(_("description"), blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:category", args=[self.slug])


class Product(models.Model):
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), unique=True, max_length=140)
    description = models.TextField(_("description"))
    is_published = models.BooleanField(_("for sale"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("product")
        ordering = ["-pk"]
        indexes = [
            # A category's page in the order it is shown, read from any place without OFFSET.
            models.Index(
                fields=["category", "-id"],
                condition=Q(is_published=True),
                name="shop_category_page",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:product", args=[self.slug])


class ProductImage(models.Model):
    """One picture. `shop/pictures.py` makes the smaller sizes beside the file when it is stored."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    file = models.ImageField(
        _("picture"), upload_to="products/", width_field="width", height_field="height"
    )
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    alt = models.CharField(_("what the picture shows"), max_length=200)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("picture")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.alt


class Variant(models.Model):
    """What is put in a cart: one sku of a product, with its options such as {"Size": "M"}."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="variants")
    sku = models.CharField(_("SKU"), max_length=64, unique=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    image = models.ForeignKey(
        ProductImage, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("for sale"), default=True)
    # Null: not counted, as for downloads.
    stock = models.OneToOneField(
        StockItem, models.PROTECT, null=True, blank=True, related_name="variant"
    )

    class Meta:
        verbose_name = _("variant")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "options"], name="shop_variant_options_unique"
            )
        ]

    def __str__(self) -> str:
        label = self.options_label
        return f"{self.product.name} ({label})" if label else self.product.name

    @property
    def options_label(self) -> str:
        """The options in one line: "M, Oat"; empty where there is no choice."""
        return ", ".join(str(value) for value in self.options.values())


class Price(models.Model):
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="prices")
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.PositiveBigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("price")
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "currency"], name="shop_one_price_per_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class ShippingRate(models.Model):
    """The flat rate of one currency; free from a subtotal of `free_from_minor`, where set."""

    currency = models.CharField(_("currency"), max_length=3, unique=True)
    amount_minor = models.PositiveBigIntegerField(_("amount"))
    free_from_minor = models.PositiveBigIntegerField(_("free from"), null=True, blank=True)
    days_min = models.PositiveSmallIntegerField(_("working days, at best"), default=2)
    days_max = models.PositiveSmallIntegerField(_("working days, at most"), default=5)

    class Meta:
        verbose_name = _("shipping rate")
        constraints = [
            models.CheckConstraint(
                condition=Q(days_min__lte=models.F("days_max")), name="shop_shipping_days_in_order"
            )
        ]

    def __str__(self) -> str:
        return self.currency


class TaxRate(models.Model):
    country = CountryField(_("country"), unique=True)
    percent = models.DecimalField(
        _("percent"),
        max_digits=6,
        decimal_places=3,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )

    class Meta:
        verbose_name = _("tax rate")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="shop_tax_percent_in_range"
            )
        ]

    def __str__(self) -> str:
        return f"{self.country}: {self.percent} %"
