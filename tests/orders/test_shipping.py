"""Parcels leave: never more than there is, and the order moves on with its lines."""

import pytest

from orders.fulfilling import note_progress
from orders.granting import grant_line
from orders.models import Grant, Order, OrderEvent, Payment, Refund, Shipment
from orders.refunding import fail, request_all, request_refund, succeed
from orders.shipping import ShipRefusedError, left_to_send, ship
from orders.states import SCHEDULE, STRIPE
from orders.timeline import timeline_of
from shop.models import Product
from tests.orders.factory import add_line, make_payment
from tests.orders.paid import make_dispute, make_paid, mugs, stella, wish

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State
Kind = OrderEvent.Kind


def send(order: Order, *units: tuple[int, int]) -> Shipment:
    return ship(order.pk, list(units), "DHL", "00340", "https://example.com/00340", SCHEDULE)


def send_mugs(order: Order, quantity: int) -> Shipment:
    return send(order, (order.lines.order_by("pk")[0].pk, quantity))


def state_of(order: Order) -> str:
    order.refresh_from_db()
    return order.state


# --- A parcel --------------------------------------------------------------------------------
def test_a_parcel_is_booked_with_its_units_and_told() -> None:
    order, actor = make_paid().order, stella()
    line = order.lines.get()

    parcel = ship(order.pk, [(line.pk, 1)], "DHL", "00340", "https://example.com/00340", actor)

    assert [(one.line, one.quantity) for one in parcel.lines.all()] == [(line, 1)]
    assert parcel.staff == actor.staff
    line.refresh_from_db()
    assert line.shipped_quantity == 1
    event = order.events.get(kind=Kind.SHIPPED)
    assert event.staff == actor.staff
    assert event.data == {
        "shipment": parcel.pk,
        "carrier": "DHL",
        "tracking_number": "00340",
        "units": [{"title": "Stoneware mug", "quantity": 1}],
    }


def test_units_of_a_line_that_is_named_twice_are_added_up() -> None:
    order = make_paid().order
    pk = order.lines.get().pk

    parcel = send(order, (pk, 1), (pk, 1))

    assert parcel.lines.get().quantity == 2


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.PENDING, "wrong_state"),
        (State.CANCELED, "wrong_state"),
        (State.FULFILLED, "wrong_state"),
        (State.REFUNDED, "wrong_state"),
    ],
)
def test_only_a_paid_order_is_sent(state: State, code: str) -> None:
    order = make_paid(state=state).order

    with pytest.raises(ShipRefusedError, match=f"Nothing was sent: the order is “{state.label}”."):
        send_mugs(order, 1)

    assert not Shipment.objects.exists()


@pytest.mark.parametrize(
    ("quantities", "code", "message"),
    [
        ([], "nothing", "Choose at least one unit to send."),
        ([0], "no_units", "Send one unit of a line or more."),
        ([-1], "no_units", "Send one unit of a line or more."),
        ([3], "too_many_units", "“Stoneware mug”: 2 left to send, not 3."),
        ([1, 2], "too_many_units", "“Stoneware mug”: 2 left to send, not 3."),
        ([2, -1], "no_units", "Send one unit of a line or more."),
    ],
)
def test_a_parcel_that_cannot_be_is_refused_whole(
    quantities: list[int], code: str, message: str
) -> None:
    order = make_paid().order
    pk = order.lines.get().pk

    with pytest.raises(ShipRefusedError) as refusal:
        send(order, *((pk, quantity) for quantity in quantities))

    assert (refusal.value.code, refusal.value.message) == (code, message)
    assert not Shipment.objects.exists()
    assert order.lines.get().shipped_quantity == 0
    assert not order.events.filter(kind=Kind.SHIPPED).exists()


def test_what_is_no_parcel_or_of_another_order_is_not_sent() -> None:
    order, other = make_paid().order, make_paid().order
    download = add_line(order, "One more", "download")

    with pytest.raises(ShipRefusedError, match="“One more” is not sent in a parcel"):
        send(order, (download.pk, 1))
    with pytest.raises(ShipRefusedError, match="This line is not of this order"):
        send(order, (other.lines.get().pk, 1))


