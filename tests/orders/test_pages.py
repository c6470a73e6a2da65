"""The order's page and the account's list: who may see them, and what they say."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.models import Order, OrderEvent, Payment
from orders.states import SHOPPER, STRIPE, append_event
from tests.orders.factory import ADDRESS, make_order, make_payment, make_refund

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State
Kind = OrderEvent.Kind


def get(client: Client, order: Order, **query: str) -> str:
    """The order's page as its link shows it."""
    answer = client.get(f"/orders/{order.number}/", {"key": order.access_key, **query})
    assert answer.status_code == 200
    return answer.content.decode()


def heading(html: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", html)
    assert found
    return found[1]


# --- Who sees it -----------------------------------------------------------------------------
def test_whoever_has_the_link_sees_the_order(client: Client) -> None:
    order = make_order()

    html = client.get(order.get_absolute_url()).content.decode()

    assert order.number in html
    for text in ("Stoneware mug", "$40.00", "$6.00", "Tax (8 %)", "$3.68", "$49.68"):
        assert text in html
    assert "Springfield, IL 62701<br>United States" in html


@pytest.mark.parametrize("key", ["", "wrong", "ключ", "x" * 5000])
def test_without_the_right_key_there_is_no_such_order(client: Client, key: str) -> None:
    order = make_order()

    assert client.get(f"/orders/{order.number}/", {"key": key}).status_code == 404
    assert client.get(f"/orders/{order.number}/status/", {"key": key}).status_code == 404


def test_the_key_of_another_order_opens_nothing(client: Client) -> None:
    mine, other = make_order(), make_order()

    assert client.get(f"/orders/{other.number}/", {"key": mine.access_key}).status_code == 404


def test_an_order_that_is_not_ones_own_looks_just_like_one_that_does_not_exist(
    client: Client, buyer: User, stranger: User
) -> None:
    order = make_order(user=buyer)
    client.force_login(stranger)

    theirs = client.get(f"/orders/{order.number}/")
    nothing = client.get("/orders/AAAA-AAAA/")

    assert theirs.status_code == nothing.status_code == 404
    token, number = re.compile(r"\w{64}"), order.number
    page = token.sub("", theirs.content.decode()).replace(number, "AAAA-AAAA")
    assert page == token.sub("", nothing.content.decode())


def test_the_account_sees_its_order_without_a_key(client: Client, buyer: User) -> None:
    order = make_order(user=buyer, email="office@example.com")
    client.force_login(buyer)

    assert client.get(f"/orders/{order.number}/").status_code == 200
    assert client.get(f"/orders/{order.number}/status/").status_code == 200


def test_a_guest_order_is_seen_by_the_account_that_confirmed_its_address(
    client: Client, buyer: User
) -> None:
    order = make_order(email="Buyer@Example.com")
    client.force_login(buyer)

    assert client.get(f"/orders/{order.number}/").status_code == 200


def test_an_address_that_was_not_confirmed_opens_nothing(client: Client, buyer: User) -> None:
    order = make_order(email=buyer.email)
    EmailAddress.objects.filter(user=buyer).update(verified=False)
    client.force_login(buyer)

    assert client.get(f"/orders/{order.number}/").status_code == 404
    assert order.number not in client.get("/account/orders/").content.decode()


def test_nobody_changes_an_order_by_posting_to_its_page(client: Client) -> None:
    order = make_order()

    assert client.post(order.get_absolute_url()).status_code == 405


def test_order_pages_are_neither_stored_nor_indexed(client: Client, buyer: User) -> None:
    order = make_order(user=buyer)
    client.force_login(buyer)

    for address in (order.get_absolute_url(), "/account/orders/"):
        answer = client.get(address)
        assert answer["Cache-Control"] == "private, no-store"
        assert '<meta name="robots" content="noindex">' in answer.content.decode()


# --- What it says ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "title"),
    [
        (State.PENDING, "We are confirming your payment"),
        (State.PAID, "Thank you for your order"),
        (State.FULFILLING, "We are packing your order"),
        (State.FULFILLED, "Your order is on its way"),
        (State.CANCELED, "This order was canceled"),
        (State.FAILED, "The payment failed"),
        (State.REFUNDED, "This order was refunded"),
    ],
)
def test_each_state_is_said_in_plain_words_in_heading_and_title(
    client: Client, state: Order.State, title: str
) -> None:
    html = get(client, make_order(state=state))

    assert heading(html) == title
    assert f"<title>{title}" in html


