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

    class Meta:
        verbose_name = _("cart")

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
