"""What becomes of orders that wait for their payment: looked up at Stripe, and closed in time.

Only this ends a hold, and only once Stripe has confirmed that no money can come.
"""

import logging
from collections.abc import Callable, Iterator
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
# Stripe's clock may be behind ours by that much.
CLOCKS_DIFFER_BY = timedelta(minutes=1)


@dataclass(frozen=True)
class Looked:
    """An order that was looked at, as it is now; `error` says why it could not be settled."""

    order: Order
    error: str = ""


def ensure_intent(attempt: PaymentAttempt) -> Intent:
    """Return the attempt's intent as it stands at Stripe, making it first where that is missing.

    The stored idempotency key makes a repetition, after a crash or beside a rival, find the same
    intent. It is cancelled when the attempt was closed meanwhile: nobody may pay it then. Raises
    StripeError.
    """
    if attempt.intent_id is not None:
        return stripe_gateway.retrieve_intent(attempt.intent_id)
    intent = _make_intent(attempt)
    unnoted = PaymentAttempt.objects.filter(pk=attempt.pk, intent_id=None, is_open=True)
    noted = unnoted.update(intent_id=intent.id)
    if noted:
        attempt.intent_id = intent.id
        order = attempt.order
        append_event(order, OrderEvent.Kind.ATTEMPT, SHOPPER, order.total_minor, intent=intent.id)
        return intent
    attempt.refresh_from_db(fields=["intent_id"])
    if attempt.intent_id is None:
        return stripe_gateway.cancel_intent(intent.id)
    # A rival noted it first; it may have moved on since the answer that Stripe repeated to us.
    return stripe_gateway.retrieve_intent(attempt.intent_id)


def _make_intent(attempt: PaymentAttempt) -> Intent:
    order = attempt.order
    try:
        return stripe_gateway.create_intent(
            idempotency_key=attempt.idempotency_key,
            order_number=order.number,
            amount_minor=order.total_minor,
            currency=order.currency,
        )
    except StripeError as error:
        # Stripe repeats even a 500 under the same key, made the intent as it may have.
        found = None if error.permanent else _find_intent(attempt)
        if found is None:
            raise
        return found


def _find_intent(attempt: PaymentAttempt) -> Intent | None:
    """Look for an intent of which no answer reached us, among those made since the attempt."""
    since = attempt.created_at - CLOCKS_DIFFER_BY
    number = attempt.order.number
    made = stripe_gateway.list_intents(since)
    return next((intent for intent in made if intent.order_number == number), None)


def close_at_stripe(attempt: PaymentAttempt, actor: Actor) -> Order:
    """Cancel the attempt's intent and then its order; return the order as it then is.

    It is paid, or still pending, when the money was faster. Raises StripeError, and then nothing
    is freed. An intent whose id was never noted was shown to nobody; where Stripe has none either,
    no money can come.
    """
    intent_id = attempt.intent_id
    if intent_id is None and (found := _find_intent(attempt)):
        intent_id = found.id
    if intent_id is None:
        close_without_intent(attempt, actor)
    else:
        settle(stripe_gateway.cancel_intent(intent_id), actor)
    return Order.objects.get(pk=attempt.order_id)


def expire_due() -> Iterator[Looked]:
    """Close each unpaid order whose hold has ended, one by one, and yield what became of it."""
    for attempt in _one_by_one(due_for_expiry()):
        yield _look(attempt, _close)


def due_for_expiry() -> QuerySet[PaymentAttempt]:
    """The open attempts of orders whose hold has ended, the longest not looked at first."""
    return (
        PaymentAttempt.objects.select_related("order")
        .filter(order__state=Order.State.PENDING, order__held_until__lte=timezone.now())
        .order_by("checked_at")
    )


def look_up_open() -> Iterator[Looked]:
    """Look up each open payment that has been quiet, so that a lost webhook loses no order."""
    quiet = PaymentAttempt.objects.filter(
        is_open=True, checked_at__lte=timezone.now() - LOOK_UP_AFTER
    )
    for attempt in _one_by_one(quiet.order_by("checked_at")):
        yield _look(attempt, _settle)


def _look(attempt: PaymentAttempt, work: Callable[[PaymentAttempt], Order]) -> Looked:
    """Do the work on one attempt. Where that fails it goes behind the others, and they go on."""
    PaymentAttempt.objects.filter(pk=attempt.pk).update(checked_at=timezone.now())
    try:
        return Looked(work(attempt))
    except StripeError as error:
        logger.warning("order %s: Stripe could not be asked: %s", attempt.order, error)
        return Looked(attempt.order, str(error))
    except Exception as error:
        logger.exception("order %s could not be settled", attempt.order)
        return Looked(attempt.order, f"{type(error).__name__}: {error}")


def _close(attempt: PaymentAttempt) -> Order:
    return close_at_stripe(attempt, SCHEDULE)


def _settle(attempt: PaymentAttempt) -> Order:
    if attempt.intent_id is None:
        return attempt.order
    order = settle(stripe_gateway.retrieve_intent(attempt.intent_id), SCHEDULE)
    return order or attempt.order


def _one_by_one(attempts: QuerySet[PaymentAttempt]) -> Iterator[PaymentAttempt]:
    """Yield each as it is when its turn comes, however many there are."""
    for pk in attempts.values_list("pk", flat=True):
        yield PaymentAttempt.objects.select_related("order").get(pk=pk)
