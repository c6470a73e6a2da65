"""The cart in a browser: in place with scripts, by forms without, on any screen, by keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from cart.models import Cart, CartLine
from inventory.models import StockItem
from shop.models import Price, Variant
from tests.conftest import NewPage
from tests.factories import CouponFactory, make_shipping, make_variant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Check = Callable[[Page], None]


@pytest.fixture
def mug(shop_server: str) -> Variant:
    make_shipping(600)
    variant = make_variant(price_minor=4200, units=5, options={"Size": "M"}, sku="MUG-M")
    variant.product.name = "Stoneware Mug"
    variant.product.save()
    return variant


@pytest.fixture
def open_product(shop_server: str, mug: Variant) -> Callable[[Page], None]:
    def open_it(page: Page) -> None:
        page.goto(shop_server + mug.product.get_absolute_url())

    return open_it


def add(page: Page) -> None:
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_text("Added Stoneware Mug (M) to your cart.")).to_be_visible()


def mark(page: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    page.evaluate("window.notReloaded = true")


def assert_not_reloaded(page: Page) -> None:
    assert page.evaluate("window.notReloaded") is True


def test_a_mug_is_added_changed_removed_and_brought_back_without_a_reload(
    page: Page, open_product: Check
) -> None:
    open_product(page)
    mark(page)
    add(page)
    expect(page.locator("#cart-badge")).to_have_text("1 item")
    assert_not_reloaded(page)

    page.get_by_role("link", name="View cart").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cart")
    mark(page)
    quantity = page.get_by_label("Quantity of Stoneware Mug (M)")
    expect(page.get_by_role("button", name="Update")).to_be_hidden()

    quantity.fill("3")
    quantity.dispatch_event("change")
    expect(page.locator(".total")).to_contain_text("$142.56")
    expect(page.locator("#cart-badge")).to_have_text("3 items")
    expect(page.locator("#cart-news")).to_contain_text("the quantity is now 3. The total is $142")

    page.get_by_role("button", name="Remove Stoneware Mug (M)").click()
    expect(page.get_by_text("Your cart is empty.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()

    page.keyboard.press("Enter")
    expect(quantity).to_have_value("3")
    expect(quantity).to_be_focused()
    assert_not_reloaded(page)


def test_a_refused_quantity_says_why_beside_the_field(
    page: Page, shop_server: str, open_product: Check, assert_accessible: Check
) -> None:
    open_product(page)
    add(page)
    page.goto(f"{shop_server}/cart/")
    quantity = page.get_by_label("Quantity of Stoneware Mug (M)")

    for typed, sentence in (
        ("7", "Only 5 left. Choose 5 or fewer."),
        ("100", "Enter a whole number from 1 to 99."),
    ):
        quantity.fill(typed)
        quantity.press("Tab")
        expect(page.get_by_text(sentence).first).to_be_attached()
        expect(quantity).to_have_accessible_description(sentence)
        expect(quantity).to_have_value(typed)
    assert_accessible(page)

    quantity.fill("2")
    quantity.press("Tab")
    expect(page.locator(".error")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove Stoneware Mug (M)")).to_be_focused()


def test_a_coupon_is_applied_in_place(
    page: Page, shop_server: str, open_product: Check, assert_accessible: Check
) -> None:
    CouponFactory(code="SAVE10")
    open_product(page)
    add(page)
    page.goto(f"{shop_server}/cart/")
    mark(page)
    page.get_by_text("Have a coupon?").click()
    code = page.get_by_label("Coupon code")

    code.fill("NOPE")
    code.press("Enter")
    expect(code).to_have_accessible_description("We know no coupon “NOPE”. Check the spelling.")
    expect(code).to_have_value("NOPE")
    expect(code).to_be_focused()
    assert_accessible(page)

    code.fill("save10")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Discount SAVE10")).to_be_visible()
    expect(page.get_by_role("button", name="Remove the coupon")).to_be_focused()
    assert_not_reloaded(page)


def test_undo_pressed_twice_brings_back_what_was_removed_once(
    page: Page, shop_server: str, open_product: Check
) -> None:
    open_product(page)
    add(page)
    page.goto(f"{shop_server}/cart/")
    page.get_by_role("button", name="Remove Stoneware Mug (M)").click()
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url))

    page.get_by_role("button", name="Undo").evaluate("undo => { undo.click(); undo.click(); }")

    expect(page.get_by_label("Quantity of Stoneware Mug (M)")).to_have_value("1")
    assert posts == [f"{shop_server}/cart/add/"]


@pytest.fixture
def typed(page: Page, shop_server: str, open_product: Check) -> Locator:
    """Return the quantity of a mug in the cart, with a 3 that has not been sent yet."""
    open_product(page)
    add(page)
    page.goto(f"{shop_server}/cart/")
    quantity = page.get_by_label("Quantity of Stoneware Mug (M)")
    quantity.fill("3")
    return quantity


def press_slowly(page: Page, element: Locator) -> None:
    """Press it, which sends the quantity; let it go after the answer."""
    box = element.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    with page.expect_response("**/cart/lines/**"):
        page.mouse.down()
    page.wait_for_timeout(200)
    page.mouse.up()


def test_a_press_of_checkout_is_not_lost_to_the_answer_of_a_new_quantity(
    page: Page, shop_server: str, typed: Locator
) -> None:
    press_slowly(page, page.get_by_role("link", name="Checkout"))

    expect(page).to_have_url(f"{shop_server}/checkout/")
    assert CartLine.objects.get().quantity == 3


def test_a_press_of_remove_is_not_lost_to_it(page: Page, typed: Locator) -> None:
    press_slowly(page, page.get_by_role("button", name="Remove Stoneware Mug (M)"))

    expect(page.get_by_text("Your cart is empty.")).to_be_visible()


def test_the_coupons_field_is_open_and_filled_whatever_else_changes(
    page: Page, typed: Locator
) -> None:
    press_slowly(page, page.get_by_text("Have a coupon?"))
    code = page.get_by_label("Coupon code")
    code.fill("SAVE10")

    typed.fill("2")
    typed.press("Enter")

    expect(page.locator("#cart-news")).to_contain_text("the quantity is now 2")
    expect(code).to_have_value("SAVE10")


def test_a_refused_quantity_does_not_go_to_checkout(page: Page, typed: Locator) -> None:
    typed.fill("7")

    press_slowly(page, page.get_by_role("link", name="Checkout"))

    expect(page.locator(".error")).to_have_text("Only 5 left. Choose 5 or fewer.")
    expect(typed).to_have_value("7")


def test_checkout_waits_for_a_quantity_that_is_under_way(
    page: Page, shop_server: str, typed: Locator
) -> None:
    under_way: list[Route] = []

    def keep(route: Route) -> None:
        under_way.append(route)

    page.route("**/cart/lines/**", keep)

    page.get_by_role("link", name="Checkout").click()
    page.wait_for_timeout(200)
    under_way[0].continue_()

    expect(page).to_have_url(f"{shop_server}/checkout/")
    assert CartLine.objects.get().quantity == 3


def test_everything_works_without_javascript(
    new_page: NewPage, open_product: Check, shop_server: str
) -> None:
    CouponFactory(code="SAVE10")
    page = new_page(java_script_enabled=False)
    open_product(page)
    add(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Cart")
    quantity = page.get_by_label("Quantity of Stoneware Mug (M)")

    quantity.fill("9")
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_text("Only 5 left. Choose 5 or fewer.").last).to_be_visible()
    expect(quantity).to_have_value("9")

    quantity.fill("2")
    page.get_by_role("button", name="Update").click()
    expect(page.locator(".total")).to_contain_text("$97.20")

    page.get_by_text("Have a coupon?").click()
    page.get_by_label("Coupon code").fill("SAVE10")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Discount SAVE10")).to_be_visible()

    page.get_by_role("button", name="Remove Stoneware Mug (M)").click()
    page.get_by_role("button", name="Undo").click()
    expect(quantity).to_have_value("2")

    page.get_by_role("link", name="Checkout").click()
    expect(page).to_have_url(f"{shop_server}/checkout/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    new_page: NewPage,
    shop_server: str,
    open_product: Check,
    assert_accessible: Check,
    scheme: str,
    width: int,
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto(f"{shop_server}/cart/")
    assert_accessible(page)
    CouponFactory(code="SAVE10")
    open_product(page)
    add(page)

    page.goto(f"{shop_server}/cart/?coupon=SAVE10")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert_accessible(page)

    Price.objects.update(amount_minor=4500)
    StockItem.objects.update(on_hand=0)
    page.reload()
    expect(page.get_by_text("Sold out. Remove it to go on.")).to_be_visible()
    expect(page.get_by_role("button", name="Checkout")).to_be_disabled()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert_accessible(page)


def test_targets_are_large_enough_for_a_thumb(
    phone: Page, open_product: Check, shop_server: str
) -> None:
    open_product(phone)
    add(phone)
    phone.goto(f"{shop_server}/cart/")

    for target in phone.locator("main").locator("button:visible, input:visible, summary").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44, target.evaluate("element => element.outerHTML")
    assert Cart.objects.get().lines.count() == 1
