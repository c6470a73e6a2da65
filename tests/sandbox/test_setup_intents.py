"""Saving cards: setup intents, attached payment methods, and payments with them later."""

import urllib.request
from typing import Any

import pytest
import stripe

from tests.sandbox.receiver import Receiver
from tests.standin import StandIn, card_fields

BACK = "http://127.0.0.1/back"


@pytest.fixture
def ada(client: stripe.StripeClient) -> stripe.Customer:
    """A customer."""
    return client.v1.customers.create({"email": "ada@example.com"})


def saved(client: stripe.StripeClient, customer: stripe.Customer, ready_made: str) -> str:
    """Attach a ready-made card to a customer; return the payment method's id."""
    return client.v1.payment_methods.attach(ready_made, {"customer": customer.id}).id


def save(
    client: stripe.StripeClient, customer: stripe.Customer, ready_made: str
) -> stripe.SetupIntent:
    """Save a ready-made card as a server does."""
    params: Any = {
        "customer": customer.id, "payment_method": ready_made, "confirm": True, "return_url": BACK,
    }  # fmt: skip
    return client.v1.setup_intents.create(params)


def pay_later(
    client: stripe.StripeClient, method: str, customer: stripe.Customer | None
) -> stripe.PaymentIntent:
    """Charge a saved card while the shopper is away."""
    params: Any = {
        "amount": 4200, "currency": "usd", "payment_method": method, "confirm": True,
        "off_session": True, **({"customer": customer.id} if customer else {}),
    }  # fmt: skip
    return client.v1.payment_intents.create(params)


def test_a_setup_saves_the_card_and_pays_with_it_later(
    client: stripe.StripeClient, shop: Receiver, ada: stripe.Customer
) -> None:
    intent = save(client, ada, "pm_card_visa")
    assert (intent.status, intent.usage) == ("succeeded", "off_session")
    cards = client.v1.customers.payment_methods.list(ada.id, {"type": "card"})
    assert [each.id for each in cards.data] == [intent.payment_method]
    for event in ("setup_intent.created", "setup_intent.succeeded", "payment_method.attached"):
        shop.wait_for(event)
    for _ in range(2):
        assert pay_later(client, str(intent.payment_method), ada).status == "succeeded"


def test_the_states_of_a_setup_intent(client: stripe.StripeClient, shop: Receiver) -> None:
    intent = client.v1.setup_intents.create({"metadata": {"a": "1"}})
    assert intent.status == "requires_payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.setup_intents.confirm(intent.id, {"return_url": BACK})
    changed = client.v1.setup_intents.update(intent.id, {"payment_method": "pm_card_visa"})
    assert changed.status == "requires_confirmation"
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        client.v1.setup_intents.confirm(intent.id)
    gone = client.v1.setup_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled") as refused:
        client.v1.setup_intents.confirm(intent.id, {"return_url": BACK})
    assert refused.value.code == "setup_intent_unexpected_state"
    shop.wait_for("setup_intent.canceled")
    assert [each.id for each in client.v1.setup_intents.list().data] == [intent.id]


def test_a_card_that_is_declined_is_not_saved(
    client: stripe.StripeClient, shop: Receiver, ada: stripe.Customer
) -> None:
    with pytest.raises(stripe.CardError, match="declined") as refused:
        save(client, ada, "pm_card_chargeDeclined")
    assert refused.value.error is not None
    assert refused.value.error.setup_intent is not None
    assert refused.value.error.setup_intent.status == "requires_payment_method"
    assert client.v1.customers.payment_methods.list(ada.id).data == []
    shop.wait_for("setup_intent.setup_failed")
    with pytest.raises(stripe.CardError, match="declined"):
        saved(client, ada, "pm_card_chargeDeclined")


