from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files import File
from playwright.sync_api import Page, expect
from pytest_django import Settings

from shop import sample
from shop.pictures import store_picture
from tests.conftest import PHONE, NewPage
from tests.factories import CategoryFactory, ProductFactory, make_shipping, make_variant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MUG = Path(sample.__file__).parent / "pictures" / "everyday-mug.webp"
PAGES = [
    "/",
    "/categories/ceramics/",
    "/products/everyday-mug/",
    "/products/everyday-mug/?variant=MUG-INK",
    "/search/?q=mug",
    "/search/?q=nothing",
    "/no-such-page/",
]


@pytest.fixture(autouse=True)
def mug(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    make_shipping()
    category = CategoryFactory(name="Ceramics", slug="ceramics")
    CategoryFactory(name="Kitchen & a name that goes on for a while", slug="kitchen")
    product = ProductFactory(category=category, name="Everyday Mug", slug="everyday-mug")
    with MUG.open("rb") as file:
        store_picture(product, File(file), "An oat mug")
        store_picture(product, File(file), "The same mug again", position=1)
    make_variant(product=product, sku="MUG-OAT", options={"Color": "Oat"})
    make_variant(product=product, sku="MUG-INK", options={"Color": "Ink"}, units=0)
    make_variant(
        product=product, sku="MUG-MOSS", options={"Color": "Moss"}, price_minor=3100, units=3
    )


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_narrow_screen(
    new_page: NewPage, shop_server: str, assert_accessible: Callable[[Page], None], colors: str
) -> None:
    page = new_page(color_scheme=colors, viewport={"width": 320, "height": 640})
    for path in PAGES:
        page.goto(shop_server + path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
        assert page.locator("h1").count() == 1, path


def test_every_control_is_large_enough_to_press(phone: Page, shop_server: str) -> None:
    phone.goto(shop_server + "/products/everyday-mug/")

    for control in phone.locator("button, input:not([type=hidden]), .pill").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44, control.inner_html()
        assert float(control.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")) >= 15
    for field in phone.locator("input:not([type=hidden])").all():
        assert field.evaluate("node => getComputedStyle(node).fontSize") == "16px"


def test_choosing_a_variant_swaps_the_panel_and_keeps_the_place(
    page: Page, shop_server: str
) -> None:
    page.goto(shop_server + "/products/everyday-mug/")
    page.evaluate("window.stayed = true")
    moss = page.get_by_role("link", name="Moss")
    moss.focus()
    moss.press("Enter")

    expect(page.locator("#product")).to_contain_text("$31.00")
    expect(page.locator("#product")).to_contain_text("3 left")
    expect(page.locator("#choice-status")).to_have_text("Moss, $31.00, 3 left")
    expect(moss).to_be_focused()
    expect(page).to_have_url(shop_server + "/products/everyday-mug/?variant=MUG-MOSS")
    assert page.evaluate("window.stayed")

    page.go_back()
    expect(page.locator("#product")).to_contain_text("$42.00")


def test_adding_to_the_cart_says_so_where_the_button_is(page: Page, shop_server: str) -> None:
    page.goto(shop_server + "/products/everyday-mug/?variant=MUG-MOSS")
    add = page.get_by_role("button", name="Add to cart")
    add.focus()
    add.press("Enter")

    expect(page.locator("#cart-badge")).to_have_text("1 item")
    expect(page.locator(".product-panel [role=status]")).to_contain_text("Added Everyday Mug")
    expect(add).to_be_focused()

    page.get_by_label("Quantity").fill("9")
    add.click()
    expect(page.locator(".product-panel [role=status]")).to_contain_text("left")
    expect(page.get_by_label("Quantity")).to_have_value("9")


def test_a_lost_connection_is_said_in_words(page: Page, shop_server: str) -> None:
    page.goto(shop_server + "/products/everyday-mug/")
    page.route("**/cart/add/", lambda route: route.abort())
    page.get_by_role("button", name="Add to cart").click()

    expect(page.get_by_role("status").filter(has_text="did not reach us")).to_be_visible()


def test_the_shop_works_without_javascript(new_page: NewPage, shop_server: str) -> None:
    page = new_page(java_script_enabled=False, **PHONE)
    page.goto(shop_server)
    page.get_by_label("Search the shop").fill("mug")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Everyday Mug").click()
    page.get_by_role("link", name="Moss").click()
    expect(page.locator("#product")).to_contain_text("$31.00")

    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cart")
    expect(page.locator("#messages")).to_contain_text("Added Everyday Mug")


def test_the_first_key_leads_past_the_header(page: Page, shop_server: str) -> None:
    page.goto(shop_server)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_the_chosen_currency_stays_and_the_page_too(page: Page, shop_server: str) -> None:
    page.goto(shop_server + "/products/everyday-mug/?variant=MUG-MOSS")
    page.get_by_role("button", name="EUR").click()

    expect(page).to_have_url(shop_server + "/products/everyday-mug/?variant=MUG-MOSS")
    expect(page.locator("#product")).to_contain_text("Not sold in EUR")