def test_refunded_units_do_not_leave() -> None:
    payment = make_paid()
    request_refund(payment.pk, wish(mugs(payment, 1)), SCHEDULE)

    with pytest.raises(ShipRefusedError, match="1 left to send, not 2"):
        send_mugs(payment.order, 2)

    assert [left for _line, left in left_to_send(payment.order)] == [1]


def test_nothing_leaves_when_all_of_the_money_goes_back() -> None:
    payment = make_paid()
    request_refund(payment.pk, wish(other=payment.amount_minor), SCHEDULE)

    with pytest.raises(ShipRefusedError, match="all of its money is back, or on its way"):
        send_mugs(payment.order, 1)


def test_what_was_sent_and_came_back_is_not_owed() -> None:
    payment = make_paid()
    send_mugs(payment.order, 2)
    request_refund(payment.pk, wish(mugs(payment, 1)), SCHEDULE)

    assert left_to_send(payment.order) == []


# --- How far the order is --------------------------------------------------------------------
def test_an_order_is_under_way_with_its_first_parcel_and_done_with_its_last() -> None:
    order = make_paid().order

    send_mugs(order, 1)
    assert state_of(order) == State.FULFILLING
    send_mugs(order, 1)
    assert state_of(order) == State.FULFILLED

    kinds = list(order.events.values_list("kind", flat=True))
    assert kinds == ["placed", "shipped", "fulfilling", "shipped", "fulfilled"]


def test_an_order_sent_in_one_parcel_is_done_at_once() -> None:
    order = make_paid().order

    send_mugs(order, 2)

    assert state_of(order) == State.FULFILLED
    assert not order.events.filter(kind=Kind.FULFILLING).exists()


@pytest.mark.parametrize(
    ("grant", "state"),
    [
        (None, "fulfilling"),
        ("due", "fulfilling"),
        ("granted", "fulfilled"),
        ("revoked", "fulfilled"),
    ],
)
def test_what_is_granted_is_waited_for(grant: str | None, state: str) -> None:
    order = make_paid().order
    download = add_line(order, "One more", "download")
    if grant:
        Grant.objects.create(line=download, state=grant)

    send_mugs(order, 2)

    assert state_of(order) == state


@pytest.mark.parametrize(
    ("grants", "state"),
    [
        (["due", "due"], "paid"),
        (["granted", "due"], "fulfilling"),
        (["granted", "granted"], "fulfilled"),
        (["granted", "revoked"], "fulfilled"),
        (["revoked", "revoked"], "paid"),
    ],
)
def test_an_order_without_parcels_follows_its_grants(grants: list[str], state: str) -> None:
    order = make_paid().order
    order.lines.update(kind=Product.Kind.LICENCE)
    add_line(order, "One more", "download")
    for line, grant in zip(order.lines.all(), grants, strict=True):
        Grant.objects.create(line=line, state=grant)

    for _time in range(2):
        note_progress(order.pk, SCHEDULE)

    assert state_of(order) == state
    assert order.events.filter(kind=state).count() == (0 if state == "paid" else 1)


@pytest.mark.parametrize("state", [State.PENDING, State.CANCELED, State.REFUNDED])
def test_an_order_that_is_not_paid_stays_where_it_is(state: State) -> None:
    order = make_paid(state=state).order
    order.lines.update(shipped_quantity=2)

    note_progress(order.pk, SCHEDULE)

    assert state_of(order) == state


def test_an_order_whose_money_all_goes_back_stays_where_it_is() -> None:
    payment = make_paid()
    payment.order.lines.update(shipped_quantity=1)
    request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)

    note_progress(payment.order_id, SCHEDULE)

    assert state_of(payment.order) == State.PAID


def test_a_refund_of_what_was_left_makes_the_order_done() -> None:
    payment = make_paid()
    send_mugs(payment.order, 1)
    refund = request_refund(payment.pk, wish(mugs(payment, 1)), SCHEDULE)
    assert state_of(payment.order) == State.FULFILLING

    succeed(refund.pk, STRIPE)

    assert state_of(payment.order) == State.FULFILLED


