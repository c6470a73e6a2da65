"""A killed idle worker stalls its cluster, and the supervisor sees it and starts a new one."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from checkout.models import WebhookEvent
from orders.models import Order
from tests.checkout.shopper import press_pay
from tests.factories import make_cart, make_shipping, make_variant
from tests.storm.processes import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.storm]

SECONDS_TO_START = 15
# Sentinel, two workers, monitor and pusher below the cluster's first process.
WORKERS = slice(0, 2)
BELOW_THE_CLUSTER = 5
NEVER = "--stalled-after=3600"


@pytest.fixture
def lonely(tmp_path: Path, transactional_db: None) -> Iterator[Shop]:
    """A shop of which only the worker runs."""
    if connection.vendor != "postgresql":
        pytest.skip("the processes share the test's database, and SQLite's is in memory")
    shop = Shop(tmp_path)
    shop.start_worker()
    until(lambda: len(family(shop)) == 1 + BELOW_THE_CLUSTER)
    yield shop
    shop.stop()


def until(condition: Callable[[], bool], seconds: float = SECONDS_TO_START) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert condition()


def children(pid: int) -> list[int]:
    return sorted(
        int(child)
        for tasks in Path(f"/proc/{pid}/task").glob("*/children")
        for child in tasks.read_text().split()
    )


def family(shop: Shop) -> list[int]:
    """The processes below the supervisor: the cluster's first, the sentinel, and its own."""
    below = children(shop.children["worker"].pid)
    for pid in below:
        below.extend(children(pid))
    return below


def idle_workers(shop: Shop) -> list[int]:
    """The workers of a cluster that has started, in the order in which they were."""
    until(lambda: len(family(shop)) == 1 + BELOW_THE_CLUSTER)
    sentinel = family(shop)[1]
    return children(sentinel)[WORKERS]


def use_worker(shop: Shop, *options: str) -> None:
    shop.kill("worker")
    shop.start_worker(*options)


def runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def order_is_paid() -> bool:
    return Order.objects.get().state == Order.State.PAID


def buy_a_mug(shop: Shop) -> None:
    """Place an order and pay it at Stripe, which posts its webhooks to the shop."""
    make_shipping(600)
    payment = press_pay(make_cart(make_variant(price_minor=4200, units=10)))
    assert "paymentIntent" in shop.standin.pay(payment.client_secret)
    until(lambda: WebhookEvent.objects.filter(type="payment_intent.succeeded").exists())


def end_worker(shop: Shop, asked: signal.Signals) -> int:
    """Ask the supervisor to end; returns its exit code."""
    shop.children["worker"].send_signal(asked)
    exit_code = shop.children["worker"].wait(SECONDS_TO_START)
    del shop.children["worker"]
    return exit_code


def kill_idle_workers(shop: Shop) -> None:
    """One of them holds the lock of the queue."""
    workers = idle_workers(shop)
    # Until then they are on their way to the queue.
    time.sleep(1)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not set(workers) & set(idle_workers(shop)))


def test_unwatched_a_killed_idle_worker_stalls_everything(shop: Shop) -> None:
    use_worker(shop, NEVER)
    kill_idle_workers(shop)

    buy_a_mug(shop)

    time.sleep(8)
    assert not order_is_paid()


def test_watched_the_worker_is_started_again_and_the_order_is_paid(shop: Shop) -> None:
    use_worker(shop, "--stalled-after=3")
    stalled = family(shop)
    kill_idle_workers(shop)

    buy_a_mug(shop)

    until(order_is_paid, seconds=20)
    log = (shop.folder / "worker.log").read_text()
    assert "The worker has stalled: a task has been waiting for" in log
    assert not any(runs(pid) for pid in stalled)


def test_a_cluster_that_ends_by_itself_is_started_again(lonely: Shop) -> None:
    before = family(lonely)

    os.kill(before[0], signal.SIGKILL)

    until(lambda: len(set(family(lonely)) - set(before)) == 1 + BELOW_THE_CLUSTER)
    assert not any(runs(pid) for pid in before)
    assert "has ended by itself (exit code -9)" in (lonely.folder / "worker.log").read_text()


def test_a_killed_supervisor_takes_its_cluster_along(lonely: Shop) -> None:
    before = family(lonely)

    os.kill(lonely.children["worker"].pid, signal.SIGKILL)

    until(lambda: not any(runs(pid) for pid in before))


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked_and_leaves_nobody_behind(lonely: Shop, asked: signal.Signals) -> None:
    before = family(lonely)

    assert end_worker(lonely, asked) == 0

    assert not any(runs(pid) for pid in before)
    assert "Traceback" not in (lonely.folder / "worker.log").read_text()


def test_even_a_stalled_cluster_ends_when_asked(lonely: Shop) -> None:
    before = family(lonely)
    kill_idle_workers(lonely)

    assert end_worker(lonely, signal.SIGTERM) == 0

    assert not any(runs(pid) for pid in before)
