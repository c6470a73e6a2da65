from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models import OrderEvent


class Delivery(models.Model):
    """One message to one recipient because of one event: sent once, tried until it is."""

    class State(models.TextChoices):
        DUE = "due", _("due")
        SENT = "sent", _("sent")
        FAILED = "failed", _("given up")

    event = models.ForeignKey(OrderEvent, models.CASCADE, related_name="deliveries")
    step = models.CharField(_("message"), max_length=40)
    recipient = models.EmailField(_("to"))
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.DUE)
    due_at = models.DateTimeField(_("due"))
    tries = models.PositiveIntegerField(_("tries"), default=0)
    error = models.TextField(_("last error"), blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "step", "recipient"], name="notifications_each_step_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["due", "sent", "failed"]),
                name="notifications_delivery_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state="due"), name="notifications_delivery_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.step} to {self.recipient}"
