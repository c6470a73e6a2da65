"""The checkout page in a browser: its fields, its price, and that everybody can use it."""

import gzip
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cart.models import Cart
from orders.models import Order
from tests.browser.checkout import (
    GOOD,
    SUMMARY,
    OpenCheckout,
    card_frame,
    fault,
    pay_button,
    slowly,
    type_address,
    type_card,
)
from tests.conftest import PHONE, NewPage
from tests.factories import CouponFactory, TaxRateFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


# --- Fields -----------------------------------------------------------------------------------
def test_a_field_is_checked_on_leaving_it_and_never_while_typing(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    email = page.get_by_label("Email")
    email.press_sequentially("ada")
    expect(email).not_to_have_attribute("aria-invalid", "true")
    email.press("Tab")
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description(re.compile("This email is missing an @"))
    email.press_sequentially("@example.com")
    expect(email).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("missing an @")).to_be_hidden()


def test_a_summary_of_all_faults_takes_the_focus_and_leads_to_the_fields(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    page.get_by_label("Email").fill("ada@example.com")
    pay_button(page).click()
    expect(fault(page)).to_be_focused()
    expect(fault(page).get_by_role("link")).to_have_count(5)
    fault(page).get_by_role("link", name="Enter the ZIP code.").click()
    expect(page.get_by_label("ZIP code")).to_be_focused()
    assert not Order.objects.exists()


def test_what_only_the_server_finds_is_shown_at_its_field(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    type_address(page)
    page.get_by_label("Email").fill("ada@exa_mple.com")
    type_card(page, GOOD)
    pay_button(page).click()
    expect(fault(page)).to_be_focused()
    expect(page.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_email-error")).to_contain_text("This email is not complete")


def test_a_slip_in_the_email_is_suggested_and_put_right_by_one_press(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    page.get_by_label("Email").fill("ada@gmial.com")
    page.get_by_label("Full name").focus()
    expect(page.get_by_label("Email")).not_to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Use ada@gmail.com instead").click()
    expect(page.get_by_label("Email")).to_have_value("ada@gmail.com")
    expect(page.get_by_role("button", name="Use ada@gmail.com instead")).to_be_hidden()


def test_a_strange_postcode_is_only_asked_about(page: Page, open_checkout: OpenCheckout) -> None:
    open_checkout(page)
    zip_code = page.get_by_label("ZIP code")
    zip_code.fill("SW1A 1AA")
    zip_code.blur()
    expect(page.get_by_text("Here it is usually written like 95014")).to_be_visible()
    expect(zip_code).not_to_have_attribute("aria-invalid", "true")


def test_a_press_on_the_pay_button_is_not_lost_when_a_message_moves_it(
    new_page: NewPage, open_checkout: OpenCheckout
) -> None:
    page = new_page(viewport={"width": 1280, "height": 2400})
    open_checkout(page)
    page.get_by_label("Email").fill("ada")
    box = pay_button(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 2)
    page.mouse.down()
    page.mouse.up()
    expect(fault(page)).to_be_focused()


def test_the_billing_address_is_there_only_when_asked_for(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    expect(page.get_by_label("Full name")).to_have_count(1)
    page.get_by_label("Billing address is the same as delivery").uncheck()
    billing = page.get_by_role("group", name="Billing address")
    billing.get_by_label("Country").select_option("United Kingdom")
    expect(billing.get_by_label("Postcode")).to_be_visible()
    expect(page.get_by_label("ZIP code")).to_be_visible()
    pay_button(page).click()
    expect(fault(page).get_by_role("link", name="Billing address: Enter the po")).to_be_visible()


# --- Another price ----------------------------------------------------------------------------
def test_a_country_chosen_while_another_is_on_its_way_stays_chosen(
    page: Page, open_checkout: OpenCheckout
) -> None:
    TaxRateFactory(country="FR", percent=20)
    open_checkout(page)
    page.route(SUMMARY, slowly)
    country = page.get_by_label("Country")

    country.select_option("Germany")
    country.select_option("France")

    expect(pay_button(page)).to_have_text("Pay $108.00")
    expect(country).to_have_value("FR")
    page.unroute_all(behavior="ignoreErrors")


def test_a_coupon_that_does_not_reach_the_server_is_not_passed_over(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    page.route(SUMMARY, lambda route: route.abort())
    page.get_by_text("Have a coupon?").click()
    page.get_by_label("Coupon code").fill("SAVE10")

    page.get_by_role("button", name="Apply").click()

    expect(fault(page)).to_contain_text("The connection was lost. Nothing was charged")
    expect(page.get_by_label("Coupon code")).to_have_value("SAVE10")


def test_another_country_changes_fields_and_price_and_keeps_what_was_typed(
    page: Page, open_checkout: OpenCheckout
) -> None:
    TaxRateFactory(country="DE", percent="19")
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
    page.wait_for_load_state("networkidle")
    page.route(SUMMARY, slowly)
    page.get_by_label("Country").select_option("Germany")
    page.get_by_label("City").fill("Berlin")
    expect(page.get_by_label("ZIP code")).to_be_visible()
    expect(page.get_by_label("Postal code")).to_have_value("97201")
    expect(pay_button(page)).to_have_text("Pay $107.10")
    expect(page.get_by_label("City")).to_have_value("Berlin")
    expect(page.get_by_label("City")).to_be_focused()
    expect(page.get_by_label("Email")).to_have_value("ada@example.com")
    expect(card_frame(page).get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    page.unroute_all(behavior="ignoreErrors")


def test_a_coupon_is_applied_in_place_by_keyboard(page: Page, open_checkout: OpenCheckout) -> None:
    CouponFactory(code="SAVE10")
    open_checkout(page)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_text("Have a coupon?").click()
    page.get_by_label("Coupon code").fill("NOPE")
    page.keyboard.press("Enter")
    expect(page.locator("#coupon-error")).to_contain_text("Check the spelling")
    expect(page.get_by_label("Coupon code")).to_be_focused()
    page.get_by_label("Coupon code").fill("save10")
    page.get_by_role("button", name="Apply").press("Enter")
    expect(pay_button(page)).to_have_text("Pay $88.13")
    expect(page.get_by_role("button", name="Remove the coupon")).to_be_focused()
    expect(page.locator("#checkout-news")).to_have_text(re.compile(r"The total is \$88\.13"))
    page.keyboard.press("Enter")
    expect(pay_button(page)).to_have_text("Pay $97.20")
    expect(page.get_by_label("Email")).to_have_value("ada@example.com")


def test_a_change_is_sent_without_the_button_that_is_reached_meanwhile(
    page: Page, open_checkout: OpenCheckout, cart: Cart
) -> None:
    cart.coupon = CouponFactory(code="SAVE10")
    cart.save()
    open_checkout(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.route(SUMMARY, slowly)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Full name").fill("Ada")
    page.get_by_role("button", name="Remove the coupon").focus()
    page.wait_for_timeout(800)
    assert any("name=Ada" in body for body in sent)
    assert not any("action=" in body for body in sent)
    page.unroute_all(behavior="ignoreErrors")


def test_a_reload_brings_back_what_was_typed(page: Page, open_checkout: OpenCheckout) -> None:
    open_checkout(page)
    with page.expect_response(SUMMARY):
        page.get_by_label("Full name").fill("Ada Lovelace")
        page.get_by_label("Email").focus()
    page.goto("about:blank")
    open_checkout(page)
    expect(page.get_by_label("Full name")).to_have_value("Ada Lovelace")


# --- For everybody ----------------------------------------------------------------------------
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_the_page_is_accessible_with_and_without_faults_on_a_narrow_screen(
    new_page: NewPage,
    open_checkout: OpenCheckout,
    assert_accessible: Callable[[Page], None],
    colors: str,
) -> None:
    page = new_page(**{**PHONE, "viewport": {"width": 320, "height": 640}, "color_scheme": colors})
    open_checkout(page)
    expect(card_frame(page).get_by_label("Card number")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Email").fill("ada@gmial.com")
    page.get_by_text("Have a coupon?").click()
    page.get_by_label("Coupon code").fill("NOPE")
    page.get_by_role("button", name="Apply").click()
    page.get_by_label("Billing address is the same as delivery").uncheck()
    pay_button(page).click()
    expect(fault(page)).to_be_focused()
    expect(page.locator("#coupon-error")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_without_javascript_the_page_works_up_to_the_card(
    new_page: NewPage, open_checkout: OpenCheckout
) -> None:
    TaxRateFactory(country="DE", percent="19")
    CouponFactory(code="SAVE10")
    page = new_page(java_script_enabled=False)
    open_checkout(page)
    page.get_by_label("Email").fill("ada@example.com")
    page.locator("#id_country").select_option("Germany")
    page.get_by_role("button", name="for this country").first.click()
    expect(page.locator("#id_postcode")).to_be_visible()
    expect(page.locator("#id_billing_name")).to_have_count(0)
    page.get_by_label("Billing address is the same as delivery").uncheck()
    page.get_by_role("button", name="for this choice").click()
    expect(page.locator("#id_billing_name")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("ada@example.com")
    page.get_by_label("Billing address is the same as delivery").check()
    page.get_by_role("button", name="for this choice").click()
    expect(pay_button(page)).to_have_text("Pay $107.10")
    page.get_by_text("Have a coupon?").click()
    page.get_by_label("Coupon code").fill("SAVE10")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Coupon SAVE10 is applied")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("ada@example.com")
    expect(page.locator("noscript .notice")).to_be_visible()


def test_the_page_is_light_and_nothing_moves_while_it_loads(
    phone: Page, open_checkout: OpenCheckout, shop_server: str
) -> None:
    sizes: dict[str, int] = {}
    phone.on(
        "response",
        lambda answer: (
            sizes.update({answer.url: len(gzip.compress(answer.body()))})
            if answer.url.startswith(shop_server)
            else None
        ),
    )
    open_checkout(phone)
    expect(card_frame(phone).get_by_label("Card number")).to_be_visible()
    phone.wait_for_timeout(300)
    scripts = {url: size for url, size in sizes.items() if url.endswith(".js")}
    assert sum(sizes.values()) < 100_000, sizes
    assert sum(scripts.values()) <= 5 * 1024, scripts
    moved = phone.evaluate(
        """() => new Promise((resolve) => new PerformanceObserver((list) =>
        resolve(list.getEntries().reduce((sum, entry) => sum + entry.value, 0))
        ).observe({type: 'layout-shift', buffered: true}) ?? setTimeout(() => resolve(0), 500))"""
    )
    assert moved < 0.01


def test_what_is_pressed_is_large_enough(phone: Page, open_checkout: OpenCheckout) -> None:
    open_checkout(phone)
    for control in phone.locator("#checkout-form :is(button, select, summary, .check)").all():
        box = control.bounding_box()
        assert box is None or box["height"] >= 44, control
