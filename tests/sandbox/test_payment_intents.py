"""Every state of a payment intent and every test card, through the official SDK."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest
import stripe

from sandbox.cards import CARDS
from tests.sandbox.receiver import Receiver, eventually
from tests.standin import StandIn

BACK = "http://127.0.0.1/back"


def new_intent(client: stripe.StripeClient, **more: Any) -> stripe.PaymentIntent:
    """Create an intent of $42.00."""
    params: Any = {"amount": 4200, "currency": "usd", **more}
    return client.v1.payment_intents.create(params)


def confirm(
    client: stripe.StripeClient, intent: stripe.PaymentIntent, method: str = "pm_card_visa"
) -> stripe.PaymentIntent:
    """Confirm as a server does."""
    return client.v1.payment_intents.confirm(
        intent.id, {"payment_method": method, "return_url": BACK}
    )


def test_a_new_intent_waits_for_a_payment_method(client: stripe.StripeClient) -> None:
    intent = new_intent(client, metadata={"order": "1001"}, description="Order 1001")
    assert intent.status == "requires_payment_method"
    assert intent.to_dict()["metadata"] == {"order": "1001"}
    assert intent.client_secret is not None
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    assert client.v1.payment_intents.retrieve(intent.id).to_dict() == intent.to_dict()


def test_an_intent_with_a_payment_method_waits_for_confirmation(
    client: stripe.StripeClient,
) -> None:
    intent = new_intent(client, payment_method="pm_card_visa")
    assert intent.status == "requires_confirmation"
    assert intent.payment_method != "pm_card_visa"


def test_a_confirmed_payment_has_one_charge(client: stripe.StripeClient, shop: Receiver) -> None:
    intent = confirm(client, new_intent(client))
    assert (intent.status, intent.amount_received) == ("succeeded", 4200)
    charge = client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.status, charge.captured, charge.payment_intent) == ("succeeded", True, intent.id)
    event = shop.wait_for("payment_intent.succeeded")
    assert event["data"]["object"]["id"] == intent.id
    # Each at least once: a slow receiver gets an event again.
    eventually(lambda: len(set(shop.types())) >= 3, "three events")
    assert sorted(set(shop.types())) == [
        "charge.succeeded",
        "payment_intent.created",
        "payment_intent.succeeded",
    ]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.title)
def test_each_card_does_what_its_title_says(
    client: stripe.StripeClient, stand_in: StandIn, card: Any
) -> None:
    intent = new_intent(client)
    result = stand_in.pay(str(intent.client_secret), card.number)
    after = client.v1.payment_intents.retrieve(intent.id)
    if card.decline:
        assert result["error"]["type"] == "card_error"
        assert result["error"]["code"] == card.decline.code
        assert result["error"]["decline_code"] == card.decline.decline_code
        assert result["error"]["message"] == card.decline.message
        assert result["error"]["payment_intent"]["id"] == intent.id
        assert after.status == "requires_payment_method"
        assert after.last_payment_error is not None
        assert after.last_payment_error.decline_code == card.decline.decline_code
        assert client.v1.charges.retrieve(str(after.latest_charge)).status == "failed"
    else:
        assert after.status == ("processing" if card.settles else "succeeded")
        assert result["paymentIntent"]["status"] == after.status


def test_the_sdk_raises_a_card_error_that_carries_the_intent(client: stripe.StripeClient) -> None:
    intent = new_intent(client)
    with pytest.raises(stripe.CardError, match="insufficient funds") as refused:
        confirm(client, intent, "pm_card_chargeDeclinedInsufficientFunds")
    assert refused.value.http_status == 402
    assert refused.value.code == "card_declined"
    assert refused.value.error is not None
    assert refused.value.error.decline_code == "insufficient_funds"
    assert refused.value.error.payment_intent is not None
    assert refused.value.error.payment_intent.status == "requires_payment_method"


def test_after_a_decline_a_good_card_pays(client: stripe.StripeClient, stand_in: StandIn) -> None:
    intent = new_intent(client)
    stand_in.pay(str(intent.client_secret), "4000000000000002")
    stand_in.pay(str(intent.client_secret), "4242424242424242")
    assert stand_in.state()["captured"] == {"usd": 4200}
    assert stand_in.state()["counts"]["charge"] == 2


def test_a_card_that_is_no_test_card_is_declined(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    result = stand_in.pay(str(new_intent(client).client_secret), "4111111111111111")
    assert result["error"]["decline_code"] == "test_mode_live_card"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("card[number]", "4242424242424241", "incorrect_number"),
        ("card[exp_month]", "13", "invalid_expiry_month"),
        ("card[exp_year]", "2020", "invalid_expiry_year"),
        ("card[cvc]", "12", "invalid_cvc"),
    ],
)
def test_a_card_that_cannot_be_is_refused(
    stand_in: StandIn, field: str, value: str, code: str
) -> None:
    card = {
        "type": "card",
        "card[number]": "4242424242424242",
        "card[exp_month]": "12",
        "card[exp_year]": "2040",
        "card[cvc]": "123",
    }
    status, body = stand_in.browser_call("payment_methods", {**card, field: value})
    assert (status, body["error"]["code"]) == (402, code)


def test_a_failed_challenge_puts_the_intent_back(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    intent = new_intent(client)
    result = stand_in.pay(str(intent.client_secret), "4000000000003220", authenticate="fail")
    assert result["error"]["code"] == "payment_intent_authentication_failure"
    after = client.v1.payment_intents.retrieve(intent.id)
    assert (after.status, after.latest_charge) == ("requires_payment_method", None)
    shop.wait_for("payment_intent.requires_action")
    shop.wait_for("payment_intent.payment_failed")


def test_a_server_is_told_where_the_challenge_is(client: stripe.StripeClient) -> None:
    intent = confirm(client, new_intent(client), "pm_card_authenticationRequired")
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    assert intent.next_action.redirect_to_url.return_url == BACK


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_a_payment_in_processing_is_settled_later(
    client: stripe.StripeClient, shop: Receiver, outcome: str
) -> None:
    method = f"pm_sandbox_processing{'Succeeds' if outcome == 'succeeded' else 'Fails'}"
    intent = confirm(client, new_intent(client), method)
    assert intent.status == "processing"
    shop.wait_for("payment_intent.processing")
    event = shop.wait_for(
        "payment_intent.succeeded" if outcome == "succeeded" else "payment_intent.payment_failed"
    )
    assert event["data"]["object"]["id"] == intent.id
    assert event["request"] == {"id": None, "idempotency_key": None}
    charge = client.v1.charges.retrieve(str(intent.latest_charge))
    assert charge.status == outcome


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_a_test_settles_a_payment_when_it_likes(
    client: stripe.StripeClient, stand_in: StandIn, outcome: Literal["succeeded", "failed"]
) -> None:
    intent = confirm(client, new_intent(client), "pm_sandbox_processingSucceeds")
    stand_in.settle(intent.id, outcome)
    after = client.v1.payment_intents.retrieve(intent.id)
    assert after.status == ("succeeded" if outcome == "succeeded" else "requires_payment_method")


def test_a_manual_capture_takes_a_part(client: stripe.StripeClient, shop: Receiver) -> None:
    intent = confirm(client, new_intent(client, capture_method="manual"))
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 4200)
    shop.wait_for("payment_intent.amount_capturable_updated")
    with pytest.raises(stripe.InvalidRequestError, match="between 1 and 4200"):
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 4201})
    taken = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 4000})
    assert (taken.status, taken.amount_received) == ("succeeded", 4000)
    with pytest.raises(stripe.InvalidRequestError, match="cannot capture"):
        client.v1.payment_intents.capture(intent.id)


@pytest.mark.parametrize(
    ("method", "options"),
    [
        (None, {}),
        ("pm_card_authenticationRequired", {}),
        ("pm_card_visa", {"capture_method": "manual"}),
    ],
)
def test_an_intent_without_money_can_be_cancelled(
    client: stripe.StripeClient, shop: Receiver, method: str | None, options: dict[str, str]
) -> None:
    intent = new_intent(client, **options)
    if method:
        intent = confirm(client, intent, method)
    gone = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    shop.wait_for("payment_intent.canceled")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        confirm(client, intent)
    assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_sandbox_processingSucceeds"])
def test_an_intent_with_money_cannot_be_cancelled(
    client: stripe.StripeClient, stand_in: StandIn, method: str
) -> None:
    intent = confirm(client, new_intent(client), method)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.cancel(intent.id)
    assert refused.value.http_status == 400
    assert refused.value.code == "payment_intent_unexpected_state"


def test_an_amount_can_be_changed_until_it_is_paid(client: stripe.StripeClient) -> None:
    intent = new_intent(client)
    changed = client.v1.payment_intents.update(
        intent.id, {"amount": 5000, "metadata": {"order": "7", "gift": ""}}
    )
    assert (changed.amount, changed.to_dict()["metadata"]) == (5000, {"order": "7"})
    confirm(client, intent)
    with pytest.raises(stripe.InvalidRequestError, match="amount could not be updated"):
        client.v1.payment_intents.update(intent.id, {"amount": 1})
    late = client.v1.payment_intents.update(intent.id, {"description": "Paid"})
    assert late.description == "Paid"


def test_twenty_confirmations_at_once_make_one_charge(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    intent = new_intent(client)

    def attempt(_number: int) -> str:
        try:
            return confirm(client, intent).status
        except stripe.InvalidRequestError as error:
            return str(error.code)

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(attempt, range(20)))
    assert outcomes.count("succeeded") == 1
    assert outcomes.count("payment_intent_unexpected_state") == 19
    assert stand_in.state()["counts"]["charge"] == 1


def test_intents_are_listed_newest_first_in_pages(client: stripe.StripeClient) -> None:
    intents = [new_intent(client) for _ in range(5)]
    page = client.v1.payment_intents.list({"limit": 2})
    assert [each.id for each in page.data] == [intents[4].id, intents[3].id]
    assert page.has_more
    everything = [each.id for each in page.auto_paging_iter()]
    assert everything == [each.id for each in reversed(intents)]
    before = client.v1.payment_intents.list({"ending_before": intents[0].id, "limit": 10})
    assert len(before.data) == 4


def test_ids_become_objects_when_expanded(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com", "name": "Ada"})
    intent = confirm(client, new_intent(client, customer=customer.id))
    full = client.v1.payment_intents.retrieve(
        intent.id, {"expand": ["latest_charge.customer", "payment_method"]}
    )
    assert isinstance(full.latest_charge, stripe.Charge)
    assert isinstance(full.latest_charge.customer, stripe.Customer)
    assert full.latest_charge.customer.email == "ada@example.com"
    assert isinstance(full.payment_method, stripe.PaymentMethod)
    listed = client.v1.payment_intents.list({"expand": ["data.latest_charge"]})
    assert isinstance(listed.data[0].latest_charge, stripe.Charge)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.payment_intents.retrieve(intent.id, {"expand": ["amount"]})
