"""The cart's page: with htmx, and as plain forms."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from cart.codes import LIMIT
from cart.models import Cart
from inventory.models import StockItem
from shop.models import Price, Variant
from tests.factories import CouponFactory, make_cart, make_shipping, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]

HTMX = {"HX-Request": "true"}
HTMX_IN_CART = {**HTMX, "HX-Target": "cart"}


@pytest.fixture
def mug() -> Variant:
    variant = make_variant(price_minor=4200, units=3, options={"Size": "M"}, sku="MUG-M")
    variant.product.name = "Mug"
    variant.product.save()
    return variant


@pytest.fixture
def shopper(client: Client, mug: Variant) -> Client:
    """A visitor with a mug in the cart."""
    make_shipping(600)
    add(client)
    return client


def add(client: Client, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    data = {"variant": "MUG-M", "quantity": "1", **fields}
    return client.post("/cart/add/", data, headers=headers)


def post_line(client: Client, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    [line] = Cart.objects.get().lines.all()
    return client.post(f"/cart/lines/{line.pk}/", fields, headers=headers)


def text(response: Any) -> str:
    """What can be read on the page, with single blanks."""
    return re.sub(r"\s+", " ", unescape(strip_tags(response.content.decode().replace("<", " <"))))


def told(response: Any) -> str:
    return [str(message) for message in get_messages(response.wsgi_request)][-1]


# --- Adding ----------------------------------------------------------------------------------
def test_adding_without_scripts_leads_to_the_cart(client: Client, mug: Variant) -> None:
    response = add(client, quantity="2")

    assert (response.status_code, response["Location"]) == (302, "/cart/")
    assert told(response) == "Added Mug (M) to your cart."
    assert Cart.objects.get().lines.get().quantity == 2


def test_adding_with_htmx_stays_and_tells(client: Client, mug: Variant) -> None:
    response = add(client, HTMX)

    assert response.status_code == 200
    assert "Added Mug (M) to your cart. View cart" in text(response)
    html = response.content.decode()
    assert 'id="cart-badge" hx-swap-oob="true"' in html
    assert '<a href="/cart/">View cart</a>' in html


def test_a_refusal_without_scripts_goes_back_to_the_product(client: Client, mug: Variant) -> None:
    response = add(client, quantity="4")

    assert response["Location"] == f"/products/{mug.product.slug}/?variant=MUG-M"
    assert told(response) == "Only 3 left. Choose 3 or fewer."


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"quantity": "4"}, "Only 3 left. Choose 3 or fewer."),
        ({"quantity": "many"}, "Enter a whole number from 1 to 99."),
        ({"variant": "NOPE"}, "This item is no longer for sale."),
    ],
)
def test_a_refusal_with_htmx_is_a_message(
    client: Client, mug: Variant, fields: dict[str, str], sentence: str
) -> None:
    response = add(client, HTMX, **fields)

    assert response.status_code == 422
    assert sentence in text(response)


def test_only_a_post_adds(client: Client) -> None:
    assert client.get("/cart/add/").status_code == 405


# --- The page --------------------------------------------------------------------------------
def test_an_empty_cart_leads_back_to_the_shop(client: Client) -> None:
    page = client.get("/cart/")

    assert "Your cart is empty." in text(page)
    assert '<a class="button" href="/">' in page.content.decode()
    assert "noindex" in page.content.decode()


def test_the_page_says_every_amount_before_any_personal_data(shopper: Client) -> None:
    CouponFactory(code="SAVE10")
    shopper.post("/cart/coupon/", {"code": "SAVE10"})

    page = text(shopper.get("/cart/"))

    for amount in (
        "$42.00 each",
        "Subtotal $42.00",
        "Discount SAVE10 −$4.20",
        "Shipping $6.00",
        "Tax, 8 % in United States $3.50",
        "Total $47.30",
    ):
        assert amount in page
    assert re.search(r"Arrives \w+, \w+ \d+\s–\s\w+, \w+ \d+", page)


def test_checkout_is_a_link_when_all_can_be_bought_and_else_says_why(shopper: Client) -> None:
    link = '<a id="checkout-link" class="button button-wide" href="/checkout/">Checkout</a>'
    assert link in shopper.get("/cart/").content.decode()

    StockItem.objects.update(on_hand=0)

    page = shopper.get("/cart/")
    assert link not in page.content.decode()
    assert "disabled" in page.content.decode()
    assert "Sold out. Remove it to go on." in text(page)
    assert "Something in your cart cannot be bought as it is" in text(page)


def test_a_changed_price_is_said_once(shopper: Client) -> None:
    Price.objects.update(amount_minor=4500)
    sentence = "Price changed from $42.00 to $45.00 since you last looked."

    assert sentence in text(shopper.get("/cart/"))
    assert sentence not in text(shopper.get("/cart/"))


# --- Lines -----------------------------------------------------------------------------------
def test_a_quantity_is_changed(shopper: Client) -> None:
    response = post_line(shopper, quantity="2")

    assert (response.status_code, response["Location"]) == (302, "/cart/")
    assert told(response) == "Mug (M): the quantity is now 2."


def test_a_quantity_is_changed_in_place(shopper: Client) -> None:
    response = post_line(shopper, HTMX_IN_CART, quantity="2")

    page = text(response)
    assert "Total $97.20" in page
    assert "Mug (M): the quantity is now 2. The total is $97.20." in page
    assert "<html" not in response.content.decode()
    assert 'id="cart-badge" hx-swap-oob="true"' in response.content.decode()


@pytest.mark.parametrize("headers", [None, HTMX_IN_CART])
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("4", "Only 3 left. Choose 3 or fewer."),
        ("0", "Enter a whole number from 1 to 99."),
        ("many", "Enter a whole number from 1 to 99."),
        ("", "Enter a whole number from 1 to 99."),
    ],
)
def test_a_refused_quantity_stays_beside_its_message(
    shopper: Client, headers: dict[str, str] | None, typed: str, sentence: str
) -> None:
    response = post_line(shopper, headers, quantity=typed)

    assert response.status_code == 422
    line = Cart.objects.get().lines.get()
    html = response.content.decode()
    assert f'value="{typed}" aria-invalid="true" aria-describedby="error-{line.pk}"' in html
    assert f'<p class="error" id="error-{line.pk}">{sentence}</p>' in html
    assert line.quantity == 1


@pytest.mark.parametrize("headers", [None, HTMX_IN_CART])
def test_a_removed_line_can_be_brought_back(
    shopper: Client, headers: dict[str, str] | None
) -> None:
    post_line(shopper, quantity="3")

    response = post_line(shopper, headers, remove="1")
    page = shopper.get(response["Location"]) if headers is None else response

    assert not Cart.objects.get().lines.exists()
    assert "Removed Mug (M) from your cart. Undo" in text(page)
    html = page.content.decode()
    assert '<input type="hidden" name="variant" value="MUG-M">' in html
    assert '<input type="hidden" name="quantity" value="3">' in html

    back = add(shopper, headers, quantity="3")
    assert back.status_code == (302 if headers is None else 200)
    assert Cart.objects.get().lines.get().quantity == 3


def test_an_undo_that_comes_too_late_says_why(shopper: Client) -> None:
    post_line(shopper, HTMX_IN_CART, remove="1")
    StockItem.objects.update(on_hand=0)

    response = add(shopper, HTMX_IN_CART)

    assert response.status_code == 422
    assert '<p class="notice notice-error">Mug (M) is sold out.</p>' in response.content.decode()


@pytest.mark.parametrize("query", ["removed=MUG-M", "removed=MUG-M&quantity=x", "removed=NO"])
def test_an_odd_address_offers_no_undo(shopper: Client, query: str) -> None:
    assert "Undo" not in text(shopper.get(f"/cart/?{query}"))


def test_a_line_that_is_gone_is_no_error(shopper: Client) -> None:
    response = shopper.post("/cart/lines/999999/", {"quantity": "2"})

    assert response["Location"] == "/cart/"
    assert told(response) == "This item is no longer in your cart."


def test_the_lines_of_others_are_out_of_reach(shopper: Client, mug: Variant) -> None:
    line = make_cart(mug).lines.get()

    for client in (shopper, Client()):
        client.post(f"/cart/lines/{line.pk}/", {"remove": "1"})

    assert make_cart().pk > line.cart.pk
    assert line.cart.lines.get() == line


# --- Coupons ---------------------------------------------------------------------------------
def test_a_coupon_is_applied_and_removed_in_place(shopper: Client) -> None:
    CouponFactory(code="SAVE10")

    applied = shopper.post("/cart/coupon/", {"code": "save10"}, headers=HTMX_IN_CART)
    assert "The coupon SAVE10 is applied to your cart." in text(applied)

    removed = shopper.post("/cart/coupon/", {"remove": "1"}, headers=HTMX_IN_CART)
    assert "The coupon is removed." in text(removed)
    assert "Discount" not in text(removed)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("NOPE", "We know no coupon “NOPE”. Check the spelling."), (" ", "Enter the code")],
)
@pytest.mark.parametrize("headers", [None, HTMX_IN_CART])
def test_a_refused_code_stays_beside_its_message(
    shopper: Client, headers: dict[str, str] | None, code: str, sentence: str
) -> None:
    response = shopper.post("/cart/coupon/", {"code": code}, headers=headers)

    assert response.status_code == 422
    assert sentence in text(response)
    assert f'name="code" value="{code}"' in response.content.decode()
    assert '<details id="coupon-entry" open>' in response.content.decode()


def test_a_coupon_that_no_longer_counts_says_so(shopper: Client) -> None:
    coupon = CouponFactory(code="SAVE10")
    shopper.post("/cart/coupon/", {"code": "SAVE10"})
    coupon.is_active = False
    coupon.save()

    page = text(shopper.get("/cart/"))

    assert "The coupon SAVE10 is no longer accepted." in page
    assert "Discount" not in page


def test_codes_cannot_be_guessed_for_long(shopper: Client) -> None:
    CouponFactory(code="SAVE10")
    for _ in range(LIMIT.times):
        shopper.post("/cart/coupon/", {"code": "NOPE"})

    response = shopper.post("/cart/coupon/", {"code": "SAVE10"})

    assert "Too many codes were tried: wait ten minutes and try again." in text(response)
    assert Cart.objects.get().coupon is None


@pytest.mark.parametrize(
    ("next_url", "landed"),
    [("/checkout/", "/checkout/"), ("https://evil.example/", "/cart/"), ("", "/cart/")],
)
def test_a_coupon_form_elsewhere_comes_back_to_its_page(
    shopper: Client, next_url: str, landed: str
) -> None:
    CouponFactory(code="SAVE10")

    response = shopper.post("/cart/coupon/", {"code": "SAVE10", "next": next_url})

    assert response["Location"] == landed


def test_a_refusal_elsewhere_comes_back_as_a_message(shopper: Client) -> None:
    response = shopper.post("/cart/coupon/", {"code": "NOPE", "next": "/checkout/"})

    assert response["Location"] == "/checkout/"
    assert told(response).startswith("We know no coupon")


# --- Cost and safety -------------------------------------------------------------------------
@pytest.mark.parametrize("count", [1, 30])
def test_at_most_8_queries_whatever_the_number_of_lines(
    buyer: User, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_shipping()
    make_cart(*(make_variant() for _ in range(count)), user=buyer, coupon=CouponFactory())
    client = Client()
    client.force_login(buyer)
    client.get("/cart/")

    with django_assert_max_num_queries(8):
        client.get("/cart/")


def test_at_most_8_queries_for_a_visitor(
    shopper: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    shopper.get("/cart/")

    with django_assert_max_num_queries(8):
        shopper.get("/cart/")


def test_nothing_is_changed_without_the_sites_csrf_token(mug: Variant) -> None:
    client = Client(enforce_csrf_checks=True)

    for path in ("/cart/add/", "/cart/lines/1/", "/cart/coupon/"):
        assert client.post(path, {"variant": "MUG-M"}).status_code == 403


def test_the_page_is_not_kept_by_any_cache(shopper: Client) -> None:
    page = shopper.get("/cart/")

    assert "no-store" in page["Cache-Control"]
    assert "Cookie" in page["Vary"]
