"""Paying on the checkout page, with the stand-in's card fields."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from cart.models import Cart
from checkout.models import PaymentAttempt
from checkout.stripe_gateway import cancel_intent
from orders.models import Order
from shop.models import Price, ShippingRate
from tests.browser.checkout import (
    DECLINED,
    GOOD,
    NO_FUNDS,
    SUMMARY,
    OpenCheckout,
    card_frame,
    fault,
    pay_button,
    slowly,
    type_address,
    type_card,
)
from tests.factories import CouponFactory, TaxRateFactory
from tests.standin import StandIn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAY = "**/api/checkout/payment-intent"


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


def test_a_price_under_way_is_waited_for_and_not_charged_before_it_was_seen(
    page: Page, open_checkout: OpenCheckout
) -> None:
    TaxRateFactory(country="DE", percent="19")
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
    page.wait_for_load_state("networkidle")
    page.route(SUMMARY, slowly)
    happened: list[str] = []
    page.on("request", lambda request: happened.append(f"asked {request.url[-9:]}"))
    page.on("response", lambda answer: happened.append(f"answered {answer.url[-9:]}"))
    page.get_by_label("Country").select_option("Germany")
    pay_button(page).click()
    expect(fault(page)).to_contain_text("The total is now $107.10; it was $97.20.")
    assert happened.index("answered /summary/") < happened.index("asked nt-intent")
    page.unroute_all(behavior="wait")
    pay_button(page).click()
    expect(page).to_have_url(re.compile("/orders/"))
    order = Order.objects.get()
    assert (str(order.country), order.total_minor) == ("DE", 10710)


def test_a_price_that_did_not_come_is_said_when_pay_is_pressed(
    page: Page, open_checkout: OpenCheckout
) -> None:
    TaxRateFactory(country="DE", percent="19")
    open_checkout(page)
    type_address(page)
    type_card(page, GOOD)
    page.wait_for_load_state("networkidle")
    page.route(SUMMARY, lambda route: route.abort(), times=1)
    page.get_by_label("Country").select_option("Germany")
    expect(pay_button(page)).to_have_text("Pay $97.20")
    pay_button(page).click()
    expect(fault(page)).to_contain_text("The total is now $107.10; it was $97.20.")
    expect(pay_button(page)).to_have_text("Pay $107.10")
    expect(page.get_by_label("Postal code")).to_have_value("97201")
    assert not Order.objects.exists()


def test_fields_that_did_not_come_are_there_after_pay_was_pressed(
    page: Page, open_checkout: OpenCheckout, cart: Cart
) -> None:
    cart.country = "DE"
    cart.save()
    open_checkout(page)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Full name").fill("Ada Lovelace")
    page.get_by_label("Address", exact=True).fill("12 Analytical Way")
    page.get_by_label("Postal code").fill("97201")
    page.get_by_label("City").fill("Portland")
    type_card(page, GOOD)
    page.wait_for_load_state("networkidle")
    page.route(SUMMARY, lambda route: route.abort(), times=1)
    page.get_by_label("Country").select_option("United States")
    pay_button(page).click()
    expect(fault(page)).to_contain_text("Choose the state.")
    expect(page.get_by_label("State")).to_be_visible()


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
    # The server's clock has not moved on.
    before = timezone.now() + timedelta(seconds=90)
    Order.objects.update(held_until=before)
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
