"""The checkout page in a browser, with the stand-in's card fields."""

import gzip
import re
from collections.abc import Callable, Iterator

import pytest
from django.core.signing import get_cookie_signer
from playwright.sync_api import FrameLocator, Locator, Page, Route, expect
from pytest_django import Settings

from cart.models import Cart
from checkout.models import PaymentAttempt
from checkout.stripe_gateway import cancel_intent
from orders.models import Order
from shop.models import Price, ShippingRate
from tests.conftest import PHONE, NewPage
from tests.factories import CouponFactory, TaxRateFactory, make_cart, make_shipping, make_variant
from tests.standin import StandIn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GOOD, DECLINED, NO_FUNDS = "4242424242424242", "4000000000000002", "4000000000009995"
PAY, SUMMARY = "**/api/checkout/payment-intent", "**/checkout/summary/"

OpenCheckout = Callable[[Page], None]


@pytest.fixture(scope="module")
def standin_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    standin = StandIn(tmp_path_factory.mktemp("stripe") / "stripe.sqlite3").start()
    yield standin
    standin.stop()


@pytest.fixture(autouse=True)
def standin(standin_process: StandIn, settings: Settings) -> StandIn:
    standin_process.reset()
    settings.STRIPE_SECRET_KEY = standin_process.secret_key
    settings.STRIPE_PUBLISHABLE_KEY = standin_process.publishable_key
    settings.STRIPE_API_BASE = standin_process.url
    settings.STRIPE_JS_URL = standin_process.js_url
    settings.STRIPE_JS_ORIGIN = settings.STRIPE_API_ORIGIN = standin_process.url
    return standin_process


@pytest.fixture
def cart() -> Cart:
    """Two mugs at $42.00, of ten; shipping $6.00, tax 8 %: $97.20."""
    make_shipping()
    return make_cart(make_variant(), quantity=2)


@pytest.fixture
def open_checkout(shop_server: str, cart: Cart) -> OpenCheckout:
    def go(page: Page) -> None:
        token = get_cookie_signer(salt="cartcart").sign(cart.token)
        page.context.add_cookies([{"name": "cart", "value": token, "url": shop_server}])
        page.goto(f"{shop_server}/checkout/")

    return go


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


def slowly(route: Route) -> None:
    """Let the answer take its time, and the shopper go on meanwhile."""
    route.request.frame.page.wait_for_timeout(400)
    route.continue_()


def pay_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Pay"))


def fault(page: Page) -> Locator:
    return page.locator("#checkout-fault")


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
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    page.get_by_label("Email").fill("ada")
    pay_button(page).scroll_into_view_if_needed()
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
def test_another_country_changes_fields_and_price_and_keeps_what_was_typed(
    page: Page, open_checkout: OpenCheckout
) -> None:
    TaxRateFactory(country="DE", percent="19")
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
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


# --- Paying -----------------------------------------------------------------------------------
def test_the_whole_purchase_by_keyboard(page: Page, open_checkout: OpenCheckout) -> None:
    open_checkout(page)
    expect(card_frame(page).get_by_label("Card number")).to_be_visible()
    page.get_by_label("Email").focus()
    for typed in ("ada@example.com", "Ada Lovelace", "", "12 Way", "", "Portland"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    for typed in ("Oregon", "97201", GOOD, "1240", "123"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/orders/"))
    assert Order.objects.get().shipping_address["region"] == "OR"


def test_a_declined_card_is_explained_and_the_next_one_pays(
    page: Page, open_checkout: OpenCheckout, standin: StandIn
) -> None:
    open_checkout(page)
    type_address(page)
    type_card(page, NO_FUNDS)
    pay_button(page).click()
    expect(fault(page)).to_contain_text("There is not enough money on this card.")
    expect(fault(page)).to_be_focused()
    expect(page.get_by_text("We are holding your items until")).to_be_visible()
    expect(page.get_by_label("ZIP code")).to_have_value("97201")
    expect(pay_button(page)).to_have_text("Pay $97.20")
    type_card(page, GOOD)
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))
    assert standin.state()["captured"] == {"usd": 9720}
    assert Order.objects.count() == 1


