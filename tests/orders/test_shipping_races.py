"""Many members of staff send one order, and many receipts are issued, at once, on PostgreSQL."""

from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from orders import receipts, shipping
from orders.models import Order, OrderLine, Receipt, ReceiptCounter, Shipment
from orders.shipping import ShipRefusedError, ship
from orders.states import SCHEDULE
from tests.at_once import Meeting, all_at_once
from tests.orders.factory import make_order
from tests.orders.paid import make_paid

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 20


@pytest.fixture(autouse=True)
def _only_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")


# --- Parcels ---------------------------------------------------------------------------------
def press(order: Order) -> Counter[str]:
    """All send one of the two mugs at once; returns how often each end came."""
    line = order.lines.get()

    def send(_number: int) -> str:
        try:
            ship(order.pk, [(line.pk, 1)], "DHL", "", "", SCHEDULE)
        except ShipRefusedError as error:
            return error.code
        return "sent"

    return Counter(all_at_once(MANY, send))


def test_without_the_lock_more_is_sent_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "lock", lambda pk: Order.objects.get(pk=pk))
    monkeypatch.setattr(shipping, "note_progress", lambda *_args: None)
    meeting, choose = Meeting(MANY), shipping._chosen

    def choose_then_meet(*args: Any) -> list[tuple[OrderLine, int]]:
        chosen = choose(*args)
        meeting.wait()
        return chosen

    monkeypatch.setattr(shipping, "_chosen", choose_then_meet)

    assert press(make_paid().order) == {"sent": MANY}


def test_never_more_is_sent_than_there_is_and_everybody_else_is_told() -> None:
    order = make_paid().order

    ends = press(order)

    assert ends == {"sent": 2, "wrong_state": 18}
    assert OrderLine.objects.get().shipped_quantity == 2
    assert Shipment.objects.count() == 2
    order.refresh_from_db()
    assert order.state == Order.State.FULFILLED


# --- Receipts --------------------------------------------------------------------------------
def issue_all() -> list[int | str]:
    orders = [make_order(state=Order.State.PAID) for _ in range(MANY)]

    def issue(number: int) -> int | str:
        try:
            return receipts.issue(orders[number]).number
        except IntegrityError:
            return "taken"

    return all_at_once(MANY, issue)


def test_without_the_lock_one_number_is_given_out_more_than_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ReceiptCounter.objects.create(pk=1)
    queryset = type(ReceiptCounter.objects.all())
    monkeypatch.setattr(queryset, "select_for_update", lambda self: self)
    monkeypatch.setattr(receipts, "lock", lambda pk: Order.objects.get(pk=pk))

    assert "taken" in issue_all()


def test_receipts_issued_at_once_have_no_gap_even_the_first_ones() -> None:
    assert sorted(issue_all()) == list(range(1, MANY + 1))


def test_one_order_gets_one_receipt_however_often_it_is_asked_for() -> None:
    order = make_order(state=Order.State.PAID)

    numbers = all_at_once(MANY, lambda _number: receipts.issue(order).number)

    assert numbers == [1] * MANY
    assert Receipt.objects.count() == 1


def test_receipts_that_are_undone_leave_no_gap() -> None:
    orders = [make_order(state=Order.State.PAID) for _ in range(MANY)]

    def issue(number: int) -> None:
        with transaction.atomic():
            receipts.issue(orders[number])
            if number % 2:
                transaction.set_rollback(True)

    all_at_once(MANY, issue)

    numbers = list(Receipt.objects.values_list("number", flat=True))
    assert numbers == list(range(1, MANY // 2 + 1))
    assert ReceiptCounter.objects.get().last == MANY // 2
