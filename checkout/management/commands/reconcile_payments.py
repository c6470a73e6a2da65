from collections import Counter
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Max
from django.utils import timezone

from checkout import reconciling
from checkout.inbox import apply_event, due_events
from checkout.management.moments import moment
from checkout.models import WebhookEvent
from checkout.reconciling import Pending
from checkout.settling import settle
from checkout.stripe_gateway import StripeError
from orders.models import Order, OrderEvent
from orders.states import SCHEDULE

# Nothing more happens to such an intent: its order cannot go on waiting.
ENDED = ("succeeded", "canceled")
NEXT = {
    WebhookEvent.State.RECEIVED: "tried again later",
    WebhookEvent.State.FAILED: "parked, see replay_webhooks",
}


class Command(BaseCommand):
    help = (
        "Compare the shop with Stripe: fetch and apply the events that no webhook has brought, "
        "look up the orders that wait for their payment, and report what differed. "
        "(The worker does so each minute.)"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=moment,
            help="read Stripe's events from then on: 2026-11-20, or with time; it keeps 30 days "
            "(default: where the last reading ended)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only report the differences, change nothing"
        )

    def handle(self, *args: Any, since: datetime | None, dry_run: bool, **options: Any) -> None:
        last_event = OrderEvent.objects.aggregate(pk=Max("pk"))["pk"] or 0
        try:
            self._read(since, dry_run)
        except StripeError as error:
            raise CommandError(
                f"Stripe's events could not be read: {error} What was read before is kept; "
                "check STRIPE_SECRET_KEY and the network, then run this again."
            ) from error
        if not dry_run:
            for event_id in list(due_events().values_list("event_id", flat=True)):
                apply_event(event_id)
        left = self._look_up(dry_run) + self._report_undone()
        self._report_changes(last_event)
        if dry_run:
            self.stdout.write("Nothing was changed.")
        elif left:
            raise CommandError(f"{left} things could not be brought into line: see above.")
        else:
            self.stdout.write("The shop is in line with Stripe.")

    def _read(self, since: datetime | None, dry_run: bool) -> None:
        missing: Counter[str] = Counter()
        events_read = 0
        for reading in reconciling.read(since) if dry_run else reconciling.reconcile(since):
            events_read += reading.events_read
            missing.update(event.type for event in reading.missing)
            until = timezone.localtime(reading.read_until)
            self.stdout.write(f"Stripe's events until {until:%Y-%m-%d %H:%M}: {events_read} read")
        self._list(
            "Events that no webhook has brought",
            [f"{count} × {kind}" for kind, count in sorted(missing.items())],
        )

    def _look_up(self, dry_run: bool) -> int:
        """Look up the orders that wait for their payment; returns how many cannot go on so."""
        waiting, left = [], 0
        for pending in reconciling.look_at_pending():
            order = pending.order
            if pending.intent and not dry_run:
                order = settle(pending.intent, SCHEDULE) or order
            if order.state == Order.State.PENDING:
                left += bool(pending.error) or _has_ended(pending)
                waiting.append(f"{order}: {_intent_in_words(pending)}")
        self._list("Orders that wait for their payment", waiting)
        return left

    def _report_undone(self) -> int:
        """Report the events that could not be applied; returns how many."""
        undone = WebhookEvent.objects.filter(
            state__in=[WebhookEvent.State.RECEIVED, WebhookEvent.State.FAILED]
        ).exclude(error="")
        lines = [
            f"{event}  {event.type}  {NEXT[WebhookEvent.State(event.state)]}: {event.error}"
            for event in undone.order_by("pk").defer("payload")
        ]
        self._list("Events that could not be applied", lines)
        return len(lines)

    def _report_changes(self, last_event: int) -> None:
        events = OrderEvent.objects.select_related("order").filter(
            pk__gt=last_event, actor__in=[OrderEvent.Actor.STRIPE, OrderEvent.Actor.SCHEDULE]
        )
        self._list(
            "Orders that changed meanwhile",
            [f"{event.order}: {event.get_kind_display()}" for event in events.order_by("pk")],
        )

    def _list(self, title: str, lines: list[str]) -> None:
        self.stdout.write(f"{title}: {len(lines) or 'none'}")
        for line in lines:
            self.stdout.write(f"  {line}")


def _has_ended(pending: Pending) -> bool:
    return pending.intent is not None and pending.intent.status in ENDED


def _intent_in_words(pending: Pending) -> str:
    if pending.error:
        return f"Stripe could not be asked: {pending.error}"
    return f"its intent is {pending.intent.status}" if pending.intent else "no intent made yet"
