from decimal import Decimal

from django.core.files.storage import Storage, storages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from inventory.models import StockItem


def private_storage() -> Storage:
    """Return where files lie that only their buyers may fetch."""
    return storages["private"]


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
    """What is for sale, and how it reaches the buyer (`kind`)."""

    class Kind(models.TextChoices):
        PARCEL = "parcel", _("parcel")
        DOWNLOAD = "download", _("download")
        LICENCE = "licence", _("licence key")
        REPOSITORY = "repository", _("access to a GitHub repository")
        COURSE = "course", _("course")
        EVENT = "event", _("event")

    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), unique=True, max_length=140)
    description = models.TextField(_("description"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PARCEL)
    # Of a product of kind "repository": owner/name at GitHub.
    repository = models.CharField(_("repository"), max_length=140, blank=True)
    is_published = models.BooleanField(_("for sale"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("product")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["parcel", "download", "licence", "repository", "course", "event"]
                ),
                name="shop_product_kind_known",
            ),
            models.CheckConstraint(
                condition=~Q(kind="repository") | ~Q(repository=""),
                name="shop_repository_is_named",
                violation_error_message=_("Name the repository: owner/name."),
            ),
        ]
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

    @property
    def is_over(self) -> bool:
        """Whether it is an event that has begun, so that nothing is left to sell.

        One query for an event that came without its details.
        """
        event = getattr(self, "event", None) if self.kind == self.Kind.EVENT else None
        return event is not None and event.starts_at <= timezone.now()


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


class DownloadFile(models.Model):
    """A file that whoever bought the product may fetch; it lies outside what the web serves."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="downloads")
    name = models.CharField(_("name"), max_length=120)
    file = models.FileField(_("file"), upload_to="downloads/", storage=private_storage)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("file to download")
        verbose_name_plural = _("files to download")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class LicenceKey(models.Model):
    """A key of a variant's pool, free until a paid order takes it.

    A counted licence is sold from the pool, and its stock is the number of free keys; the keys of
    one that is not counted are made when they are sold.
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="licence_keys")
    key = models.CharField(_("key"), max_length=200)
    # The order number; empty while the key is free.
    taken_by = models.CharField(_("order"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("licence key")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "key"], name="shop_licence_key_unique")
        ]
        indexes = [
            models.Index(
                fields=["variant", "id"], condition=Q(taken_by=""), name="shop_free_licence_keys"
            )
        ]

    def __str__(self) -> str:
        return self.key


class Lesson(models.Model):
    """One page of a course."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="lessons")
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("text"))
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("lesson")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title


class EventDetails(models.Model):
    """When and where an event takes place; its seats are its variants' stock."""

    product = models.OneToOneField(Product, models.CASCADE, related_name="event")
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    place = models.CharField(_("place"), max_length=200)

    class Meta:
        verbose_name = _("event")
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=models.F("ends_at")), name="shop_event_begins_before_end"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product}"


class StockAlert(models.Model):
    """Somebody who waits for a variant to be there again: an outbox that notifications reads.

    `planned_at` is null until the variant is back and its message was planned.
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="alerts")
    email = models.EmailField(_("email"))
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)
    planned_at = models.DateTimeField(_("told"), null=True, blank=True)

    class Meta:
        verbose_name = _("back-in-stock wish")
        verbose_name_plural = _("back-in-stock wishes")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "email"],
                condition=Q(planned_at=None),
                name="shop_one_open_alert_per_email",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.variant}"


class FunnelEvent(models.Model):
    """One step of one visitor on the way from a visit to a paid order, for the report.

    `key` says whose it is, so that a step told twice counts once: a random name of a visitor's
    day, a cart, an order. Nothing in it leads to a person.
    """

    class Kind(models.TextChoices):
        VISIT = "visit", _("visit")
        CART = "cart", _("cart")
        CHECKOUT = "checkout", _("checkout")
        ATTEMPT = "attempt", _("payment tried")
        PAID = "paid", _("paid")
        RECOVERED = "recovered", _("recovered")

    kind = models.CharField(_("step"), max_length=9, choices=Kind)
    key = models.CharField(max_length=60)
    day = models.DateField(_("day"))
    source = models.CharField(_("source"), max_length=80, blank=True)
    coupon = models.CharField(_("coupon"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("funnel event")
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="shop_funnel_step_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["visit", "cart", "checkout", "attempt", "paid", "recovered"]),
                name="shop_funnel_kind_known",
            ),
        ]
        # With the source in it, the report counts a year without reading a single row.
        indexes = [models.Index(fields=["day", "kind", "source"], name="shop_funnel_by_day")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Doorbell(models.Model):
    """A task that waits in the queue, and when it was rung for (shop/doorbells.py)."""

    task = models.CharField(max_length=80, primary_key=True)
    rung_at = models.DateTimeField()

    class Meta:
        verbose_name = _("doorbell")

    def __str__(self) -> str:
        return self.task
