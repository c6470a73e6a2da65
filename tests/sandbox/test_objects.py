"""Objects as the SDK's types and Stripe's contract describe them, down to the last field."""

import inspect
import json
import typing
from pathlib import Path
from typing import Any

import pytest
import stripe

from sandbox.errors import NotBegunError
from sandbox.forms import decode
from sandbox.schema import Contract
from tests.sandbox.paid import pay
from tests.standin import ROOT, StandIn

CONTRACT = json.loads((ROOT / "sandbox/contract/stripe.jsonschema.json").read_text("utf-8"))


def nullable(schema: dict[str, Any]) -> bool:
    """Return whether a field may be null, which Stripe shows as null and does not leave out."""
    kinds = schema.get("type", [])
    return "null" in kinds or any(each.get("type") == "null" for each in schema.get("anyOf", ()))


def expected_fields(sdk_type: type, kind: str) -> set[str]:
    """Return the fields that the SDK promises or that the contract allows to be null."""
    promised = {
        name
        for name, hint in inspect.get_annotations(sdk_type).items()
        if type(None) not in typing.get_args(hint) and not name.startswith("_")
    }
    properties: dict[str, Any] = CONTRACT["$defs"][kind]["properties"]
    return (promised & properties.keys()) | {
        name for name, schema in properties.items() if nullable(schema)
    }


# Stripe leaves these out until they are asked for.
LEFT_OUT = {"customer": {"cash_balance"}, "charge": {"refunds"}}


def test_objects_have_every_field(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    intent = client.v1.payment_intents.create(
        {
            "amount": 4200,
            "currency": "usd",
            "customer": customer.id,
            "confirm": True,
            "payment_method": "pm_card_visa",
            "return_url": "http://127.0.0.1/",
            "expand": ["latest_charge", "payment_method"],
        }
    )
    event = client.v1.events.list().data[0]
    found: list[tuple[type, Any]] = [
        (stripe.Customer, customer),
        (stripe.PaymentIntent, intent),
        (stripe.Charge, intent.latest_charge),
        (stripe.PaymentMethod, intent.payment_method),
        (stripe.Event, event),
    ]
    assert_complete(found)


def test_refunds_disputes_and_their_bookings_have_every_field(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    refunded, disputed = pay(client), pay(client)
    failed = client.v1.refunds.create({"payment_intent": refunded.id})
    stand_in.fail_refund(failed.id)
    stand_in.open_dispute(disputed.id)
    dispute = client.v1.disputes.list({"payment_intent": disputed.id}).data[0]
    assert_complete(
        [
            (stripe.Refund, client.v1.refunds.retrieve(failed.id)),
            (stripe.Dispute, dispute),
            (stripe.BalanceTransaction, dispute.balance_transactions[0]),
            (stripe.WebhookEndpoint, client.v1.webhook_endpoints.list().data[0]),
        ]
    )


def assert_complete(found: list[tuple[type, Any]]) -> None:
    """Fail when an object lacks a field that the SDK or the contract makes one expect."""
    for sdk_type, each in found:
        kind = each.object
        absent = expected_fields(sdk_type, kind) - set(each.to_dict())
        assert absent == LEFT_OUT.get(kind, set()), kind


def test_customers_can_be_made_changed_listed_and_deleted(client: stripe.StripeClient) -> None:
    ada = client.v1.customers.create(
        {"email": "ada@example.com", "name": "Ada", "address": {"country": "DE"}}
    )
    client.v1.customers.create({"email": "bob@example.com"})
    client.v1.customers.update(ada.id, {"name": "Ada L.", "metadata": {"vip": "yes"}})
    assert client.v1.customers.retrieve(ada.id).name == "Ada L."
    listed = client.v1.customers.list({"email": "ada@example.com"})
    assert [each.id for each in listed.data] == [ada.id]
    assert client.v1.customers.delete(ada.id).deleted
    assert client.v1.customers.retrieve(ada.id).to_dict()["deleted"] is True
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.customers.update(ada.id, {"name": "Ghost"})
    types = [event.type for event in client.v1.events.list({"types": ["customer.*"]}).data]
    assert types == ["customer.deleted", "customer.updated", "customer.created", "customer.created"]


def test_a_ready_made_payment_method_can_be_looked_at(client: stripe.StripeClient) -> None:
    method = client.v1.payment_methods.retrieve("pm_card_amex")
    assert method.card is not None
    assert (method.card.brand, method.card.last4) == ("amex", "0005")


def test_no_card_number_is_ever_kept(client: stripe.StripeClient, stand_in: StandIn) -> None:
    intent = client.v1.payment_intents.create({"amount": 4200, "currency": "usd"})
    stand_in.pay(str(intent.client_secret), "4000056655665556")
    stored = b"".join(path.read_bytes() for path in stand_in.data.parent.glob("stripe.sqlite3*"))
    assert intent.id.encode() in stored
    assert b"4000056655665556" not in stored


def test_a_breach_of_the_contract_is_found() -> None:
    contract = Contract()
    customer = {"id": "cus_1", "object": "customer", "created": 1, "livemode": False}
    assert contract.object_problems("customer", customer) == []
    assert contract.object_problems("customer", {**customer, "colour": "red"}) != []
    assert contract.object_problems("customer", {**customer, "created": "today"}) != []
    event = {
        "id": "evt_1",
        "object": "event",
        "created": 1,
        "livemode": False,
        "pending_webhooks": 0,
        "type": "customer.created",
        "data": {"object": customer},
    }
    assert contract.event_problems(event) == []
    assert contract.event_problems({**event, "type": "customer.born"}) != []
    assert contract.event_problems({**event, "data": {"object": {**customer, "x": 1}}}) != []


def test_form_names_in_brackets_become_objects_and_lists() -> None:
    contract = Contract()
    form = decode(
        [
            ("amount", "4200"),
            ("currency", "usd"),
            ("confirm", "true"),
            ("shipping[name]", "Ada"),
            ("shipping[address][line1]", "1 Main St"),
            ("expand[]", "customer"),
            ("expand[]", "latest_charge"),
            ("metadata[true]", "true"),
        ]
    )
    assert contract.read_request("POST /v1/payment_intents", form) == {
        "amount": 4200,
        "currency": "usd",
        "confirm": True,
        "shipping": {"name": "Ada", "address": {"line1": "1 Main St"}},
        "expand": ["customer", "latest_charge"],
        "metadata": {"true": "true"},
    }


@pytest.mark.parametrize("pairs", [[("a[b", "1")], [("a", "1"), ("a[b]", "2")], [("", "1")]])
def test_form_names_that_cannot_be_read_are_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(NotBegunError):
        decode(pairs)


def test_the_contract_names_its_origin_and_licence() -> None:
    readme = Path(ROOT / "sandbox/contract/README.md").read_text("utf-8")
    assert "OpenAPI" in readme
    assert "MIT" in readme
    assert CONTRACT["info"]["version"] == "2026-05-27.dahlia"