def test_a_paid_order_says_when_it_arrives(client: Client) -> None:
    html = get(client, make_order(state=State.PAID))

    assert "Arrives <strong>Tue, Dec 1\u2009–\u2009Fri, Dec 4</strong>" in html
    assert "guest@example.com" in html


def test_a_decline_told_by_stripe_offers_another_try(client: Client) -> None:
    html = get(client, make_order(), redirect_status="failed")

    assert heading(html) == "The payment did not go through"
    assert "Nothing was charged" in html
    assert '<a class="button" href="/checkout/">Try again</a>' in html


def test_a_recorded_decline_offers_another_try(client: Client) -> None:
    order = make_order()
    append_event(order, Kind.DECLINED, STRIPE, code="card_declined")

    assert heading(get(client, order)) == "The payment did not go through"


def test_a_decline_of_an_earlier_try_is_not_said_of_the_one_that_went_through(
    client: Client,
) -> None:
    order = make_order()
    append_event(order, Kind.DECLINED, STRIPE, code="card_declined")

    html = get(client, order, redirect_status="succeeded")

    assert heading(html) == "We are confirming your payment"


def test_a_payment_under_way_at_the_bank_is_not_to_be_paid_again(client: Client) -> None:
    order = make_order()
    append_event(order, Kind.PROCESSING, STRIPE)

    html = get(client, order, redirect_status="failed")

    assert heading(html) == "Your bank is working on the payment"
    assert "Try again" not in html


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELED])
def test_money_that_does_not_match_is_not_called_uncharged(
    client: Client, state: Order.State
) -> None:
    order = make_order(state=state)
    make_payment(order, Payment.Outcome.MISMATCH)

    html = get(client, order)

    assert heading(html) == "We are looking into your payment"
    assert "we could not match. We will contact you" in html
    assert "Nothing was charged" not in html


@pytest.mark.parametrize(
    ("refund", "title", "said"),
    [
        (None, "Your payment is on its way back to you", "We return it in full"),
        ("requested", "Your payment is on its way back to you", "nothing you need to do"),
        ("sent", "Your payment is on its way back to you", "We return it in full"),
        ("succeeded", "We have returned your payment", "We have returned it in full"),
        ("failed", "We could not return your payment yet", "write to guest@example.com"),
    ],
)
def test_money_that_came_late_goes_back_and_the_page_says_how_far_it_is(
    client: Client, refund: str | None, title: str, said: str
) -> None:
    order = make_order(state=State.CANCELED)
    payment = make_payment(order, Payment.Outcome.LATE)
    if refund:
        make_refund(payment, refund)

    html = get(client, order)

    assert heading(html) == title
    assert "Your payment of $49.68 came after this order was closed." in html
    assert said in html
    assert "Nothing was charged" not in html


def test_a_wrong_amount_that_was_returned_is_not_called_late(client: Client) -> None:
    order = make_order(state=State.FAILED)
    make_refund(make_payment(order, Payment.Outcome.MISMATCH, amount_minor=100), "succeeded")

    html = get(client, order)

    assert heading(html) == "We have returned your payment"
    assert "Your payment of $1.00 was not the amount of this order." in html


def test_a_refund_that_worked_the_second_time_is_not_called_failed(client: Client) -> None:
    payment = make_payment(make_order(state=State.CANCELED), Payment.Outcome.LATE)
    make_refund(payment, "failed")
    make_refund(payment, "succeeded")

    assert heading(get(client, payment.order)) == "We have returned your payment"


@pytest.mark.parametrize(
    ("outcome", "refund", "said"),
    [
        ("mismatch", None, "We have also received a payment that we could not match"),
        ("late", None, "a second payment of $49.68. It is on its way back to you."),
        ("late", "succeeded", "a second payment of $49.68, and have returned it in full."),
        ("late", "failed", "Your bank did not take it back at the first try"),
    ],
)
def test_a_second_payment_is_admitted_on_a_paid_order(
    client: Client, outcome: str, refund: str | None, said: str
) -> None:
    order = make_order(state=State.PAID)
    make_payment(order, Payment.Outcome.ACCEPTED)
    assert "We have also received" not in get(client, order)

    second = make_payment(order, Payment.Outcome(outcome))
    if refund:
        make_refund(second, refund)

    html = get(client, order)
    assert heading(html) == "Thank you for your order"
    assert said in html