def test_a_changed_total_is_said_and_accepted_by_the_next_press(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
    Price.objects.update(amount_minor=4000)
    pay_button(page).click()
    expect(fault(page)).to_contain_text("The total is now $92.88; it was $97.20.")
    expect(fault(page)).to_be_focused()
    expect(pay_button(page)).to_have_text("Pay $92.88")
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))


def test_two_quick_presses_are_one_request(page: Page, open_checkout: OpenCheckout) -> None:
    open_checkout(page)
    type_address(page)
    type_card(page, DECLINED)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    pay_button(page).dblclick()
    expect(fault(page)).to_be_visible()
    assert len([url for url in asked if url.endswith("payment-intent")]) == 1


def test_a_lost_connection_is_tried_again_with_the_same_key(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.abort()

    page.route(PAY, lose)
    pay_button(page).click()
    expect(pay_button(page)).to_have_attribute("aria-busy", "true")
    expect(fault(page)).to_contain_text("Nothing was charged: check your connection", timeout=9000)
    assert len(keys) == 3
    assert len(set(keys)) == 1
    page.unroute(PAY)
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))


def test_when_stripes_answer_is_lost_the_payment_is_looked_up(
    page: Page, open_checkout: OpenCheckout, standin: StandIn
) -> None:
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)

    def charge_and_drop(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/payment_intents/*/confirm", charge_and_drop)
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))
    assert standin.state()["captured"] == {"usd": 9720}


def test_an_intent_that_was_canceled_meanwhile_is_said_and_placed_anew(
    page: Page, open_checkout: OpenCheckout
) -> None:
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)

    def cancel_first(route: Route) -> None:
        cancel_intent(route.request.url.split("/")[-2])
        route.continue_()

    page.route("**/payment_intents/*/confirm", cancel_first)
    pay_button(page).click()
    expect(fault(page)).to_contain_text("The time for this payment ran out.")
    page.unroute("**/payment_intents/*/confirm")
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))
    assert [order.state for order in Order.objects.order_by("pk")] == ["canceled", "pending"]


def test_the_card_fields_can_be_loaded_again(page: Page, open_checkout: OpenCheckout) -> None:
    page.route("**/stripe.js", lambda route: route.abort())
    open_checkout(page)
    type_address(page)
    reload_button = page.get_by_role("button", name="Reload the card fields")
    expect(reload_button).to_be_visible()
    page.unroute("**/stripe.js")
    reload_button.click()
    type_card(page, GOOD)
    expect(reload_button).to_be_hidden()
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))


def test_a_hold_that_is_about_to_end_says_so_and_can_be_extended(
    page: Page, open_checkout: OpenCheckout
) -> None:
    page.clock.install()
    open_checkout(page)
    type_address(page)
    type_card(page, DECLINED)
    pay_button(page).click()
    expect(page.get_by_text("We are holding your items until")).to_be_visible()
    longer = page.get_by_role("button", name="Keep them longer")
    expect(longer).to_be_hidden()
    page.clock.fast_forward("13:30")
    expect(page.get_by_text("for less than two minutes more")).to_be_visible()
    before = Order.objects.get().held_until
    longer.click()
    expect(page.get_by_text("We are holding your items until")).to_be_visible()
    assert Order.objects.get().held_until > before
    assert PaymentAttempt.objects.get().is_open


def test_what_a_coupon_makes_free_is_ordered_without_a_card(
    page: Page, open_checkout: OpenCheckout
) -> None:
    ShippingRate.objects.all().delete()
    CouponFactory(code="GIFT", percent=100)
    open_checkout(page)
    type_address(page)
    page.get_by_text("Have a coupon?").click()
    page.get_by_label("Coupon code").fill("GIFT")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Payment")).to_be_hidden()
    page.get_by_role("button", name="Place the order").click()
    expect(page).to_have_url(re.compile("/orders/"))
    assert Order.objects.get().state == "paid"


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
    expect(page.locator("#id_billing_name")).to_be_hidden()
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
    assert sum(scripts.values()) < 22_000, scripts
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
