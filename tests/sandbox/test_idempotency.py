"""Idempotency keys, exactly as Stripe keeps them, and the failures that they are for."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.standin import StandIn


def create(client: stripe.StripeClient, key: str, amount: int = 4200) -> stripe.PaymentIntent:
    """Create an intent under a key."""
    return client.v1.payment_intents.create(
        {"amount": amount, "currency": "usd"}, {"idempotency_key": key}
    )


def header(answer: stripe.StripeObject, name: str) -> str | None:
    """Return a header of the answer that an object came with."""
    assert answer.last_response is not None
    value: str | None = answer.last_response.headers.get(name)
    return value


def test_the_same_key_gets_the_same_answer(client: stripe.StripeClient, stand_in: StandIn) -> None:
    first, second = create(client, "order-1"), create(client, "order-1")
    assert first.to_dict() == second.to_dict()
    assert header(first, "Idempotent-Replayed") is None
    assert header(second, "Idempotent-Replayed") == "true"
    assert header(first, "Request-Id") != header(second, "Request-Id")
    assert stand_in.state()["counts"] == {"payment_intent": 1, "event": 1}


def test_the_same_key_with_other_parameters_is_an_error(client: stripe.StripeClient) -> None:
    create(client, "order-1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        create(client, "order-1", amount=5000)
    assert refused.value.http_status == 400


def test_the_same_key_for_another_call_is_an_error(client: stripe.StripeClient) -> None:
    intent = create(client, "order-1")
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.cancel(intent.id, {}, {"idempotency_key": "order-1"})


def test_a_key_in_flight_is_a_conflict(client: stripe.StripeClient, stand_in: StandIn) -> None:
    stand_in.arm("slow", match="POST /v1/payment_intents", seconds=1)
    slow = threading.Thread(target=create, args=(client, "order-1"))
    slow.start()
    time.sleep(0.4)
    with pytest.raises(stripe.APIError) as conflict:
        create(client, "order-1")
    slow.join()
    assert conflict.value.http_status == 409
    assert header(create(client, "order-1"), "Idempotent-Replayed") == "true"


def test_fifty_creations_at_once_under_one_key_make_one_intent(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    def attempt(_number: int) -> str:
        try:
            return create(client, "order-1").id
        except stripe.APIError as error:
            return str(error.http_status)

    with ThreadPoolExecutor(25) as pool:
        outcomes = set(pool.map(attempt, range(50)))
    assert stand_in.state()["counts"]["payment_intent"] == 1
    assert len(outcomes - {"409"}) == 1


def test_nothing_is_kept_of_parameters_that_break_the_contract(
    client: stripe.StripeClient,
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        create(client, "order-1", amount=0)
    assert create(client, "order-1").amount == 4200


def test_a_decline_is_replayed_and_charged_once(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    intent = create(client, "order-1")
    for _ in range(2):
        with pytest.raises(stripe.CardError, match="declined"):
            client.v1.payment_intents.confirm(
                intent.id,
                {"payment_method": "pm_card_chargeDeclined", "return_url": "http://127.0.0.1/"},
                {"idempotency_key": "pay-1"},
            )
    assert stand_in.state()["counts"]["charge"] == 1


def test_an_error_before_the_effect_leaves_nothing_behind(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    stand_in.arm("error_before", match="POST /v1/payment_intents")
    with pytest.raises(stripe.APIError) as broken:
        create(client, "order-1")
    assert broken.value.http_status == 500
    assert stand_in.state()["counts"] == {}
    assert create(client, "order-1").amount == 4200


def test_an_error_after_the_effect_is_replayed_although_the_intent_exists(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    stand_in.arm("error_after", match="POST /v1/payment_intents")
    for _ in range(2):
        with pytest.raises(stripe.APIError) as broken:
            create(client, "order-1")
        assert broken.value.http_status == 500
    assert broken.value.headers is not None
    assert broken.value.headers["Idempotent-Replayed"] == "true"
    assert stand_in.state()["counts"]["payment_intent"] == 1


def test_a_dropped_connection_hides_an_answer_that_the_key_brings_back(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    stand_in.arm("connection_dropped", match="POST /v1/payment_intents")
    with pytest.raises(stripe.APIConnectionError):
        create(client, "order-1")
    assert header(create(client, "order-1"), "Idempotent-Replayed") == "true"
    assert stand_in.state()["counts"]["payment_intent"] == 1


def test_a_fault_strikes_only_what_it_matches(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    stand_in.arm("error_before", match="POST /v1/payment_intents/*/confirm")
    assert create(client, "order-1").status == "requires_payment_method"


def test_a_key_has_at_most_255_characters(client: stripe.StripeClient) -> None:
    assert create(client, "k" * 255).amount == 4200
    with pytest.raises(stripe.InvalidRequestError, match="255"):
        create(client, "k" * 256)