def test_a_part_that_was_refunded_and_one_on_its_way_are_named(client: Client) -> None:
    order = make_order(state=State.FULFILLED)
    payment = make_payment(order, Payment.Outcome.ACCEPTED)
    make_refund(payment, "succeeded", amount_minor=1000)
    make_refund(payment, "sent", amount_minor=500)
    make_refund(payment, "failed", amount_minor=700)

    html = get(client, order)

    assert heading(html) == "Your order is on its way"
    assert "We have returned $10.00 of your payment." in html
    assert "$5.00 of your payment is on its way back to you." in html
    assert "<dt>Refunded</dt><dd>−$10.00</dd>" in html
    assert "<dt>Refund on its way</dt><dd>−$5.00</dd>" in html
    assert "$7.00" not in html


def test_an_order_whose_money_all_goes_back_is_not_called_packed_next(client: Client) -> None:
    order = make_order(state=State.PAID)
    make_refund(make_payment(order, Payment.Outcome.ACCEPTED), "requested")

    html = get(client, order)

    assert heading(html) == "We are refunding this order"
    assert "<dt>Refund on its way</dt><dd>−$49.68</dd>" in html
    assert "Arrives" not in html
    assert "Keep this order in an account" not in html


def test_a_refunded_order_says_how_much_went_back(client: Client) -> None:
    order = make_order(state=State.REFUNDED)
    make_refund(make_payment(order, Payment.Outcome.ACCEPTED), "succeeded")

    html = get(client, order)

    assert heading(html) == "This order was refunded"
    assert "<dt>Refunded</dt><dd>−$49.68</dd>" in html


def test_an_order_without_refunds_speaks_of_none(client: Client) -> None:
    order = make_order(state=State.PAID)
    make_payment(order, Payment.Outcome.ACCEPTED)

    html = get(client, order)

    assert "Refund" not in html
    assert "of your payment" not in html


def test_a_closed_order_leads_back_to_cart_and_shop(client: Client) -> None:
    html = get(client, make_order(state=State.FAILED))

    assert '<a class="button" href="/cart/">Go to your cart</a>' in html
    assert "Nothing was charged" in html


def test_what_people_typed_is_escaped(client: Client) -> None:
    order = make_order(shipping_address={**ADDRESS, "name": "<b>Ada</b>"})

    assert "&lt;b&gt;Ada&lt;/b&gt;" in get(client, order)


# --- How it changes --------------------------------------------------------------------------
def test_an_open_order_asks_for_news_and_a_closed_one_does_not(client: Client) -> None:
    pending, canceled = get(client, make_order()), get(client, make_order(state=State.CANCELED))

    assert 'hx-trigger="every 2s"' in pending
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in pending
    assert "hx-trigger" not in canceled
    assert "http-equiv" not in canceled


def test_no_news_is_an_empty_answer(client: Client) -> None:
    html = get(client, make_order())
    asked = re.search(r'hx-get="(.*?)"', html)
    assert asked

    answer = client.get(asked[1].replace("&amp;", "&"))

    assert (answer.status_code, answer.content) == (204, b"")


def test_news_brings_title_heading_and_announcement(client: Client) -> None:
    order = make_order(state=State.PAID)
    address = f"/orders/{order.number}/status/"

    html = client.get(address, {"key": order.access_key, "seen": "pending-0.0.0-"}).content.decode()

    assert "<title>Thank you for your order" in html
    assert heading(html) == "Thank you for your order"
    assert '<p id="order-news" hx-swap-oob="innerHTML">Thank you for your order.' in html


def test_asking_keeps_the_key_and_what_stripe_said(client: Client) -> None:
    order = make_order()

    html = get(client, order, redirect_status="failed")

    asked = re.search(r'hx-get="(.*?)"', html)
    assert asked
    address = asked[1].replace("&amp;", "&")
    assert client.get(address).status_code == 204


