"""Compare with Stripe what its webhooks should have brought, and fetch what they did not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from checkout import stripe_gateway
from checkout.inbox import TYPES
from checkout.models import PaymentAttempt, Reconciliation, WebhookEvent
from checkout.stripe_gateway import Intent, StripeError
from orders.models import Order

# So long does Stripe keep its events.
KEPT_AT_STRIPE = timedelta(days=30)
# What is read at once, so that a long absence is caught up with step by step.
STRETCH = timedelta(hours=6)
# An event may turn up in Stripe's list a little after its time.
OVERLAP = timedelta(minutes=2)
# A reading that found nothing is of no interest any more.
QUIET_KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Reading:
    """Stripe's events of a stretch of time: how many, and those that the inbox lacks."""

    read_from: datetime
    read_until: datetime
    events_read: int
    missing: list[WebhookEvent]


@dataclass(frozen=True)
class Pending:
    """An order that waits for its payment, and its intent as it stands at Stripe.

    Without an intent none was made yet, or Stripe did not answer: `error` says why.
    """

    order: Order
    intent: Intent | None = None
    error: str = ""


def reconcile(since: datetime | None = None) -> Iterator[Reading]:
    """Store in the inbox what Stripe's list of events has and no webhook has brought, up to now.

    Begins at `since`, or where the last reading ended. Yields each stretch once it is stored; it
    may be left off after any. To apply them is the inbox's part. Raises StripeError.
    """
    for reading in read(since):
        _store(reading)
        yield reading


def read(since: datetime | None = None) -> Iterator[Reading]:
    """Read as `reconcile` does, and store nothing. Raises StripeError."""
    since = since or unread_since()
    is_last = since is None
    while since is not None and not is_last:
        until = since + STRETCH
        is_last = until > timezone.now()
        reading = _read(since - OVERLAP, None if is_last else until)
        since = reading.read_until
        yield reading


def unread_since() -> datetime | None:
    """Return up to when Stripe's list was read; before the first time, when the shop's story began.

    None as long as nothing was ever ordered: no event can concern us. 1 or 2 queries.
    """
    read_until = Reconciliation.objects.aggregate(at=Max("read_until"))
    since: datetime | None = read_until["at"] or Order.objects.aggregate(at=Min("placed_at"))["at"]
    return since and max(since, timezone.now() - KEPT_AT_STRIPE)


def look_at_pending() -> Iterator[Pending]:
    """Ask Stripe about each order that waits for its payment, the oldest first; change nothing."""
    attempts = PaymentAttempt.objects.select_related("order")
    for attempt in attempts.filter(order__state=Order.State.PENDING).order_by("pk"):
        if attempt.intent_id is None:
            yield Pending(attempt.order)
            continue
        try:
            yield Pending(attempt.order, stripe_gateway.retrieve_intent(attempt.intent_id))
        except StripeError as error:
            yield Pending(attempt.order, error=str(error))


def forget_quiet_readings() -> None:
    """Delete the readings of days past that found nothing missing, but for the last of all."""
    last = Reconciliation.objects.aggregate(at=Max("read_until"))["at"]
    Reconciliation.objects.filter(
        events_missing=0, read_until__lt=timezone.now() - QUIET_KEPT_FOR
    ).exclude(read_until=last).delete()


def _read(since: datetime, until: datetime | None) -> Reading:
    events = list(stripe_gateway.list_events(since, until, TYPES))
    ids = [event["id"] for event in events]
    known = set(WebhookEvent.objects.filter(event_id__in=ids).values_list("event_id", flat=True))
    return Reading(
        read_from=since,
        read_until=until or _newest([event["created"] for event in events], since + OVERLAP),
        events_read=len(events),
        missing=[
            WebhookEvent(
                event_id=event["id"],
                type=event["type"],
                payload=event,
                source=WebhookEvent.Source.LIST,
            )
            for event in reversed(events)
            if event["id"] not in known
        ],
    )


def _newest(created: list[int], at_least: datetime) -> datetime:
    """The time of the newest event by Stripe's own clock, which need not agree with ours."""
    newest = datetime.fromtimestamp(max(created, default=0), tz=UTC)
    return max(at_least, min(newest, timezone.now()))


@transaction.atomic
def _store(reading: Reading) -> None:
    # A webhook may bring one of them at this moment.
    WebhookEvent.objects.bulk_create(reading.missing, ignore_conflicts=True)
    Reconciliation.objects.create(
        read_from=reading.read_from,
        read_until=reading.read_until,
        events_read=reading.events_read,
        events_missing=len(reading.missing),
        finished_at=timezone.now(),
    )
