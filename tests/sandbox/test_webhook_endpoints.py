"""Webhook endpoints: several, each with its own events and secret, which can be rotated."""

from collections.abc import Iterator

import pytest
import stripe

from tests.sandbox.receiver import Receiver, eventually
from tests.standin import StandIn


@pytest.fixture
def other_shop() -> Iterator[Receiver]:
    """A second receiver of webhooks."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


def new_intent(client: stripe.StripeClient) -> None:
    """Make one event."""
    client.v1.payment_intents.create({"amount": 4200, "currency": "usd"})


def accepts(secret: str, delivery: tuple[bytes, str]) -> bool:
    """Return whether the SDK takes a delivery with that secret."""
    try:
        stripe.WebhookSignature.verify_header(delivery[0].decode(), delivery[1], secret, 300)
    except stripe.SignatureVerificationError:
        return False
    return True


def test_the_configured_endpoint_is_there_from_the_start(
    client: stripe.StripeClient, shop: Receiver
) -> None:
    (endpoint,) = client.v1.webhook_endpoints.list().data
    assert (endpoint.url, endpoint.enabled_events) == (shop.url, ["*"])
    assert (endpoint.status, endpoint.id) == ("enabled", "we_configured")
    assert "secret" not in endpoint.to_dict()


def test_each_endpoint_gets_what_it_asked_for_under_its_own_secret(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver, other_shop: Receiver
) -> None:
    endpoint = client.v1.webhook_endpoints.create(
        {"url": other_shop.url, "enabled_events": ["customer.created"]}
    )
    new_intent(client)
    client.v1.customers.create({"email": "ada@example.com"})
    event = other_shop.wait_for("customer.created")
    assert event["pending_webhooks"] == 2
    shop.wait_for("customer.created")
    assert other_shop.types() == ["customer.created"]
    assert accepts(str(endpoint.secret), other_shop.deliveries[0])
    assert not accepts(stand_in.webhook_secret, other_shop.deliveries[0])
    assert accepts(stand_in.webhook_secret, shop.deliveries[0])


def test_a_disabled_endpoint_gets_nothing(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver, other_shop: Receiver
) -> None:
    endpoint = client.v1.webhook_endpoints.create(
        {"url": other_shop.url, "enabled_events": ["*"], "description": "Second shop"}
    )
    disabled = client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    assert (disabled.status, disabled.description) == ("disabled", "Second shop")
    new_intent(client)
    shop.wait_for("payment_intent.created")
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": False})
    new_intent(client)
    other_shop.wait_for("payment_intent.created")
    assert len(other_shop.deliveries) == 1
    eventually(lambda: stand_in.state()["deliveries"] == {"delivered": 3}, "three deliveries")


def test_a_deleted_endpoint_is_gone(
    client: stripe.StripeClient, stand_in: StandIn, other_shop: Receiver
) -> None:
    other_shop.answers[:] = [500]
    endpoint = client.v1.webhook_endpoints.create({"url": other_shop.url, "enabled_events": ["*"]})
    new_intent(client)
    other_shop.wait_for("payment_intent.created")
    assert client.v1.webhook_endpoints.delete(endpoint.id).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook_endpoint"):
        client.v1.webhook_endpoints.retrieve(endpoint.id)
    eventually(lambda: stand_in.state()["deliveries"].get("failed") == 1, "giving up")


def test_an_event_counts_as_delivered_once_every_endpoint_has_it(
    client: stripe.StripeClient, shop: Receiver, other_shop: Receiver
) -> None:
    other_shop.answers[:] = [500]
    client.v1.webhook_endpoints.create({"url": other_shop.url, "enabled_events": ["*"]})
    new_intent(client)
    other_shop.wait_for("payment_intent.created")
    shop.wait_for("payment_intent.created")
    (event,) = client.v1.events.list({"delivery_success": False}).data
    assert event.pending_webhooks == 1
    eventually(lambda: client.v1.events.list({"delivery_success": True}).data != [], "delivery")
    assert client.v1.events.list({"delivery_success": False}).data == []


def test_during_a_rotation_both_secrets_sign(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    fresh = stand_in.rotate_secret(overlap_seconds=3600)
    new_intent(client)
    shop.wait_for("payment_intent.created")
    assert shop.deliveries[0][1].count("v1=") == 2
    assert accepts(fresh, shop.deliveries[0])
    assert accepts(stand_in.webhook_secret, shop.deliveries[0])
    stand_in.advance_clock(3601)
    new_intent(client)
    shop.wait_for("payment_intent.created", 2)
    assert accepts(fresh, shop.deliveries[1])
    assert not accepts(stand_in.webhook_secret, shop.deliveries[1])


def test_a_rotation_without_overlap_holds_at_once(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    fresh = stand_in.rotate_secret()
    new_intent(client)
    shop.wait_for("payment_intent.created")
    assert accepts(fresh, shop.deliveries[0])
    assert not accepts(stand_in.webhook_secret, shop.deliveries[0])
    with pytest.raises(RuntimeError, match="no webhook endpoint we_x"):
        stand_in.rotate_secret(endpoint_id="we_x")


@pytest.mark.parametrize(
    ("url", "events", "message"),
    [
        ("shop.example", ["*"], "An explicit scheme"),
        ("http://127.0.0.1/", ["order.paid"], "must be one of"),
        ("http://127.0.0.1/", [], "enabled_events"),
    ],
)
def test_endpoints_that_cannot_be_reached_are_refused(
    client: stripe.StripeClient, url: str, events: list[str], message: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.webhook_endpoints.create(
            {"url": url, "enabled_events": events}  # type: ignore[typeddict-item]
        )