# --- The offer of an account -----------------------------------------------------------------
def test_after_paying_a_guest_is_offered_an_account_for_one_field(client: Client) -> None:
    html = get(client, make_order(state=State.PAID))

    form = html[html.index('action="/accounts/signup/"') :]
    assert 'name="password1"' in form
    assert 'value="guest@example.com"' in form
    assert len(re.findall(r"<label", form[: form.index("</form>")])) == 1


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED, State.CANCELED, State.REFUNDED])
def test_no_account_is_offered_for_an_order_that_came_to_nothing(
    client: Client, state: Order.State
) -> None:
    assert "password1" not in get(client, make_order(state=state))


def test_no_account_is_offered_to_somebody_who_has_one(client: Client, buyer: User) -> None:
    assert "password1" not in get(client, make_order(state=State.PAID, user=buyer))
    client.force_login(buyer)
    assert "password1" not in get(client, make_order(state=State.PAID))


# --- My orders -------------------------------------------------------------------------------
def test_my_orders_asks_a_visitor_to_sign_in_and_comes_back(client: Client) -> None:
    answer = client.get("/account/orders/")

    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/account/orders/"


def test_my_orders_lists_my_own_and_my_guest_orders_only(
    client: Client, buyer: User, stranger: User
) -> None:
    mine = make_order(user=buyer, email="other@example.com")
    guest = make_order(email=buyer.email.upper())
    theirs = make_order(user=stranger, email=stranger.email)
    client.force_login(buyer)

    html = client.get("/account/orders/").content.decode()

    assert mine.number in html
    assert guest.number in html
    assert theirs.number not in html
    assert "2 × Stoneware mug" in html
    assert mine.access_key not in html


def test_my_orders_says_what_was_refunded_and_keeps_late_money_out_of_it(
    client: Client, buyer: User
) -> None:
    order = make_order(user=buyer, state=State.FULFILLED)
    payment = make_payment(order, Payment.Outcome.ACCEPTED)
    make_refund(payment, "succeeded", amount_minor=1000)
    make_refund(payment, "succeeded", amount_minor=250)
    make_refund(payment, "failed", amount_minor=100)
    make_refund(make_payment(order, Payment.Outcome.LATE), "succeeded")
    make_order(user=buyer)
    client.force_login(buyer)

    html = client.get("/account/orders/").content.decode()

    assert "$12.50 refunded" in html
    assert html.count("refunded") == 1


def test_my_orders_without_orders_says_so(client: Client, buyer: User) -> None:
    client.force_login(buyer)

    assert "You have not ordered anything yet" in client.get("/account/orders/").content.decode()


def test_my_orders_goes_back_page_by_page(client: Client, buyer: User) -> None:
    orders = [make_order(user=buyer) for _ in range(41)]
    client.force_login(buyer)
    address, seen = "/account/orders/", []

    for _page in range(3):
        html = client.get(address).content.decode()
        seen += re.findall(r'href="/orders/(.{9})/"', html)
        older = re.search(r'href="(\?before=.{9})"', html)
        address = "/account/orders/" + (older[1] if older else "")

    assert older is None
    assert seen == [order.number for order in reversed(orders)]


# --- What it costs ---------------------------------------------------------------------------
def test_the_order_page_costs_five_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = make_order(quantity=3)
    append_event(order, Kind.ATTEMPT, SHOPPER)

    # The order, its payments, tries and lines; the header's categories.
    with django_assert_num_queries(5):
        client.get(order.get_absolute_url())


def test_the_page_of_a_paid_order_costs_seven_queries_however_many_refunds(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = make_order(state=State.PAID)
    payment = make_payment(order, Payment.Outcome.ACCEPTED)
    for _ in range(5):
        make_refund(payment, "sent", amount_minor=100)

    # The order, its lines with grants, parcels, payments, their refunds, receipt; the header's
    # categories.
    with django_assert_num_queries(7):
        client.get(order.get_absolute_url())


def test_my_orders_costs_the_same_however_many(
    client: Client, buyer: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        make_order(user=buyer)
    client.force_login(buyer)

    # Session and user; confirmed addresses, orders and their lines; the header's categories and
    # cart.
    with django_assert_num_queries(7):
        client.get("/account/orders/")
