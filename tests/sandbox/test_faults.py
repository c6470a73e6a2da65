"""Failures on demand: how each looks to a shop, how they are counted, how often they come."""

import time
from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import sdk
from tests.sandbox.receiver import Receiver, eventually
from tests.standin import StandIn

CREATE = "POST /v1/payment_intents"


def new_intent(client: stripe.StripeClient, key: str | None = None) -> stripe.PaymentIntent:
    """Create an intent, which makes one event."""
    options: stripe.RequestOptions = {"idempotency_key": key} if key else {}
    return client.v1.payment_intents.create({"amount": 4200, "currency": "usd"}, options)


def is_old(delivery: tuple[bytes, str], secret: str) -> bool:
    """Return whether a delivery's signature is right but too old for the SDK."""
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance zone"):
        stripe.WebhookSignature.verify_header(delivery[0].decode(), delivery[1], secret, 300)
    return bool(
        stripe.WebhookSignature.verify_header(delivery[0].decode(), delivery[1], secret, None)
    )


def test_a_reordered_webhook_comes_after_the_next_one_about_the_same_payment(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_reordered", match="payment_intent.created", seconds=60)
    intent = new_intent(client)
    new_intent(client)
    shop.wait_for("payment_intent.created")
    time.sleep(0.3)
    assert shop.types() == ["payment_intent.created"]
    client.v1.payment_intents.cancel(intent.id)
    shop.wait_for("payment_intent.created", 2)
    about_it = [
        event["type"]
        for kind in ("payment_intent.canceled", "payment_intent.created")
        for event in shop.events(kind)
        if event["data"]["object"]["id"] == intent.id
    ]
    assert about_it == ["payment_intent.canceled", "payment_intent.created"]
    assert shop.types()[-1] == "payment_intent.created"


def test_a_reordered_webhook_comes_by_itself_after_a_while(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_reordered", seconds=0.3)
    new_intent(client)
    shop.wait_for("payment_intent.created")
    assert stand_in.faults()[0]["struck"] == 1


def test_a_stale_webhook_is_refused_by_the_sdk_and_comes_fresh_again(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_stale")
    shop.answers[:] = [400]
    new_intent(client)
    shop.wait_for("payment_intent.created", 2)
    assert is_old(shop.deliveries[0], stand_in.webhook_secret)
    body, fresh = shop.deliveries[1]
    assert stripe.WebhookSignature.verify_header(body.decode(), fresh, stand_in.webhook_secret, 300)


def test_an_early_webhook_is_there_before_the_answer(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_early", match="payment_intent.created")
    shop.pause_seconds = 0.3
    new_intent(client)
    assert shop.types() == ["payment_intent.created"]


def test_an_early_webhook_that_is_refused_does_not_hold_the_answer_up(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    stand_in.arm("webhook_early")
    shop.answers[:] = [500] * 3
    started = time.monotonic()
    new_intent(client)
    assert time.monotonic() - started < 2


def test_too_many_requests_are_not_tried_again_by_the_sdk_unless_it_is_told_to(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    patient = stripe.StripeClient(
        stand_in.secret_key, base_addresses={"api": stand_in.url}, max_network_retries=1
    )
    stand_in.arm("rate_limited", match=CREATE)
    with pytest.raises(stripe.RateLimitError) as limited:
        new_intent(patient, "order-1")
    assert limited.value.http_status == 429
    stand_in.arm("rate_limited", match=CREATE, should_retry=True)
    assert new_intent(patient, "order-1").amount == 4200
    assert [fault["struck"] for fault in stand_in.faults()] == [1, 1]


def test_a_conflict_leaves_nothing_behind(client: stripe.StripeClient, stand_in: StandIn) -> None:
    stand_in.arm("conflict", match=CREATE)
    with pytest.raises(stripe.APIError) as conflict:
        new_intent(client, "order-1")
    assert conflict.value.http_status == 409
    assert stand_in.state()["counts"] == {}
    assert new_intent(client, "order-1").amount == 4200


def test_after_a_time_out_the_key_brings_the_answer_back(stand_in: StandIn) -> None:
    hasty = stripe.StripeClient(
        stand_in.secret_key,
        base_addresses={"api": stand_in.url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=0.5),
    )
    stand_in.arm("timeout_after", match=CREATE)
    started = time.monotonic()
    with pytest.raises(stripe.APIConnectionError):
        new_intent(hasty, "order-1")
    assert 0.4 < time.monotonic() - started < 5
    assert new_intent(hasty, "order-1").amount == 4200
    assert stand_in.state()["counts"]["payment_intent"] == 1


def test_a_time_out_ends_by_itself_without_an_answer(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    stand_in.arm("timeout_after", match=CREATE, seconds=0.3)
    with pytest.raises(stripe.APIConnectionError):
        new_intent(client)


def test_a_fault_at_a_rate_strikes_about_that_often_and_the_same_with_the_same_seed(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    patterns = []
    for _ in range(2):
        stand_in.disarm()
        stand_in.arm("error_before", match=CREATE, rate=0.3, seed=7)
        patterns.append([fails(client) for _ in range(60)])
        assert stand_in.faults()[0]["struck"] == sum(patterns[-1])
    assert patterns[0] == patterns[1]
    assert 8 < sum(patterns[0]) < 30


def fails(client: stripe.StripeClient) -> bool:
    """Return whether a call fails inside Stripe."""
    try:
        new_intent(client)
    except stripe.APIError:
        return True
    return False


def test_faults_are_listed_with_what_is_left_of_them_and_disarmed(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    stand_in.arm("error_before", match=CREATE, times=2)
    stand_in.arm("webhook_lost", rate=0.25)
    assert fails(client)
    assert stand_in.faults() == [
        {
            "kind": "error_before",
            "match": CREATE,
            "times": 1,
            "rate": None,
            "seconds": 0,
            "struck": 1,
        },
        {
            "kind": "webhook_lost",
            "match": "*",
            "times": None,
            "rate": 0.25,
            "seconds": 0,
            "struck": 0,
        },
    ]
    stand_in.disarm()
    assert stand_in.faults() == []
    assert not fails(client)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"kind": "earthquake"}, "kind must be one of"),
        ({"kind": "slow", "rate": 1.5}, "between 0 and 1"),
        ({"kind": "slow", "rate": 0.5, "times": 2}, "not both"),
        ({"kind": "slow", "colour": "red"}, "colour is unknown"),
    ],
)
def test_faults_that_cannot_be_read_are_refused(
    stand_in: StandIn, wish: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        stand_in.control("faults", wish)


def test_a_storm_of_faults_loses_no_event(stand_in: StandIn, shop: Receiver) -> None:
    for kind in ("webhook_doubled", "webhook_reordered"):
        stand_in.arm(kind, rate=0.2, seconds=0.2, seed=1)
    stand_in.arm("error_after", match=CREATE, rate=0.1, seed=2)
    client = sdk(stand_in)
    for _ in range(40):
        fails(client)
    made = stand_in.state()["counts"]["event"]

    def received() -> set[str]:
        return {event["id"] for event in shop.events("payment_intent.created")}

    eventually(lambda: len(received()) == made, f"{made} events")
    assert len(shop.deliveries) > made
