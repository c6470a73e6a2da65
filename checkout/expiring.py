"""What becomes of orders that wait for their payment: looked up at Stripe, and closed in time.

Only this ends a hold, and only once Stripe has confirmed that no money can come.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from checkout import stripe_gateway
from checkout.models import PaymentAttempt
from checkout.settling import close_without_intent, settle
from checkout.stripe_gateway import Intent, StripeError
from orders.models import Order, OrderEvent
from orders.states import SCHEDULE, SHOPPER, Actor, append_event

logger = logging.getLogger(__name__)

# An open payment of which nothing was heard for this long is looked up.
LOOK_UP_AFTER = timedelta(seconds=60)
BATCH = 200


@dataclass(frozen=True)
class Looked:
    """An order that was looked at, as it is now; `error` says why Stripe did not answer."""

    order: Order
    error: str = ""


def ensure_intent(attempt: PaymentAttempt) -> Intent:
    """Return the attempt's intent as it stands at Stripe, making it first where that is missing.

    The stored idempotency key makes a repetition, after a crash or beside a rival, find the same
    intent. Raises StripeError.
    """
    if attempt.intent_id is not None:
        return stripe_gateway.retrieve_intent(attempt.intent_id)
    order = attempt.order
    intent = stripe_gateway.create_intent(
        idempotency_key=attempt.idempotency_key,
        order_number=order.number,
        amount_minor=order.total_minor,
        currency=order.currency,
    )
    noted = PaymentAttempt.objects.filter(pk=attempt.pk, intent_id=None).update(intent_id=intent.id)
    attempt.intent_id = intent.id
    if noted:
        append_event(order, OrderEvent.Kind.ATTEMPT, SHOPPER, order.total_minor, intent=intent.id)
        return intent
    # A rival made it first; it may have moved on since the answer that Stripe repeated to us.
    return stripe_gateway.retrieve_intent(intent.id)


def close_at_stripe(attempt: PaymentAttempt, actor: Actor) -> Order:
    """Cancel the attempt's intent and then its order; return the order as it then is.

    It is paid, or still pending, when the money was faster. Raises StripeError, and then nothing
    is freed.
    """
    try:
        intent = ensure_intent(attempt)
    except StripeError as error:
        if not error.permanent or attempt.intent_id is not None:
            raise
        close_without_intent(attempt, actor)
    else:
        settle(stripe_gateway.cancel_intent(intent.id), actor)
    return Order.objects.get(pk=attempt.order_id)


def expire_due() -> Iterator[Looked]:
    """Close each unpaid order whose hold has ended, one by one, and yield what became of it."""
    for attempt in due_for_expiry()[:BATCH]:
        try:
            yield Looked(close_at_stripe(attempt, SCHEDULE))
        except StripeError as error:
            logger.warning("order %s could not be closed: %s", attempt.order, error)
            yield Looked(attempt.order, str(error))


def due_for_expiry() -> QuerySet[PaymentAttempt]:
    """The open attempts of orders whose hold has ended, oldest first."""
    return (
        PaymentAttempt.objects.select_related("order")
        .filter(order__state=Order.State.PENDING, order__held_until__lte=timezone.now())
        .order_by("order__held_until")
    )


def look_up_open() -> Iterator[Looked]:
    """Look up each open payment that has been quiet, so that a lost webhook loses no order."""
    now = timezone.now()
    quiet = PaymentAttempt.objects.select_related("order").filter(
        is_open=True, checked_at__lte=now - LOOK_UP_AFTER
    )
    for attempt in quiet.order_by("checked_at")[:BATCH]:
        PaymentAttempt.objects.filter(pk=attempt.pk).update(checked_at=now)
        if attempt.intent_id is None:
            continue
        try:
            order = settle(stripe_gateway.retrieve_intent(attempt.intent_id), SCHEDULE)
            yield Looked(order or attempt.order)
        except StripeError as error:
            logger.warning("order %s could not be looked up: %s", attempt.order, error)
            yield Looked(attempt.order, str(error))
