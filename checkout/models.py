import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cart.models import Cart
from orders.models import Order


def new_idempotency_key() -> str:
    return "order-" + secrets.token_urlsafe(24)


class PaymentAttempt(models.Model):
    """The one PaymentIntent of an order, and the cart it was placed from.

    Saved with the order before Stripe is called, so that a crash in between is repaired by calling
    again with the same key. Open until its order is paid or closed; a cart has at most one open.
    """

    order = models.OneToOneField(Order, models.PROTECT, related_name="attempt")
    cart = models.ForeignKey(Cart, models.SET_NULL, null=True, related_name="attempts")
    idempotency_key = models.CharField(max_length=64, unique=True, default=new_idempotency_key)
    # Null until Stripe has answered.
    intent_id = models.CharField(  # noqa: DJ001
        _("payment intent"), max_length=255, unique=True, null=True
    )
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # When the intent was last looked up at Stripe, or made there.
    checked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("payment attempt")
        constraints = [
            models.UniqueConstraint(
                fields=["cart"],
                condition=Q(is_open=True),
                name="checkout_one_open_attempt_per_cart",
            )
        ]
        indexes = [
            models.Index(
                fields=["checked_at"], condition=Q(is_open=True), name="checkout_open_by_check"
            )
        ]

    def __str__(self) -> str:
        return self.intent_id or f"attempt {self.pk}"


class PaymentRequest(models.Model):
    """The answer given to a client's idempotency key, to be given again for the same request."""

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    # Null while the first request runs.
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cart", "key"], name="checkout_request_key_unique")
        ]

    def __str__(self) -> str:
        return self.key


class WebhookEvent(models.Model):
    """The inbox: one row for each event of Stripe, stored before the answer, then applied once.

    A row that could not be applied stays received, with its error, until its next try; after too
    many tries it is failed and waits for a member of staff.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        APPLIED = "applied", _("applied")
        IGNORED = "ignored", _("ignored")
        FAILED = "failed", _("failed")

    class Source(models.TextChoices):
        WEBHOOK = "webhook", _("webhook")
        LIST = "list", _("Stripe's list of events")

    event_id = models.CharField(_("event"), max_length=255, unique=True)
    type = models.CharField(_("type"), max_length=100)
    payload = models.JSONField(_("payload"))
    # How it came: what Stripe's list knew first, the webhook had not brought.
    source = models.CharField(_("source"), max_length=7, choices=Source, default=Source.WEBHOOK)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RECEIVED)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), auto_now_add=True)
    error = models.TextField(_("last error"), blank=True)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook event")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["received", "applied", "ignored", "failed"]),
                name="checkout_event_state_known",
            ),
            models.CheckConstraint(
                condition=Q(source__in=["webhook", "list"]), name="checkout_event_source_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state="received"),
                name="checkout_event_undone",
            )
        ]

    def __str__(self) -> str:
        return self.event_id


class Reconciliation(models.Model):
    """One reading of Stripe's list of events, up to `read_until`, and what it found."""

    read_from = models.DateTimeField(_("events from"))
    read_until = models.DateTimeField(_("events until"))
    events_read = models.PositiveIntegerField(_("events at Stripe"), default=0)
    # Events that no webhook had brought.
    events_missing = models.PositiveIntegerField(_("not brought by a webhook"), default=0)
    finished_at = models.DateTimeField(_("finished"))

    class Meta:
        verbose_name = _("reconciliation")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.read_from:%Y-%m-%d %H:%M} – {self.read_until:%Y-%m-%d %H:%M}"


class Audit(models.Model):
    """One check of the books: the sums it compared and the breaks it found, as plain data."""

    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    sums = models.JSONField(_("sums"))
    breaks = models.JSONField(_("breaks"))

    class Meta:
        verbose_name = _("audit")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M}"


class DeclineJump(models.Model):
    """A time in which too large a share of the shop's tries to pay is declined: a card test.

    `lasts_until` moves on with each sign of it. The numbers are those of its beginning.
    """

    started_at = models.DateTimeField(_("began"), auto_now_add=True)
    lasts_until = models.DateTimeField(_("lasts until"))
    declined = models.PositiveIntegerField(_("declined"))
    tries = models.PositiveIntegerField(_("tries to pay"))
    # Null: the staff are still to be told.
    told_at = models.DateTimeField(_("staff told"), null=True, blank=True)

    class Meta:
        verbose_name = _("jump of declines")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"
