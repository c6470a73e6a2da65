"""Products, prices, coupons and promotion codes, through the official SDK."""

import time
from typing import Any

import pytest
import stripe

from tests.sandbox.receiver import Receiver
from tests.sandbox.test_objects import expected_fields


def new_price(client: stripe.StripeClient, **more: Any) -> stripe.Price:
    """Create a price of $12.00 of a mug."""
    params: Any = {"currency": "usd", "unit_amount": 1200, "product_data": {"name": "Mug"}, **more}
    return client.v1.prices.create(params)


def test_a_product_can_be_made_changed_listed_and_deleted(
    client: stripe.StripeClient, shop: Receiver
) -> None:
    mug = client.v1.products.create({"id": "mug", "name": "Mug", "metadata": {"sku": "M1"}})
    hidden = client.v1.products.create({"name": "Old mug", "active": False})
    client.v1.products.update("mug", {"description": "Enamel", "url": "https://example.com/mug"})
    assert client.v1.products.retrieve("mug").description == "Enamel"
    assert client.v1.products.update("mug", {"description": ""}).description is None
    assert [each.id for each in client.v1.products.list({"active": True}).data] == ["mug"]
    assert [each.id for each in client.v1.products.list({"ids": [hidden.id]}).data] == [hidden.id]
    assert client.v1.products.delete("mug").deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such product"):
        client.v1.products.retrieve("mug")
    assert mug.to_dict()["metadata"] == {"sku": "M1"}
    shop.wait_for("product.deleted")


def test_the_same_product_is_not_made_twice(client: stripe.StripeClient) -> None:
    client.v1.products.create({"id": "mug", "name": "Mug"})
    with pytest.raises(stripe.InvalidRequestError, match="already exists") as refused:
        client.v1.products.create({"id": "mug", "name": "Mug"})
    assert refused.value.code == "resource_already_exists"


def test_a_product_with_a_price_cannot_be_deleted(client: stripe.StripeClient) -> None:
    price = new_price(client)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be deleted"):
        client.v1.products.delete(str(price.product))


def test_a_default_price_belongs_to_its_product(client: stripe.StripeClient) -> None:
    price, other = new_price(client), new_price(client)
    product = client.v1.products.update(str(price.product), {"default_price": price.id})
    assert product.default_price == price.id
    with pytest.raises(stripe.InvalidRequestError, match="different product"):
        client.v1.products.update(product.id, {"default_price": other.id})


def test_a_lookup_key_moves_to_another_price_when_that_is_asked_for(
    client: stripe.StripeClient, shop: Receiver
) -> None:
    old = new_price(client, lookup_key="mug-usd")
    with pytest.raises(stripe.InvalidRequestError, match=f"`{old.id}`.* already uses that lookup"):
        new_price(client, lookup_key="mug-usd")
    new = new_price(client, lookup_key="mug-usd", transfer_lookup_key=True)
    assert client.v1.prices.retrieve(old.id).lookup_key is None
    assert [each.id for each in client.v1.prices.list({"lookup_keys": ["mug-usd"]}).data] == [
        new.id
    ]
    assert shop.wait_for("price.updated")["data"]["object"]["id"] == old.id


def test_a_price_can_be_retired_and_its_product_seen_through_it(
    client: stripe.StripeClient,
) -> None:
    price = new_price(client, nickname="Summer")
    client.v1.prices.update(price.id, {"active": False, "metadata": {"year": "2026"}})
    assert client.v1.prices.list({"active": True}).data == []
    full = client.v1.prices.retrieve(price.id, {"expand": ["product"]})
    assert isinstance(full.product, stripe.Product)
    assert full.product.name == "Mug"
    assert (full.unit_amount, str(full.unit_amount_decimal)) == (1200, "1200")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"product_data": {"name": "x"}}, "unit_amount"),
        ({"unit_amount": 5}, "either `product` or `product_data`"),
        ({"unit_amount": -5, "product_data": {"name": "x"}}, "non-negative"),
        ({"unit_amount": 5, "product": "prod_x"}, "No such product"),
        ({"unit_amount": 5, "product": "x", "recurring": {"interval": "day"}}, "does not act on"),
    ],
)
def test_prices_that_cannot_be_are_refused(
    client: stripe.StripeClient, params: dict[str, Any], message: str
) -> None:
    wish: Any = {"currency": "usd", **params}
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.prices.create(wish)


