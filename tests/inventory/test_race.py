"""Twenty shoppers want five units at the same moment, on PostgreSQL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from inventory.models import Reservation, StockItem, StockMovement
from inventory.stock import NotEnoughStockError, StockWouldBeNegativeError, adjust, hold
from tests.factories import make_stock

pytestmark = pytest.mark.django_db(transaction=True)

SHOPPERS = 20
UNITS = 5


@pytest.fixture(autouse=True)
def _only_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")


def all_at_once(work: Callable[[int], bool]) -> int:
    """Let every shopper do `work` at the same moment; return how many succeeded."""
    gate = threading.Barrier(SHOPPERS)

    def shopper(number: int) -> bool:
        try:
            gate.wait()
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(SHOPPERS) as pool:
        return sum(pool.map(shopper, range(SHOPPERS)))


def test_without_the_guard_more_is_held_than_there_is() -> None:
    """Look first, then write: the race is real, and the test below would see it."""
    item = make_stock(UNITS, "MUG")
    looked = threading.Barrier(SHOPPERS)

    def hold_unguarded(number: int) -> bool:
        with transaction.atomic():
            there_is_one = StockItem.objects.get(pk=item.pk).available >= 1
            looked.wait()
            if there_is_one:
                Reservation.objects.create(item=item, reference=f"order-{number}", quantity=1)
            return there_is_one

    assert all_at_once(hold_unguarded) == SHOPPERS > UNITS


def test_exactly_as_many_are_held_as_there_are() -> None:
    item = make_stock(UNITS, "MUG")

    def hold_one(number: int) -> bool:
        try:
            hold(f"order-{number}", f"cart-{number}", {item.pk: 1})
        except NotEnoughStockError:
            return False
        return True

    assert all_at_once(hold_one) == UNITS
    item.refresh_from_db()
    assert (item.on_hand, item.held) == (UNITS, UNITS)
    assert Reservation.objects.count() == UNITS


def test_no_correction_is_lost_and_none_takes_what_is_gone() -> None:
    item = make_stock(UNITS, "MUG")

    def lose_one(number: int) -> bool:
        try:
            adjust(item, -1, StockMovement.Reason.DAMAGED, actor=f"staff-{number}")
        except StockWouldBeNegativeError:
            return False
        return True

    assert all_at_once(lose_one) == UNITS
    item.refresh_from_db()
    assert item.on_hand == 0
    assert item.movements.filter(reason=StockMovement.Reason.DAMAGED).count() == UNITS
