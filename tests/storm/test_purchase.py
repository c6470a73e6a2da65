"""The purchase with nothing left out: browser, web, worker, Stripe's stand-in, and the mail."""

import time

import pytest
from playwright.sync_api import Page, expect

from inventory.models import StockItem
from orders.models import Order, OrderEvent
from tests.conftest import NewPage
from tests.factories import make_shipping, make_variant
from tests.storm.processes import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

GOOD = "4242 4242 4242 4242"
DECLINED = "4000 0000 0000 0002"
CHALLENGED = "4000 0000 0000 3220"
SECONDS_TO_SETTLE = 20


@pytest.fixture
def address(shop: Shop) -> str:
    """Where the one mug is for sale: $42.00, ten of them; with shipping and tax $51.84."""
    make_shipping(600)
    return f"{shop.url}/products/{make_variant(price_minor=4200, units=10).product.slug}/"


def go_to_checkout(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#cart-badge .badge")).to_have_text("1 item")
    page.get_by_role("navigation", name="Account and cart").get_by_role("link", name="Cart").click()
    page.get_by_role("link", name="Checkout").click()
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Full name").fill("Ada Lovelace")
    page.get_by_label("Address", exact=True).fill("1 Loom Street")
    page.get_by_label("City").fill("Portland")
    page.get_by_label("State").select_option("OR")
    page.get_by_label("ZIP code").fill("97201")


def pay_with(page: Page, number: str) -> None:
    card = page.frame_locator("iframe[name^='stripe'], #card-frame iframe").first
    card.get_by_label("Card number").fill(number)
    card.get_by_label("Expiration date").fill("12 / 34")
    card.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay $51.84").click()


def answer_challenge(page: Page, button: str) -> None:
    """Press a button of the bank's page, wherever its frame is."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for frame in page.frames:
            found = frame.get_by_role("button", name=button)
            if found.count():
                found.click()
                return
        page.wait_for_timeout(50)
    raise AssertionError(f"No frame has the button {button}.")


def see_it_paid(page: Page, shop: Shop) -> None:
    heading = page.get_by_role("heading", name="Thank you for your order")
    expect(heading).to_be_visible(timeout=SECONDS_TO_SETTLE * 1000)
    order = Order.objects.get()
    assert (order.state, order.total_minor) == (Order.State.PAID, 5184)
    assert shop.standin.state()["charges_succeeded"] == 1
    assert StockItem.objects.values_list("on_hand", "held").get() == (9, 0)


def letter_to_the_buyer(shop: Shop) -> str:
    """The confirmation, once the worker has sent it."""
    deadline = time.monotonic() + SECONDS_TO_SETTLE
    while time.monotonic() < deadline:
        for file in (shop.folder / "mailbox").glob("*.eml"):
            if "To: ada@example.com" in file.read_text():
                return file.read_text()
        time.sleep(0.1)
    raise AssertionError("No mail came.")


def test_a_stranger_buys_on_a_phone_and_gets_a_letter(
    shop: Shop, address: str, phone: Page
) -> None:
    go_to_checkout(phone, address)
    pay_with(phone, GOOD)

    see_it_paid(phone, shop)
    letter = letter_to_the_buyer(shop)
    assert Order.objects.get().number in letter
    expect(phone.locator("#cart-badge .badge")).to_have_count(0)


def test_the_bank_asks_and_is_answered(shop: Shop, address: str, new_page: NewPage) -> None:
    """First the authentication fails; then it is completed, on the same order."""
    page = new_page()
    go_to_checkout(page, address)
    pay_with(page, CHALLENGED)
    answer_challenge(page, "Fail authentication")
    expect(page.get_by_role("alert").filter(has_text="charged")).to_be_visible(timeout=10_000)
    assert page.get_by_label("Full name").input_value() == "Ada Lovelace"

    page.get_by_role("button", name="Pay $51.84").click()
    answer_challenge(page, "Complete authentication")

    see_it_paid(page, shop)


def test_a_declined_card_and_then_a_good_one(shop: Shop, address: str, page: Page) -> None:
    go_to_checkout(page, address)
    pay_with(page, DECLINED)
    expect(page.get_by_role("alert").filter(has_text="declined")).to_be_visible(timeout=10_000)

    pay_with(page, GOOD)

    see_it_paid(page, shop)
    assert OrderEvent.objects.filter(kind=OrderEvent.Kind.DECLINED).count() == 1
