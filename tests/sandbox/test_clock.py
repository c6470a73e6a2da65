"""The clock that tests move: deadlines come when they are told to."""

import time
from pathlib import Path

import pytest
import stripe

from tests.sandbox.conftest import sdk
from tests.sandbox.paid import pay
from tests.sandbox.receiver import Receiver, eventually
from tests.standin import StandIn

HOUR = 3600
DAY = 24 * HOUR


def new_intent(client: stripe.StripeClient, key: str | None = None) -> stripe.PaymentIntent:
    """Create an intent."""
    options: stripe.RequestOptions = {"idempotency_key": key} if key else {}
    return client.v1.payment_intents.create({"amount": 4200, "currency": "usd"}, options)


def test_what_is_made_after_a_move_is_dated_by_the_moved_clock(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    now = stand_in.advance_clock(3 * DAY)
    assert abs(now - time.time() - 3 * DAY) < 5
    intent = pay(client)
    charge = client.v1.charges.retrieve(str(intent.latest_charge))
    event = client.v1.events.list().data[0]
    for each in (intent, charge, event):
        assert 0 <= each.created - int(now) < 5
    assert client.v1.events.list({"created": {"lt": int(now) - HOUR}}).data == []


def test_the_clock_can_be_set_forward_and_not_back(stand_in: StandIn) -> None:
    target = time.time() + DAY
    assert abs(stand_in.control("clock", {"now": target})["now"] - target) < 1
    assert stand_in.control("clock", None)["ahead_seconds"] > DAY - 5
    for wish in ({"now": time.time()}, {"advance_seconds": -1}):
        with pytest.raises(RuntimeError, match="only goes forward"):
            stand_in.control("clock", wish)
    with pytest.raises(RuntimeError, match="either advance_seconds or now"):
        stand_in.control("clock", {})
    stand_in.reset()
    assert stand_in.control("clock", None)["ahead_seconds"] == 0


def test_a_webhook_is_tried_again_when_its_pause_is_over_by_the_clock(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_delayed", seconds=2 * HOUR)
    new_intent(client)
    eventually(lambda: stand_in.faults()[0]["struck"] == 1, "the delay")
    assert shop.deliveries == []
    stand_in.advance_clock(2 * HOUR)
    shop.wait_for("payment_intent.created")
    body, signature = shop.deliveries[0]
    assert stripe.WebhookSignature.verify_header(
        body.decode(), signature, stand_in.webhook_secret, 300
    ), "the signature's time is the machine's: the shop holds it against its own clock"


def test_an_idempotency_key_is_forgotten_after_a_day(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    first = new_intent(client, "order-1")
    stand_in.advance_clock(23 * HOUR)
    assert new_intent(client, "order-1").id == first.id
    stand_in.advance_clock(HOUR + 60)
    assert new_intent(client, "order-1").id != first.id


def test_a_moved_clock_and_a_rotated_secret_survive_a_kill(tmp_path: Path, shop: Receiver) -> None:
    mortal = StandIn(tmp_path / "stripe.sqlite3", settle_seconds=DAY)
    mortal.start(webhook_url=shop.url)
    try:
        fresh = mortal.rotate_secret()
        mortal.advance_clock(HOUR)
        pay(sdk(mortal), method="pm_card_createDispute")
        mortal.kill()
        mortal.start()
        assert mortal.control("clock", None)["ahead_seconds"] == HOUR
        mortal.advance_clock(DAY)
        shop.wait_for("charge.dispute.created")
        body, signature = shop.deliveries[-1]
        assert stripe.WebhookSignature.verify_header(body.decode(), signature, fresh, 300)
    finally:
        mortal.stop()
