"""Orders in the admin: staff read everything, see what waits for them, and move by buttons only."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.models import Order, OrderEvent, Payment, Refund
from orders.refunding import fail, repeat, request_all, request_refund, succeed
from orders.shipping import ship
from orders.states import SCHEDULE, STRIPE, append_event, by_staff
from tests.orders.factory import ADDRESS, make_order, make_payment
from tests.orders.paid import make_dispute, make_paid, mugs, wish

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
def test_the_list_shows_amounts_as_money(client: Client, staff: User) -> None:
    order = make_order()
    client.force_login(staff)

    html = client.get(LIST).content.decode()

    assert order.number in html
    assert "$49.68" in html


@pytest.fixture
def waiting() -> dict[str, Order]:
    """Orders that wait for staff, by what for; and those for which all is done."""
    odd, failed, disputed = (make_paid().order for _ in range(3))
    make_payment(odd, Payment.Outcome.MISMATCH)
    fail(request_all(failed.payments.get().pk, Refund.Reason.GOODWILL, SCHEDULE).pk, "no", STRIPE)
    due = datetime(2026, 12, 24, 12, tzinfo=UTC)
    make_dispute(disputed.payments.get(), evidence_due_at=due)
    done = make_paid().order
    returned = make_payment(done, Payment.Outcome.LATE)
    request_all(returned.pk, Refund.Reason.LATE, SCHEDULE)
    first = request_all(done.payments.get(outcome="accepted").pk, Refund.Reason.GOODWILL, SCHEDULE)
    fail(first.pk, "no", STRIPE)
    repeat(first.pk, SCHEDULE)
    make_dispute(returned, status="won", evidence_due_at=due)
    return {"payment": odd, "refund": failed, "dispute": disputed, "no": done}


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("payment", "Payment does not match"),
        ("refund", "Refund failed"),
        ("dispute", "Dispute to answer by Dec. 24, 2026"),
        ("no", ""),
    ],
)
def test_the_list_says_which_orders_need_attention_and_for_what(
    client: Client, staff: User, waiting: dict[str, Order], what: str, said: str
) -> None:
    client.force_login(staff)

    page = client.get(LIST, {"attention": what})

    order = page.context["cl"].result_list.get()
    assert order == waiting[what]
    assert f'<td class="field-attention">{said or "-"}</td>' in page.content.decode()
    everything = client.get(LIST, {"attention": "yes"}).context["cl"].result_list
    assert set(everything) == set(waiting.values()) - {waiting["no"]}


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
    assert "the bank gave no reason (card_declined)" in html
    assert "$49.68 was expected" in html
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
    order = make_paid(quantity=9).order
    for _ in range(4):
        append_event(order, OrderEvent.Kind.DECLINED, STRIPE, 100)
        payment = make_payment(order, Payment.Outcome.LATE, intent_id=f"pi_{order.events.count()}")
        request_all(payment.pk, Refund.Reason.LATE, by_staff(staff))
        make_dispute(payment)
    accepted = order.payments.get(outcome="accepted")
    for _ in range(4):
        refund = request_refund(accepted.pk, wish(mugs(accepted, 1)), by_staff(staff))
    fail(refund.pk, "no", STRIPE)
    repeat(refund.pk, by_staff(staff))
    for _ in range(3):
        ship(order.pk, [(order.lines.get().pk, 1)], "DHL", "", "", by_staff(staff))
    client.force_login(staff)

    # Session, user, order, order lines, payments, refunds, their lines, disputes, events, parcels,
    # what is in them, lines left to send, what was granted.
    with django_assert_num_queries(13):
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
        (State.PENDING, ["Cancel order…"]),
        (State.PAID, ["Start packing", "Send…", "Cancel order…"]),
        (State.FULFILLING, ["Send…", "Cancel order…"]),
        (State.FULFILLED, []),
        (State.CANCELED, []),
    ],
)
def test_only_moves_that_are_possible_have_a_button(
    client: Client, staff: User, state: Order.State, buttons: list[str]
) -> None:
    client.force_login(staff)

    html = change_page(client, make_paid(state=state).order)

    tools = html[html.index('<ul class="object-tools">') : html.index('id="order-panel"')]
    assert re.findall(r'class="tool-button[^>]*>(.*?)</', tools) == buttons


@pytest.mark.parametrize(
    "change",
    [{"kind": "download"}, {"shipped_quantity": 2}, {"refunded_quantity": 2}],
    ids=["no parcel", "sent", "refunded"],
)
def test_where_nothing_is_left_to_send_there_is_nothing_to_pack(
    client: Client, staff: User, change: dict[str, Any]
) -> None:
    order = make_paid().order
    order.lines.update(**change)
    client.force_login(staff)

    before = change_page(client, order)
    client.post(f"{LIST}{order.pk}/start-packing/")

    assert "Start packing" not in before
    assert "Send…" not in before
    order.refresh_from_db()
    assert order.state == State.PAID


def test_packing_is_begun_in_the_name_of_who_pressed(client: Client, staff: User) -> None:
    order = make_order(state=State.PAID)
    client.force_login(staff)

    html = client.post(f"{LIST}{order.pk}/start-packing/", follow=True).content.decode()

    order.refresh_from_db()
    assert order.state == State.FULFILLING
    assert f"Order {order.number} is being packed." in html
    event = order.events.last()
    assert event is not None
    assert event.staff == staff
    assert "it was “paid”" in html
    assert staff.email in html


def test_a_move_that_came_too_late_is_refused_with_the_reason(client: Client, staff: User) -> None:
    order = make_order(state=State.CANCELED)
    client.force_login(staff)

    html = client.post(f"{LIST}{order.pk}/start-packing/", follow=True).content.decode()

    order.refresh_from_db()
    assert order.state == State.CANCELED
    assert "Nothing was changed: the order is “canceled”, so packing cannot begin." in html


@pytest.mark.parametrize("is_back", [False, True])
def test_goods_whose_money_goes_back_do_not_leave(
    client: Client, staff: User, is_back: bool
) -> None:
    payment = make_paid()
    refund = request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE)
    if is_back:
        succeed(refund.pk, STRIPE)
    client.force_login(staff)

    before = change_page(client, payment.order)
    packed = client.post(f"{LIST}{payment.order_id}/start-packing/", follow=True)
    sent = client.get(f"{LIST}{payment.order_id}/send/", follow=True)

    assert "Send…" not in before
    assert "money is back, or on its way to the buyer" in packed.content.decode()
    assert "Nothing was sent" in sent.content.decode()
    payment.order.refresh_from_db()
    assert payment.order.state == (State.REFUNDED if is_back else State.PAID)


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


@pytest.mark.parametrize(
    "address",
    [
        *("{big}/change/", "{big}/receipt/", "{big}/slip/", "{big}/evidence/", "{big}/cancel/"),
        *("{big}/refund/1/", "{order}/refund/{big}/", "{big}/slips/1/", "{order}/slips/{big}/"),
        *("{big}/panel/", "{big}/send/"),
    ],
)
def test_a_number_that_is_too_large_is_no_order(client: Client, staff: User, address: str) -> None:
    client.force_login(staff)
    there = address.format(big=10**20, order=make_order().pk)

    answer = client.get(f"{LIST}{there}")

    # Django's own page leads back to the list, saying that there is no such order.
    assert answer.status_code == (302 if "change" in address else 404)


@pytest.mark.parametrize("button", ["{big}/refunds/1/repeat/", "{order}/refunds/{big}/repeat/"])
def test_a_button_of_a_number_that_is_too_large_presses_nothing(
    client: Client, staff: User, button: str
) -> None:
    client.force_login(staff)
    there = button.format(big=10**20, order=make_order().pk)

    assert client.post(f"{LIST}{there}").status_code == 404
