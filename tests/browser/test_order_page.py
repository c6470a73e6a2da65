"""The order's page in a browser: every state, and the turn to "paid" while one looks on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from orders.models import Order, OrderEvent, Payment
from orders.states import STRIPE, append_event, move
from tests.conftest import NewPage
from tests.orders.factory import make_order, make_payment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

State = Order.State
Check = Callable[[Page], None]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(
    new_page: NewPage, shop_server: str, assert_accessible: Check, scheme: str
) -> None:
    page = new_page(color_scheme=scheme)

    for state in State:
        page.goto(shop_server + make_order(state=state).get_absolute_url())
        assert_accessible(page)


def test_axe_finds_nothing_where_money_went_wrong(
    page: Page, shop_server: str, assert_accessible: Check
) -> None:
    declined, odd = make_order(), make_order(state=State.FAILED)
    append_event(declined, OrderEvent.Kind.DECLINED, STRIPE, code="card_declined")
    make_payment(odd, Payment.Outcome.MISMATCH)

    for order in (declined, odd):
        page.goto(shop_server + order.get_absolute_url())
        assert_accessible(page)


def test_the_page_turns_to_paid_by_itself_and_then_asks_seldom(
    page: Page, shop_server: str, assert_accessible: Check
) -> None:
    order = make_order()
    page.goto(shop_server + order.get_absolute_url())
    expect(page.get_by_role("heading", level=1)).to_have_text("We are confirming your payment")

    move(order.pk, State.PAID, STRIPE)

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for your order")
    expect(page).to_have_title("Thank you for your order · Cartwright Goods")
    expect(page.locator("#order-news")).to_contain_text("Thank you for your order.")
    expect(page.locator("#order-progress")).to_have_attribute("hx-trigger", "every 60s")
    expect(page.get_by_label("Password")).to_be_visible()
    assert_accessible(page)


def test_what_the_shopper_reads_is_left_alone_while_nothing_is_new(
    page: Page, shop_server: str
) -> None:
    order = make_order()
    page.goto(shop_server + order.get_absolute_url())
    page.locator("#order-progress").evaluate("one => { one.dataset.seen = 'yes' }")

    with page.expect_response(lambda answer: "/status/" in answer.url) as answer:
        pass

    assert answer.value.status == 204
    expect(page.locator("#order-progress")).to_have_attribute("data-seen", "yes")
    expect(page.locator("#order-news")).to_have_text("")


def test_without_javascript_the_page_loads_itself_again(
    new_page: NewPage, shop_server: str
) -> None:
    page = new_page(java_script_enabled=False)
    order = make_order()
    page.goto(shop_server + order.get_absolute_url())

    move(order.pk, State.PAID, STRIPE)

    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Thank you for your order", timeout=8000)


def test_nothing_is_wider_than_a_small_screen(
    new_page: NewPage,
    shop_server: str,
    buyer: User,
    sign_in: Callable[[Page, User, str], None],
) -> None:
    page = new_page(viewport={"width": 320, "height": 640})
    order = make_order(state=State.PAID, user=buyer, email="a" * 60 + "@example.com")
    sign_in(page, buyer, shop_server)

    for path in (f"/orders/{order.number}/", "/account/orders/"):
        page.goto(shop_server + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
