"""Money on its way back. The only writer of `Refund.state` and of the sums that hang on it.

Requested by staff or by the schedule, sent and settled by checkout. Rows are locked in one order:
order, payment, then (in inventory) stock items. A refund that has failed counts in no sum.
"""

from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import stock
from orders.fulfilling import note_owed, note_progress
from orders.models import Order, OrderEvent, OrderLine, Payment, Refund, RefundLine
from orders.refund_pricing import (
    PricedRefund,
    RefundRefusedError,
    RefundWish,
    Units,
    price_all,
    price_refund,
    price_units,
    priced_refund,
    refuse_impossible,
    refuse_too_much_shipping,
)
from orders.states import Actor, append_event, lock, move
from shop.doorbells import ring
from shop.models import Product

State = Refund.State
Kind = OrderEvent.Kind


@transaction.atomic
def request_refund(payment_id: int, wish: RefundWish, actor: Actor) -> Refund:
    """Book a refund to be sent to Stripe, and ring for its sender.

    Raises RefundRefusedError, also when a rival's refund has just taken what was left.
    """
    payment = _lock_payment(payment_id)
    return _book(payment, price_refund(payment, wish), wish.reason, wish.note, actor)


@transaction.atomic
def request_all(payment_id: int, reason: Refund.Reason, actor: Actor) -> Refund:
    """Book the refund of whatever a payment still holds; its goods go back on the shelf.

    Raises RefundRefusedError when nothing is left.
    """
    payment = _lock_payment(payment_id)
    priced = price_all(payment)
    refuse_impossible(payment, priced)
    return _book(payment, priced, reason, "", actor)


@transaction.atomic
def repeat(refund_id: int, actor: Actor) -> Refund:
    """Book a failed refund once more, with a key of its own; goods already back stay there.

    Raises RefundRefusedError when it has not failed, or was repeated before.
    """
    failed = Refund.objects.select_related("payment").get(pk=refund_id)
    payment = _lock_payment(failed.payment_id)
    failed.refresh_from_db()
    if failed.state != State.FAILED:
        raise RefundRefusedError("not_failed", _("This refund has not failed: nothing to repeat."))
    if Refund.objects.filter(repeats=failed).exists():
        raise RefundRefusedError("repeated", _("This refund has been repeated already."))
    was_back = failed.succeeded_at is not None
    refuse_too_much_shipping(payment, failed.shipping_minor)
    parts = list(failed.lines.all())
    units = [
        Units(part.line_id, part.quantity, part.restock and not was_back, part.returned_quantity)
        for part in parts
    ]
    lines = tuple(
        replace(one, amount_minor=part.amount_minor)
        for one, part in zip(price_units(payment.order, units), parts, strict=True)
    )
    priced = priced_refund(payment, lines, failed.shipping_minor, failed.other_minor)
    refuse_impossible(payment, priced)
    reason = Refund.Reason(failed.reason)
    return _book(payment, priced, reason, failed.note, actor, repeats=failed)


@transaction.atomic
def record_from_stripe(
    payment_id: int, stripe_id: str, amount_minor: int, actor: Actor
) -> Refund | None:
    """Book a refund that was made in Stripe's dashboard; None when there is no room for it yet.

    That is so while one of ours is on its way that Stripe will have to refuse.
    """
    payment = _lock_payment(payment_id)
    known = Refund.objects.filter(stripe_id=stripe_id).first()
    if known is not None:
        return known
    if amount_minor > payment.refundable_minor:
        return None
    priced = priced_refund(payment, (), 0, amount_minor)
    refund = _book(payment, priced, Refund.Reason.AT_STRIPE, "", actor)
    note_sent(refund.pk, stripe_id, actor)
    return refund


@transaction.atomic
def note_sent(refund_id: int, stripe_id: str, actor: Actor) -> None:
    """Note that Stripe has the refund, under which id. Nothing is left to do the second time."""
    refund = _lock_refund(refund_id)
    if refund.state != State.REQUESTED:
        return
    refund.state = State.SENT
    refund.stripe_id = stripe_id
    refund.save(update_fields=["state", "stripe_id"])
    _tell(refund, Kind.REFUND_SENT, actor, stripe_id=stripe_id)


@transaction.atomic
def succeed(refund_id: int, actor: Actor) -> Order:
    """Close a refund whose money has gone back: restock, and REFUNDED when nothing was kept.

    An order that was sent in part is done when nothing else was still to come. Returns the order.
    Nothing is left to do the second time.
    """
    refund = _lock_refund(refund_id)
    order = refund.payment.order
    if refund.state not in (State.REQUESTED, State.SENT):
        return order
    refund.state = State.SUCCEEDED
    refund.succeeded_at = timezone.now()
    refund.error = ""
    refund.save(update_fields=["state", "succeeded_at", "error"])
    _tell(refund, Kind.REFUND_SUCCEEDED, actor)
    _restock(refund)
    if _is_all_back(refund.payment) and order.state != Order.State.REFUNDED:
        return move(order.pk, Order.State.REFUNDED, actor)
    return note_progress(order.pk, actor)


