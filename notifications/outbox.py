"""Plan what follows new events, and do what is due: each step once, on its own."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cart.models import LeftBehind
from inventory.models import StockItem
from notifications.deeds import DEEDS
from notifications.failures import GiveUpError, NotWantedError
from notifications.models import Delivery
from notifications.plan import (
    AFTER_LEAVING,
    AFTER_RETURN,
    Cause,
    Step,
    reasons_against,
    steps_after,
)
from notifications.sending import send
from orders.models import OrderEvent
from orders.states import SCHEDULE, append_event
from shop.models import StockAlert

logger = logging.getLogger(__name__)

State = Delivery.State
BATCH = 200
# A worker that died gives its step back after this long: more than a task may take.
LEASE = timedelta(seconds=90)
MOST_TRIES = 12
LONGEST_WAIT = timedelta(hours=6)


def plan_new() -> int:
    """Plan the steps of everything not yet read; returns how many rows were read. For a batch."""
    return plan_new_events() + _plan_left_behind() + _plan_returned()


@transaction.atomic
def plan_new_events() -> int:
    """Plan the steps of the events not yet read; returns how many events were read."""
    events = list(
        OrderEvent.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("order")
        .filter(planned_at=None)
        .order_by("pk")[:BATCH]
    )
    _store(
        planned
        for event in events
        for planned in _plan(
            event, steps_after(event), f"event {event.pk}", event.created_at, event=event
        )
    )
    return _note_planned(OrderEvent.objects.all(), events)


@transaction.atomic
def _plan_left_behind() -> int:
    lefts = list(
        LeftBehind.objects.select_for_update(skip_locked=True)
        .filter(planned_at=None)
        .order_by("pk")[:BATCH]
    )
    _store(
        planned
        for left in lefts
        for planned in _plan(
            left,
            AFTER_LEAVING[LeftBehind.Kind(left.kind)],
            f"left {left.pk}",
            left.left_at,
            left=left,
        )
    )
    return _note_planned(LeftBehind.objects.all(), lefts)


@transaction.atomic
def _plan_returned() -> int:
    """Plan the messages about variants that can be bought again; others wait until they can."""
    free = StockItem.objects.filter(pk=OuterRef("variant__stock"), on_hand__gt=F("held"))
    alerts = list(
        StockAlert.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(
            Exists(free) | Q(variant__stock=None),
            planned_at=None,
            variant__is_active=True,
            variant__product__is_published=True,
        )
        .order_by("pk")[:BATCH]
    )
    _store(
        planned
        for alert in alerts
        for planned in _plan(alert, AFTER_RETURN, f"alert {alert.pk}", timezone.now(), alert=alert)
    )
    return _note_planned(StockAlert.objects.all(), alerts)


@dataclass(frozen=True)
class Planned:
    """A step that is not stored yet, and the name of the one it waits for, or ""."""

    delivery: Delivery
    after: str


def _plan(
    what: Cause, steps: list[Step[Cause]], name: str, happened_at: datetime, **keys: Any
) -> Iterator[Planned]:
    for step in steps:
        for target in step.to(what):
            delivery = Delivery(
                cause=f"{name} grant {target.grant.pk}" if target.grant else name,
                step=step.name,
                recipient=target.recipient,
                grant=target.grant,
                due_at=happened_at + step.wait,
                **keys,
            )
            yield Planned(delivery, step.after)


def _store(planned: Iterable[Planned]) -> None:
    """Store the steps that are not there yet, first those that wait for no other. 3 queries."""
    steps = list(planned)
    Delivery.objects.bulk_create(
        [one.delivery for one in steps if not one.after], ignore_conflicts=True
    )
    followers = [one for one in steps if one.after]
    first = Delivery.objects.filter(cause__in={one.delivery.cause for one in followers})
    stored = {(one.cause, one.step): one for one in first}
    for one in followers:
        one.delivery.after = stored.get((one.delivery.cause, one.after))
    Delivery.objects.bulk_create([one.delivery for one in followers], ignore_conflicts=True)


def _note_planned(table: QuerySet[Any], rows: list[Any]) -> int:
    table.filter(pk__in=[row.pk for row in rows]).update(planned_at=timezone.now())
    return len(rows)


def due_deliveries() -> QuerySet[Delivery]:
    """The steps to do now, the longest due first."""
    # No join: a claim has to be an UPDATE on the row's own columns, or two rivals can win it.
    first = Delivery.objects.filter(pk=OuterRef("after"), state=State.DONE)
    return (
        unclaimed(Delivery.objects.filter(state=State.DUE, due_at__lte=timezone.now()))
        .filter(Q(after=None) | Exists(first))
        .order_by("due_at", "pk")
    )


def unclaimed(steps: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Those of the steps that no worker is at."""
    return steps.filter(Q(claimed_until=None) | Q(claimed_until__lte=timezone.now()))


def deliver(delivery_id: int) -> bool:
    """Claim a due step, do it, and say whether it is done; a failure waits for its next try."""
    claim = due_deliveries().filter(pk=delivery_id).order_by()
    if not claim.update(claimed_until=timezone.now() + LEASE, tries=F("tries") + 1):
        return False
    delivery = Delivery.objects.select_related(
        "event__order", "left", "alert", "grant__line__order"
    ).get(pk=delivery_id)
    try:
        result = _do(delivery)
    except NotWantedError as reason:
        _close(delivery, State.CANCELED, str(reason))
    except Exception as error:
        logger.exception("%s failed", delivery)
        _try_later(delivery, error)
    else:
        return _note_done(delivery, result)
    return False


def _do(delivery: Delivery) -> str:
    for reason in reasons_against(delivery):
        if why := reason(delivery):
            raise NotWantedError(why)
    if delivery.drills:
        Delivery.objects.filter(pk=delivery.pk).update(drills=F("drills") - 1)
        raise RuntimeError(_("A drill: this try was made to fail."))
    deed = DEEDS.get(delivery.step)
    return deed(delivery) if deed else send(delivery)


@transaction.atomic
def _note_done(delivery: Delivery, result: str) -> bool:
    """Close the step and put a message on the order's timeline, together and once.

    A worker that took longer than its lease may have a rival that did it as well.
    """
    if not _close(delivery, State.DONE, result):
        return False
    if delivery.event is not None and delivery.step not in DEEDS:
        append_event(
            delivery.event.order,
            OrderEvent.Kind.MESSAGE_SENT,
            SCHEDULE,
            message=delivery.step,
            recipient=delivery.recipient,
            subject=result,
        )
    return True


def _close(delivery: Delivery, state: Delivery.State, result: str) -> bool:
    """End a step; False when a rival has. What waits for a canceled step is canceled with it."""
    due = Delivery.objects.filter(pk=delivery.pk, state=State.DUE)
    closed = due.update(state=state, result=result[:200], done_at=timezone.now(), error="")
    if closed and state == State.CANCELED:
        for follower in delivery.followers.filter(state=State.DUE):
            _close(follower, State.CANCELED, result)
    return bool(closed)


def _try_later(delivery: Delivery, error: Exception) -> None:
    """Note a failed try, unless it took so long that the step is another worker's by now."""
    is_last = delivery.tries >= MOST_TRIES or isinstance(error, GiveUpError)
    wait = min(timedelta(seconds=15 * 2**delivery.tries), LONGEST_WAIT)
    ours = Delivery.objects.filter(pk=delivery.pk, state=State.DUE, tries=delivery.tries)
    ours.update(
        error=f"{type(error).__name__}: {error}",
        due_at=timezone.now() + wait,
        claimed_until=None,
        state=State.FAILED if is_last else State.DUE,
    )
