"""Bring an order in line with its PaymentIntent as it stands at Stripe.

Webhooks, sweeps and the pay request all end here, so that what came first makes no difference.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cart import coupons
from cart.leaving import note_recovered
from cart.lines import empty
from cart.models import Cart
from checkout import guarding
from checkout.leaving import note_payment_failed
from checkout.models import PaymentAttempt
from checkout.stripe_gateway import Intent
from inventory import stock
from orders.models import Order, OrderEvent, Payment, Refund
from orders.refunding import request_all
from orders.states import SCHEDULE, SHOPPER, Actor, append_event, lock, move
from shop.doorbells import ring

State = Order.State
Kind = OrderEvent.Kind


class NotYetError(Exception):
    """What Stripe says cannot be booked before something else has been; it has to wait."""


@transaction.atomic
def settle(intent: Intent, actor: Actor) -> Order | None:
    """Apply what `intent` says to its order; the second time changes nothing.

    Returns the order, or None when the intent is not one of ours.
    """
    attempt = _lock_attempt(intent)
    if attempt is None:
        return None
    order = attempt.order
    if intent.status == "succeeded":
        _receive(attempt, intent, actor)
    elif order.state == State.PENDING and intent.status == "processing":
        _wait_for_bank(order, actor)
    elif order.state == State.PENDING and intent.status == "canceled":
        _close(attempt, State.FAILED if intent.was_declined else State.CANCELED, actor)
    return attempt.order


@transaction.atomic
def settle_free(attempt: PaymentAttempt) -> None:
    """Mark an order as paid that costs nothing."""
    _pay(attempt, SHOPPER)


@transaction.atomic
def close_without_intent(attempt: PaymentAttempt, actor: Actor) -> None:
    """Cancel an order that has no intent at Stripe: no money can come."""
    _lock_rows(attempt)
    if attempt.order.state == State.PENDING and attempt.intent_id is None:
        _close(attempt, State.CANCELED, actor)


@transaction.atomic
def note_decline(intent: Intent, code: str, actor: Actor, event_id: str) -> None:
    """Append a declined try to the audit trail, and keep the hold for the grace period.

    After too many of them it ends the hold: nobody may try on this order any more.
    Once for each of Stripe's events: nothing is left to do the second time.
    """
    attempt = _lock_attempt(intent)
    if attempt is None:
        return
    order = attempt.order
    if order.events.filter(kind=Kind.DECLINED, data__stripe_event=event_id).exists():
        return
    append_event(order, Kind.DECLINED, actor, order.total_minor, code=code, stripe_event=event_id)
    guarding.note_decline_rate()
    if order.state != State.PENDING:
        return
    note_payment_failed(attempt)
    if order.held_until <= timezone.now():
        return
    if guarding.has_had_enough(attempt):
        # Checkout's expiry cancels at Stripe first, and closes the order then.
        order.held_until = timezone.now()
        order.save(update_fields=["held_until"])
        ring(settings.CLOSE_DOORBELL)
    else:
        _hold_at_least(order, settings.DECLINE_GRACE_MINUTES)


def _lock_attempt(intent: Intent) -> PaymentAttempt | None:
    """Find the attempt by intent, or by order when Stripe was faster than our note of it."""
    attempt = PaymentAttempt.objects.filter(
        Q(intent_id=intent.id) | Q(intent_id=None, order__number=intent.order_number)
    ).first()
    if attempt is not None:
        _lock_rows(attempt)
        if attempt.intent_id is None:
            attempt.intent_id = intent.id
            attempt.save(update_fields=["intent_id"])
    return attempt


def _lock_rows(attempt: PaymentAttempt) -> None:
    """Lock cart and order, in this order as everywhere, and read the attempt as it is now."""
    cart = _cart_of(attempt)
    if cart is not None:
        Cart.objects.select_for_update().get(pk=cart.pk)
    order = lock(attempt.order_id)
    attempt.refresh_from_db()
    attempt.order = order


def _cart_of(attempt: PaymentAttempt) -> Cart | None:
    """The cart that holds the lines now: a visitor's may have gone into an account's."""
    if attempt.cart is None:
        return None
    return attempt.cart.merged_into or attempt.cart


def _receive(attempt: PaymentAttempt, intent: Intent, actor: Actor) -> None:
    order = attempt.order
    if Payment.objects.filter(intent_id=intent.id).exists():
        return
    if (intent.received_minor, intent.currency) != (order.total_minor, order.currency):
        _record(order, intent, Payment.Outcome.MISMATCH)
        append_event(
            order,
            Kind.PAYMENT_MISMATCH,
            actor,
            intent.received_minor,
            currency=intent.currency,
            expected_minor=order.total_minor,
        )
        if order.state == State.PENDING:
            _close(attempt, State.FAILED, actor)
    elif order.state == State.PENDING or _hold_again(attempt):
        _record(order, intent, Payment.Outcome.ACCEPTED)
        _pay(attempt, actor)
    else:
        payment = _record(order, intent, Payment.Outcome.LATE)
        append_event(order, Kind.PAYMENT_LATE, actor, intent.received_minor)
        request_all(payment.pk, Refund.Reason.LATE, SCHEDULE)


def _record(order: Order, intent: Intent, outcome: Payment.Outcome) -> Payment:
    return Payment.objects.create(
        order=order,
        intent_id=intent.id,
        amount_minor=intent.received_minor,
        currency=intent.currency,
        outcome=outcome,
    )


def _pay(attempt: PaymentAttempt, actor: Actor) -> None:
    _end(attempt)
    order = attempt.order = move(attempt.order_id, State.PAID, actor)
    cart = _cart_of(attempt)
    if cart is not None:
        empty(cart, _quantities_by_variant(order))
    cart_id = cart.pk if cart is not None else None
    note_recovered(cart_id, order.email, order.number, order.total_minor, order.currency)
    stock.confirm(order.number)
    coupons.confirm(order.number)


def _close(attempt: PaymentAttempt, state: Order.State, actor: Actor) -> None:
    _end(attempt)
    order = attempt.order = move(attempt.order_id, state, actor)
    stock.release(order.number)
    coupons.release(order.number)


def _end(attempt: PaymentAttempt) -> None:
    attempt.is_open = False
    attempt.save(update_fields=["is_open"])


def _wait_for_bank(order: Order, actor: Actor) -> None:
    tries = order.events.filter(kind__in=[Kind.DECLINED, Kind.PROCESSING]).order_by("-pk")
    # Once for each try: a bank that said no may be asked again.
    if tries.values_list("kind", flat=True).first() != Kind.PROCESSING:
        append_event(order, Kind.PROCESSING, actor, order.total_minor)
    _hold_at_least(order, settings.RESERVATION_MINUTES)


def _hold_at_least(order: Order, minutes: int) -> None:
    until = timezone.now() + timedelta(minutes=minutes)
    if until > order.held_until:
        order.held_until = until
        order.save(update_fields=["held_until"])


def _hold_again(attempt: PaymentAttempt) -> bool:
    """Hold the goods of a closed order once more; False when they are gone or it is paid."""
    order = attempt.order
    if order.state not in (State.CANCELED, State.FAILED):
        return False
    quantities: dict[int, int] = {}
    for line in order.lines.select_related("variant"):
        if line.variant is None:
            return False
        if line.variant.stock_id is not None:
            held = quantities.get(line.variant.stock_id, 0)
            quantities[line.variant.stock_id] = held + line.quantity
    holder = attempt.cart.token if attempt.cart else order.number
    try:
        stock.hold(order.number, holder, quantities)
        if order.coupon_code:
            coupons.hold(order.coupon_code, order.number, holder)
    except stock.NotEnoughStockError:
        return False
    except coupons.CouponRefusedError:
        # The discount was promised and paid for; only its use cannot be counted any more.
        pass
    return True


def _quantities_by_variant(order: Order) -> dict[int, int]:
    return {
        line.variant_id: line.quantity for line in order.lines.all() if line.variant_id is not None
    }
