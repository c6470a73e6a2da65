"""Orders in the admin: staff read everything, and move an order by two buttons only."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.models import Order, OrderEvent, Payment
from orders.states import STRIPE, append_event
from tests.orders.factory import ADDRESS, make_order, make_payment

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State
LIST = "/admin/orders/order/"


@pytest.fixture
def packer(stranger: User) -> User:
    """Staff who may look at orders but not change them."""
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_order"))
    return stranger


def change_page(client: Client, order: Order) -> str:
    answer = client.get(f"{LIST}{order.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


# --- The list --------------------------------------------------------------------------------
def test_the_list_shows_amounts_as_money_and_flags_odd_payments(
    client: Client, staff: User
) -> None:
    good, odd = make_order(), make_order(price_minor=3000)
    make_payment(good, Payment.Outcome.ACCEPTED)
    make_payment(odd, Payment.Outcome.MISMATCH)
    client.force_login(staff)

    html = client.get(LIST).content.decode()

    assert good.number in html
    assert "$49.68" in html
    assert html.count("Payment does not match") == 1
    only = client.get(LIST, {"attention": "yes"}).content.decode()
    assert odd.number in only
    assert good.number not in only
    rest = client.get(LIST, {"attention": "no"}).content.decode()
    assert odd.number not in rest


@pytest.mark.parametrize("words", ["{number}", "ADA@example.com", "pi_{number}_accepted"])
def test_an_order_is_found_by_number_email_and_intent(
    client: Client, staff: User, words: str
) -> None:
    order, other = make_order(email="ada@example.com"), make_order()
    make_payment(order, Payment.Outcome.ACCEPTED)
    client.force_login(staff)

    html = client.get(LIST, {"q": words.format(number=order.number)}).content.decode()

    assert order.number in html
    assert other.number not in html


def test_orders_are_filtered_by_state_and_day(client: Client, staff: User) -> None:
    paid, pending = make_order(state=State.PAID), make_order()
    client.force_login(staff)

    html = client.get(LIST, {"state__exact": "paid"}).content.decode()

    assert paid.number in html
    assert pending.number not in html
    assert "placed_at__gte" in html


def test_the_list_costs_the_same_however_many(
    client: Client, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        make_payment(make_order(), Payment.Outcome.LATE)
    client.force_login(staff)

    # Session, user, count, orders.
    with django_assert_num_queries(4):
        client.get(LIST)


# --- The order -------------------------------------------------------------------------------
def test_the_order_shows_lines_addresses_payments_and_timeline(client: Client, staff: User) -> None:
    order = make_order(coupon_code="SPRING", billing_address={**ADDRESS, "name": "Ada Ltd"})
    append_event(order, OrderEvent.Kind.DECLINED, STRIPE, order.total_minor, code="card_declined")
    append_event(
        order,
        OrderEvent.Kind.PAYMENT_MISMATCH,
        STRIPE,
        5000,
        currency="EUR",
        expected_minor=order.total_minor,
    )
    make_payment(order, Payment.Outcome.MISMATCH, amount_minor=5100, currency="EUR")
    client.force_login(staff)

    html = change_page(client, order)

    for text in (
        "Stoneware mug",
        "MUG-1",
        "$20.00",
        "$40.00",
        "$49.68",
        "$3.68 (8 %)",
        "€50.00",
        "€51.00",
    ):
        assert text in html
    assert "<div>Springfield, IL 62701</div>" in html
    assert "<div>Ada Ltd</div>" in html
    assert "code: card_declined" in html
    assert "currency: EUR · expected: $49.68" in html
    assert "Payment declined" in html
    assert "4968" not in html


def test_nothing_of_an_order_is_edited_added_or_deleted(client: Client, staff: User) -> None:
    order = make_order()
    client.force_login(staff)

    html = change_page(client, order)
    main = html[html.index('id="content-main"') :]
    assert not re.search(r'<(input|select|textarea)(?![^>]*type="hidden")', main)
    assert client.post(f"{LIST}{order.pk}/change/", {"email": "x@example.com"}).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{order.pk}/delete/", {"post": "yes"}).status_code == 403
    order.refresh_from_db()
    assert order.email == "guest@example.com"


def test_the_order_costs_the_same_however_many_lines_and_events(
    client: Client, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = make_order(state=State.PAID)
    for _ in range(10):
        append_event(order, OrderEvent.Kind.DECLINED, STRIPE, 100)
    client.force_login(staff)

    # Session and user, the order for its buttons and for its page, lines, payments, events.
    with django_assert_num_queries(7):
        change_page(client, order)


def test_the_order_page_holds_no_inline_code(client: Client, staff: User) -> None:
    client.force_login(staff)

    html = change_page(client, make_order(state=State.PAID))

    for forbidden in (r"<style", r"\sstyle=", r"\son[a-z]+=", r"<script(?![^>]*(src=|data-))"):
        assert not re.search(forbidden, html), forbidden


# --- The buttons -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        (State.PENDING, []),
        (State.PAID, ["Start packing", "Mark as sent"]),
        (State.FULFILLING, ["Mark as sent"]),
        (State.FULFILLED, []),
        (State.CANCELED, []),
    ],
)
def test_only_moves_that_are_possible_have_a_button(
    client: Client, staff: User, state: Order.State, buttons: list[str]
) -> None:
    client.force_login(staff)

    html = change_page(client, make_order(state=state))

    assert re.findall(r'<button class="tool-button" type="submit">(.*?)</button>', html) == buttons


@pytest.mark.parametrize(
    ("button", "state", "said"),
    [
        ("start-packing", State.FULFILLING, "is now “being packed”"),
        ("mark-as-sent", State.FULFILLED, "is now “sent”"),
    ],
)
def test_a_button_moves_the_order_in_the_name_of_who_pressed(
    client: Client, staff: User, button: str, state: Order.State, said: str
) -> None:
    order = make_order(state=State.PAID)
    client.force_login(staff)

    html = client.post(f"{LIST}{order.pk}/{button}/", follow=True).content.decode()

    order.refresh_from_db()
    assert order.state == state
    assert said in html
    event = order.events.last()
    assert event is not None
    assert event.staff == staff
    assert "from: paid" in html
    assert staff.email in html


def test_a_move_that_came_too_late_is_refused_with_the_reason(client: Client, staff: User) -> None:
    order = make_order(state=State.CANCELED)
    client.force_login(staff)

    html = client.post(f"{LIST}{order.pk}/start-packing/", follow=True).content.decode()

    order.refresh_from_db()
    assert order.state == State.CANCELED
    assert (
        "Nothing was changed: the order is “canceled”, so it cannot become “being packed”." in html
    )


def test_staff_without_permission_see_no_button_and_cannot_move(
    client: Client, packer: User
) -> None:
    order = make_order(state=State.PAID)
    client.force_login(packer)

    html = change_page(client, order)
    answer = client.post(f"{LIST}{order.pk}/start-packing/")

    assert "tool-button" not in html
    assert "Stoneware mug" in html
    assert answer.status_code == 403
    order.refresh_from_db()
    assert order.state == State.PAID


def test_looking_at_a_buttons_address_moves_nothing(client: Client, staff: User) -> None:
    order = make_order(state=State.PAID)
    client.force_login(staff)

    assert client.get(f"{LIST}{order.pk}/start-packing/").status_code == 405
    order.refresh_from_db()
    assert order.state == State.PAID


def test_a_shopper_and_a_visitor_are_sent_to_the_staff_login(client: Client, buyer: User) -> None:
    order = make_order(state=State.PAID)

    visitor = client.post(f"{LIST}{order.pk}/start-packing/")
    client.force_login(buyer)
    shopper = client.post(f"{LIST}{order.pk}/start-packing/")

    for answer in (visitor, shopper):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
    order.refresh_from_db()
    assert order.state == State.PAID


def test_a_button_wants_its_csrf_token(staff: User) -> None:
    order = make_order(state=State.PAID)
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)

    assert client.post(f"{LIST}{order.pk}/start-packing/").status_code == 403
    order.refresh_from_db()
    assert order.state == State.PAID


def test_an_order_that_does_not_exist_cannot_be_moved(client: Client, staff: User) -> None:
    client.force_login(staff)

    assert client.post(f"{LIST}999999/start-packing/").status_code == 404
