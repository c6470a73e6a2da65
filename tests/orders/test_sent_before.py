"""Refunded units that had been sent leave the others owed: what staff say, and what counts."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from orders.models import Order, Payment, Refund, RefundLine
from orders.refund_pricing import RefundRefusedError, Units, price_refund
from orders.refunding import fail, repeat, request_all, request_refund, succeed
from orders.shipping import left_to_send, ship
from orders.states import SCHEDULE, STRIPE
from tests.orders.paid import make_paid, mugs, wish

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State


@pytest.fixture
def payment() -> Payment:
    """Of three mugs, one of which was sent."""
    payment = make_paid(quantity=3)
    send_mugs(payment, 1)
    return payment


def send_mugs(payment: Payment, quantity: int) -> None:
    ship(payment.order_id, [(mug(payment), quantity)], "DHL", "00340", "", SCHEDULE)


def mug(payment: Payment) -> int:
    return payment.order.lines.get().pk


def sent_before(payment: Payment, quantity: int, returned: int) -> Units:
    """Return units to refund of which so many had been sent."""
    return Units(mug(payment), quantity, restock=False, returned=returned)


def left(payment: Payment) -> int:
    return sum(units for _line, units in left_to_send(payment.order))


def returned_of(payment: Payment) -> int:
    return payment.order.lines.get().returned_quantity


# --- What counts -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("quantity", "returned", "still_owed"), [(1, 0, 1), (1, 1, 2), (2, 1, 1), (2, 0, 0)]
)
def test_what_was_sent_and_came_back_takes_nothing_from_what_is_owed(
    payment: Payment, quantity: int, returned: int, still_owed: int
) -> None:
    refund = request_refund(payment.pk, wish(sent_before(payment, quantity, returned)), SCHEDULE)

    assert (returned_of(payment), left(payment)) == (returned, still_owed)
    fail(refund.pk, "The account is closed.", STRIPE)
    assert (returned_of(payment), left(payment)) == (0, 2)


def test_the_second_mug_is_sent_when_the_first_came_back_broken() -> None:
    payment = make_paid()
    send_mugs(payment, 1)
    succeed(request_refund(payment.pk, wish(sent_before(payment, 1, 1)), SCHEDULE).pk, STRIPE)
    assert Order.objects.get().state == State.FULFILLING

    send_mugs(payment, 1)

    assert Order.objects.get().state == State.FULFILLED


def test_units_beyond_those_left_to_send_had_been_sent(payment: Payment) -> None:
    unsent = request_refund(payment.pk, wish(mugs(payment, 2, restock=False)), SCHEDULE)

    rest = request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)
    fail(unsent.pk, "The account is closed.", STRIPE)

    assert rest.lines.get().returned_quantity == 1
    assert left(payment) == 2


@pytest.mark.parametrize(("quantity", "returned"), [(2, 2), (1, 2), (3, 2)])
def test_more_than_was_sent_did_not_come_back(
    payment: Payment, quantity: int, returned: int
) -> None:
    with pytest.raises(RefundRefusedError, match=f"{returned} cannot have been sent before"):
        price_refund(payment, wish(sent_before(payment, quantity, returned)))


def test_what_came_back_once_does_not_come_back_again(payment: Payment) -> None:
    request_refund(payment.pk, wish(sent_before(payment, 1, 1)), SCHEDULE)

    with pytest.raises(RefundRefusedError, match="1 cannot have been sent before"):
        price_refund(payment, wish(sent_before(payment, 1, 1)))


def test_a_refund_that_is_tried_again_says_the_same(payment: Payment) -> None:
    failed = request_refund(payment.pk, wish(sent_before(payment, 1, 1)), SCHEDULE)
    fail(failed.pk, "The account is closed.", STRIPE)

    again = repeat(failed.pk, SCHEDULE)

    assert again.amount_minor == failed.amount_minor
    assert again.lines.get().returned_quantity == 1
    assert left(payment) == 2


def test_what_is_granted_was_never_sent() -> None:
    payment = make_paid()
    payment.order.lines.update(kind="download")

    request_refund(payment.pk, wish(mugs(payment, 1)), SCHEDULE)

    assert RefundLine.objects.get().returned_quantity == 0


# --- What staff say --------------------------------------------------------------------------
@pytest.fixture
def stella(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def composer(payment: Payment) -> str:
    return f"/admin/orders/order/{payment.order_id}/refund/{payment.pk}/"


def typed(payment: Payment, units: int, returned: object) -> dict[str, Any]:
    return {
        f"quantity_{mug(payment)}": units,
        f"returned_{mug(payment)}": returned,
        "reason": "returned",
        "note": "typed",
        "step": "preview",
    }


def test_staff_say_that_the_unit_had_been_sent(stella: Client, payment: Payment) -> None:
    send_mugs(payment, 1)
    html = stella.post(composer(payment), typed(payment, 1, 1)).content.decode()
    assert "sent before: 1" in html
    hidden = dict(re.findall(r'type="hidden" name="(books|shown)" value="(\w+)"', html))

    stella.post(composer(payment), {**typed(payment, 1, 1), **hidden, "step": "refund"})

    assert Refund.objects.get().lines.get().returned_quantity == 1
    found = stella.get("/admin/orders/order/", {"to_send": "yes"}).context["cl"].result_list
    assert list(found) == [payment.order]
    assert left(payment) == 1


@pytest.mark.parametrize("sent", [0, 3])
def test_where_all_or_nothing_was_sent_there_is_nothing_to_ask(stella: Client, sent: int) -> None:
    payment = make_paid(quantity=3)
    if sent:
        send_mugs(payment, sent)

    html = stella.get(composer(payment)).content.decode()

    assert "quantity_" in html
    assert "returned_" not in html


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (2, "At most 1 of them can have been sent."),
        (-1, "Write 0 or more."),
        ("x", "Write a whole number."),
    ],
)
def test_what_cannot_have_been_sent_is_named_and_nothing_typed_is_lost(
    stella: Client, payment: Payment, returned: object, said: str
) -> None:
    html = stella.post(composer(payment), typed(payment, 2, returned)).content.decode()

    assert said in html
    assert f'value="{returned}"' in html
    assert 'value="typed"' in html


def test_more_sent_than_refunded_is_named(stella: Client, payment: Payment) -> None:
    html = stella.post(composer(payment), typed(payment, 0, 1)).content.decode()

    assert "Write at most as many as are refunded." in html
    assert not Refund.objects.exists()


def test_a_parcel_that_leaves_after_the_preview_shows_a_new_one(
    stella: Client, payment: Payment
) -> None:
    html = stella.post(composer(payment), typed(payment, 2, 0)).content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(books|shown)" value="(\w+)"', html))
    send_mugs(payment, 2)

    button = {**typed(payment, 2, 0), **hidden, "step": "refund"}
    html = stella.post(composer(payment), button).content.decode()

    assert "Nothing was booked" in html
    assert "sent before: 2" in html
    assert not Refund.objects.exists()
