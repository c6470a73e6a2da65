import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from shop.models import Variant

# Crockford's base 32: no letter that is mistaken for a digit.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_number() -> str:
    """Return a random number that people can read aloud, such as "K7QM-4T9X"."""
    letters = [secrets.choice(ALPHABET) for _ in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def new_access_key() -> str:
    return secrets.token_urlsafe(18)


def new_refund_key() -> str:
    return "refund-" + secrets.token_urlsafe(24)


class Order(models.Model):
    """What was agreed. `orders/states.py` is the only writer of `state`."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting for payment")
        PAID = "paid", _("paid")
        FULFILLING = "fulfilling", _("being packed")
        FULFILLED = "fulfilled", _("sent")
        CANCELED = "canceled", _("canceled")
        FAILED = "failed", _("payment failed")
        REFUNDED = "refunded", _("refunded")

    number = models.CharField(_("number"), max_length=9, unique=True, default=new_number)
    access_key = models.CharField(max_length=24, default=new_access_key, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("account"),
    )
    email = models.EmailField(_("email"))
    shipping_address = models.JSONField(_("delivery address"))
    # Empty: the same as the delivery address.
    billing_address = models.JSONField(_("billing address"), default=dict, blank=True)
    delivery_from = models.DateField(_("delivery from"))
    delivery_until = models.DateField(_("delivery until"))

    currency = models.CharField(_("currency"), max_length=3)
    country = CountryField(_("country"))
    coupon_code = models.CharField(_("coupon"), max_length=40, blank=True)
    tax_percent = models.DecimalField(_("tax percent"), max_digits=6, decimal_places=3)
    subtotal_minor = models.PositiveBigIntegerField(_("lines"))
    discount_minor = models.PositiveBigIntegerField(_("discount"))
    shipping_minor = models.PositiveBigIntegerField(_("shipping"))
    shipping_tax_minor = models.PositiveBigIntegerField(_("tax on shipping"))
    tax_minor = models.PositiveBigIntegerField(_("tax"))
    total_minor = models.PositiveBigIntegerField(_("total"))

    placed_at = models.DateTimeField(_("placed"), auto_now_add=True)
    placed_from = models.GenericIPAddressField(_("placed from"), null=True, blank=True)
    # Until then stock and coupon are held for an order that waits for its payment.
    held_until = models.DateTimeField(_("held until"))

    class Meta:
        verbose_name = _("order")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total_minor=F("subtotal_minor")
                    - F("discount_minor")
                    + F("shipping_minor")
                    + F("tax_minor")
                ),
                name="orders_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(discount_minor__lte=F("subtotal_minor")),
                name="orders_discount_at_most_lines",
            ),
            models.CheckConstraint(
                condition=Q(shipping_tax_minor__lte=F("tax_minor")),
                name="orders_shipping_tax_within_tax",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "pending",
                        "paid",
                        "fulfilling",
                        "fulfilled",
                        "canceled",
                        "failed",
                        "refunded",
                    ]
                ),
                name="orders_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["held_until"], condition=Q(state="pending"), name="orders_pending_by_hold"
            ),
            models.Index(Lower("email"), F("id").desc(), name="orders_by_email"),
            models.Index(
                fields=["placed_from"],
                condition=Q(state="pending"),
                name="orders_pending_by_address",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """The order's unguessable link."""
        path = reverse("orders:order", args=[self.number])
        return f"{path}?key={self.access_key}"


class OrderLine(models.Model):
    """What was bought, as it was named and priced then; the variant may change or go."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, models.SET_NULL, null=True, related_name="+")
    sku = models.CharField(_("SKU"), max_length=64)
    title = models.CharField(_("product"), max_length=120)
    options = models.CharField(_("options"), max_length=200, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price_minor = models.PositiveBigIntegerField(_("price"))
    discount_minor = models.PositiveBigIntegerField(_("discount"))
    tax_minor = models.PositiveBigIntegerField(_("tax"))
    # Units in refunds that did not fail; kept by orders/refunding.py.
    refunded_quantity = models.PositiveIntegerField(_("refunded"), default=0)

    class Meta:
        verbose_name = _("order line")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="orders_line_not_empty"),
            models.CheckConstraint(
                condition=Q(discount_minor__lte=F("unit_price_minor") * F("quantity")),
                name="orders_line_discount_at_most_price",
            ),
            models.CheckConstraint(
                condition=Q(refunded_quantity__lte=F("quantity")),
                name="orders_line_refunded_at_most_bought",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"

    @property
    def subtotal_minor(self) -> int:
        """Price times quantity, before discount and tax."""
        return self.unit_price_minor * self.quantity

    @property
    def total_minor(self) -> int:
        """What was paid for the line, discount and tax counted."""
        return self.subtotal_minor - self.discount_minor + self.tax_minor


class OrderEvent(models.Model):
    """One thing that happened to an order: the audit trail, only ever appended, and the outbox.

    `planned_at` is null until notifications has read the row.
    """

    class Kind(models.TextChoices):
        PLACED = "placed", _("Order placed, stock held")
        ATTEMPT = "attempt", _("Payment started")
        DECLINED = "declined", _("Payment declined")
        PROCESSING = "processing", _("Payment under way at the bank")
        HOLD_EXTENDED = "hold_extended", _("Hold extended")
        PAID = "paid", _("Paid")
        PAYMENT_MISMATCH = "payment_mismatch", _("Paid amount differs from the order")
        PAYMENT_LATE = "payment_late", _("Money came after the order was closed")
        FULFILLING = "fulfilling", _("Packing begun")
        FULFILLED = "fulfilled", _("Sent")
        CANCELED = "canceled", _("Canceled, hold released")
        FAILED = "failed", _("Payment failed, hold released")
        CANCEL_REQUESTED = "cancel_requested", _("Cancellation asked for")
        REFUND_REQUESTED = "refund_requested", _("Refund requested")
        REFUND_SENT = "refund_sent", _("Refund sent to Stripe")
        REFUND_SUCCEEDED = "refund_succeeded", _("Money returned")
        REFUND_FAILED = "refund_failed", _("Refund failed")
        REFUNDED = "refunded", _("Refunded in full")
        DISPUTE_OPENED = "dispute_opened", _("Dispute opened")
        DISPUTE_UPDATED = "dispute_updated", _("Dispute changed")
        DISPUTE_WITHDRAWN = "dispute_withdrawn", _("Funds withdrawn for a dispute")
        DISPUTE_REINSTATED = "dispute_reinstated", _("Funds of a dispute reinstated")
        DISPUTE_WON = "dispute_won", _("Dispute won")
        DISPUTE_LOST = "dispute_lost", _("Dispute lost")
        MESSAGE_SENT = "message_sent", _("Message sent")

    class Actor(models.TextChoices):
        SHOPPER = "shopper", _("shopper")
        STAFF = "staff", _("staff")
        STRIPE = "stripe", _("Stripe")
        SCHEDULE = "schedule", _("schedule")

    order = models.ForeignKey(Order, models.CASCADE, related_name="events")
    kind = models.CharField(_("what"), max_length=20, choices=Kind)
    actor = models.CharField(_("by"), max_length=8, choices=Actor)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    amount_minor = models.PositiveBigIntegerField(_("amount"), null=True, blank=True)
    data = models.JSONField(_("details"), default=dict, blank=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)
    planned_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("order event")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(actor__in=["shopper", "staff", "stripe", "schedule"]),
                name="orders_event_actor_known",
            )
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(planned_at=None), name="orders_event_unplanned"
            ),
            models.Index(
                fields=["created_at", "kind"],
                condition=Q(kind__in=["declined", "paid"]),
                name="orders_event_tries",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order}: {self.kind}"


class Payment(models.Model):
    """Money that Stripe took for an order. Only `accepted` money pays it."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        MISMATCH = "mismatch", _("amount or currency differs: refund or correct")
        LATE = "late", _("order was closed and the goods are gone: refund")

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    intent_id = models.CharField(_("payment intent"), max_length=255, unique=True)
    amount_minor = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    # What refunds that did not fail give back of it; kept by orders/refunding.py.
    refunded_minor = models.PositiveBigIntegerField(_("refunded"), default=0)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)

    class Meta:
        verbose_name = _("payment")
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(outcome="accepted"),
                name="orders_one_accepted_payment",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["accepted", "mismatch", "late"]),
                name="orders_payment_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(refunded_minor__lte=F("amount_minor")),
                name="orders_refunded_at_most_captured",
            ),
        ]

    def __str__(self) -> str:
        return self.intent_id

    @property
    def refundable_minor(self) -> int:
        """What may still be given back, in minor units."""
        return self.amount_minor - self.refunded_minor


