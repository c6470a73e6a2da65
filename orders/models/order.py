import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from shop.delivery import DeliveryDates
from shop.models import Product, Variant

# Crockford's base 32: no letter that is mistaken for a digit.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_number() -> str:
    """Return a random number that people can read aloud, such as "K7QM-4T9X"."""
    letters = [secrets.choice(ALPHABET) for _ in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def new_access_key() -> str:
    return secrets.token_urlsafe(18)


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
    # Null where nothing is sent as a parcel.
    delivery_from = models.DateField(_("delivery from"), null=True, blank=True)
    delivery_until = models.DateField(_("delivery until"), null=True, blank=True)
    # The shopper's language when it was placed; messages are written in it.
    language = models.CharField(_("language"), max_length=10, default="en")
    # Where the visit came from: a campaign or another site; empty when it is not known.
    source = models.CharField(_("source"), max_length=80, blank=True)
    # A number such as +4915112345678 that asked for news of this order by WhatsApp.
    whatsapp = models.CharField(_("WhatsApp"), max_length=20, blank=True)

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

    @property
    def delivery(self) -> DeliveryDates | None:
        """When the parcels arrive; None where nothing is sent."""
        if self.delivery_from is None or self.delivery_until is None:
            return None
        return DeliveryDates(self.delivery_from, self.delivery_until)


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
    kind = models.CharField(
        _("kind"), max_length=10, choices=Product.Kind, default=Product.Kind.PARCEL
    )
    # Units that have left us in parcels; kept by orders/shipping.py.
    shipped_quantity = models.PositiveIntegerField(_("sent"), default=0)
    # Units in refunds that did not fail; kept by orders/refunding.py.
    refunded_quantity = models.PositiveIntegerField(_("refunded"), default=0)
    # Those of them that had been sent; the others are not owed any more.
    returned_quantity = models.PositiveIntegerField(_("of these sent before"), default=0)

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
            models.CheckConstraint(
                condition=Q(returned_quantity__lte=F("refunded_quantity")),
                name="orders_line_returned_at_most_refunded",
            ),
            models.CheckConstraint(
                condition=Q(returned_quantity__lte=F("shipped_quantity")),
                name="orders_line_returned_at_most_sent",
            ),
            models.CheckConstraint(
                condition=Q(shipped_quantity__lte=F("quantity")),
                name="orders_line_shipped_at_most_bought",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["parcel", "download", "licence", "repository", "course", "event"]
                ),
                name="orders_line_kind_known",
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
        SHIPPED = "shipped", _("Parcel sent")
        HANDLE_GIVEN = "handle_given", _("User name for access given")
        GRANTED = "granted", _("Granted")
        REGRANT_ASKED = "regrant_asked", _("Grant asked for by staff")
        REVOKE_ASKED = "revoke_asked", _("Revocation asked for by staff")
        REVOKED = "revoked", _("Revoked")
        RESEND_ASKED = "resend_asked", _("Message asked for again")
        ADMITTED = "admitted", _("Ticket admitted")
        WHATSAPP_ON = "whatsapp_on", _("News by WhatsApp asked for")
        RECEIPT_ISSUED = "receipt_issued", _("Receipt issued")

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
