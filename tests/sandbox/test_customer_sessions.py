"""Customer sessions: what lets a browser see a customer's cards, and what does not."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
import stripe

from tests.standin import StandIn

SHOWN = {"payment_method_redisplay": "enabled", "payment_method_remove": "enabled"}


def new_session(
    client: stripe.StripeClient, customer: stripe.Customer, **features: Any
) -> stripe.CustomerSession:
    """Open a customer's cards to the Payment Element."""
    element: Any = {"enabled": True, "features": features}
    return client.v1.customer_sessions.create(
        {"customer": customer.id, "components": {"payment_element": element}}
    )


def save_card(client: stripe.StripeClient, customer: stripe.Customer, redisplay: Any) -> str:
    """Save a card; return its id."""
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.payment_methods.update(method.id, {"allow_redisplay": redisplay})
    return method.id


def cards_seen(stand_in: StandIn, secret: str, remove: str = "") -> tuple[int, Any]:
    """Ask as the card frame does; with `remove` take a card away."""
    query = {"key": stand_in.publishable_key, "customer_session_client_secret": secret}
    form = urllib.parse.urlencode(query)
    address = f"{stand_in.url}/frames/saved_cards"
    try:
        with (
            urllib.request.urlopen(f"{address}/{remove}/remove", form.encode(), timeout=5)
            if remove
            else urllib.request.urlopen(f"{address}?{form}", timeout=5)
        ) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def ada(client: stripe.StripeClient) -> stripe.Customer:
    """A customer."""
    return client.v1.customers.create({"email": "ada@example.com"})


def test_a_session_names_its_features_and_its_end(
    client: stripe.StripeClient, ada: stripe.Customer
) -> None:
    session = new_session(client, ada, payment_method_save="enabled")
    assert session.client_secret.startswith("cuss_secret_")
    assert session.expires_at == session.created + 1800
    assert "id" not in session.to_dict()
    assert session.components is not None
    features = session.components.payment_element.features
    assert features is not None
    assert (features.payment_method_save, features.payment_method_redisplay) == (
        "enabled",
        "disabled",
    )


def test_only_cards_that_may_be_shown_again_are_seen(
    client: stripe.StripeClient, stand_in: StandIn, ada: stripe.Customer
) -> None:
    shown = save_card(client, ada, "always")
    save_card(client, ada, "limited")
    secret = new_session(client, ada, **SHOWN).client_secret
    status, answer = cards_seen(stand_in, secret)
    assert status == 200
    assert [(each["id"], each["last4"]) for each in answer["cards"]] == [(shown, "4242")]
    off = new_session(client, ada).client_secret
    assert cards_seen(stand_in, off)[1]["cards"] == []


def test_a_wrong_secret_or_another_customers_card_opens_nothing(
    client: stripe.StripeClient, stand_in: StandIn, ada: stripe.Customer
) -> None:
    eve = client.v1.customers.create({"email": "eve@example.com"})
    card = save_card(client, ada, "always")
    evil = new_session(client, eve, **SHOWN).client_secret
    assert cards_seen(stand_in, "cuss_secret_guess")[0] == 400
    assert cards_seen(stand_in, evil)[1]["cards"] == []
    assert cards_seen(stand_in, evil, remove=card)[0] == 400
    careful = new_session(client, ada, payment_method_redisplay="enabled").client_secret
    assert cards_seen(stand_in, careful, remove=card)[0] == 400
    assert client.v1.payment_methods.retrieve(card).customer == ada.id


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"components": {"payment_element": {"enabled": True}}},
            "Missing required param",
        ),
        ({"customer": "cus_x", "components": {"payment_element": {"enabled": True}}}, "No such"),
        ({"components": {"payment_element": {"enabled": False}}}, "at least one component"),
        ({"components": {"buy_button": {"enabled": True}}}, "payment_element component only"),
    ],
)
def test_sessions_that_cannot_be_are_refused(
    client: stripe.StripeClient, ada: stripe.Customer, params: Any, message: str
) -> None:
    if "Missing" not in message:
        params = {"customer": ada.id, **params}
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.customer_sessions.create(params)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"payment_method_redisplay_limit": 11}, "between 1 and 10"),
        ({"payment_method_save_usage": "on_session"}, "payment_method_save is enabled"),
    ],
)
def test_features_that_cannot_be_are_refused(
    client: stripe.StripeClient, ada: stripe.Customer, features: dict[str, Any], message: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        new_session(client, ada, **features)
