"""Twenty members of staff refund one order at the same moment, on PostgreSQL."""

from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, connection

from inventory.models import StockItem
from orders import refunding
from orders.models import Order, Payment, Refund
from orders.refund_pricing import RefundRefusedError
from orders.refunding import repeat, request_all, request_refund, succeed
from orders.states import SCHEDULE, STRIPE
from tests.at_once import Meeting, all_at_once
from tests.orders.paid import make_paid, mugs, wish

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = 20


@pytest.fixture(autouse=True)
def _only_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")


@pytest.fixture
def meeting_after_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """All see what is left before anybody books, if they can."""
    meeting = Meeting(STAFF)
    book = refunding._book

    def meet_then_book(*args: Any, **kwargs: Any) -> Refund:
        meeting.wait()
        return book(*args, **kwargs)

    monkeypatch.setattr(refunding, "_book", meet_then_book)


def press(payment: Payment, refund: Any) -> Counter[str]:
    """All press at once; returns how often each end came."""

    def ask(_number: int) -> str:
        try:
            refund()
        except RefundRefusedError as error:
            return error.code
        except IntegrityError as error:
            return str(error).split('"')[3]
        return "booked"

    ends = Counter(all_at_once(STAFF, ask))
    payment.refresh_from_db()
    return ends


def booked_minor() -> int:
    return sum(Refund.objects.values_list("amount_minor", flat=True))


@pytest.mark.usefixtures("meeting_after_the_look")
def test_without_the_lock_all_believe_that_there_is_enough_and_the_database_has_to_stop_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payment = make_paid()
    looked = Payment.objects.select_related("order")
    monkeypatch.setattr(refunding, "_lock_payment", lambda pk: looked.get(pk=pk))

    ends = press(payment, lambda: request_refund(payment.pk, wish(other=1000), SCHEDULE))

    assert ends == {"booked": 4, "orders_refunded_at_most_captured": 16}


@pytest.mark.usefixtures("meeting_after_the_look")
def test_never_more_than_captured_and_everybody_else_is_told() -> None:
    payment = make_paid()

    ends = press(payment, lambda: request_refund(payment.pk, wish(other=1000), SCHEDULE))

    assert ends == {"booked": 4, "too_much": 16}
    assert payment.refunded_minor == booked_minor() == 4000


@pytest.mark.usefixtures("meeting_after_the_look")
def test_never_more_units_than_were_bought() -> None:
    payment = make_paid()
    unit = wish(mugs(payment, 1))

    ends = press(payment, lambda: request_refund(payment.pk, unit, SCHEDULE))

    assert ends == {"booked": 2, "too_many_units": 18}
    assert payment.order.lines.get().refunded_quantity == 2
    assert payment.refunded_minor == booked_minor() == 4320


@pytest.mark.usefixtures("meeting_after_the_look")
def test_everything_is_given_back_once() -> None:
    payment = make_paid()

    ends = press(payment, lambda: request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE))

    assert ends == {"booked": 1, "nothing_left": 19}
    assert payment.refunded_minor == booked_minor() == 4968


@pytest.mark.usefixtures("meeting_after_the_look")
def test_a_failed_refund_is_repeated_once() -> None:
    payment = make_paid()
    failed = Refund.objects.create(
        payment=payment, state="failed", amount_minor=100, other_minor=100, reason="late"
    )

    ends = press(payment, lambda: repeat(failed.pk, SCHEDULE))

    assert ends == {"booked": 1, "repeated": 19}
    assert payment.refunded_minor == 100


def test_goods_come_back_once_however_often_stripe_says_that_the_money_did() -> None:
    payment = make_paid()
    refund = request_all(payment.pk, Refund.Reason.RETURNED, SCHEDULE)

    ends = press(payment, lambda: succeed(refund.pk, STRIPE))

    assert ends == {"booked": STAFF}
    assert StockItem.objects.get().on_hand == 7
    assert Order.objects.get().state == Order.State.REFUNDED
