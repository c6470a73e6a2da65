"""The link in a mail to whoever left, followed on a phone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cart.models import Cart, LeftBehind
from inventory.stock import hold
from shop.models import Variant
from tests.browser.checkout import pay_button
from tests.factories import ProductFactory, make_shipping, make_variant
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

Check = Callable[[Page], None]


@pytest.fixture
def mug() -> Variant:
    make_shipping(600)
    return make_variant(product=ProductFactory(name="Moss mug"))


@pytest.fixture
def oat() -> Variant:
    """It is sold out."""
    variant = make_variant(product=ProductFactory(name="Oat mug"), units=1)
    assert variant.stock is not None
    hold("TAKE-AWAY", "somebody else", {variant.stock.pk: 1})
    return variant


def link_to(shop_server: str, *variants: Variant, age: timedelta = timedelta(hours=1)) -> str:
    left = LeftBehind.objects.create(
        kind=LeftBehind.Kind.CHECKOUT,
        mark="2026-11-21",
        cart=Cart.objects.create(currency="USD", country="US"),
        email="ada@example.com",
        language="en",
        currency="USD",
        value_minor=4200,
        items=[{"variant": one.pk, "title": str(one), "quantity": 1} for one in variants],
        left_at=timezone.now() - age,
    )
    return f"{shop_server}/checkout/retry/{left.token}/"


def fits(phone: Page) -> bool:
    return bool(phone.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_one_tap_leads_to_the_pay_button_and_says_what_is_gone(
    phone: Page,
    shop_server: str,
    standin: StandIn,
    mug: Variant,
    oat: Variant,
    assert_accessible: Check,
) -> None:
    phone.goto(link_to(shop_server, mug, oat))

    assert phone.url == f"{shop_server}/checkout/"
    phone.get_by_text("Oat mug (No. 1) is sold out.").wait_for()
    assert phone.get_by_label("Email").input_value() == "ada@example.com"
    assert pay_button(phone).is_visible()
    assert fits(phone)
    assert_accessible(phone)
    phone.get_by_role("link", name="See it in the shop").click()
    phone.get_by_role("heading", name="Oat mug").wait_for()


@pytest.mark.parametrize("dark", [False, True])
def test_when_all_is_gone_the_page_says_what_and_leads_on(
    phone: Page, shop_server: str, oat: Variant, assert_accessible: Check, dark: bool
) -> None:
    phone.emulate_media(color_scheme="dark" if dark else "light")
    phone.goto(link_to(shop_server, oat))

    phone.get_by_role("heading", name="What you wanted is gone").wait_for()
    assert fits(phone)
    assert_accessible(phone)
    phone.get_by_role("link", name="See it in the shop").click()
    phone.get_by_role("heading", name="Oat mug").wait_for()


def test_a_link_that_is_over_leads_to_the_shop(
    phone: Page, shop_server: str, mug: Variant, assert_accessible: Check
) -> None:
    answer = phone.goto(link_to(shop_server, mug, age=timedelta(days=31)))

    assert answer is not None
    assert answer.status == 404
    assert fits(phone)
    assert_accessible(phone)
    phone.get_by_role("link", name="to the shop").click()
    expect(phone).to_have_url(f"{shop_server}/")
