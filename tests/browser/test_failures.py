"""What a page says when a request fails, and when it says nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.factories import make_shipping, make_variant
from tests.orders.factory import make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOST = "That did not reach us. Check your connection and try again."
OUTDATED = "This page is out of date. Reload it, then try again."


@pytest.fixture
def open_cart(page: Page, shop_server: str) -> Page:
    """The page of a cart with a mug in it."""
    make_shipping()
    variant = make_variant()
    page.goto(shop_server + variant.product.get_absolute_url())
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="View cart").click()
    return page


def type_quantity(page: Page, quantity: str) -> None:
    field = page.locator(".cart-quantity")
    field.fill(quantity)
    field.press("Enter")


def test_what_did_not_reach_us_is_said_until_something_does(open_cart: Page) -> None:
    open_cart.route("**/cart/lines/**", lambda route: route.abort())
    type_quantity(open_cart, "2")
    expect(open_cart.locator("#messages")).to_have_text(LOST)

    open_cart.unroute("**/cart/lines/**")
    type_quantity(open_cart, "3")

    expect(open_cart.locator("#messages")).to_have_text("")


def test_a_page_from_before_another_sign_in_is_called_out_of_date(open_cart: Page) -> None:
    open_cart.context.clear_cookies(name="csrftoken")

    type_quantity(open_cart, "2")

    expect(open_cart.locator("#messages")).to_have_text(OUTDATED)


def test_a_poll_that_fails_is_asked_again_and_says_nothing(page: Page, shop_server: str) -> None:
    page.goto(shop_server + make_order().get_absolute_url())
    page.route("**/status/**", lambda route: route.abort(), times=1)

    with page.expect_event("requestfailed"):
        pass
    with page.expect_response("**/status/**") as answer:
        pass

    assert answer.value.status == 204
    expect(page.locator("#messages")).to_have_text("")


def test_a_page_whose_session_is_over_says_so_and_asks_no_more(
    page: Page, shop_server: str, buyer: User, sign_in: Callable[[Page, User, str], None]
) -> None:
    sign_in(page, buyer, shop_server)
    page.goto(f"{shop_server}/orders/{make_order(user=buyer).number}/")
    page.context.clear_cookies(name="sessionid")
    expect(page.locator("#messages")).to_have_text(OUTDATED)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.wait_for_timeout(2500)

    assert asked == []
