"""kill -9 of the worker again and again, while it does what follows paid orders: all, and once."""

import email
import email.policy
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from notifications.models import Delivery
from orders.models import Grant, LicenceGrant, OrderEvent, Receipt
from orders.states import STRIPE, State, move
from shop.models import Product
from tests.factories import ProductFactory, make_variant
from tests.orders.factory import make_order
from tests.storm.processes import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.storm]

# `STEP_ORDERS=1000` for the long form.
ORDERS = int(os.environ.get("STEP_ORDERS", "60"))
KILLS = 6
SECONDS_AT_MOST = 60 + ORDERS


@pytest.fixture
def lonely(tmp_path: Path, transactional_db: None) -> Iterator[Shop]:
    """A shop of which only the worker runs."""
    if connection.vendor != "postgresql":
        pytest.skip("the processes share the test's database, and SQLite's is in memory")
    shop = Shop(tmp_path)
    yield shop
    shop.stop()


def sell(count: int) -> None:
    """Paid orders for two licences each."""
    variant = make_variant(product=ProductFactory(kind=Product.Kind.LICENCE), units=None)
    for number in range(count):
        order = make_order(email=f"buyer{number}@example.com")
        order.lines.update(variant=variant, kind=Product.Kind.LICENCE)
        move(order.pk, State.PAID, STRIPE)


def due() -> bool:
    """Whether something is still to be planned or done now."""
    waiting = Delivery.objects.filter(state=Delivery.State.DUE, due_at__lte=timezone.now())
    return waiting.exists() or OrderEvent.objects.filter(planned_at=None).exists()


def free_what_the_dead_had_claimed() -> None:
    """Let the lease be over, which otherwise takes a minute and a half."""
    Delivery.objects.update(claimed_until=None)
    OrmQ.objects.update(lock=timezone.now())


def letters(shop: Shop) -> Counter[tuple[str, str]]:
    """How often each receiver got each subject."""
    found = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in (shop.folder / "mailbox").glob("*.eml")
    ]
    return Counter((str(one["To"]), str(one["Subject"])) for one in found)


def test_nothing_twice_and_nothing_missing(lonely: Shop) -> None:
    sell(ORDERS)
    dice = random.Random(7)
    lonely.start_worker()
    for _kill in range(KILLS):
        time.sleep(dice.uniform(1.5, 4))
        lonely.kill("worker")
        free_what_the_dead_had_claimed()
        lonely.start_worker()
    deadline = time.monotonic() + SECONDS_AT_MOST
    while due() and time.monotonic() < deadline:
        # The schedule rings each minute; the tests' database has none.
        async_task(settings.ORDER_EVENT_DOORBELL)
        time.sleep(2)
    lonely.kill("worker")

    undone = Delivery.objects.exclude(state=Delivery.State.DONE)
    left = undone.exclude(step__startswith="follow_up")
    assert list(left.values_list("step", "state", "error")) == []
    messages = Delivery.objects.filter(state=Delivery.State.DONE, recipient__contains="@")
    assert Counter(messages.values_list("step", flat=True)) == {
        "order_confirmed": ORDERS,
        "new_order": ORDERS,
        "licence_ready": ORDERS,
    }
    assert set(letters(lonely).values()) == {1}
    assert sum(letters(lonely).values()) == 3 * ORDERS
    numbers = Receipt.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, ORDERS + 1))
    assert Grant.objects.filter(state=Grant.State.GRANTED).count() == ORDERS
    assert LicenceGrant.objects.count() == 2 * ORDERS