def test_coupons_take_a_percentage_or_an_amount_off(client: stripe.StripeClient) -> None:
    tenth = client.v1.coupons.create({"id": "TENTH", "percent_off": 12.5, "name": "An eighth"})
    five = client.v1.coupons.create({"amount_off": 500, "currency": "eur", "max_redemptions": 3})
    assert (tenth.percent_off, tenth.amount_off, tenth.valid) == (12.5, None, True)
    assert (five.amount_off, five.currency, five.duration) == (500, "eur", "once")
    assert [each.id for each in client.v1.coupons.list().data] == [five.id, "TENTH"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "either amount_off or percent_off"),
        ({"amount_off": 5, "currency": "usd", "percent_off": 5}, "either amount_off"),
        ({"amount_off": 5}, "pass currency"),
        ({"percent_off": 101}, "at most 100"),
        ({"percent_off": 5, "redeem_by": 1}, "in the future"),
        ({"percent_off": 5, "duration": "repeating"}, "no subscriptions"),
        ({"percent_off": "half"}, "Invalid number"),
    ],
)
def test_coupons_that_cannot_be_are_refused(
    client: stripe.StripeClient, params: dict[str, Any], message: str
) -> None:
    wish: Any = params
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.coupons.create(wish)


def test_promotion_codes_are_found_in_any_case(client: stripe.StripeClient) -> None:
    client.v1.coupons.create({"id": "TEN", "percent_off": 10})
    code = client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": "TEN"}, "code": "Spring-26"}
    )
    assert code.promotion.coupon == "TEN"
    listed = client.v1.promotion_codes.list({"code": "SPRING-26", "active": True, "coupon": "TEN"})
    assert [each.id for each in listed.data] == [code.id]
    full = client.v1.promotion_codes.list({"expand": ["data.promotion.coupon"]}).data[0]
    assert isinstance(full.promotion.coupon, stripe.Coupon)


def test_a_promotion_code_that_is_over_is_no_longer_active(client: stripe.StripeClient) -> None:
    client.v1.coupons.create({"id": "TEN", "percent_off": 10})
    over = int(time.time()) - 1
    client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": "TEN"}, "expires_at": over}
    )
    assert client.v1.promotion_codes.list({"active": True}).data == []
    assert [each.active for each in client.v1.promotion_codes.list({"active": False}).data] == [
        False
    ]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"promotion": {"type": "coupon"}}, "promotion\\[coupon\\]"),
        ({"promotion": {"type": "coupon", "coupon": "NONE"}}, "No such coupon"),
        ({"code": "with space"}, "only have the letters"),
        ({"code": "taken"}, "already exists"),
        ({"restrictions": {"minimum_amount": 5}}, "minimum_amount_currency together"),
        ({"restrictions": {"first_time_transaction": True}}, "minimum amount only"),
    ],
)
def test_promotion_codes_that_cannot_be_are_refused(
    client: stripe.StripeClient, params: dict[str, Any], message: str
) -> None:
    client.v1.coupons.create({"id": "TEN", "percent_off": 10})
    good: Any = {"promotion": {"type": "coupon", "coupon": "TEN"}}
    taken: Any = {**good, "code": "TAKEN"}
    client.v1.promotion_codes.create(taken)
    wish: Any = {**good, **params}
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.promotion_codes.create(wish)


# Stripe leaves these out until they are asked for.
LEFT_OUT = {"checkout.session": {"line_items"}, "tax.calculation": {"line_items"}}


def test_objects_have_every_field(client: stripe.StripeClient) -> None:
    price = new_price(client)
    client.v1.coupons.create({"id": "TEN", "percent_off": 10})
    session: Any = {"mode": "payment", "success_url": "http://127.0.0.1/"}
    session["line_items"] = [{"price": price.id, "quantity": 1}]
    customer = client.v1.customers.create()
    components: Any = {"payment_element": {"enabled": True}}
    details: Any = {"address": {"country": "DE"}}
    found: list[tuple[type, Any]] = [
        (stripe.Product, client.v1.products.retrieve(str(price.product))),
        (stripe.Price, price),
        (stripe.Coupon, client.v1.coupons.list().data[0]),
        (
            stripe.PromotionCode,
            client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "TEN"}}),
        ),
        (stripe.SetupIntent, client.v1.setup_intents.create()),
        (stripe.checkout.Session, client.v1.checkout.sessions.create(session)),
        (
            stripe.CustomerSession,
            client.v1.customer_sessions.create({"customer": customer.id, "components": components}),
        ),
        (
            stripe.tax.Calculation,
            client.v1.tax.calculations.create(
                {"currency": "eur", "line_items": [{"amount": 1}], "customer_details": details}
            ),
        ),
    ]
    for sdk_type, each in found:
        absent = expected_fields(sdk_type, each.object) - set(each.to_dict())
        assert absent <= LEFT_OUT.get(each.object, set()), each.object