def test_a_refund_of_all_units_without_shipping_sends_nothing() -> None:
    payment = make_paid()

    succeed(request_refund(payment.pk, wish(mugs(payment, 2)), SCHEDULE).pk, STRIPE)

    assert state_of(payment.order) == State.PAID


def test_an_order_that_cost_nothing_is_sent_like_any_other() -> None:
    order = make_paid().order
    Payment.objects.all().delete()

    send_mugs(order, 2)

    assert state_of(order) == State.FULFILLED


# --- A refund that fails ---------------------------------------------------------------------
def test_units_of_a_failed_refund_are_owed_again_when_the_rest_was_sent() -> None:
    payment = make_paid()
    refund = request_refund(payment.pk, wish(mugs(payment, 1)), SCHEDULE)
    send_mugs(payment.order, 1)
    assert state_of(payment.order) == State.FULFILLED

    for _time in range(2):
        fail(refund.pk, "The account is closed.", STRIPE)

    assert state_of(payment.order) == State.FULFILLING
    told = payment.order.events.get(kind=Kind.FULFILLING)
    assert told.data["from"] == State.FULFILLED
    assert timeline_of(payment.order)[0].what == "Not yet done after all: “being packed” again"
    send_mugs(payment.order, 1)
    assert state_of(payment.order) == State.FULFILLED


def test_units_are_owed_again_when_a_refund_that_closed_the_order_fails() -> None:
    payment = make_paid()
    first = request_refund(payment.pk, wish(mugs(payment, 1)), SCHEDULE)
    send_mugs(payment.order, 1)
    rest = request_refund(payment.pk, wish(other=2808), SCHEDULE)
    for refund in (first, rest):
        succeed(refund.pk, STRIPE)
    assert state_of(payment.order) == State.REFUNDED

    fail(first.pk, "The account is closed.", STRIPE)

    assert state_of(payment.order) == State.FULFILLING


def test_what_was_sent_in_full_stays_done_when_a_refund_fails() -> None:
    payment = make_paid()
    send_mugs(payment.order, 2)
    refund = request_refund(payment.pk, wish(mugs(payment, 1)), SCHEDULE)

    fail(refund.pk, "The account is closed.", STRIPE)

    assert state_of(payment.order) == State.FULFILLED


def test_what_was_granted_while_all_was_on_its_way_back_counts_once_the_refund_fails() -> None:
    payment = make_paid()
    payment.order.lines.update(kind=Product.Kind.DOWNLOAD)
    refund = request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)
    grant_line(Grant.objects.create(line=payment.order.lines.get()), SCHEDULE)
    assert state_of(payment.order) == State.PAID

    fail(refund.pk, "The account is closed.", STRIPE)

    assert state_of(payment.order) == State.FULFILLED


# --- Money that the bank has taken back ------------------------------------------------------
def test_nothing_leaves_once_the_bank_has_taken_the_money_back_for_good() -> None:
    payment = make_paid()
    make_dispute(payment, status="lost", withdrawn_minor=payment.amount_minor)

    with pytest.raises(ShipRefusedError, match="the bank has taken this money back") as refusal:
        send_mugs(payment.order, 1)

    assert refusal.value.code == "lost"
    assert not Shipment.objects.exists()


@pytest.mark.parametrize(
    ("status", "withdrawn"),
    [("needs_response", 4968), ("under_review", 4968), ("won", 0), ("lost", 0)],
)
def test_an_order_is_sent_while_its_dispute_is_open_or_cost_nothing(
    status: str, withdrawn: int
) -> None:
    payment = make_paid()
    make_dispute(payment, status=status, withdrawn_minor=withdrawn)

    send_mugs(payment.order, 2)

    assert state_of(payment.order) == State.FULFILLED


def test_a_second_payment_that_the_bank_took_back_keeps_nothing_here() -> None:
    order = make_paid().order
    second = make_payment(order, Payment.Outcome.LATE)
    make_dispute(second, status="lost", withdrawn_minor=second.amount_minor)

    send_mugs(order, 2)

    assert state_of(order) == State.FULFILLED
