"""Money of an order: what Stripe took, what goes back, what the bank disputes."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order, OrderLine


def new_refund_key() -> str:
    return "refund-" + secrets.token_urlsafe(24)


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
    # Units of these that had been sent in parcels.
    returned_quantity = models.PositiveIntegerField(_("of these sent before"), default=0)
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
            models.CheckConstraint(
                condition=Q(returned_quantity__lte=F("quantity")),
                name="orders_refund_line_returned_at_most_refunded",
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
