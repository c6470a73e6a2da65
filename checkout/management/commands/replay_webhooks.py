from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from checkout.inbox import apply_event, replay
from checkout.management.moments import moment
from checkout.models import WebhookEvent

State = WebhookEvent.State


class Command(BaseCommand):
    help = (
        "Apply stored events of Stripe once more: those that were parked after too many tries, or "
        "any others. One that was applied before changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--state",
            choices=[*State.values, "any"],
            default=State.FAILED.value,
            help="only events in this state (default: %(default)s)",
        )
        parser.add_argument(
            "--type",
            dest="kind",
            metavar="TYPE",
            help="only events of this type, such as refund.failed",
        )
        parser.add_argument(
            "--since", type=moment, help="only events received since then: 2026-11-20, or with time"
        )
        parser.add_argument(
            "--event",
            nargs="+",
            dest="ids",
            metavar="ID",
            help="only these events, in whatever state",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say which they are")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        events = _chosen(**{name: options[name] for name in ("state", "kind", "since", "ids")})
        chosen = list(events.order_by("pk").values_list("event_id", flat=True))
        if dry_run:
            for event in events.order_by("pk").defer("payload"):
                self.stdout.write(f"{event}  {event.type}  {event.state}  {event.error}")
            self.stdout.write(f"{len(chosen)} events would be applied again.")
            return
        replay(events)
        failed = 0
        for event_id in chosen:
            apply_event(event_id)
            event = WebhookEvent.objects.get(event_id=event_id)
            failed += bool(event.error)
            self.stdout.write(f"{event}  {event.type}  {event.error or event.state}")
        self.stdout.write(f"{len(chosen)} events applied again, {len(chosen) - failed} closed.")
        if failed:
            raise CommandError(
                f"{failed} events failed again: the reasons are above. The worker goes on trying; "
                "once a cause is gone, run this again."
            )


def _chosen(
    state: str, kind: str | None, since: datetime | None, ids: list[str] | None
) -> QuerySet[WebhookEvent]:
    events = WebhookEvent.objects.all()
    if ids:
        events = events.filter(event_id__in=ids)
        unknown = set(ids) - set(events.values_list("event_id", flat=True))
        if unknown:
            raise CommandError(
                f"The inbox has no event {', '.join(sorted(unknown))}: see Webhook events in the "
                "admin, or fetch what is missing with reconcile_payments."
            )
    elif state != "any":
        events = events.filter(state=state)
    if kind:
        events = events.filter(type=kind)
    if since:
        events = events.filter(received_at__gte=since)
    return events
