import json
from datetime import datetime
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from checkout.books import audit
from checkout.books.audit import Result
from checkout.books.findings import Break, Figures
from checkout.management.moments import moment

BREAKS, NOT_CHECKED = 1, 2


class Command(BaseCommand):
    help = (
        "Is every cent and every unit accounted for? Hold Stripe, orders, stock and coupons "
        "against each other, and name each break. Exits with 0 when the books close, with 1 when "
        "there are breaks, with 2 when there are none but Stripe could not be asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=moment,
            help="compare with what was made at Stripe from then on: 2026-11-20, or with time "
            f"(default: {audit.LOOK_BACK.days} days ago)",
        )
        parser.add_argument(
            "--without-stripe", action="store_true", help="check only what the shop itself knows"
        )
        parser.add_argument(
            "--repair",
            action="store_true",
            help="do the safe repairs (counters counted again, Stripe's word booked, holds of "
            "closed orders released), then check again",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what --repair would do; keep nothing"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object instead")

    def handle(
        self, *args: Any, since: datetime | None, without_stripe: bool, **options: Any
    ) -> None:
        start = None if without_stripe else since or timezone.now() - audit.LOOK_BACK
        result = audit.check(start)
        repairs = []
        if options["repair"]:
            repairs = [
                {"rule": one.rule, "subject": one.subject, "repair": said}
                for one, said in _repaired(result.breaks, is_rehearsal=options["dry_run"])
            ]
        if repairs and not options["dry_run"]:
            result = audit.check(start)
        if not options["dry_run"]:
            audit.keep(result)
        if options["json"]:
            answer = {**audit.as_data(result), "repairs": repairs}
            self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
        else:
            for repair in repairs:
                self.stdout.write(f"{repair['rule']}, {repair['subject']}: {repair['repair']}")
            self._print(result)
        verdict = audit.verdict(len(result.breaks), result.since is not None, result.error)
        if result.breaks or result.error:
            raise CommandError(verdict, returncode=BREAKS if result.breaks else NOT_CHECKED)
        if not options["json"]:
            self.stdout.write(verdict)

    def _print(self, result: Result) -> None:
        for (table, sources), rows in groupby(result.figures, lambda one: (one.table, one.sources)):
            self.stdout.write(f"{table:<44}{sources[0]:>28}{sources[1]:>28}")
            for row in rows:
                self.stdout.write(_in_a_row(row))
            self.stdout.write("")
        for number, found in enumerate(result.breaks, start=1):
            repair = f"{found.repair.words} (--repair)" if found.repair else found.hint
            self.stdout.write(f"{number}. {found.rule}: {found.title}")
            self.stdout.write(f"   {found.subject}")
            self.stdout.write(f"   found: {found.found}; expected: {found.expected}")
            self.stdout.write(f"   what to do: {repair}")


def _repaired(breaks: list[Break], *, is_rehearsal: bool) -> list[tuple[Break, str]]:
    """Do the safe repairs, or only say what they would do."""
    safe = [(one, one.repair) for one in breaks if one.repair]
    if is_rehearsal:
        return [(one, f"would {repair.words}") for one, repair in safe]
    return [(one, audit.do(repair)) for one, repair in safe]


def _in_a_row(figures: Figures) -> str:
    name = f"  {figures.name} {figures.currency}".rstrip()
    one, other = (figures.text(value) for value in figures.values)
    mark = "" if figures.agree else "  differs"
    return f"{name:<44}{one:>28}{other:>28}{mark}"