@transaction.atomic
def fail(refund_id: int, why: str, actor: Actor) -> Order:
    """Take a refund out of the sums: Stripe refused it, or the bank sent it back later.

    What it would have taken off the order is owed again, so the order moves with its lines.
    Returns the order. Nothing is left to do the second time. Goods that came back stay.
    """
    refund = _lock_refund(refund_id)
    payment, order = refund.payment, refund.payment.order
    if refund.state == State.FAILED:
        return order
    refund.state = State.FAILED
    refund.error = why
    refund.save(update_fields=["state", "error"])
    Payment.objects.filter(pk=payment.pk).update(
        refunded_minor=F("refunded_minor") - refund.amount_minor
    )
    for line in refund.lines.all():
        OrderLine.objects.filter(pk=line.line_id).update(
            refunded_quantity=F("refunded_quantity") - line.quantity,
            returned_quantity=F("returned_quantity") - line.returned_quantity,
        )
    _tell(refund, Kind.REFUND_FAILED, actor, why=why)
    if order.state == Order.State.REFUNDED and payment.outcome == Payment.Outcome.ACCEPTED:
        before = order.events.filter(kind=Kind.REFUNDED).latest("pk").data["from"]
        order = move(order.pk, Order.State(before), actor)
    return note_owed(order.pk, actor)


def refund_status(order: Order) -> str:
    """Return "none", "partially_refunded" or "refunded", by the money that is back. 1 query."""
    back = refunded_minor(order)
    if not back:
        return "none"
    return "refunded" if back >= order.total_minor else "partially_refunded"


def refunded_minor(order: Order) -> int:
    """Return what has gone back of the money that paid the order, in minor units. 1 query."""
    return (
        Refund.objects.filter(
            payment__order=order,
            payment__outcome=Payment.Outcome.ACCEPTED,
            state=State.SUCCEEDED,
        ).aggregate(back=Sum("amount_minor"))["back"]
        or 0
    )


def _book(
    payment: Payment,
    priced: PricedRefund,
    reason: Refund.Reason,
    note: str,
    actor: Actor,
    repeats: Refund | None = None,
) -> Refund:
    refund = Refund.objects.create(
        payment=payment,
        staff=actor.staff,
        reason=reason,
        note=note,
        amount_minor=priced.total_minor,
        shipping_minor=priced.shipping_minor,
        other_minor=priced.other_minor,
        repeats=repeats,
    )
    RefundLine.objects.bulk_create(
        RefundLine(
            refund=refund,
            line=line.line,
            quantity=line.quantity,
            returned_quantity=line.returned,
            amount_minor=line.amount_minor,
            restock=line.restock,
        )
        for line in priced.lines
    )
    Payment.objects.filter(pk=payment.pk).update(
        refunded_minor=F("refunded_minor") + priced.total_minor
    )
    for line in priced.lines:
        OrderLine.objects.filter(pk=line.line.pk).update(
            refunded_quantity=F("refunded_quantity") + line.quantity,
            returned_quantity=F("returned_quantity") + line.returned,
        )
    _tell(refund, Kind.REFUND_REQUESTED, actor, reason=reason, note=note)
    ring(settings.REFUND_DOORBELL)
    return refund


def _lock_payment(payment_id: int) -> Payment:
    """Lock the order, then the payment, and return the payment with its order."""
    order_id = Payment.objects.values_list("order_id", flat=True).get(pk=payment_id)
    order = lock(order_id)
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    payment.order = order
    return payment


def _lock_refund(refund_id: int) -> Refund:
    """Lock order, payment and refund, and return the refund with its payment."""
    payment_id = Refund.objects.values_list("payment_id", flat=True).get(pk=refund_id)
    payment = _lock_payment(payment_id)
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    refund.payment = payment
    return refund


def _restock(refund: Refund) -> None:
    """Put goods and seats back; a licence key that somebody may have seen is never sold again."""
    quantities: dict[int, int] = {}
    parts = refund.lines.filter(restock=True).exclude(line__kind=Product.Kind.LICENCE)
    for part in parts.select_related("line__variant"):
        variant = part.line.variant
        if variant is not None and variant.stock_id is not None:
            quantities[variant.stock_id] = quantities.get(variant.stock_id, 0) + part.quantity
    order = refund.payment.order
    stock.take_back(f"refund {refund.pk}", quantities, f"order {order.number}")


def _is_all_back(payment: Payment) -> bool:
    if payment.outcome != Payment.Outcome.ACCEPTED:
        return False
    return refunded_minor(payment.order) == payment.amount_minor


def _tell(refund: Refund, kind: Kind, actor: Actor, **data: object) -> None:
    payment = refund.payment
    if payment.currency != payment.order.currency:
        data["currency"] = payment.currency
    said = {name: value for name, value in data.items() if value}
    append_event(payment.order, kind, actor, refund.amount_minor, refund=refund.pk, **said)
