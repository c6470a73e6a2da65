"""The cart as JSON."""

from typing import Any

import pytest
from django.test import Client

from cart.models import Cart
from tests.factories import make_cart, make_shipping, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]

JSON = "application/json"


def add(client: Client, sku: str, quantity: int = 1) -> Any:
    return client.post("/api/cart/lines", {"sku": sku, "quantity": quantity}, content_type=JSON)


def test_without_a_cart_it_is_empty_and_none_is_made() -> None:
    answer = Client().get("/api/cart")

    assert answer.status_code == 200
    empty = answer.json()
    assert (empty["lines"], empty["count"], empty["total_minor"]) == ([], 0, 0)
    assert (empty["currency"], empty["country"], empty["is_ready"]) == ("USD", "US", False)
    assert not Cart.objects.exists()


def test_a_line_is_added_and_the_cart_is_answered_with_its_price() -> None:
    make_shipping(600)
    client, variant = Client(), make_variant(price_minor=4200, options={"Size": "M"})

    answer = add(client, variant.sku, 2)

    assert answer.status_code == 201
    cart = answer.json()
    [line] = cart["lines"]
    assert (line["sku"], line["options"], line["quantity"]) == (variant.sku, "M", 2)
    assert (line["unit_price_minor"], line["subtotal_minor"]) == (4200, 8400)
    assert (cart["tax_percent"], cart["tax_minor"], cart["total_minor"]) == ("8", 720, 9720)
    assert (cart["count"], cart["is_ready"]) == (2, True)
    assert client.get("/api/cart").json() == cart


def test_a_line_is_changed_and_removed() -> None:
    client, variant = Client(), make_variant()
    [line] = add(client, variant.sku).json()["lines"]
    path = f"/api/cart/lines/{line['id']}"

    changed = client.patch(path, {"quantity": 3}, content_type=JSON)
    assert (changed.status_code, changed.json()["count"]) == (200, 3)

    removed = client.delete(path)
    assert (removed.status_code, removed.json()["lines"]) == (200, [])


@pytest.mark.parametrize(
    ("quantity", "message"),
    [(4, "Only 3 left. Choose 3 or fewer."), (0, "Enter a whole number from 1 to 99.")],
)
def test_a_refusal_is_a_sentence(quantity: int, message: str) -> None:
    client, variant = Client(), make_variant(units=3)
    [line] = add(client, variant.sku).json()["lines"]

    path = f"/api/cart/lines/{line['id']}"
    changed = client.patch(path, {"quantity": quantity}, content_type=JSON)
    assert (changed.status_code, changed.json()) == (422, {"code": "refused", "message": message})
    assert add(Client(), variant.sku, quantity).json() == changed.json()


def test_an_unknown_sku_is_refused() -> None:
    answer = add(Client(), "NOPE")

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_sku")


def test_the_lines_of_others_are_not_found() -> None:
    path = f"/api/cart/lines/{make_cart(make_variant()).lines.get().pk}"
    stranger = Client()
    add(stranger, make_variant().sku)

    for client in (Client(), stranger):
        assert client.patch(path, {"quantity": 2}, content_type=JSON).status_code == 404
        assert client.delete(path).status_code == 404
    assert Cart.objects.earliest("pk").lines.get().quantity == 1


def test_nothing_is_changed_without_the_sites_csrf_token() -> None:
    client, variant = Client(enforce_csrf_checks=True), make_variant()
    body = {"sku": variant.sku, "quantity": 1}

    assert client.post("/api/cart/lines", body, content_type=JSON).status_code == 403
    assert client.patch("/api/cart/lines/1", {"quantity": 1}, content_type=JSON).status_code == 403
    assert client.delete("/api/cart/lines/1").status_code == 403
    assert client.get("/api/cart").status_code == 200
    assert not Cart.objects.exists()

    client.get("/cart/")
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    answer = client.post("/api/cart/lines", body, content_type=JSON, headers=token)
    assert answer.status_code == 201
