"""Buying what is not sent, and asking for what is sold out."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cart.models import Cart
from orders.models import Order
from shop.models import EventDetails, StockAlert
from tests.browser.checkout import GOOD, OpenCheckout, pay_button, type_card
from tests.conftest import NewPage
from tests.factories import ProductFactory, make_cart, make_shipping, make_variant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cart() -> Cart:
    """A course at $42.00; tax 8 %: $45.36."""
    make_shipping()
    return make_cart(make_variant(product=ProductFactory(kind="course"), units=None))


def test_email_name_country_and_a_card_are_all_it_takes(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    expect(page.get_by_role("heading", name="Billing")).to_be_visible()
    expect(page.get_by_label("Address", exact=True)).to_have_count(0)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Full name").fill("Ada Lovelace")
    page.get_by_label("Country").select_option("Germany")
    expect(page.locator("#summary")).to_contain_text("Germany")
    type_card(page, GOOD)
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))
    order = Order.objects.get()
    assert (order.shipping_minor, order.delivery, str(order.country)) == (0, None, "DE")
    assert order.shipping_address["name"] == "Ada Lovelace"


def test_a_forgotten_name_is_asked_for_and_nothing_is_lost(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    page.get_by_label("Email").fill("ada@example.com")
    pay_button(page).click()
    expect(page.locator("#checkout-fault")).to_contain_text("Enter the full name for the receipt.")
    expect(page.get_by_label("Email")).to_have_value("ada@example.com")
    assert not Order.objects.exists()


def test_a_parcel_put_in_meanwhile_brings_the_address(
    page: Page, open_checkout: OpenCheckout, cart: Cart
) -> None:
    open_checkout(page)
    page.get_by_label("Email").fill("ada@example.com")
    cart.lines.create(variant=make_variant(), quantity=1)
    page.get_by_label("Country").select_option("Germany")
    expect(page.get_by_label("Address", exact=True)).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("ada@example.com")


def test_the_wish_to_be_told_is_answered_in_place(page: Page, shop_server: str) -> None:
    variant = make_variant(units=0)
    page.goto(shop_server + variant.product.get_absolute_url())
    page.get_by_label("Email me when it is back").fill("ada")
    page.get_by_role("button", name="Tell me").click()
    field = page.get_by_label("Email me when it is back")
    expect(page.get_by_text("This email is not complete")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value("ada")
    field.fill("ada@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_text("We email you once when it is back.")).to_be_focused()
    assert StockAlert.objects.get().email == "ada@example.com"


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(
    new_page: NewPage,
    shop_server: str,
    open_checkout: OpenCheckout,
    assert_accessible: Callable[[Page], None],
    colors: str,
) -> None:
    event, sold_out = make_variant(product=ProductFactory(kind="event")), make_variant(units=0)
    begins = timezone.now() + timedelta(days=42)
    EventDetails.objects.create(
        product=event.product,
        starts_at=begins,
        ends_at=begins + timedelta(hours=3),
        place="14 Kiln Lane, Portland",
    )
    page = new_page(color_scheme=colors, viewport={"width": 360, "height": 740})
    for variant in (event, sold_out):
        page.goto(shop_server + variant.product.get_absolute_url())
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_role("button", name="Tell me").click()
    expect(page.get_by_text("This email is not complete")).to_be_visible()
    assert_accessible(page)
    open_checkout(page)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
