"""Apply what Stripe has told us: each stored event once, by its object's state at Stripe now."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from secrets import SystemRandom
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from checkout import stripe_gateway
from checkout.disputing import settle_dispute
from checkout.models import WebhookEvent
from checkout.refunding import settle_refund
from checkout.settling import NotYetError, note_decline, settle
from checkout.stripe_gateway import Intent
from orders.models import Order, Payment
from orders.states import STRIPE
from shop.doorbells import ring

logger = logging.getLogger(__name__)

State = WebhookEvent.State
# What is left to do once Stripe was asked: it books, and returns the order or None (not ours).
Booking = Callable[[], Order | None]

# With these waits an event is parked after half a day.
MOST_TRIES = 22
LONGEST_WAIT = timedelta(hours=1)
# An event that depends on another is asked again after the one, and parked after the other.
PAUSE = timedelta(seconds=20)
WAITS_AT_MOST = timedelta(hours=6)
# A worker that died gives its event back after this long. To apply one twice does no harm.
LEASE = timedelta(seconds=60)


def apply_event(event_id: str) -> None:
    """Apply the stored event unless that is done. A failure is kept on its row and tried again."""
    event = _undone().filter(event_id=event_id).first()
    if event is None:
        return
    try:
        _apply(event)
    except NotYetError as error:
        logger.info("event %s has to wait: %s", event_id, error)
        _wait(event, error)
    except Exception as error:
        logger.exception("event %s could not be applied", event_id)
        _keep_for_later(event, error)


def apply_due(event_id: str) -> None:
    """Apply an event that is due, unless a rival is at it: one that dies gives it back."""
    claim = due_events().filter(event_id=event_id).order_by()
    if claim.update(next_try_at=timezone.now() + LEASE):
        apply_event(event_id)


def due_events() -> QuerySet[WebhookEvent]:
    """The events whose time has come, oldest first: what a lost doorbell or a failure left."""
    return _undone().filter(next_try_at__lte=timezone.now()).order_by("pk")


def replay(events: QuerySet[WebhookEvent]) -> int:
    """Put the events back into the inbox, whatever became of them, and ring; return how many.

    One that was applied changes nothing the second time.
    """
    count = events.update(
        state=State.RECEIVED, tries=0, next_try_at=timezone.now(), error="", closed_at=None
    )
    ring(settings.INBOX_DOORBELL)
    return count


def _undone() -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(state=State.RECEIVED)


def _apply(event: WebhookEvent) -> None:
    look_up = LOOK_UPS.get(event.type)
    if look_up is None:
        _close(event, State.IGNORED)
        return
    # Looked up outside the transaction, and by its state now: the order of deliveries says nothing.
    book = look_up(event)
    with transaction.atomic():
        # A rival may have applied it while we asked.
        event = WebhookEvent.objects.select_for_update().get(pk=event.pk)
        if event.state != State.RECEIVED:
            return
        order = book()
        _close(event, State.IGNORED if order is None else State.APPLIED)


# --- What is looked up, and booked then ---------------------------------------------------------
def _intent(event: WebhookEvent) -> Booking:
    intent_id = _object(event)["id"]
    # The payment of an intent is its end: nothing that came before it is news any more.
    payment = Payment.objects.filter(intent_id=intent_id).select_related("order").first()
    if payment is not None:
        order = payment.order
        return lambda: order
    return partial(settle, stripe_gateway.retrieve_intent(intent_id), STRIPE)


def _decline(event: WebhookEvent) -> Booking:
    intent = stripe_gateway.retrieve_intent(_object(event)["id"])

    def book() -> Order | None:
        order = settle(intent, STRIPE)
        if order is not None:
            note_decline(intent, _decline_code(event), STRIPE, event.event_id)
        return order

    return book


def _refund(event: WebhookEvent) -> Booking:
    refund = stripe_gateway.retrieve_refund(_object(event)["id"])
    return _after_payment(refund.intent_id, partial(settle_refund, refund, STRIPE))


def _refunds_of_charge(event: WebhookEvent) -> Booking:
    # A charge that was made without an intent is not one of ours.
    intent_id = _object(event).get("payment_intent") or ""
    refunds = stripe_gateway.refunds_of(intent_id) if intent_id else []
    return _after_payment(
        intent_id, *(partial(settle_refund, refund, STRIPE) for refund in refunds)
    )


def _dispute(event: WebhookEvent) -> Booking:
    dispute = stripe_gateway.retrieve_dispute(_object(event)["id"])
    return _after_payment(dispute.intent_id, partial(settle_dispute, dispute, STRIPE))


LOOK_UPS: dict[str, Callable[[WebhookEvent], Booking]] = {
    "payment_intent.created": _intent,
    "payment_intent.requires_action": _intent,
    "payment_intent.processing": _intent,
    "payment_intent.succeeded": _intent,
    "payment_intent.canceled": _intent,
    "payment_intent.payment_failed": _decline,
    "charge.refunded": _refunds_of_charge,
    "charge.refund.updated": _refund,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
}
TYPES = frozenset(LOOK_UPS)


def _after_payment(intent_id: str, *bookings: Booking) -> Booking:
    """Book the payment first when its own event has not come yet."""
    intent: Intent | None = None
    if intent_id and not Payment.objects.filter(intent_id=intent_id).exists():
        intent = stripe_gateway.retrieve_intent(intent_id)

    def book() -> Order | None:
        order = settle(intent, STRIPE) if intent else None
        for booking in bookings:
            order = booking()
        return order

    return book


def _object(event: WebhookEvent) -> dict[str, Any]:
    found: dict[str, Any] = event.payload["data"]["object"]
    return found


def _decline_code(event: WebhookEvent) -> str:
    error = _object(event).get("last_payment_error") or {}
    return str(error.get("decline_code") or error.get("code") or "")


# --- What becomes of the row --------------------------------------------------------------------
def _close(event: WebhookEvent, state: WebhookEvent.State) -> None:
    event.state = state
    event.closed_at = timezone.now()
    event.error = ""
    event.save(update_fields=["state", "closed_at", "error"])


def _wait(event: WebhookEvent, error: NotYetError) -> None:
    now = timezone.now()
    if now - event.received_at < WAITS_AT_MOST:
        _note(event, str(error), next_try_at=now + PAUSE)
        return
    hours = WAITS_AT_MOST // timedelta(hours=1)
    _note(
        event,
        f"What it depends on was not booked within {hours} hours: {error} "
        "Replay it once that is done.",
        state=State.FAILED,
    )


def _keep_for_later(event: WebhookEvent, error: Exception) -> None:
    """Count the failure, and try again after a wait that doubles; park the event in the end."""
    tries = event.tries + 1
    # Up to a third less, so that what failed together is not tried together.
    wait = min(timedelta(seconds=2**tries), LONGEST_WAIT) * SystemRandom().uniform(2 / 3, 1)
    _note(
        event,
        f"{type(error).__name__}: {error}",
        tries=tries,
        next_try_at=timezone.now() + wait,
        state=State.FAILED if tries >= MOST_TRIES else State.RECEIVED,
    )


def _note(event: WebhookEvent, error: str, **fields: Any) -> None:
    """Write on the row, unless a rival has closed it meanwhile."""
    _undone().filter(pk=event.pk).update(error=error, **fields)
