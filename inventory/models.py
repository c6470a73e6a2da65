from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class StockItem(models.Model):
    """One thing that is counted: `on_hand` sums its movements, `held` its open reservations."""

    sku = models.CharField(_("SKU"), max_length=64, unique=True)
    on_hand = models.IntegerField(_("on hand"), default=0)
    held = models.IntegerField(_("held"), default=0)

    class Meta:
        verbose_name = _("stock item")
        constraints = [
            models.CheckConstraint(condition=Q(held__gte=0), name="inventory_held_not_negative"),
            # With the one above this also says on_hand >= 0.
            models.CheckConstraint(
                condition=Q(held__lte=F("on_hand")), name="inventory_held_at_most_on_hand"
            ),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def available(self) -> int:
        """Units that nobody holds."""
        return self.on_hand - self.held


class Reservation(models.Model):
    """Units of one item held for one `reference` (an order's number), then sold or released.

    `holder` names who may count them as his own (a cart's token). Both are opaque here.
    """

    class State(models.TextChoices):
        HELD = "held", _("held")
        CONFIRMED = "confirmed", _("confirmed")
        RELEASED = "released", _("released")

    item = models.ForeignKey(StockItem, models.PROTECT, related_name="reservations")
    reference = models.CharField(_("reference"), max_length=40, db_index=True)
    holder = models.CharField(_("holder"), max_length=40)
    quantity = models.PositiveIntegerField(_("quantity"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.HELD)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("reservation")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="inventory_hold_not_empty"),
            models.CheckConstraint(
                condition=Q(state__in=["held", "confirmed", "released"]),
                name="inventory_hold_state_known",
            ),
            models.UniqueConstraint(
                fields=["item", "reference"],
                condition=~Q(state="released"),
                name="inventory_one_live_hold_per_reference",
            ),
        ]
        indexes = [
            models.Index(
                fields=["holder"], condition=Q(state="held"), name="inventory_open_holds_by_holder"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item} ({self.reference})"


class StockMovement(models.Model):
    """A change of one item's `on_hand`. Only ever appended."""

    class Reason(models.TextChoices):
        RECEIVED = "received", _("received")
        SOLD = "sold", _("sold")
        COUNTED = "counted", _("counted")
        DAMAGED = "damaged", _("damaged or lost")
        RETURNED = "returned", _("returned")

    item = models.ForeignKey(StockItem, models.PROTECT, related_name="movements")
    quantity = models.IntegerField(_("change"))
    reason = models.CharField(_("reason"), max_length=9, choices=Reason)
    reference = models.CharField(_("reference"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=254)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("stock movement")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="inventory_movement_not_zero"),
            models.CheckConstraint(
                condition=Q(reason__in=["received", "sold", "counted", "damaged", "returned"]),
                name="inventory_movement_reason_known",
            ),
            # A sale is booked once: confirming the same hold again cannot take stock twice.
            models.UniqueConstraint(
                fields=["item", "reference"],
                condition=Q(reason="sold"),
                name="inventory_one_sale_per_reference",
            ),
            # The same for what a refund puts back.
            models.UniqueConstraint(
                fields=["item", "reference"],
                condition=Q(reason="returned"),
                name="inventory_one_return_per_reference",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.item}"
