"""Everybody at once, on PostgreSQL: nothing is sold twice, charged twice or applied twice."""

import json
import uuid
from collections import Counter
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from checkout.inbox import apply_event
from checkout.models import WebhookEvent
from checkout.tasks import sweep
from inventory.models import StockItem, StockMovement
from orders.models import Order, OrderEvent, Payment
from tests.at_once import all_at_once
from tests.checkout.shopper import ADA, deliver_all, fake_event, post_event
from tests.factories import make_shipping, make_variant
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.storm]

SHOPPERS = 50


@pytest.fixture(autouse=True)
def _only_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")


def filled_client(sku: str) -> Client:
    client = Client()
    client.post("/cart/add/", {"variant": sku, "quantity": 1})
    return client


def pay(client: Client, total_minor: int) -> tuple[int, dict[str, Any]]:
    form = {"email": ADA.email, **ADA.shipping}
    answer = client.post(
        "/api/checkout/payment-intent",
        {**form, "shown_total_minor": total_minor, "shown_currency": "USD"},
        content_type="application/json",
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    return answer.status_code, json.loads(answer.content)


def test_last_unit_two_buyers(standin: StandIn) -> None:
    """50 shoppers want the last 10 units: 10 pay, 40 are told clearly, nothing is left."""
    make_shipping(600)
    variant = make_variant(price_minor=4200, units=10)
    clients = [filled_client(variant.sku) for _ in range(SHOPPERS)]

    def buy(number: int) -> str:
        status, answer = pay(clients[number], 5184)
        if status != 200:
            return str(answer["message"])
        standin.pay(answer["client_secret"])
        return "paid"

    told = Counter(all_at_once(SHOPPERS, buy))
    deliver_all()

    assert told.pop("paid") == 10
    assert sum(told.values()) == 40
    assert all("sold out" in message.lower() for message in told), told
    assert Order.objects.filter(state=Order.State.PAID).count() == Order.objects.count() == 10
    assert standin.state()["charges_succeeded"] == 10
    assert StockItem.objects.values_list("on_hand", "held").get() == (0, 0)
    assert StockMovement.objects.filter(reason="sold").count() == 10


def test_two_charges_per_order(standin: StandIn) -> None:
    """50 submits of one checkout at once: one order, one intent, one answer."""
    make_shipping(600)
    client = filled_client(make_variant(price_minor=4200, units=10).sku)
    cookies = client.cookies

    def submit(_number: int) -> tuple[int, str]:
        tab = Client()
        tab.cookies = SimpleCookie(cookies)
        status, answer = pay(tab, 5184)
        return status, str(answer.get("client_secret"))

    answers = set(all_at_once(SHOPPERS, submit))

    assert len(answers) == 1
    assert next(iter(answers))[0] == 200
    assert Order.objects.count() == 1
    assert len(standin.state()["payment_intents"]) == 1
    assert StockItem.objects.get().held == 1


def test_triple_delivery(standin: StandIn) -> None:
    """The same event 20 times at once has one effect."""
    make_shipping(600)
    client = filled_client(make_variant(price_minor=4200, units=10).sku)
    _status, answer = pay(client, 5184)
    standin.pay(answer["client_secret"])
    intent_id = answer["client_secret"].partition("_secret_")[0]
    event = fake_event("payment_intent.succeeded", intent_id)

    def deliver(_number: int) -> int:
        status = post_event(event)
        apply_event(event["id"])
        return status

    assert set(all_at_once(20, deliver)) == {200}

    assert WebhookEvent.objects.count() == 1
    assert Payment.objects.count() == 1
    assert OrderEvent.objects.filter(kind=OrderEvent.Kind.PAID).count() == 1
    assert StockItem.objects.get().on_hand == 9


def test_storefront_races_webhook(standin: StandIn) -> None:
    """Browser, webhook and sweep all complete the purchase at once."""
    make_shipping(600)
    client = filled_client(make_variant(price_minor=4200, units=10).sku)
    _status, answer = pay(client, 5184)
    standin.pay(answer["client_secret"])
    intent_id = answer["client_secret"].partition("_secret_")[0]
    event = fake_event("payment_intent.succeeded", intent_id)
    post_event(event)
    Order.objects.update(held_until=Order.objects.get().placed_at)

    def complete(number: int) -> None:
        works: list[Callable[[], Any]] = [
            lambda: apply_event(event["id"]),
            sweep,
            lambda: pay(client, 5184),
        ]
        works[number % 3]()

    all_at_once(9, complete)

    assert Order.objects.get().state == Order.State.PAID
    assert Payment.objects.count() == 1
    assert standin.state()["charges_succeeded"] == 1
    assert StockItem.objects.values_list("on_hand", "held").get() == (9, 0)