@pytest.mark.parametrize(
    ("outcome", "status"), [("complete", "succeeded"), ("fail", "requires_payment_method")]
)
def test_a_setup_with_a_challenge(
    client: stripe.StripeClient, stand_in: StandIn, ada: stripe.Customer, outcome: Any, status: str
) -> None:
    intent = client.v1.setup_intents.create({"customer": ada.id})
    secret = str(intent.client_secret)
    _, method = stand_in.browser_call("payment_methods", card_fields("4000000000003220"))
    form = {"client_secret": secret, "payment_method": method["id"], "use_stripe_sdk": "true"}
    code, seen = stand_in.browser_call(f"setup_intents/{intent.id}/confirm", form)
    assert (code, seen["status"]) == (200, "requires_action")
    assert "metadata" not in seen
    assert "customer" not in seen
    challenge = seen["next_action"]["use_stripe_sdk"]["stripe_js"]
    urllib.request.urlopen(challenge, f"outcome={outcome}".encode(), timeout=5).close()
    after = client.v1.setup_intents.retrieve(intent.id)
    assert after.status == status
    if outcome == "fail":
        assert after.last_setup_error is not None
        assert after.last_setup_error.code == "setup_intent_authentication_failure"


def test_a_payment_saves_its_card_when_that_was_agreed(
    client: stripe.StripeClient, stand_in: StandIn, ada: stripe.Customer
) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 4200, "currency": "usd", "customer": ada.id, "setup_future_usage": "off_session"}
    )
    stand_in.pay(str(intent.client_secret), "4000000000000002")
    assert client.v1.customers.payment_methods.list(ada.id).data == []
    stand_in.pay(str(intent.client_secret))
    (card,) = client.v1.customers.payment_methods.list(ada.id).data
    assert card.customer == ada.id
    assert pay_later(client, card.id, ada).status == "succeeded"


def test_a_payment_method_is_used_once_unless_it_is_saved(
    client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    method = client.v1.payment_methods.retrieve("pm_card_visa").id
    assert pay_later(client, method, None).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        pay_later(client, method, None)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        saved(client, ada, method)


def test_a_saved_card_pays_for_its_owner_only(
    client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    method = saved(client, ada, "pm_card_visa")
    stranger = client.v1.customers.create({"email": "eve@example.com"})
    with pytest.raises(stripe.InvalidRequestError, match="belongs to the customer"):
        pay_later(client, method, None)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        pay_later(client, method, stranger)
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        client.v1.payment_methods.attach(method, {"customer": stranger.id})


def test_a_bank_that_asks_for_the_shopper_declines_while_the_shopper_is_away(
    client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    method = saved(client, ada, "pm_card_authenticationRequired")
    with pytest.raises(stripe.CardError, match="requires authentication") as refused:
        pay_later(client, method, ada)
    assert refused.value.code == "authentication_required"


def test_a_card_may_be_saved_and_declined_later(
    client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    intent = save(client, ada, "pm_card_chargeCustomerFail")
    assert intent.status == "succeeded"
    with pytest.raises(stripe.CardError, match="was declined"):
        pay_later(client, str(intent.payment_method), ada)


def test_a_saved_card_can_be_changed_listed_and_detached(
    client: stripe.StripeClient, shop: Receiver, ada: stripe.Customer
) -> None:
    visa, amex = saved(client, ada, "pm_card_visa"), saved(client, ada, "pm_card_amex")
    changed = client.v1.payment_methods.update(
        visa,
        {
            "allow_redisplay": "always",
            "billing_details": {"name": "Ada"},
            "card": {"exp_year": 2050},
        },
    )
    assert changed.card is not None
    assert (changed.billing_details.name, changed.card.exp_year) == ("Ada", 2050)
    both = client.v1.payment_methods.list({"customer": ada.id})
    assert [each.id for each in both.data] == [amex, visa]
    shown = client.v1.payment_methods.list({"customer": ada.id, "allow_redisplay": "always"})
    assert [each.id for each in shown.data] == [visa]
    assert client.v1.payment_methods.detach(amex).customer is None
    shop.wait_for("payment_method.detached")
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        saved(client, ada, amex)
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        client.v1.payment_methods.detach(amex)


def test_a_deleted_customer_takes_the_cards_along(
    client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    method = saved(client, ada, "pm_card_visa")
    client.v1.customers.delete(ada.id)
    assert client.v1.payment_methods.retrieve(method).customer is None
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.setup_intents.create({"customer": ada.id})


def test_payment_methods_are_listed_by_customer_only(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: customer"):
        client.v1.payment_methods.list()
