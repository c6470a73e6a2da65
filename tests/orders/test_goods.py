"""What the order's page says of its goods: parcels, what is ready, what is still to come."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.granting import grant_line
from orders.models import Grant, Order, Shipment
from orders.receipts import issue
from orders.refunding import request_refund, succeed
from orders.shipping import ship
from orders.states import SCHEDULE
from tests.orders.factory import add_line, make_grant, make_order
from tests.orders.paid import make_dispute, make_paid, mugs, wish

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State


def send_mugs(order: Order, quantity: int, url: str = "https://example.com/00340") -> Shipment:
    line = order.lines.order_by("pk")[0]
    return ship(order.pk, [(line.pk, quantity)], "DHL", "00340", url, SCHEDULE)


def get(client: Client, order: Order) -> str:
    return client.get(order.get_absolute_url()).content.decode()


def heading(html: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", html)
    assert found
    return found[1]


def asked(html: str) -> str:
    """The address that the page asks for news."""
    found = re.search(r'hx-get="(.*?)"', html)
    assert found
    return found[1].replace("&amp;", "&")


def digital(*states: str, kind: str = "licence", state: str = "paid", **grant: str) -> Order:
    """Return an order without parcels, with a line for each state of its grants."""
    order = make_order(state=State(state), delivery_from=None, delivery_until=None)
    order.lines.all().delete()
    for one in states:
        make_grant(order, "Player", kind, state=one, **grant)
    return order


# --- Parcels ---------------------------------------------------------------------------------
def test_a_parcel_is_shown_with_what_is_in_it_and_how_to_follow_it(client: Client) -> None:
    order = make_paid().order
    assert "Parcels" not in get(client, order)

    send_mugs(order, 2)

    html = get(client, order)
    assert heading(html) == "Your order is on its way"
    parcels = html[html.index('id="order-parcels"') :]
    assert "2 × Stoneware mug" in parcels
    assert "DHL" in parcels
    assert "00340" in parcels
    assert 'href="https://example.com/00340" rel="external"' in parcels
    assert "Still to come" not in html


def test_a_part_that_was_sent_says_what_is_still_to_come(client: Client) -> None:
    order = make_paid().order
    send_mugs(order, 1, url="")

    html = get(client, order)

    assert heading(html) == "Part of your order is on its way"
    rest = html[html.index("Still to come") :]
    assert "1 × Stoneware mug" in rest[: rest.index("</section>")]
    assert "Where is it?" not in html


def test_nothing_is_to_come_of_an_order_whose_money_goes_back(client: Client) -> None:
    payment = make_paid()
    send_mugs(payment.order, 1)
    request_refund(payment.pk, wish(other=payment.amount_minor), SCHEDULE)

    html = get(client, payment.order)

    assert "We are refunding this order" in html
    assert "Parcel 1" in html
    assert "Still to come" not in html


def test_what_staff_typed_is_escaped(client: Client) -> None:
    order = make_paid().order
    line = order.lines.get()
    ship(order.pk, [(line.pk, 1)], "<b>DHL</b>", "<i>1</i>", "", SCHEDULE)

    html = get(client, order)

    assert "<b>DHL" not in html
    assert "<i>1" not in html


# --- What needs no parcel --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("grants", "state", "title"),
    [
        (["due"], "paid", "Thank you for your order"),
        (["granted"], "fulfilled", "Thank you for your order"),
        (["granted", "due"], "fulfilling", "Part of your order is ready"),
    ],
)
def test_an_order_without_parcels_is_neither_packed_nor_on_its_way(
    client: Client, grants: list[str], state: str, title: str
) -> None:
    html = get(client, digital(*grants, state=state))

    assert heading(html) == title
    for wrong in ("pack", "on its way", "Arrives", "Shipping", "Delivery to"):
        assert wrong not in html[html.index("<main") :]


def test_what_is_being_made_ready_is_promised_and_what_is_ready_is_said_to_be(
    client: Client,
) -> None:
    due, ready = digital("due"), digital("granted", state="fulfilled")

    assert "We are making it ready: it appears below by itself" in get(client, due)
    assert "Everything is ready for you below." in get(client, ready)


@pytest.mark.parametrize(
    ("grant", "title"),
    [("due", "We are packing your order"), ("granted", "Part of your order is ready")],
)
def test_a_mixed_order_is_packed_until_something_of_it_is_ready(
    client: Client, grant: str, title: str
) -> None:
    order = make_paid(state=State.FULFILLING).order
    make_grant(order, "Player", "licence", state=grant)

    assert heading(get(client, order)) == title


def test_my_orders_does_not_call_sent_what_needs_no_parcel(client: Client, buyer: User) -> None:
    done, partly = (digital("granted", state=state) for state in ("fulfilled", "fulfilling"))
    Order.objects.update(user=buyer)
    client.force_login(buyer)

    html = client.get("/account/orders/").content.decode()

    assert done.number in html
    assert partly.number in html
    assert "<strong>Complete</strong>" in html
    assert "<strong>Ready in part</strong>" in html


# --- News ------------------------------------------------------------------------------------
def test_a_parcel_is_news_while_the_state_stays(client: Client) -> None:
    order = make_paid(quantity=3).order
    send_mugs(order, 1)
    address = asked(get(client, order))
    assert client.get(address).status_code == 204

    send_mugs(order, 1)

    html = client.get(address).content.decode()
    assert 'id="order-goods" class="stack stack-large" hx-swap-oob="true"' in html
    assert "Parcel 2" in html
    assert client.get(asked(html)).status_code == 204


@pytest.mark.parametrize("becomes", ["granted", "revoked"])
def test_a_grant_is_news_while_the_state_stays(client: Client, becomes: str) -> None:
    order = digital("due", "due")
    address = asked(get(client, order))

    grant = Grant.objects.first()
    assert grant
    Grant.objects.filter(pk=grant.pk).update(state=becomes)

    assert client.get(address).status_code == 200


def test_a_revoked_grant_is_news(client: Client) -> None:
    order = digital("granted", "due")
    address = asked(get(client, order))

    Grant.objects.filter(state="granted").update(state="revoked")

    assert client.get(address).status_code == 200


def test_a_receipt_is_news(client: Client) -> None:
    order = make_paid().order
    address = asked(get(client, order))

    issue(order)

    assert "Receipt 1 to print" in client.get(address).content.decode()


def test_what_comes_soon_is_asked_for_often_and_what_comes_in_days_seldom(client: Client) -> None:
    parcel, due = make_paid().order, digital("due")
    unmade = make_order(state=State.PAID)
    unmade.lines.all().delete()
    add_line(unmade, "Player", "licence")

    assert 'hx-trigger="every 60s"' in get(client, parcel)
    assert 'hx-trigger="every 5s"' in get(client, due)
    assert 'hx-trigger="every 5s"' in get(client, unmade)


def test_nobody_asks_for_what_waits_for_the_buyer(client: Client) -> None:
    waits = digital("due", kind="repository")
    told = digital("due", kind="repository", handle="ada")

    assert 'hx-trigger="every' not in get(client, waits)
    assert 'hx-trigger="every 5s"' in get(client, told)


def test_an_order_of_which_all_has_come_asks_for_nothing(client: Client) -> None:
    order = make_paid().order
    send_mugs(order, 2)

    for done in (order, digital("granted", state="fulfilled")):
        assert 'hx-trigger="every' not in get(client, done)


def test_the_page_costs_the_same_however_many_parcels(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = make_paid(quantity=9).order
    for _ in range(5):
        send_mugs(order, 1)

    # The order, its lines with grants, parcels, what is in them, payments, their refunds, receipt;
    # the header's categories.
    with django_assert_num_queries(8):
        get(client, order)


# --- What was given back ---------------------------------------------------------------------
def test_an_order_of_which_only_the_rest_is_granted_is_not_called_sent(client: Client) -> None:
    payment = make_paid()
    granted = Grant.objects.create(line=add_line(payment.order, "Manual", "download"))
    succeed(request_refund(payment.pk, wish(mugs(payment, 2)), SCHEDULE).pk, SCHEDULE)
    assert "We are making it ready" in get(client, payment.order)
    grant_line(granted, SCHEDULE)

    html = get(client, payment.order)

    assert heading(html) == "Thank you for your order"
    assert "Everything is ready for you below." in html
    for wrong in ("on its way", "We have sent it", "Arrives"):
        assert wrong not in html


@pytest.mark.parametrize("state", [State.PAID, State.FULFILLING])
def test_an_order_whose_goods_were_all_refunded_is_not_packed(client: Client, state: str) -> None:
    payment = make_paid(state=state)
    refund = request_refund(payment.pk, wish(mugs(payment, 2)), SCHEDULE)
    pages = [get(client, payment.order)]
    succeed(refund.pk, SCHEDULE)
    pages.append(get(client, payment.order))

    for html in pages:
        assert "All of its items were refunded, so there is nothing left to send." in html
        for wrong in ("We pack it", "We are packing", "Arrives"):
            assert wrong not in html


def test_a_part_that_was_sent_arrives_though_the_rest_was_refunded(client: Client) -> None:
    payment = make_paid()
    send_mugs(payment.order, 1)
    succeed(request_refund(payment.pk, wish(mugs(payment, 1)), SCHEDULE).pk, SCHEDULE)

    html = get(client, payment.order)

    assert heading(html) == "Your order is on its way"
    assert "Arrives" in html


@pytest.mark.parametrize("sent", [0, 1])
def test_money_that_the_bank_took_back_promises_no_parcel(client: Client, sent: int) -> None:
    payment = make_paid()
    if sent:
        send_mugs(payment.order, sent)
    address = asked(get(client, payment.order))
    make_dispute(payment, status="lost", withdrawn_minor=4968)

    html = client.get(address).content.decode()

    assert heading(html) == "Your bank has returned this payment to you"
    assert "nothing more is sent for this order" in html
    for wrong in ("We pack it", "The rest follows", "Arrives", "Still to come"):
        assert wrong not in html


def test_a_refund_in_part_is_news_while_the_state_stays(client: Client) -> None:
    payment = make_paid()
    address = asked(get(client, payment.order))

    refund = request_refund(payment.pk, wish(other=500), SCHEDULE)
    html = client.get(address).content.decode()
    assert "$5.00 of your payment is on its way back to you." in html
    succeed(refund.pk, SCHEDULE)

    assert "We have returned $5.00 of your payment." in client.get(asked(html)).content.decode()
