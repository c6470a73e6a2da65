"""The list of events, from which a shop learns what it missed, also when there are many."""

import time
from pathlib import Path
from typing import Any

import pytest
import stripe

from sandbox.calls import ROUTES
from sandbox.config import read_config
from sandbox.store import Store
from sandbox.world import Call, World
from tests.sandbox.paid import pay
from tests.sandbox.receiver import Receiver, eventually
from tests.standin import StandIn

KEYS = {
    "STRIPE_SECRET_KEY": "sk_test_1",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
}


def test_events_are_listed_by_type_and_by_family(client: stripe.StripeClient) -> None:
    intent = pay(client)
    client.v1.refunds.create({"payment_intent": intent.id})

    def types(*wanted: str) -> list[str]:
        return [event.type for event in client.v1.events.list({"types": list(wanted)}).data]

    assert types("charge.*") == ["charge.refunded", "charge.succeeded"]
    assert types("refund.*", "payment_intent.succeeded") == [
        "refund.created",
        "payment_intent.succeeded",
    ]
    assert types("charge") == []
    assert len(client.v1.events.list({"type": "charge.refunded"}).data) == 1
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of"):
        client.v1.events.list({"type": "charge.refunded", "types": ["charge.refunded"]})


def test_events_are_listed_by_time(client: stripe.StripeClient, stand_in: StandIn) -> None:
    pay(client)
    now = int(stand_in.advance_clock(3600))
    client.v1.customers.create({"email": "ada@example.com"})
    later = client.v1.events.list({"created": {"gte": now}}).data
    assert [event.type for event in later] == ["customer.created"]
    assert client.v1.events.list({"created": {"gt": later[0].created}}).data == []
    earlier = client.v1.events.list({"created": {"gt": now - 4000, "lt": now}}).data
    assert len(earlier) == 3
    assert client.v1.events.list({"created": later[0].created}).data[0].id == later[0].id


def test_pages_forth_and_back_hold_every_event_once(client: stripe.StripeClient) -> None:
    for _ in range(7):
        client.v1.customers.create({"email": "ada@example.com"})
    everything = [event.id for event in client.v1.events.list({"limit": 100}).data]
    assert len(everything) == 7
    paged = client.v1.events.list({"limit": 3}).auto_paging_iter()
    assert [event.id for event in paged] == everything
    back = client.v1.events.list({"limit": 3, "ending_before": everything[-1]})
    assert [event.id for event in back.data] == everything[3:6]
    assert back.has_more
    assert not client.v1.events.list({"ending_before": everything[3], "limit": 3}).has_more
    for limit in (0, 101):
        with pytest.raises(stripe.InvalidRequestError, match="between 1 and 100"):
            client.v1.events.list({"limit": limit})
    with pytest.raises(stripe.InvalidRequestError, match="No such object: 'evt_x'"):
        client.v1.events.list({"starting_after": "evt_x"})


def test_an_event_that_was_lost_is_undelivered_until_it_is_sent_again(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_lost")
    client.v1.customers.create({"email": "ada@example.com"})
    eventually(lambda: stand_in.state()["deliveries"] == {"lost": 1}, "the loss")
    (missed,) = client.v1.events.list({"delivery_success": False}).data
    assert missed.pending_webhooks == 0
    stand_in.resend(missed.id)
    shop.wait_for("customer.created")
    eventually(lambda: client.v1.events.list({"delivery_success": True}).data != [], "success")
    assert client.v1.events.list({"delivery_success": False}).data == []


def test_a_page_is_quick_among_ten_thousand_events(tmp_path: Path) -> None:
    world = World(read_config(KEYS), Store(tmp_path / "stripe.sqlite3"))
    types = ["charge.succeeded", "payment_intent.created", "payment_intent.succeeded"]
    snapshot = {"id": "pi_1", "object": "payment_intent", "metadata": {"filler": "x" * 2000}}
    with world.store.transaction():
        for number in range(10_000):
            event = {
                "id": f"evt_{number}",
                "object": "event",
                "created": number,
                "type": "refund.failed" if number == 10 else types[number % 3],
                "data": {"object": snapshot},
            }
            world.store.add(event, {})
            if number % 5 == 0:
                world.plan_deliveries(event, ["we_configured"])
    pages: list[Any] = [
        {"limit": 100},
        {"limit": 100, "types": ["payment_intent.*", "charge.*"]},
        {"types": ["refund.failed", "charge.refunded"]},
        {"created": {"gte": 9990}, "types": ["payment_intent.succeeded"]},
        {"delivery_success": False, "limit": 100, "starting_after": "evt_5000"},
    ]
    for params in pages:
        seconds = min(_seconds_to_list(world, params) for _ in range(3))
        assert seconds < 0.05, params


def _seconds_to_list(world: World, params: Any) -> float:
    started = time.perf_counter()
    with world.store.transaction():
        found = ROUTES["GET /v1/events"](Call(world, params))["data"]
    assert found
    return time.perf_counter() - started
