"""Webhooks: signed, retried, and wrong in every way that a test asks for."""

import json
import time

import pytest
import stripe

from tests.sandbox.receiver import Receiver, eventually
from tests.standin import StandIn


def new_intent(client: stripe.StripeClient) -> stripe.PaymentIntent:
    """Create an intent, which makes one event."""
    return client.v1.payment_intents.create({"amount": 4200, "currency": "usd"})


def test_a_webhook_carries_a_snapshot_and_a_signature_that_the_sdk_accepts(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    intent = new_intent(client)
    event = shop.wait_for("payment_intent.created")
    body, signature = shop.deliveries[0]
    assert stripe.WebhookSignature.verify_header(
        body.decode(), signature, stand_in.webhook_secret, 300
    )
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode(), signature, "whsec_other", 300)
    assert event["data"]["object"]["id"] == intent.id
    assert event["api_version"] == "2026-10-28.endive"
    assert event["pending_webhooks"] == 1
    assert intent.last_response is not None
    assert event["request"]["id"] == intent.last_response.request_id


@pytest.mark.parametrize("refusal", [500, 404, 302])
def test_anything_but_2xx_is_tried_again_and_signed_anew(
    client: stripe.StripeClient, shop: Receiver, refusal: int
) -> None:
    shop.answers[:] = [refusal]
    new_intent(client)
    first, second = (
        shop.wait_for("payment_intent.created", 2),
        shop.events("payment_intent.created")[0],
    )
    assert first == second
    assert shop.deliveries[0][1] != shop.deliveries[1][1]


def test_pauses_between_tries_grow(client: stripe.StripeClient, shop: Receiver) -> None:
    shop.answers[:] = [500, 500]
    started = time.monotonic()
    new_intent(client)
    shop.wait_for("payment_intent.created", 3)
    assert 2.9 < time.monotonic() - started < 6


def test_a_lost_webhook_is_found_in_the_list_of_events(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_lost", match="payment_intent.created")
    lost = new_intent(client)
    eventually(lambda: stand_in.state()["deliveries"] == {"lost": 1}, "the loss")
    new_intent(client)
    shop.wait_for("payment_intent.created")
    eventually(lambda: stand_in.state()["deliveries"].get("delivered") == 1, "the delivery")
    missed = client.v1.events.list(
        {
            "types": ["payment_intent.created", "payment_intent.succeeded"],
            "delivery_success": False,
            "created": {"gte": int(time.time()) - 60},
        }
    )
    assert [event.data.object["id"] for event in missed.data] == [lost.id]
    stand_in.resend(missed.data[0].id)
    shop.wait_for("payment_intent.created", 2)


def test_a_doubled_webhook_comes_twice(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_doubled")
    new_intent(client)
    shop.wait_for("payment_intent.created", 2)
    ids = {event["id"] for event in shop.events("payment_intent.created")}
    assert len(ids) == 1


def test_a_delayed_webhook_lets_later_ones_pass(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_delayed", match="payment_intent.created", seconds=1)
    intent = new_intent(client)
    stand_in.pay(str(intent.client_secret))
    shop.wait_for("payment_intent.succeeded")
    assert shop.events("payment_intent.created") == []
    shop.wait_for("payment_intent.created")


def test_a_wrong_signature_is_wrong_once(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_wrongly_signed")
    shop.answers[:] = [400]
    new_intent(client)
    shop.wait_for("payment_intent.created", 2)
    (body, wrong), (_same, right) = shop.deliveries
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode(), wrong, stand_in.webhook_secret, 300)
    assert stripe.WebhookSignature.verify_header(body.decode(), right, stand_in.webhook_secret, 300)


def test_a_webhook_may_come_before_the_answer(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("slow", match="POST /v1/payment_intents", seconds=1)
    started = time.monotonic()
    new_intent(client)
    assert time.monotonic() - started >= 1
    assert shop.types() == ["payment_intent.created"]


def test_events_are_kept_as_they_were(client: stripe.StripeClient, stand_in: StandIn) -> None:
    intent = new_intent(client)
    stand_in.pay(str(intent.client_secret))
    (created,) = client.v1.events.list({"type": "payment_intent.created"}).data
    again = client.v1.events.retrieve(created.id)
    assert again.data.object["status"] == "requires_payment_method"
    families = client.v1.events.list({"types": ["charge.*"]}).data
    assert [event.type for event in families] == ["charge.succeeded"]
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        client.v1.events.retrieve("evt_x")


def test_an_unknown_lever_is_refused_with_the_known_ones(stand_in: StandIn) -> None:
    with pytest.raises(RuntimeError, match="webhook_doubled"):
        stand_in.arm("earthquake")


def test_the_order_of_keys_in_a_webhook_is_json(
    client: stripe.StripeClient, shop: Receiver
) -> None:
    new_intent(client)
    shop.wait_for("payment_intent.created")
    assert json.loads(shop.deliveries[0][0])["object"] == "event"
