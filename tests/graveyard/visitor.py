"""A visitor of the shop, by its pages and its JSON, as the browser asks for them."""

import json
import uuid
from http.cookies import SimpleCookie
from typing import Any

from django.test import Client

from shop.models import Variant
from tests.checkout.shopper import ADA


def visitor(variant: Variant, quantity: int = 1) -> Client:
    """Return the browser of a visitor who has put so many units into the cart."""
    client = Client()
    put_in_cart(client, variant, quantity)
    return client


def put_in_cart(client: Client, variant: Variant, quantity: int = 1) -> None:
    """Press the button of the product's page."""
    client.post("/cart/add/", {"variant": variant.sku, "quantity": quantity})


def another_tab(client: Client) -> Client:
    """Return another tab of the same browser."""
    tab = Client()
    tab.cookies = SimpleCookie(client.cookies)
    return tab


def pay(client: Client, total_minor: int, **fields: Any) -> tuple[int, dict[str, Any]]:
    """Press Pay below that total in dollars; return status and body of the answer."""
    form = {"email": ADA.email, **ADA.shipping, "shown_currency": "USD", **fields}
    answer = client.post(
        "/api/checkout/payment-intent",
        {**form, "shown_total_minor": total_minor},
        content_type="application/json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    return answer.status_code, json.loads(answer.content)


def intent_of(client_secret: str) -> str:
    """Return the id of the intent that a client secret opens."""
    return client_secret.partition("_secret_")[0]
