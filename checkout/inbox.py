"""Apply what Stripe has told us: each stored event once, by its object's state at Stripe now."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from checkout import stripe_gateway
from checkout.models import WebhookEvent
from checkout.settling import note_decline, settle
from orders.states import STRIPE

logger = logging.getLogger(__name__)

State = WebhookEvent.State
DECLINED = "payment_intent.payment_failed"
TYPES = frozenset(
    {
        "payment_intent.succeeded",
        "payment_intent.processing",
        "payment_intent.canceled",
        DECLINED,
    }
)
LONGEST_WAIT = timedelta(hours=1)


def apply_event(event_id: str) -> None:
    """Apply the stored event unless that is done. A failure is kept on its row and tried again."""
    event = WebhookEvent.objects.filter(_undone(), event_id=event_id).first()
    if event is None:
        return
    try:
        _apply(event)
    except Exception as error:
        logger.exception("event %s could not be applied", event_id)
        _keep_for_later(event, error)


def undone_events() -> QuerySet[WebhookEvent]:
    """The events whose time has come, oldest first: what a lost doorbell or a failure left."""
    return WebhookEvent.objects.filter(_undone(), next_try_at__lte=timezone.now()).order_by("pk")


def _apply(event: WebhookEvent) -> None:
    if event.type not in TYPES:
        _close(event, State.IGNORED)
        return
    # Looked up outside the transaction, and by its state now: the order of deliveries says nothing.
    intent = stripe_gateway.retrieve_intent(event.payload["data"]["object"]["id"])
    with transaction.atomic():
        # A rival may have applied it while we asked.
        event = WebhookEvent.objects.select_for_update().get(pk=event.pk)
        if event.state not in (State.RECEIVED, State.FAILED):
            return
        order = settle(intent, STRIPE)
        if order is not None and event.type == DECLINED:
            note_decline(intent, _decline_code(event), STRIPE)
        _close(event, State.IGNORED if order is None else State.APPLIED)


def _decline_code(event: WebhookEvent) -> str:
    error = event.payload["data"]["object"].get("last_payment_error") or {}
    return str(error.get("decline_code") or error.get("code") or "")


def _close(event: WebhookEvent, state: WebhookEvent.State) -> None:
    event.state = state
    event.closed_at = timezone.now()
    event.error = ""
    event.save(update_fields=["state", "closed_at", "error"])


def _keep_for_later(event: WebhookEvent, error: Exception) -> None:
    wait = min(timedelta(seconds=2**event.tries), LONGEST_WAIT)
    WebhookEvent.objects.filter(_undone(), pk=event.pk).update(
        state=State.FAILED,
        tries=event.tries + 1,
        next_try_at=timezone.now() + wait,
        error=f"{type(error).__name__}: {error}",
    )


def _undone() -> Q:
    return Q(state__in=[State.RECEIVED, State.FAILED])
