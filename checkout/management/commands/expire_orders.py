from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from checkout.expiring import due_for_expiry, expire_due


class Command(BaseCommand):
    help = "Close unpaid orders whose hold has ended: cancelled at Stripe first, then freed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say which are due")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        if dry_run:
            for attempt in due_for_expiry():
                self.stdout.write(f"{attempt.order} is due since {attempt.order.held_until}")
            return
        failed = looked_at = 0
        for looked in expire_due():
            looked_at += 1
            failed += bool(looked.error)
            self.stdout.write(f"{looked.order}: {looked.error or looked.order.state}")
        self.stdout.write(f"{looked_at} unpaid orders looked at, {looked_at - failed} settled.")
        if failed:
            raise CommandError(
                f"{failed} orders could not be closed: they keep their hold. Try again."
            )
