"""Letters that no database takes are answered like any code or sku that nobody knows."""

import pytest
from django.test import Client

from cart.models import Cart
from tests.factories import make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def shopper(client: Client) -> Client:
    """A visitor with something in the cart."""
    client.post("/cart/add/", {"variant": make_variant(sku="MUG").sku})
    return client


def test_a_coupon_code(shopper: Client) -> None:
    answer = shopper.post("/cart/coupon/", {"code": "a\0b"})

    assert answer.status_code == 422
    assert "We know no coupon" in answer.content.decode()
    for address in ("/checkout/", "/checkout/summary/"):
        typed = {"action": "apply_coupon", "coupon": "a\0b", "line1": ""}
        assert "We know no coupon" in shopper.post(address, typed, follow=True).content.decode()
    assert Cart.objects.get().coupon is None


@pytest.mark.parametrize("sku", ["MUG\0", "MUG\ud800"])
def test_a_sku(shopper: Client, sku: str) -> None:
    answer = shopper.post("/api/cart/lines", {"sku": sku}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_sku")
    assert shopper.post("/cart/add/", {"variant": "MUG\0"}).status_code == 302
    assert Cart.objects.get().lines.get().quantity == 1
