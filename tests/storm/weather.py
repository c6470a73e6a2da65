"""The storm: shoppers and staff at once, faults at stated rates, and kill -9 again and again.

At the end the weather turns calm, everything is swept, and the audit says whether the books close.
"""

import argparse
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.models import Min
from django.utils import timezone

from accounts.models import User
from checkout import tasks
from checkout.models import WebhookEvent
from orders.models import Order, Payment, Refund
from tests.factories import CouponFactory, make_shipping, make_variant
from tests.storm.people import Shopper, Staff
from tests.storm.processes import Shop

VICTIMS = ("web", "worker", "postgres", "redis")
# Two sweeps of the schedule, and what a killed worker needs to come back.
LONGEST_OVERDUE = 150
PASSWORD = "a storm in a teapot"


class Storm:
    """One storm over one shop."""

    def __init__(self, folder: Path, wish: argparse.Namespace) -> None:
        self.wish = wish
        self.dice = random.Random(wish.seed)
        self.shop = Shop(folder)
        self.visits: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.staff: list[Staff] = []
        self.faults: list[dict[str, object]] = []
        self.most_overdue = 0.0
        self.is_over = threading.Event()

    def rage(self) -> None:
        """Let it blow for as long as wished."""
        self._open_shop()
        people = [threading.Thread(target=self._shop, args=(n,)) for n in range(self.wish.shoppers)]
        people += [threading.Thread(target=self._work, args=(one,)) for one in self.staff]
        for person in people:
            person.start()
        until = time.monotonic() + self.wish.seconds
        next_kill = time.monotonic() + self.wish.kill_every
        while time.monotonic() < until:
            time.sleep(2)
            self._look()
            if time.monotonic() > next_kill:
                self._kill(VICTIMS[sum(self.kills.values()) % len(VICTIMS)])
                next_kill += self.wish.kill_every
        self.is_over.set()
        for person in people:
            person.join()

    def calm_down(self) -> None:
        """Disarm the faults, and sweep twice now and twice when every hold is over."""
        self.faults = self.shop.standin.faults()
        self.shop.standin.disarm()
        # The staff's last refunds and the late disputes arrive.
        time.sleep(3)
        self.shop.kill("worker")
        # Nobody is there to whom a part could hand over what it has not done in time.
        tasks.PART_SECONDS = 600
        for minutes in (0, 1, 20, 21):
            with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
                tasks.sweep()
                if minutes == 1:
                    self._look()

    def report(self) -> bool:
        """Print orders, faults, kills and the audit's verdict; say whether all is well."""
        print("visits:", _counts(self.visits))
        print("staff:", _counts(sum((one.done for one in self.staff), Counter())))
        print("orders:", _counts(Counter(Order.objects.values_list("state", flat=True))))
        print("refunds:", _counts(Counter(Refund.objects.values_list("state", flat=True))))
        print("faults:", ", ".join(f"{one['kind']} {one['struck']}" for one in self.faults))
        print("events:", _counts(Counter(WebhookEvent.objects.values_list("source", flat=True))))
        print("kills:", _counts(self.kills))
        print(f"most overdue hold: {self.most_overdue:.0f} s")
        paid = Payment.objects.filter(outcome=Payment.Outcome.ACCEPTED).count()
        print(f"paid orders: {paid}", flush=True)
        audit = subprocess.run(
            [sys.executable, "-m", "django", "audit_books"],
            env=self.shop.environment(),
            check=False,
        )
        stuck = Order.objects.filter(state=Order.State.PENDING).count()
        problems = {
            f"only {paid} paid orders, {self.wish.orders} wanted": paid < self.wish.orders,
            f"{stuck} orders are stuck": stuck > 0,
            f"a hold was overdue for {self.most_overdue:.0f} s": self.most_overdue
            > LONGEST_OVERDUE,
            "the books do not close": audit.returncode != 0,
        }
        for problem, is_so in problems.items():
            if is_so:
                print("STORM LOST:", problem)
        if not any(problems.values()):
            print("STORM WEATHERED: every cent and every unit is accounted for.")
        return not any(problems.values())

    def _open_shop(self) -> None:
        make_shipping(600)
        self.skus = [make_variant(units=5000).sku for _ in range(4)]
        self.skus += [make_variant(price_minor=2500, units=25).sku for _ in range(2)]
        CouponFactory(code="STORM", percent=10, max_uses=60)
        for number in range(self.wish.staff):
            email = f"staff{number}@example.com"
            user = User.objects.create_superuser(email, PASSWORD)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            self.staff.append(Staff(self.shop, self._dice(number), email, PASSWORD))
        standin = self.shop.standin
        settings.STRIPE_API_BASE = standin.url
        settings.STRIPE_SECRET_KEY = standin.secret_key
        self.shop.start()
        for kind, rate in (("webhook_lost", 0.2), ("webhook_doubled", 0.2)):
            standin.arm(kind, rate=rate, seed=self.wish.seed)
        standin.arm("webhook_reordered", rate=0.2, seed=self.wish.seed)
        for call in ("payment_intents", "payment_intents/*", "refunds", "refunds/*"):
            standin.arm("error_after", f"POST /v1/{call}", rate=0.05, seed=self.wish.seed)

    def _dice(self, number: int) -> random.Random:
        return random.Random(f"{self.wish.seed}-{number}")

    def _shop(self, number: int) -> None:
        dice = self._dice(100 + number)
        while not self.is_over.is_set():
            self.visits[Shopper(self.shop, dice, self.skus).visit()] += 1
            self.is_over.wait(dice.uniform(0, 1))

    def _work(self, staff: Staff) -> None:
        while not self.is_over.wait(staff.dice.uniform(0.5, 2)):
            try:
                payment = Payment.objects.order_by("?").first()
                if payment is not None and staff.dice.random() < 0.2:
                    staff.cancel(payment.order_id)
                elif payment is not None:
                    staff.refund(payment.order_id, payment.pk)
            except DatabaseError:
                connection.close()
        connection.close()

    def _kill(self, victim: str) -> None:
        self.kills[victim] += 1
        if victim in ("postgres", "redis"):
            print(f"kill {victim}", flush=True)
            return
        self.shop.kill(victim)
        self.shop.restart(victim)

    def _look(self) -> None:
        """Note for how long the order that should have been closed first has been waiting."""
        try:
            first = Order.objects.filter(state=Order.State.PENDING).aggregate(
                ended=Min("held_until")
            )["ended"]
        except DatabaseError:
            connection.close()
            return
        if first is not None:
            overdue = (timezone.now() - first).total_seconds()
            self.most_overdue = max(self.most_overdue, overdue)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common()) or "none"


def main(folder: str, arguments: list[str]) -> None:
    """Run one storm; exit with 1 when it was lost."""
    parser = argparse.ArgumentParser(prog="make storm")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--kill-every", type=int, default=20)
    parser.add_argument("--shoppers", type=int, default=8)
    parser.add_argument("--staff", type=int, default=2)
    parser.add_argument("--orders", type=int, default=1000, help="paid orders wanted")
    parser.add_argument("--seed", type=int, default=1)
    storm = Storm(Path(folder), parser.parse_args(arguments))
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    try:
        storm.rage()
        storm.calm_down()
        is_won = storm.report()
    finally:
        storm.shop.stop()
    sys.exit(0 if is_won else 1)
