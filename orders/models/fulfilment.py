"""What becomes of the lines of a paid order: parcels sent, things granted, seats booked."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.order import ALPHABET, Order, OrderLine


def new_ticket_code() -> str:
    """Return 80 random bits that people can read aloud: four groups of four letters."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


class Shipment(models.Model):
    """One parcel that has left us. `orders/shipping.py` is the writer."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=80, blank=True)
    tracking_url = models.URLField(_("tracking page"), blank=True)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    shipped_at = models.DateTimeField(_("sent"), auto_now_add=True)

    class Meta:
        verbose_name = _("shipment")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"shipment {self.pk}"


class ShipmentLine(models.Model):
    """Units of one order line in a parcel."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("shipment line")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shipment", "line"], name="orders_shipment_line_once_per_parcel"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="orders_shipment_line_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.title}"


class Grant(models.Model):
    """What one line that is not a parcel entitles the buyer to. `orders/granting.py` is the writer.

    Made when the order is paid. `handle` is the buyer's name at the outside party, where there is
    one: of a repository, the GitHub user name.
    """

    class State(models.TextChoices):
        DUE = "due", _("not yet granted")
        GRANTED = "granted", _("granted")
        REVOKED = "revoked", _("revoked")

    line = models.OneToOneField(OrderLine, models.PROTECT, related_name="grant")
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.DUE)
    handle = models.CharField(_("user name"), max_length=100, blank=True)
    granted_at = models.DateTimeField(_("granted"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("grant")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["due", "granted", "revoked"]),
                name="orders_grant_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}"


class LicenceGrant(models.Model):
    """One licence key that was given for a unit of a line."""

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="licences")
    key = models.CharField(_("licence key"), max_length=200, unique=True)
    # The buyer looks at it when he wishes to; once shown it cannot be taken back unseen.
    shown_at = models.DateTimeField(_("first shown"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("licence")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"licence {self.pk}"


class DownloadCount(models.Model):
    """How often one file of a grant was fetched."""

    grant = models.ForeignKey(Grant, models.CASCADE, related_name="downloads")
    file = models.ForeignKey("shop.DownloadFile", models.CASCADE, related_name="+")
    count = models.PositiveIntegerField(_("downloads"), default=0)
    last_at = models.DateTimeField(_("last"), auto_now=True)

    class Meta:
        verbose_name = _("downloads")
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "file"], name="orders_one_count_per_granted_file"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.file}"


class Booking(models.Model):
    """One seat at an event: who comes, and the code of the ticket."""

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="bookings")
    seat = models.PositiveIntegerField(_("seat"))
    attendee = models.CharField(_("attendee"), max_length=120)
    code = models.CharField(_("ticket"), max_length=24, unique=True, default=new_ticket_code)
    admitted_at = models.DateTimeField(_("admitted"), null=True, blank=True)
    admitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("booking")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "seat"], name="orders_seat_once_per_grant"),
        ]

    def __str__(self) -> str:
        return f"{self.attendee}, seat {self.seat}"


class ReceiptCounter(models.Model):
    """The last receipt number that was given out, in the one row with key 1."""

    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="orders_one_receipt_counter"),
        ]

    def __str__(self) -> str:
        return str(self.last)


class Receipt(models.Model):
    """The numbered receipt of a paid order. `orders/receipts.py` is the writer."""

    order = models.OneToOneField(Order, models.PROTECT, related_name="receipt")
    number = models.PositiveIntegerField(_("number"), unique=True)
    issued_at = models.DateTimeField(_("issued"), auto_now_add=True)

    class Meta:
        verbose_name = _("receipt")
        ordering = ["number"]

    def __str__(self) -> str:
        return str(self.number)