class Refund(models.Model):
    """Money of one payment on its way back. `orders/refunding.py` is the only writer of `state`.

    Requested here, sent and settled by checkout. One row is one refund at Stripe: after a failure a
    new row `repeats` it. `amount_minor` = its lines + shipping + other.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        SENT = "sent", _("sent")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")

    class Reason(models.TextChoices):
        RETURNED = "returned", _("goods returned")
        CANCELED = "canceled", _("order canceled")
        GOODWILL = "goodwill", _("goodwill")
        DUPLICATE = "duplicate", _("paid twice")
        FRAUDULENT = "fraudulent", _("fraudulent")
        LATE = "late", _("money came too late")
        AT_STRIPE = "at_stripe", _("made in Stripe's dashboard")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    # Null: asked for by the schedule, or made in Stripe's dashboard.
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.REQUESTED)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    note = models.CharField(_("note"), max_length=200, blank=True)
    amount_minor = models.PositiveBigIntegerField(_("amount"))
    shipping_minor = models.PositiveBigIntegerField(_("shipping"), default=0)
    other_minor = models.PositiveBigIntegerField(_("other"), default=0)
    idempotency_key = models.CharField(max_length=64, unique=True, default=new_refund_key)
    # Null until Stripe has answered.
    stripe_id = models.CharField(
        _("refund at Stripe"), max_length=255, unique=True, null=True, blank=True
    )
    repeats = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="repeated_by"
    )
    error = models.TextField(_("why it failed"), blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), default=timezone.now)
    requested_at = models.DateTimeField(_("requested"), auto_now_add=True)
    # Stays when a refund that had succeeded fails later: its goods are back already.
    succeeded_at = models.DateTimeField(_("succeeded"), null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["requested", "sent", "succeeded", "failed"]),
                name="orders_refund_state_known",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="orders_refund_not_empty"),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=F("shipping_minor") + F("other_minor")),
                name="orders_refund_parts_within_amount",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["requested", "sent"]),
                name="orders_refund_undone",
            )
        ]

    def __str__(self) -> str:
        return f"refund {self.pk}"


class RefundLine(models.Model):
    """Units of one order line in a refund, with their share of discount and tax."""

    refund = models.ForeignKey(Refund, models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="refund_lines")
    quantity = models.PositiveIntegerField(_("quantity"))
    amount_minor = models.PositiveBigIntegerField(_("amount"))
    # Whether the units go back on the shelf once the money has gone back.
    restock = models.BooleanField(_("restock"))

    class Meta:
        verbose_name = _("refund line")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["refund", "line"], name="orders_refund_line_once_per_refund"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="orders_refund_line_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.title}"


class Dispute(models.Model):
    """A chargeback of one payment, as it stands at Stripe. Checkout is the writer."""

    class Status(models.TextChoices):
        WARNING_NEEDS_RESPONSE = "warning_needs_response", _("inquiry: needs an answer")
        WARNING_UNDER_REVIEW = "warning_under_review", _("inquiry: under review")
        WARNING_CLOSED = "warning_closed", _("inquiry closed")
        NEEDS_RESPONSE = "needs_response", _("needs an answer")
        UNDER_REVIEW = "under_review", _("under review")
        WON = "won", _("won")
        LOST = "lost", _("lost")
        PREVENTED = "prevented", _("prevented")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    stripe_id = models.CharField(_("dispute at Stripe"), max_length=255, unique=True)
    status = models.CharField(_("status"), max_length=22, choices=Status)
    reason = models.CharField(_("reason"), max_length=60)
    amount_minor = models.PositiveBigIntegerField(_("amount"))
    # What Stripe has taken for it and not given back, fees left out.
    withdrawn_minor = models.PositiveBigIntegerField(_("withdrawn"), default=0)
    evidence_due_at = models.DateTimeField(_("evidence due"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("dispute")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "warning_needs_response",
                        "warning_under_review",
                        "warning_closed",
                        "needs_response",
                        "under_review",
                        "won",
                        "lost",
                        "prevented",
                    ]
                ),
                name="orders_dispute_status_known",
            )
        ]

    def __str__(self) -> str:
        return self.stripe_id
