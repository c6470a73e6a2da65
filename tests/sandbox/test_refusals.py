"""What the stand-in refuses, word for word where Stripe's contract fixes the word."""

import urllib.error
import urllib.request
from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import sdk
from tests.standin import StandIn


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": 4200, "currency": "usd", "colour": "red"}, "parameter_unknown", "colour"),
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": "much", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 0, "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
        ({"amount": 10**9, "currency": "usd"}, "amount_too_large", "amount"),
        ({"amount": 12345, "currency": "kwd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 4200, "currency": "xyz"}, None, "currency"),
        ({"amount": 4200, "currency": "usd", "capture_method": "soon"}, None, "capture_method"),
        ({"amount": 4200, "currency": "usd", "customer": "cus_x"}, "resource_missing", "customer"),
        (
            {"amount": 4200, "currency": "usd", "shipping": {"name": "Ada", "address": {"zip": 1}}},
            "parameter_unknown",
            "shipping[address][zip]",
        ),
        (
            {"amount": 4200, "currency": "usd", "payment_method_types": ["card"]},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        (
            {"amount": 4200, "currency": "usd", "on_behalf_of": "acct_1"},
            "parameter_unsupported_by_stand_in",
            "on_behalf_of",
        ),
    ],
)
def test_parameters_that_break_the_contract_are_refused(
    client: stripe.StripeClient, params: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(params)  # type: ignore[arg-type]
    assert refused.value.http_status in (400, 404)
    assert (refused.value.code, refused.value.param) == (code, param)


def test_a_metadata_value_may_have_500_characters(client: stripe.StripeClient) -> None:
    long = "x" * 501
    with pytest.raises(stripe.InvalidRequestError, match="up to 500 characters"):
        client.v1.payment_intents.create(
            {"amount": 4200, "currency": "usd", "metadata": {"note": long}}
        )


def test_what_does_not_exist_is_a_404_in_stripes_shape(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent: 'pi_x'") as gone:
        client.v1.payment_intents.retrieve("pi_x")
    assert (gone.value.http_status, gone.value.code) == (404, "resource_missing")


def test_a_call_that_the_stand_in_does_not_have_is_a_404(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as unknown:
        client.v1.subscriptions.list()
    assert unknown.value.http_status == 404


def test_another_key_is_refused(stand_in: StandIn) -> None:
    stranger = stripe.StripeClient(
        stand_in.secret_key + "x", base_addresses={"api": stand_in.url}, max_network_retries=0
    )
    with pytest.raises(stripe.AuthenticationError, match=r"Invalid API Key provided"):
        stranger.v1.payment_intents.list()


def test_a_publishable_key_may_not_do_what_a_server_does(stand_in: StandIn) -> None:
    status, body = stand_in.browser_call("payment_intents", {"amount": "4200", "currency": "usd"})
    assert (status, body["error"]["code"]) == (401, "secret_key_required")


def test_a_publishable_key_sees_the_reduced_intent_only(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 4200, "currency": "usd", "metadata": {"margin": "12"}}
    )
    paid = stand_in.pay(str(intent.client_secret))["paymentIntent"]
    assert paid["status"] == "succeeded"
    assert not {"metadata", "latest_charge", "amount_received", "customer"} & paid.keys()


def test_a_wrong_client_secret_opens_nothing(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    intent = client.v1.payment_intents.create({"amount": 4200, "currency": "usd"})
    answer = stand_in.retrieve_as_browser(f"{intent.id}_secret_guess")
    assert "does not match" in answer["error"]["message"]
    with pytest.raises(RuntimeError, match="404"):
        _open_challenge(stand_in, intent.id, "guess")


def test_a_server_may_not_send_card_numbers(client: stripe.StripeClient) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    params: Any = {"type": "card", "card": card}
    with pytest.raises(stripe.StripeError, match="generally unsafe"):
        client.v1.payment_methods.create(params)


def test_a_confirmation_by_the_server_needs_a_return_address(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 4200, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})


def test_a_confirmation_needs_a_payment_method(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 4200, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.payment_intents.confirm(intent.id)


def test_another_api_version_is_refused(stand_in: StandIn) -> None:
    client = sdk(stand_in)
    with pytest.raises(stripe.InvalidRequestError, match=r"2026-10-28\.endive only"):
        client.v1.payment_intents.list(options={"stripe_version": "2020-08-27"})


def test_levers_cannot_be_pulled_by_another_sites_form(stand_in: StandIn) -> None:
    form = urllib.request.Request(f"{stand_in.url}/_sandbox/reset", b"x=1")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(form, timeout=5)
    refused.value.close()
    assert refused.value.code == 415


def _open_challenge(stand_in: StandIn, intent_id: str, secret: str) -> None:
    address = f"{stand_in.url}/challenge/{intent_id}?payment_intent_client_secret={secret}"
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
        raise RuntimeError(str(error.code)) from None
