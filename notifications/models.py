from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cart.models import LeftBehind
from orders.models import Grant, OrderEvent
from shop.models import StockAlert


class Delivery(models.Model):
    """One step of what follows an event: a message, a grant, a note. Done once, tried until it is.

    `cause` names what it follows ("event 812", "event 812 grant 5", "left 7"), and one of the keys
    below it leads there. `recipient` is an e-mail address, a number for WhatsApp, or "shop" where
    nobody is told.
    """

    class State(models.TextChoices):
        DUE = "due", _("waits")
        DONE = "done", _("done")
        CANCELED = "canceled", _("canceled")
        FAILED = "failed", _("given up")

    cause = models.CharField(_("because of"), max_length=60)
    step = models.CharField(_("step"), max_length=40)
    recipient = models.CharField(_("for"), max_length=254)
    event = models.ForeignKey(OrderEvent, models.CASCADE, null=True, related_name="deliveries")
    left = models.ForeignKey(LeftBehind, models.CASCADE, null=True, related_name="deliveries")
    alert = models.ForeignKey(StockAlert, models.CASCADE, null=True, related_name="deliveries")
    grant = models.ForeignKey(Grant, models.CASCADE, null=True, related_name="deliveries")
    # The step that has to be done first.
    after = models.ForeignKey("self", models.CASCADE, null=True, related_name="followers")

    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DUE)
    due_at = models.DateTimeField(_("due"))
    # A worker is at it until then; a dead one gives it back.
    claimed_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    error = models.TextField(_("last error"), blank=True)
    # What came of it: the subject of a message, why it was canceled.
    result = models.CharField(_("result"), max_length=200, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    # A fire drill: so many of its next tries fail (settings.DRILLS).
    drills = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "step", "recipient"], name="notifications_each_step_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["due", "done", "canceled", "failed"]),
                name="notifications_delivery_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state="due"), name="notifications_delivery_due"
            ),
            models.Index(fields=["recipient", "step"], name="notifications_by_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.step} for {self.recipient}"


class Suppression(models.Model):
    """An e-mail address, in small letters, that gets less than others, or nothing."""

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed: only about purchases")
        BOUNCED = "bounced", _("bounced: nothing any more")
        COMPLAINED = "complained", _("complained: nothing any more")

    email = models.EmailField(_("email"), unique=True)
    reason = models.CharField(_("why"), max_length=12, choices=Reason)
    noted_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["unsubscribed", "bounced", "complained"]),
                name="notifications_suppression_reason_known",
            )
        ]

    def __str__(self) -> str:
        return self.email
