"""Plan the messages of new order events, and send those that are due: each step on its own."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from notifications.messages import send
from notifications.models import Delivery
from notifications.plan import steps_after
from orders.models import OrderEvent
from orders.states import SCHEDULE, append_event

logger = logging.getLogger(__name__)

BATCH = 200
# A sender that died gives its message back after this long.
LEASE = timedelta(minutes=5)
MOST_TRIES = 12
LONGEST_WAIT = timedelta(hours=6)


@transaction.atomic
def plan_new_events() -> int:
    """Plan the deliveries of events not yet read; returns how many events were read."""
    events = list(
        OrderEvent.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("order")
        .filter(planned_at=None)
        .order_by("pk")[:BATCH]
    )
    now = timezone.now()
    Delivery.objects.bulk_create(
        [
            Delivery(event=event, step=step.message, recipient=recipient, due_at=now)
            for event in events
            for step in steps_after(event)
            if (recipient := step.recipient(event.order))
        ],
        ignore_conflicts=True,
    )
    OrderEvent.objects.filter(pk__in=[event.pk for event in events]).update(planned_at=now)
    return len(events)


def due_deliveries() -> QuerySet[Delivery]:
    """The messages to send now, oldest first."""
    return Delivery.objects.filter(state=Delivery.State.DUE, due_at__lte=timezone.now()).order_by(
        "due_at"
    )


def deliver(delivery_id: int) -> bool:
    """Claim a due message, send it, and say whether it was sent; a failure waits for a next try."""
    claimed = due_deliveries().filter(pk=delivery_id).order_by()
    if not claimed.update(due_at=timezone.now() + LEASE, tries=F("tries") + 1):
        return False
    delivery = Delivery.objects.select_related("event__order").get(pk=delivery_id)
    try:
        subject = send(delivery)
    except Exception as error:
        logger.exception("message %s of order %s failed", delivery.step, delivery.event.order)
        _try_later(delivery, error)
        return False
    _note_sent(delivery, subject)
    return True


@transaction.atomic
def _note_sent(delivery: Delivery, subject: str) -> None:
    """Close the step and put the message on the order's timeline, together and once.

    A sender that took longer than its lease may have a rival that sent the message as well.
    """
    due = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.DUE)
    if due.update(state=Delivery.State.SENT, sent_at=timezone.now(), error=""):
        append_event(
            delivery.event.order,
            OrderEvent.Kind.MESSAGE_SENT,
            SCHEDULE,
            message=delivery.step,
            recipient=delivery.recipient,
            subject=subject,
        )


def _try_later(delivery: Delivery, error: Exception) -> None:
    delivery.error = f"{type(error).__name__}: {error}"
    delivery.due_at = timezone.now() + min(timedelta(seconds=15 * 2**delivery.tries), LONGEST_WAIT)
    if delivery.tries >= MOST_TRIES:
        delivery.state = Delivery.State.FAILED
    delivery.save(update_fields=["error", "due_at", "state"])
