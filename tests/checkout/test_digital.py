"""The checkout of a cart of which nothing is sent, and of one that has both."""

import uuid
from typing import Any

import pytest
from django.core.signing import get_cookie_signer
from django.test import Client
from django.utils import translation

from cart.models import Cart
from checkout.paying import PaymentRefusedError, start_payment
from orders.models import Order
from orders.placing import BuyerDetails
from shop.models import Product
from tests.checkout.shopper import ADA, shown
from tests.factories import ProductFactory, make_cart, make_shipping, make_variant
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

TYPED = {"email": "ada@example.com", "name": "Ada Lovelace", "country": "US", "fields_of": "US"}
ADDRESS = {"line1": "12 Analytical Way", "city": "Portland", "region": "OR", "postcode": "97201"}


@pytest.fixture
def cart() -> Cart:
    """A course at $42.00; with 8 % tax $45.36."""
    make_shipping(600)
    course = make_variant(product=ProductFactory(kind="course"), units=None)
    return make_cart(course, source="spring letter")


@pytest.fixture
def shopper(cart: Cart) -> Client:
    client = Client()
    client.cookies["cart"] = get_cookie_signer(salt="cartcart").sign(cart.token)
    return client


def put_parcel_in(cart: Cart) -> None:
    cart.lines.create(variant=make_variant(price_minor=0), quantity=1)


def pay(client: Client, **fields: Any) -> Any:
    typed = {**TYPED, "shown_total_minor": 4536, "shown_currency": "USD", **fields}
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    return client.post(
        "/api/checkout/payment-intent", typed, content_type="application/json", headers=headers
    )


def test_the_page_asks_for_no_street_and_promises_no_delivery(shopper: Client) -> None:
    page = shopper.get("/checkout/").content.decode()

    assert 'name="name"' in page
    assert 'name="country"' in page
    for absent in ('name="line1"', 'name="postcode"', "Arrives", "Delivery", "Shipping"):
        assert absent not in page
    assert "Pay $45.36" in page


def test_email_name_and_country_are_enough_to_pay(shopper: Client, standin: StandIn) -> None:
    assert pay(shopper).status_code == 200

    order = Order.objects.get()
    assert (order.shipping_minor, order.total_minor, order.delivery) == (0, 4536, None)
    assert order.shipping_address["name"] == "Ada Lovelace"
    assert (order.shipping_address["country"], order.shipping_address["line1"]) == ("US", "")
    assert [line.kind for line in order.lines.all()] == ["course"]


def test_the_order_knows_the_source_and_the_language(shopper: Client, standin: StandIn) -> None:
    pay(shopper)

    order = Order.objects.get()
    assert (order.source, order.language) == ("spring letter", "en")


def test_the_order_is_in_the_language_of_its_shopper(cart: Cart, standin: StandIn) -> None:
    with translation.override("de"):
        start_payment(cart, ADA, shown(cart))

    assert Order.objects.get().language == "de"


def test_an_order_whose_goods_are_handed_over_otherwise_by_now_is_placed_anew(
    cart: Cart, standin: StandIn
) -> None:
    first = start_payment(cart, ADA, shown(cart)).order
    Product.objects.update(kind="download")

    second = start_payment(cart, ADA, shown(cart)).order

    assert second != first
    assert [line.kind for line in second.lines.all()] == ["download"]


def test_what_is_missing_is_named_and_nothing_is_ordered(shopper: Client) -> None:
    answer = pay(shopper, name="")

    assert answer.status_code == 422
    assert answer.json()["fields"] == {"name": ["Enter the full name for the receipt."]}
    assert not Order.objects.exists()


def test_one_parcel_in_the_cart_and_the_street_is_asked_for(shopper: Client, cart: Cart) -> None:
    put_parcel_in(cart)

    assert 'name="line1"' in shopper.get("/checkout/").content.decode()
    assert "line1" in pay(shopper).json()["fields"]


def test_a_cart_with_both_has_one_delivery_and_both_kinds(
    shopper: Client, cart: Cart, standin: StandIn
) -> None:
    put_parcel_in(cart)

    assert pay(shopper, **ADDRESS, shown_total_minor=shown(cart).total_minor).status_code == 200

    order = Order.objects.get()
    assert (order.shipping_minor, order.delivery is None) == (600, False)
    assert {line.kind for line in order.lines.all()} == {"course", "parcel"}


def test_a_parcel_without_a_street_is_never_ordered(cart: Cart) -> None:
    """It came into the cart after the form was looked at."""
    put_parcel_in(cart)
    typed = BuyerDetails(ADA.email, {**ADA.shipping, "line1": ""}, {})

    with pytest.raises(PaymentRefusedError, match="sent by post: enter the address") as refused:
        start_payment(cart, typed, shown(cart))

    assert refused.value.code == "address_needed"
    assert not Order.objects.exists()


def test_another_country_re_prices_the_two_fields(shopper: Client, cart: Cart) -> None:
    answer = shopper.post("/checkout/summary/", {**TYPED, "country": "DE"})

    page = answer.content.decode()
    assert 'name="country"' in page
    assert 'name="line1"' not in page
    cart.refresh_from_db()
    assert cart.country == "DE"


def test_a_page_that_asks_for_too_little_or_too_much_is_loaded_anew(
    shopper: Client, cart: Cart
) -> None:
    typed = {**TYPED, "action": "update"}
    fits = shopper.post("/checkout/summary/", typed)
    too_much = shopper.post("/checkout/summary/", {**typed, **ADDRESS})
    put_parcel_in(cart)
    too_little = shopper.post("/checkout/summary/", typed)

    assert fits.status_code == 200
    assert (too_much.status_code, too_much.headers["Location"]) == (302, "/checkout/")
    assert (too_little.status_code, too_little.headers["Location"]) == (302, "/checkout/")


def test_the_order_page_shows_whom_the_receipt_names(shopper: Client, standin: StandIn) -> None:
    url = pay(shopper).json()["order_url"]

    page = shopper.get(url).content.decode()

    assert "Bill to" in page
    assert "Ada Lovelace<br>" in page
    for absent in ("Delivery to", "Arrives", "Shipping"):
        assert absent not in page
