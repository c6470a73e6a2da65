"""The order's page of staff in a browser: its steps as they run, and the end of a session."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from notifications.models import Delivery
from notifications.outbox import plan_new_events
from orders.models import Order
from orders.states import STRIPE, move
from tests.orders.factory import make_order
from tests.orders.paid import make_paid

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The button of the order's page; it names its step for those who only hear it.
RUN = re.compile("^Run now order_confirmed")


@pytest.fixture
def desk(
    page: Page, shop_server: str, staff: User, sign_in: Callable[[Page, User, str], None]
) -> Page:
    """The browser of a member of staff."""
    sign_in(page, staff, shop_server)
    return page


@pytest.fixture
def open_order(desk: Page, shop_server: str) -> Page:
    """The page of a paid order; no worker does its steps."""
    order = move(make_order().pk, Order.State.PAID, STRIPE)
    plan_new_events()
    desk.goto(f"{shop_server}/admin/orders/order/{order.pk}/change/")
    return desk


def test_the_focus_stays_on_a_button_of_the_steps_when_there_is_news(open_order: Page) -> None:
    run = open_order.get_by_role("button", name=RUN).first
    run.focus()

    Delivery.objects.filter(step="order_confirmed").update(error="The mail server is down.")

    expect(open_order.get_by_text("The mail server is down.").first).to_be_visible()
    expect(run).to_be_focused()


def test_the_steps_are_left_alone_while_nothing_is_new(open_order: Page) -> None:
    open_order.get_by_role("button", name=RUN).first.wait_for()

    with open_order.expect_response("**/of-order/**") as answer:
        pass

    assert answer.value.status == 204


def test_an_open_order_goes_to_sign_in_when_the_session_is_over(open_order: Page) -> None:
    open_order.context.clear_cookies(name="sessionid")

    expect(open_order).to_have_url(re.compile("/accounts/login/"))


def test_no_sign_in_is_put_into_the_form_of_a_refund(desk: Page, shop_server: str) -> None:
    payment = make_paid()
    desk.goto(f"{shop_server}/admin/orders/order/{payment.order_id}/refund/{payment.pk}/")
    desk.context.clear_cookies(name="sessionid")

    desk.get_by_label("Units of Stoneware mug to refund").fill("1")
    desk.keyboard.press("Tab")

    expect(desk).to_have_url(re.compile("/accounts/login/"))
