"""While cards are tested in the shop, the checkout page does the work that is asked of it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from checkout.models import DeclineJump
from orders.models import Order
from tests.browser.checkout import (
    DECLINED,
    GOOD,
    OpenCheckout,
    fault,
    pay_button,
    type_address,
    type_card,
)
from tests.orders.factory import make_order
from tests.standin import StandIn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAY = "**/api/checkout/payment-intent"


@pytest.fixture
def jump(db: None) -> None:
    """Too many cards are declined in the shop."""
    until = timezone.now() + timedelta(minutes=10)
    DeclineJump.objects.create(declined=30, tries=40, lasts_until=until)


def test_a_shopper_pays_through_the_challenge_without_doing_anything(
    page: Page, open_checkout: OpenCheckout, standin: StandIn, jump: None
) -> None:
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
    asked: list[int] = []

    def note(answer: Response) -> None:
        if answer.url.endswith("/payment-intent"):
            asked.append(answer.status)

    page.on("response", note)
    pay_button(page).click()
    expect(page.get_by_role("button", name="Checking…")).to_have_attribute("aria-busy", "true")
    expect(page).to_have_url(re.compile("/orders/"), timeout=20_000)
    assert asked == [428, 200]
    assert standin.state()["captured"] == {"usd": 9720}


def test_after_a_declined_card_the_next_one_pays_too(
    page: Page, open_checkout: OpenCheckout, jump: None
) -> None:
    open_checkout(page)
    type_address(page)
    type_card(page, DECLINED)
    pay_button(page).click()
    expect(fault(page)).to_contain_text("Your bank declined this card.", timeout=20_000)
    expect(pay_button(page)).to_have_text("Pay $97.20")
    type_card(page, GOOD)
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"), timeout=20_000)


def test_a_browser_that_cannot_do_the_work_is_told_and_keeps_what_was_typed(
    page: Page, open_checkout: OpenCheckout, jump: None
) -> None:
    page.route("**/challenge*.js", lambda route: route.abort())
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
    pay_button(page).click()
    expect(fault(page)).to_contain_text("Nothing was charged: press Pay again.")
    expect(page.get_by_label("ZIP code")).to_have_value("97201")
    page.unroute("**/challenge*.js")
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"), timeout=20_000)


def test_without_a_jump_nobody_is_challenged(page: Page, open_checkout: OpenCheckout) -> None:
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))
    assert len([url for url in asked if url.endswith("/payment-intent")]) == 1
    assert not [url for url in asked if "challenge" in url]


def test_a_refusal_says_until_when_and_keeps_what_was_typed(
    page: Page, open_checkout: OpenCheckout
) -> None:
    for _ in range(5):
        make_order(email="ada@example.com")
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
    pay_button(page).click()
    expect(fault(page)).to_contain_text("Too many of your orders wait for payment (5)")
    expect(fault(page)).to_contain_text("Nothing was charged: try again in 15 minutes.")
    expect(fault(page)).to_be_focused()
    expect(page.get_by_label("City")).to_have_value("Portland")
    Order.objects.update(state="canceled")
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))
