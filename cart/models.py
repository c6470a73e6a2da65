import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from shop.models import Variant

KEPT_FOR = timedelta(days=30)
MAX_QUANTITY = 99


def new_token() -> str:
    return secrets.token_urlsafe(24)


def keep_until() -> datetime:
    return timezone.now() + KEPT_FOR


class Coupon(models.Model):
    """A discount by code. `uses` counts the live redemptions: held by an order or confirmed."""

    class Kind(models.TextChoices):
        PERCENTAGE = "percentage", _("percentage")
        FIXED = "fixed", _("fixed amount")

    code = models.CharField(_("code"), max_length=40)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    percent = models.DecimalField(
        _("percent"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    amount_minor = models.PositiveBigIntegerField(_("amount"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    starts_at = models.DateTimeField(_("valid from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    max_uses = models.PositiveIntegerField(_("uses at most"), null=True, blank=True)
    uses = models.PositiveIntegerField(_("uses"), default=0, editable=False)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("coupon")
        constraints = [
            models.UniqueConstraint(
                Upper("code"),
                name="cart_coupon_code_unique",
                violation_error_message=_("There is already a coupon with this code."),
            ),
            models.CheckConstraint(
                condition=Q(uses__gte=0) & (Q(max_uses=None) | Q(uses__lte=F("max_uses"))),
                name="cart_coupon_uses_within_limit",
                violation_error_message=_("The coupon has been used more often than that."),
            ),
            # A check over NULL holds, so both numbers also have to be said to be there.
            models.CheckConstraint(
                condition=Q(
                    kind="percentage",
                    percent__isnull=False,
                    percent__gt=0,
                    percent__lte=100,
                    amount_minor=None,
                    currency="",
                )
                | (
                    Q(kind="fixed", percent=None, amount_minor__isnull=False, amount_minor__gt=0)
                    & ~Q(currency="")
                ),
                name="cart_coupon_percent_or_amount",
                violation_error_message=_(
                    "Give a percentage (above 0, at most 100), or an amount with its currency."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Cart(models.Model):
    """What a visitor wants, kept for 30 days after the last change."""

    token = models.CharField(max_length=40, unique=True, default=new_token)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="cart"
    )
    # A visitor's cart that went into the account's at sign-in; orders may still hang on it.
    merged_into = models.ForeignKey("self", models.CASCADE, null=True, blank=True)
    currency = models.CharField(max_length=3)
    country = CountryField()
    coupon = models.ForeignKey(Coupon, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=keep_until, db_index=True)
    # When its lines last changed, and when the checkout page was last worked on.
    changed_at = models.DateTimeField(default=timezone.now)
    checkout_at = models.DateTimeField(null=True)
    # Typed at checkout; empty until then. An account's cart goes by the account's address.
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=10, default="en")
    source = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("cart")
        indexes = [
            models.Index(fields=["changed_at"], name="cart_by_change"),
            models.Index(
                fields=["checkout_at"],
                condition=Q(checkout_at__isnull=False),
                name="cart_by_checkout",
            ),
        ]

    def __str__(self) -> str:
        return f"cart {self.pk}"


class CartLine(models.Model):
    """`seen_price_minor` is what the shopper was last shown, so that a change can be said."""

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )
    seen_price_minor = models.PositiveBigIntegerField(null=True)
    seen_currency = models.CharField(max_length=3, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_one_line_per_variant"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY),
                name="cart_line_quantity_1_to_99",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant}"


class CouponRedemption(models.Model):
    """One use of a coupon by the order numbered `reference`, for the cart `holder` (its token)."""

    class State(models.TextChoices):
        HELD = "held", _("held")
        CONFIRMED = "confirmed", _("confirmed")
        RELEASED = "released", _("released")

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="redemptions")
    reference = models.CharField(_("order"), max_length=40, db_index=True)
    holder = models.CharField(_("cart"), max_length=40)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.HELD)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("coupon use")
        constraints = [
            models.UniqueConstraint(
                fields=["reference"],
                condition=~Q(state="released"),
                name="cart_one_coupon_per_order",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["held", "confirmed", "released"]),
                name="cart_redemption_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon} ({self.reference})"


class LeftBehind(models.Model):
    """A purchase that somebody began and did not finish: the outbox of winning back.

    `mark` says which one, so that it is noted once: the order's number, or when the cart last
    changed. `planned_at` is null until notifications has read the row.
    """

    class Kind(models.TextChoices):
        CART = "cart", _("cart left")
        CHECKOUT = "checkout", _("left at checkout")
        PAYMENT = "payment", _("payment failed")

    kind = models.CharField(_("where"), max_length=8, choices=Kind)
    mark = models.CharField(_("order or time"), max_length=40)
    cart = models.ForeignKey(Cart, models.SET_NULL, null=True, related_name="left_behind")
    email = models.EmailField(_("email"))
    language = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    value_minor = models.PositiveBigIntegerField(_("value"))
    # [{"variant": key, "title": …, "quantity": …}, …] as it was left; the cart may change.
    items = models.JSONField(_("items"))
    coupon_code = models.CharField(_("coupon"), max_length=40, blank=True)
    token = models.CharField(max_length=40, unique=True, default=new_token)
    left_at = models.DateTimeField(_("left"))
    # In the random group that gets no messages, so that the report can tell what they earn.
    is_held_out = models.BooleanField(_("held out"), default=False)
    recovered_at = models.DateTimeField(_("bought after all"), null=True, blank=True)
    # The order that was paid after all, and for how much; 0 when it was in another currency.
    recovered_by = models.CharField(_("order"), max_length=40, blank=True)
    recovered_minor = models.PositiveBigIntegerField(_("paid"), default=0)
    # How often the link to it has held its goods.
    holds = models.PositiveSmallIntegerField(default=0)
    planned_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("unfinished purchase")
        verbose_name_plural = _("unfinished purchases")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cart", "kind", "mark"], name="cart_left_behind_noted_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["cart", "checkout", "payment"]),
                name="cart_left_behind_kind_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(planned_at=None), name="cart_left_behind_unplanned"
            ),
            models.Index(
                fields=["email"], condition=Q(recovered_at=None), name="cart_left_behind_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.mark}"
