"""What a shopper does on the checkout page."""

import re
from collections.abc import Callable

from playwright.sync_api import FrameLocator, Locator, Page, Route

OpenCheckout = Callable[[Page], None]

SUMMARY = "**/checkout/summary/"
GOOD, DECLINED, NO_FUNDS = "4242424242424242", "4000000000000002", "4000000000009995"


def slowly(route: Route) -> None:
    """Let the answer take its time, and the shopper go on meanwhile."""
    route.request.frame.page.wait_for_timeout(400)
    route.continue_()


def card_frame(page: Page) -> FrameLocator:
    return page.frame_locator("#card-frame iframe")


def type_card(page: Page, number: str) -> None:
    card_frame(page).get_by_label("Card number").fill(number)
    card_frame(page).get_by_label("Expiration date").fill("12 / 40")
    card_frame(page).get_by_label("Security code").fill("123")


def type_address(page: Page) -> None:
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Full name").fill("Ada Lovelace")
    page.get_by_label("Address", exact=True).fill("12 Analytical Way")
    page.get_by_label("City").fill("Portland")
    page.get_by_label("State").select_option("Oregon")
    page.get_by_label("ZIP code").fill("97201")


def pay_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Pay"))


def fault(page: Page) -> Locator:
    return page.locator("#checkout-fault")
