"""What makes a step not wanted any more: each says why in a few words, or "" when it is wanted."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from cart.models import LeftBehind
from notifications.models import Delivery, Suppression
from orders.models import Order, OrderEvent, Payment, Refund

# Over so long a person gets at most settings.WINNING_BACK_LIMIT messages to win him back.
LIMIT_OVER = timedelta(days=30)
PAID = (Order.State.PAID, Order.State.FULFILLING, Order.State.FULFILLED)


def refunded(delivery: Delivery) -> str:
    """The order was given back in full."""
    event = delivery.event
    is_back = event is not None and event.order.state == Order.State.REFUNDED
    return _("the order was refunded") if is_back else ""


def told_when_it_came(delivery: Delivery) -> str:
    """Of money that came too late the buyer hears once: that it goes back."""
    event = delivery.event
    is_late = (
        event is not None
        and Refund.objects.filter(pk=event.data["refund"], reason=Refund.Reason.LATE).exists()
    )
    return _("told when the money came") if is_late else ""


def bought_after_all(delivery: Delivery) -> str:
    """The order was paid in the end, or the same person has bought since."""
    if delivery.left is not None:
        is_bought = delivery.left.recovered_at is not None
    else:
        order = delivery.event.order if delivery.event is not None else None
        is_bought = order is not None and order.state in PAID
    return _("bought after all") if is_bought else ""


def being_paid(delivery: Delivery) -> str:
    """The person has begun to pay since, in a way of which the bank's word takes days.

    Should that payment fail, its decline is followed up.
    """
    left = delivery.left
    if left is None:
        return ""
    waiting = OrderEvent.objects.filter(
        kind=OrderEvent.Kind.PROCESSING,
        created_at__gt=left.left_at,
        order__state=Order.State.PENDING,
        order__email__iexact=left.email,
    )
    return _("a payment is under way at the bank") if waiting.exists() else ""


def granted_again(delivery: Delivery) -> str:
    """Staff have asked since to grant the line once more: an older revocation is over."""
    if delivery.event is None or delivery.grant is None:
        return ""
    later = OrderEvent.objects.filter(
        order=delivery.event.order_id,
        kind=OrderEvent.Kind.REGRANT_ASKED,
        data__grant=delivery.grant.pk,
        pk__gt=delivery.event.pk,
    )
    return _("granted again since") if later.exists() else ""


def bought_the_variant(delivery: Delivery) -> str:
    """Whoever waited for a variant has bought it meanwhile."""
    alert = delivery.alert
    if alert is None:
        return ""
    bought = Payment.objects.filter(
        outcome=Payment.Outcome.ACCEPTED,
        received_at__gt=alert.created_at,
        order__email__iexact=alert.email,
        order__lines__variant=alert.variant_id,
    )
    return _("bought after all") if bought.exists() else ""


def held_out(delivery: Delivery) -> str:
    """In the group that gets no messages, so that the report can tell what they earn."""
    left = delivery.left
    return _("held out, to compare") if left is not None and left.is_held_out else ""


def left_again(delivery: Delivery) -> str:
    """The same cart was left once more since: that is followed up instead."""
    left = delivery.left
    if left is None or left.cart_id is None:
        return ""
    later = LeftBehind.objects.filter(cart=left.cart_id, pk__gt=left.pk)
    return _("left again since") if later.exists() else ""


def unsubscribed(delivery: Delivery) -> str:
    """The address wants nothing that is not about a purchase."""
    suppressed = Suppression.objects.filter(email=delivery.recipient.lower())
    return _("unsubscribed") if suppressed.exists() else ""


def undeliverable(delivery: Delivery) -> str:
    """Mail to the address bounced, or its owner complained: nothing goes there any more."""
    final = [Suppression.Reason.BOUNCED, Suppression.Reason.COMPLAINED]
    suppressed = Suppression.objects.filter(email=delivery.recipient.lower(), reason__in=final)
    return _("mail to this address bounced or was complained about") if suppressed.exists() else ""


def had_enough(delivery: Delivery) -> str:
    """The person has been written to often enough lately."""
    lately = Delivery.objects.filter(
        recipient__iexact=delivery.recipient,
        left__isnull=False,
        state=Delivery.State.DONE,
        done_at__gt=timezone.now() - LIMIT_OVER,
    )
    enough = lately.count() >= settings.WINNING_BACK_LIMIT
    return _("written to often enough") if enough else ""
