"""The staff's pages of parcels: the composer, what the order shows of them, packing slips."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.canceling import CancelRefusedError, cancel_order
from orders.models import Order, Payment, Refund, Shipment
from orders.receipts import issue
from orders.refunding import request_all, request_refund
from orders.shipping import ship
from orders.states import SCHEDULE
from tests.orders.factory import ADDRESS, add_line, make_order
from tests.orders.paid import make_dispute, make_paid, wish

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State


@pytest.fixture
def stella(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def looker(stranger: User) -> Client:
    """Staff who may look at orders, but not change them."""
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_order"))
    client = Client()
    client.force_login(stranger)
    return client


@pytest.fixture
def order() -> Order:
    """Two mugs and a manual to download, paid."""
    order = make_paid().order
    add_line(order, "Manual", "download")
    return order


def page(order: Order, name: str = "change") -> str:
    return f"/admin/orders/order/{order.pk}/{name}/"


def mug(order: Order) -> int:
    return order.lines.order_by("pk")[0].pk


def typed(client: Client, order: Order, units: object = 2, **fields: object) -> dict[str, Any]:
    """What staff send after they have looked at the composer."""
    html = client.get(page(order, "send")).content.decode()
    shown = re.search(r'name="shown" value="(.*?)"', html)
    return {
        "shown": shown[1] if shown else "",
        f"quantity_{mug(order)}": units,
        "carrier": "DHL",
        "tracking_number": "00340",
        "tracking_url": "",
        **fields,
    }


def send_mugs(order: Order, quantity: int, **fields: str) -> Shipment:
    said = {"carrier": "DHL", "tracking_number": "00340", "tracking_url": "", **fields}
    return ship(order.pk, [(mug(order), quantity)], actor=SCHEDULE, **said)


# --- The composer ----------------------------------------------------------------------------
def test_the_composer_begins_with_all_that_is_left(stella: Client, order: Order) -> None:
    send_mugs(order, 1)

    html = stella.get(page(order, "send")).content.decode()

    field = re.search(rf'<input[^>]*name="quantity_{mug(order)}"[^>]*>', html)
    assert field
    assert 'value="1"' in field[0]
    assert 'max="1"' in field[0]
    assert "1 left of 2" in html
    assert "1 Main Street" in html
    assert '<option value="UPS">' in html
    assert "Manual" not in html


def test_a_parcel_is_booked_in_the_name_of_who_pressed(
    stella: Client, staff: User, order: Order
) -> None:
    data = typed(stella, order, 1, tracking_url="example.com/00340")

    html = stella.post(page(order, "send"), data, follow=True).content.decode()

    parcel = Shipment.objects.get()
    assert (parcel.staff, parcel.carrier, parcel.tracking_number) == (staff, "DHL", "00340")
    assert f"Parcel {parcel.pk} is booked as sent." in html
    assert '<a href="https://example.com/00340" rel="external">00340</a>' in html
    assert "Left to send: 1 × Stoneware mug, Colour: Moss" in html
    assert f"parcel {parcel.pk} · 1 × Stoneware mug · DHL · 00340".split(" · ")[1] in html
    order.refresh_from_db()
    assert order.state == State.FULFILLING


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"units": 3}, "At most 2 can still be sent."),
        ({"units": -1}, "Write 0 or more."),
        ({"units": "two"}, "Write a whole number."),
        ({"units": 0}, "Choose at least one unit to send."),
        ({"units": ""}, "Choose at least one unit to send."),
        ({"tracking_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"carrier": "x" * 61}, "at most 60 characters"),
        ({"carrier": "D\x00HL"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_sent_is_named_and_what_was_typed_is_kept(
    stella: Client, order: Order, wrong: dict[str, Any], said: str
) -> None:
    data = typed(stella, order, **{"tracking_number": "KEEP-ME", **wrong})

    html = stella.post(page(order, "send"), data).content.decode()

    assert said in html
    assert 'value="KEEP-ME"' in html
    assert not Shipment.objects.exists()


def test_pressed_twice_sends_once(stella: Client, order: Order) -> None:
    data = typed(stella, order, 1)

    stella.post(page(order, "send"), data)
    html = stella.post(page(order, "send"), data).content.decode()

    assert "Nothing was sent: what is left to send has changed. This is how it is now." in html
    assert 'value="00340"' in html
    assert "1 left of 2" in html
    assert Shipment.objects.count() == 1


def test_a_colleague_who_was_faster_leaves_nothing_to_send(stella: Client, order: Order) -> None:
    data = typed(stella, order)
    send_mugs(order, 2)

    html = stella.post(page(order, "send"), data).content.decode()

    assert "Nothing was sent: what is left to send has changed." in html
    assert "nothing left: 2 sent, 0 refunded" in html
    assert Shipment.objects.count() == 1


def test_money_that_goes_back_meanwhile_keeps_the_parcel_here(stella: Client) -> None:
    payment = make_paid()
    data = typed(stella, payment.order)
    request_refund(payment.pk, wish(other=payment.amount_minor), SCHEDULE)

    html = stella.post(page(payment.order, "send"), data).content.decode()

    assert "Nothing was sent: all of its money is back, or on its way to the buyer." in html
    assert not Shipment.objects.exists()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.PENDING, "Nothing was sent: the order is “waiting for payment”."),
        (State.FULFILLED, "Nothing was sent: the order is “sent”."),
    ],
)
def test_an_order_that_is_not_to_be_sent_has_no_composer(
    stella: Client, state: Order.State, said: str
) -> None:
    order = make_order(state=state)

    html = stella.get(page(order, "send"), follow=True).content.decode()

    assert said in html
    assert "Book as sent" not in html


def test_an_order_without_parcels_has_no_composer(stella: Client, order: Order) -> None:
    order.lines.update(kind="download")

    html = stella.get(page(order, "send"), follow=True).content.decode()

    assert "Nothing is left to send." in html


def test_who_may_not_change_orders_sends_nothing(looker: Client, order: Order) -> None:
    assert "Send…" not in looker.get(page(order)).content.decode()
    assert looker.get(page(order, "send")).status_code == 403
    assert looker.post(page(order, "send"), {}).status_code == 403


def test_an_order_that_does_not_exist_is_not_sent(stella: Client) -> None:
    assert stella.get("/admin/orders/order/999999/send/").status_code == 404
    assert stella.post("/admin/orders/order/999999/send/").status_code == 404


# --- The list --------------------------------------------------------------------------------
def test_the_list_shows_which_orders_are_still_to_be_sent(stella: Client, order: Order) -> None:
    send_mugs(order, 1)
    send_mugs(make_paid().order, 2)
    make_order()
    make_paid().order.lines.update(kind="download")
    made_up = make_paid()
    request_refund(made_up.pk, wish(other=made_up.amount_minor), SCHEDULE)

    shown = stella.get("/admin/orders/order/", {"to_send": "yes"}).context["cl"].result_list

    assert list(shown) == [order]
    everything = stella.get("/admin/orders/order/").context["cl"].result_list
    assert len(everything) == 5


# --- What was sent is not canceled -----------------------------------------------------------
def test_an_order_that_was_sent_in_part_is_not_canceled(stella: Client, order: Order) -> None:
    send_mugs(order, 1)

    assert "Cancel order…" not in stella.get(page(order)).content.decode()
    html = stella.get(page(order, "cancel"), follow=True).content.decode()
    assert "There is nothing to cancel: the order is closed, or sent at least in part." in html
    with pytest.raises(CancelRefusedError, match="Part of this order was sent"):
        cancel_order(order.pk, SCHEDULE)
    assert not Refund.objects.exists()


def test_units_that_were_sent_are_not_put_back_on_the_shelf_unasked(
    stella: Client, order: Order
) -> None:
    send_mugs(order, 1)
    payment = Payment.objects.get()

    html = stella.get(page(order, f"refund/{payment.pk}")).content.decode()

    box = re.search(rf'<input[^>]*name="restock_{mug(order)}"[^>]*>', html)
    assert box
    assert "checked" not in box[0]


# --- Packing slips ---------------------------------------------------------------------------
def slip(client: Client, order: Order, name: str = "slip") -> str:
    html = client.get(page(order, name)).content.decode()
    return html[html.index('id="content-main"') :]


def test_a_slip_says_what_is_in_the_parcel_and_where_it_goes(stella: Client, order: Order) -> None:
    parcel = send_mugs(order, 1)

    html = slip(stella, order, f"slips/{parcel.pk}")

    for fact in (
        "Cartwright Goods",
        "12 Kiln Lane<br>Portland OR 97209</address>",
        "Springfield, IL 62701<br>United States",
        order.number,
        '<td class="number">1</td>',
        "Stoneware mug, Colour: Moss",
        "MUG-1",
        "DHL 00340",
    ):
        assert fact in html
    assert "$" not in html
    assert "Manual" not in html


def test_the_slip_of_the_rest_says_what_is_left_to_pack(stella: Client, order: Order) -> None:
    send_mugs(order, 1)

    html = slip(stella, order)

    assert "Not sent yet" in html
    assert '<td class="number">1</td>' in html
    assert "00340" not in html


def test_when_all_is_sent_there_is_no_slip_of_the_rest(stella: Client, order: Order) -> None:
    send_mugs(order, 2)

    html = stella.get(page(order, "slip"), follow=True).content.decode()

    assert "Nothing is left to send." in html
    assert "Packing slip of what is left" not in html


def test_what_does_not_leave_any_more_is_not_packed(stella: Client) -> None:
    payment = make_paid()
    send_mugs(payment.order, 1)
    request_refund(payment.pk, wish(other=payment.amount_minor), SCHEDULE)

    html = stella.get(page(payment.order, "slip"), follow=True).content.decode()

    assert "all of its money is back, or on its way" in html
    assert "Packing slip of what is left" not in html


def test_a_parcel_of_another_order_has_no_slip_here(stella: Client, order: Order) -> None:
    parcel = send_mugs(make_paid().order, 1)

    assert stella.get(page(order, f"slips/{parcel.pk}")).status_code == 404


def test_whoever_sees_orders_prints_slips_and_nobody_else(
    looker: Client, client: Client, order: Order
) -> None:
    assert looker.get(page(order, "slip")).status_code == 200
    assert client.get(page(order, "slip")).status_code == 302
    assert looker.post(page(order, "slip")).status_code == 405


def test_what_people_typed_is_escaped(stella: Client) -> None:
    order = make_paid(shipping_address={**ADDRESS, "name": "<b>Ada</b>"}).order
    parcel = send_mugs(order, 1, carrier="<i>DHL</i>")

    for name in ("send", "slip", f"slips/{parcel.pk}", "change"):
        html = stella.get(page(order, name)).content.decode()
        assert "<b>Ada" not in html
        assert "<i>DHL" not in html


@pytest.mark.parametrize("name", ["send", "slip"])
def test_the_pages_hold_no_inline_code(stella: Client, order: Order, name: str) -> None:
    html = stella.get(page(order, name)).content.decode()

    for forbidden in (r"<style", r"\sstyle=", r"\son[a-z]+=", r"<script(?![^>]*(src=|data-))"):
        assert not re.search(forbidden, html), forbidden


# --- Receipts --------------------------------------------------------------------------------
def test_the_order_leads_to_its_receipt_once_there_is_one(looker: Client, order: Order) -> None:
    assert "Receipt" not in looker.get(page(order)).content.decode()
    assert looker.get(page(order, "receipt")).status_code == 404

    receipt = issue(order)

    assert f"Receipt {receipt.number} to print" in looker.get(page(order)).content.decode()
    assert "$49.68" in looker.get(page(order, "receipt")).content.decode()


def test_the_order_costs_the_same_however_many_parcels(
    stella: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = make_paid(quantity=9).order
    for _ in range(5):
        send_mugs(order, 1)
    request_all(order.payments.get().pk, Refund.Reason.GOODWILL, SCHEDULE)

    # Session, user, order, order lines; payments, refunds, their lines, disputes, events, parcels,
    # what is in them, lines left to send, what was granted.
    with django_assert_num_queries(13):
        stella.get(page(order))


# --- Money that the bank has taken back ------------------------------------------------------
def test_what_the_bank_took_back_is_neither_packed_nor_sent(stella: Client) -> None:
    lost, disputed = make_paid(), make_paid()
    make_dispute(lost, status="lost", withdrawn_minor=4968)
    make_dispute(disputed, withdrawn_minor=4968)

    pages = [stella.get(page(payment.order)).content.decode() for payment in (lost, disputed)]
    found = stella.get("/admin/orders/order/", {"to_send": "yes"}).context["cl"].result_list
    said = [
        stella.post(page(lost.order, "start-packing"), follow=True).content.decode(),
        stella.get(page(lost.order, "slip"), follow=True).content.decode(),
    ]

    assert ["Send…" in html for html in pages] == [False, True]
    assert ["Start packing" in html for html in pages] == [False, True]
    assert list(found) == [disputed.order]
    assert all("the bank has taken this money back" in html for html in said)
    lost.order.refresh_from_db()
    assert lost.order.state == State.PAID
