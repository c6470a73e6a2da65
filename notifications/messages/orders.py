"""What a buyer is told of an order: paid, sent, closed, money on its way back."""

from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from notifications.causes import event_of
from notifications.failures import NotWantedError
from notifications.models import Delivery
from orders.granting import units_kept
from orders.models import OrderEvent, Payment, Refund, RefundLine, Shipment
from orders.shipping import left_to_send
from shop.models import Product

Event = OrderEvent.Kind
# What is given back one by one; of all else the last unit takes the whole along.
COUNTED = (Product.Kind.LICENCE, Product.Kind.EVENT)


def order_confirmed(delivery: Delivery) -> dict[str, Any]:
    """The order is paid: what was bought, what it cost, when it arrives."""
    event = event_of(delivery)
    order = event.order
    if event.kind == Event.WHATSAPP_ON:
        _refuse_to_tell_twice(event, delivery.recipient)
    lines = list(order.lines.all())
    return {
        "order": order,
        "lines": lines,
        "delivery": order.delivery,
        "has_parcels": any(line.kind == Product.Kind.PARCEL for line in lines),
        "has_grants": any(line.kind != Product.Kind.PARCEL for line in lines),
    }


def shipped(delivery: Delivery) -> dict[str, Any]:
    """A parcel has left us: what is in it, how to follow it, what is still to come."""
    event = event_of(delivery)
    shipment = Shipment.objects.get(pk=event.data["shipment"])
    return {
        "order": event.order,
        "shipment": shipment,
        "parts": list(shipment.lines.select_related("line")),
        "is_last": not left_to_send(event.order),
    }


def order_expired(delivery: Delivery) -> dict[str, Any]:
    """The order was closed before it was paid, and nothing was charged."""
    order = event_of(delivery).order
    if order.payments.exists():
        raise NotWantedError(_("money came for it: something was charged"))
    return {"order": order, "lines": list(order.lines.all())}


def payment_returned(delivery: Delivery) -> dict[str, Any]:
    """Money came too late, or a second time, and goes back in full."""
    event = event_of(delivery)
    return {
        "order": event.order,
        "amount_minor": event.amount_minor,
        "is_second": event.order.payments.filter(outcome=Payment.Outcome.ACCEPTED).exists(),
    }


def refunded(delivery: Delivery) -> dict[str, Any]:
    """Money has gone back, all or a part: how much, for what, and what becomes of the access."""
    event = event_of(delivery)
    refund = Refund.objects.select_related("payment").get(pk=event.data["refund"])
    if refund.state == Refund.State.FAILED:
        raise NotWantedError(_("the bank sent the money back to us"))
    parts = list(refund.lines.select_related("line"))
    granted = event.order.lines.exclude(kind=Product.Kind.PARCEL)
    paid_the_order = refund.payment.outcome == Payment.Outcome.ACCEPTED
    return {
        "order": event.order,
        "refund": refund,
        "currency": refund.payment.currency,
        "parts": parts,
        "is_full": _was_the_last(refund),
        "has_grants": paid_the_order and granted.exists(),
        "taken_back": [part for part in parts if _is_taken_back(part)],
    }


def _refuse_to_tell_twice(event: OrderEvent, number: str) -> None:
    """Raise NotWantedError where the payment itself is, or will be, confirmed to this number."""
    paid = event.order.events.filter(kind=Event.PAID, pk__lt=event.pk)
    if not paid.exists():
        raise NotWantedError(_("the order was not paid yet: this is told once it is"))
    # The number may have been given before the payment's steps were planned.
    told = Delivery.objects.filter(
        event__in=paid,
        step=order_confirmed.__name__,
        recipient=number,
        state__in=[Delivery.State.DUE, Delivery.State.DONE],
    )
    if told.exists():
        raise NotWantedError(_("the payment is confirmed to this number already"))


def _is_taken_back(part: RefundLine) -> bool:
    """Tell whether keys, seats or access went with the money, as `revoke_units` decides it."""
    if part.line.kind == Product.Kind.PARCEL or not part.restock:
        return False
    return part.line.kind in COUNTED or not units_kept(part.line)


def _was_the_last(refund: Refund) -> bool:
    """Tell whether nothing of the payment was left with us after it."""
    upto = Refund.objects.filter(
        payment=refund.payment_id,
        state=Refund.State.SUCCEEDED,
        succeeded_at__lte=refund.succeeded_at,
    )
    back: int | None = upto.aggregate(back=Sum("amount_minor"))["back"]
    return back == refund.payment.amount_minor
