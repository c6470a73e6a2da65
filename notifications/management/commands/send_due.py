from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.models import Delivery
from notifications.outbox import due_deliveries
from notifications.tasks import send_due


class Command(BaseCommand):
    help = "Plan what follows new events, and do the steps that are due: messages, grants, notes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say which are due")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        if dry_run:
            for delivery in due_deliveries():
                self.stdout.write(str(delivery))
            return
        self.stdout.write(f"{send_due()} steps done.")
        failing = Delivery.objects.filter(state=Delivery.State.DUE).exclude(error="").count()
        if failing:
            raise CommandError(
                f"{failing} steps have failed and wait for their next try: see Steps in the admin."
            )
