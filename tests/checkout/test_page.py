"""The checkout page as the server makes it: shown, re-priced, remembered, without JavaScript."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.signing import get_cookie_signer
from django.test import Client
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from cart.models import Cart
from cart.quoting import price_cart
from checkout.models import PaymentAttempt
from checkout.paying import extend_hold
from orders.models import Order
from orders.placing import BuyerDetails, place_order
from tests.factories import CouponFactory, TaxRateFactory, make_cart, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]

TYPED = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "country": "US",
    "fields_of": "US",
    "line1": "12 Analytical Way",
    "city": "Portland",
    "region": "OR",
    "postcode": "97201",
    "billing_same": "on",
}


@pytest.fixture
def shopper(cart: Cart) -> Client:
    """A guest with two mugs at $42.00 in the cart."""
    return client_of(cart)


def client_of(cart: Cart) -> Client:
    client = Client()
    client.cookies["cart"] = get_cookie_signer(salt="cartcart").sign(cart.token)
    return client


def make_order(user: User, cart: Cart, address: dict[str, str]) -> Order:
    cart.country = address["country"]
    priced = price_cart(cart)
    now = datetime.now().astimezone()
    details = BuyerDetails(user.email, address, {})
    return place_order(priced.quote, details, user, priced.delivery, now)


def reprice(client: Client, **changes: str) -> Any:
    headers = {"HX-Request": "true"}
    return client.post("/checkout/summary/", {**TYPED, **changes}, headers=headers)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def config(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="checkout-config" type="application/json">(.*?)</script>', page)
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])
    return read


# --- Shown ------------------------------------------------------------------------------------
def test_the_page_says_what_is_bought_and_what_it_costs(shopper: Client) -> None:
    page = text(shopper.get("/checkout/"))
    for words in ("Quantity 2", "$84.00", "$6.00", "$7.20", "Pay $97.20", "Arrives"):
        assert words in page
    assert 'data-amount="9720" data-currency="USD"' in page


def test_the_page_takes_at_most_ten_queries_for_any_number_of_lines(
    django_assert_max_num_queries: DjangoAssertNumQueries, cart: Cart
) -> None:
    for _line in range(6):
        cart.lines.create(variant=make_variant(), quantity=1)
    client = client_of(cart)
    with django_assert_max_num_queries(10):
        assert client.get("/checkout/").status_code == 200


def test_without_a_cart_there_is_nothing_to_check_out() -> None:
    answer = Client().get("/checkout/", follow=True)
    assert answer.redirect_chain == [("/cart/", 302)]
    assert "Your cart is empty: put something in before you check out." in text(answer)


def test_an_emptied_cart_goes_back_to_the_cart() -> None:
    answer = client_of(make_cart()).get("/checkout/")
    assert (answer.status_code, answer["Location"]) == (302, "/cart/")


def test_a_cart_with_something_sold_out_goes_back_to_the_cart(cart: Cart) -> None:
    cart.lines.create(variant=make_variant(units=0), quantity=1)
    answer = client_of(cart).get("/checkout/", follow=True)
    assert answer.redirect_chain == [("/cart/", 302)]
    assert "Something in your cart needs a look before you check out." in text(answer)


def test_the_page_is_neither_kept_nor_indexed(shopper: Client) -> None:
    answer = shopper.get("/checkout/")
    assert "no-store" in answer["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in text(answer)


def test_the_secret_key_is_not_in_the_page_and_the_publishable_one_is(shopper: Client) -> None:
    page = text(shopper.get("/checkout/"))
    assert settings.STRIPE_SECRET_KEY not in page
    assert config(page)["key"] == settings.STRIPE_PUBLISHABLE_KEY
    assert config(page)["payUrl"] == "/api/checkout/payment-intent"


def test_what_costs_nothing_is_ordered_and_not_paid() -> None:
    cart = make_cart(make_variant(), coupon=CouponFactory(percent=100))
    page = text(client_of(cart).get("/checkout/"))
    assert "Place the order" in page
    assert 'data-amount="0"' in page


# --- What the page may load -------------------------------------------------------------------
def test_this_page_alone_may_load_stripe(shopper: Client, settings: Settings) -> None:
    settings.STRIPE_JS_ORIGIN = "https://js.stripe.com"
    settings.STRIPE_API_ORIGIN = "https://api.stripe.com"
    policy = shopper.get("/checkout/")["Content-Security-Policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["script-src"] == "'self' https://js.stripe.com https://*.js.stripe.com"
    assert directives["frame-src"].endswith("https://hooks.stripe.com")
    assert "https://api.stripe.com" in directives["connect-src"]
    assert "unsafe" not in policy
    assert "stripe" not in shopper.get("/cart/")["Content-Security-Policy"]


def test_a_stand_in_for_stripe_opens_its_own_origin_only(
    shopper: Client, settings: Settings
) -> None:
    settings.STRIPE_JS_ORIGIN = settings.STRIPE_API_ORIGIN = "http://127.0.0.1:9"
    policy = shopper.get("/checkout/")["Content-Security-Policy"]
    assert "script-src 'self' http://127.0.0.1:9;" in policy
    assert "stripe.com" not in policy


# --- Re-priced --------------------------------------------------------------------------------
def test_another_country_brings_its_fields_and_its_price(shopper: Client, cart: Cart) -> None:
    TaxRateFactory(country="DE", percent="19")
    answer = text(reprice(shopper, country="DE"))
    assert "Pay $107.10" in answer
    assert "Tax, 19 % in Germany" in answer
    assert "Postal code" in answer
    assert "address-level1" not in answer, "no state"
    assert 'value="12 Analytical Way"' in answer, "what was typed stays"
    cart.refresh_from_db()
    assert cart.country == "DE"


def test_a_changed_field_is_remembered_and_nothing_is_sent_back(shopper: Client) -> None:
    answer = reprice(shopper, name="Grace Hopper")
    assert (answer.status_code, answer.content) == (204, b"")
    assert 'value="Grace Hopper"' in text(shopper.get("/checkout/"))


def test_another_billing_country_brings_its_fields_and_no_new_price(
    shopper: Client, cart: Cart
) -> None:
    answer = text(reprice(shopper, billing_country="GB", billing_fields_of="US"))
    assert 'id="billing_address"' in answer
    assert "Town or city" in answer
    assert 'id="address"' not in answer
    cart.refresh_from_db()
    assert cart.country == "US"


def test_a_country_that_does_not_exist_changes_nothing(shopper: Client, cart: Cart) -> None:
    assert "Pay $97.20" in text(reprice(shopper, country="XX"))
    cart.refresh_from_db()
    assert cart.country == "US"


def test_a_coupon_is_applied_in_place_and_removed_again(shopper: Client) -> None:
    CouponFactory(code="SAVE10")
    applied = text(reprice(shopper, action="apply_coupon", coupon=" save10 "))
    assert "Discount SAVE10" in applied
    assert "Pay $88.13" in applied
    assert "Pay $97.20" in text(reprice(shopper, action="remove_coupon"))


def test_an_unknown_coupon_is_refused_beside_its_field(shopper: Client) -> None:
    answer = text(reprice(shopper, action="apply_coupon", coupon="<b>NOPE"))
    assert 'aria-invalid="true"' in answer
    assert f'value="{escape("<b>NOPE")}"' in answer
    assert "Check the spelling" in answer
    assert "Pay $97.20" in answer


def test_codes_cannot_be_guessed_by_the_dozen(shopper: Client) -> None:
    for number in range(20):
        reprice(shopper, action="apply_coupon", coupon=f"GUESS{number}")
    CouponFactory(code="SAVE10")
    answer = text(reprice(shopper, action="apply_coupon", coupon="SAVE10"))
    assert "Too many codes were tried" in answer
    assert "Pay $97.20" in answer


def test_repricing_a_cart_that_was_emptied_meanwhile_leads_to_the_cart(
    shopper: Client, cart: Cart
) -> None:
    cart.lines.all().delete()
    assert reprice(shopper, action="update")["Location"] == "/cart/"
    assert reprice(Client(), action="update")["Location"] == "/cart/"


def test_what_sold_out_meanwhile_is_said_in_the_summary(shopper: Client, cart: Cart) -> None:
    cart.lines.update(quantity=11)
    assert "Only 10 left" in text(reprice(shopper, action="update"))


def test_repricing_needs_a_token_against_forgery(cart: Cart) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = client_of(cart).cookies
    assert reprice(client).status_code == 403


# --- Remembered -------------------------------------------------------------------------------
def test_a_part_that_another_country_lacks_comes_back_with_the_first_country(
    shopper: Client,
) -> None:
    without_region = {name: value for name, value in TYPED.items() if name != "region"}
    reprice(shopper, country="DE")
    shopper.post("/checkout/summary/", {**without_region, "country": "DE", "fields_of": "DE"})
    answer = text(reprice(shopper, fields_of="DE", region="OR"))
    assert '<option value="OR" selected>Oregon</option>' in answer


def test_an_account_fills_in_its_email_and_where_the_last_order_went(
    buyer: User, cart: Cart
) -> None:
    cart.user = buyer
    cart.save()
    address = {**dict.fromkeys(("line2", "region", "postcode"), ""), "country": "US"}
    address.update(name="Ada at Work", line1="9 Mill Lane", city="Salem")
    make_order(buyer, cart, address)
    client = Client()
    client.force_login(buyer)
    page = text(client.get("/checkout/"))
    for value in ("buyer@example.com", "Ada at Work", "9 Mill Lane", "Salem"):
        assert f'value="{value}"' in page


def test_the_last_orders_address_in_another_country_is_left_out(buyer: User, cart: Cart) -> None:
    cart.user = buyer
    cart.save()
    make_order(buyer, cart, {"name": "Ada in Rome", "country": "IT", "line1": "Via 1"})
    client = Client()
    client.force_login(buyer)
    page = text(client.get("/checkout/"))
    assert "Via 1" not in page
    assert 'value="Ada Buyer"' in page


def test_nobody_sees_what_another_shopper_typed(shopper: Client, cart: Cart) -> None:
    reprice(shopper)
    assert "ada@example.com" not in text(client_of(make_cart(make_variant())).get("/checkout/"))


# --- Without JavaScript -----------------------------------------------------------------------
def test_without_javascript_the_page_is_repriced_and_keeps_what_was_typed(shopper: Client) -> None:
    TaxRateFactory(country="DE", percent="19")
    typed = {**TYPED, "country": "DE", "action": "update"}
    page = text(shopper.post("/checkout/", typed, follow=True))
    assert "Pay $107.10" in page
    assert 'value="12 Analytical Way"' in page


def test_without_javascript_a_coupon_is_applied_or_refused(shopper: Client) -> None:
    CouponFactory(code="SAVE10")
    typed = {**TYPED, "action": "apply_coupon"}
    refused = text(shopper.post("/checkout/", {**typed, "coupon": "NOPE"}, follow=True))
    assert "Check the spelling" in refused
    applied = text(shopper.post("/checkout/", {**typed, "coupon": "SAVE10"}, follow=True))
    assert "Pay $88.13" in applied


def test_without_javascript_the_pay_button_says_why_it_cannot(shopper: Client) -> None:
    page = text(shopper.post("/checkout/", {**TYPED, "action": "pay"}, follow=True))
    assert "The card fields need JavaScript. Nothing was charged" in page
    assert 'value="ada@example.com"' in page
    assert not Order.objects.exists()


# --- Held for longer --------------------------------------------------------------------------
def test_a_hold_is_extended_and_its_end_told(
    shopper: Client, monkeypatch: pytest.MonkeyPatch, cart: Cart
) -> None:
    until = datetime.fromisoformat("2026-11-21T14:05:00+00:00")
    asked: list[Cart] = []

    def extend(cart: Cart) -> datetime:
        asked.append(cart)
        return until

    monkeypatch.setattr("checkout.views.extend_hold", extend)
    assert shopper.post("/checkout/hold/").json() == {"held_until": "2026-11-21T14:05:00Z"}
    assert asked == [cart]


def test_where_nothing_is_held_nothing_is_extended(shopper: Client, cart: Cart) -> None:
    assert extend_hold(cart) is None
    assert shopper.post("/checkout/hold/").json() == {"held_until": None}
    assert Client().post("/checkout/hold/").json() == {"held_until": None}
    assert not PaymentAttempt.objects.exists()


@pytest.mark.parametrize("path", ["/checkout/hold/", "/checkout/summary/"])
def test_what_changes_something_is_not_reached_by_a_link(shopper: Client, path: str) -> None:
    assert shopper.get(path).status_code == 405
