"""A shopper at the checkout, and the post between Stripe and the shop."""

import hashlib
import hmac
import itertools
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import stripe
from django.conf import settings
from django.test import Client

from cart.models import Cart
from cart.quoting import price_cart
from checkout.models import WebhookEvent
from checkout.paying import PaymentStart, Shown, start_payment
from checkout.stripe_gateway import DisputeAtStripe
from checkout.tasks import sweep
from orders.models import Payment
from orders.placing import BuyerDetails
from tests.standin import StandIn, card_fields

Json = dict[str, Any]

ADA = BuyerDetails(
    email="ada@example.com",
    shipping={
        "name": "Ada Buyer",
        "line1": "1 Loom Street",
        "line2": "",
        "city": "Portland",
        "region": "OR",
        "postcode": "97201",
        "country": "US",
    },
    billing={},
)

# The stand-in's own: the bank works on it until the test says otherwise.
PROCESSING_CARD = "4000000000700007"

_fake_ids = itertools.count(1)


def shown(cart: Cart) -> Shown:
    """What stands on the pay button."""
    quote = price_cart(cart).quote
    return Shown(quote.total_minor, quote.currency)


def press_pay(cart: Cart) -> PaymentStart:
    """Press the button that shows the present total."""
    return start_payment(cart, ADA, shown(cart))


def leave_challenge(standin: StandIn, client_secret: str) -> None:
    """Take a card that asks for 3-D Secure, and close the page when it does."""
    _status, method = standin.browser_call("payment_methods", card_fields("4000000000003220"))
    standin.browser_call(
        f"payment_intents/{client_secret.partition('_secret_')[0]}/confirm",
        {
            "client_secret": client_secret,
            "payment_method": method["id"],
            "use_stripe_sdk": "true",
        },
    )


def stripe_events() -> list[Json]:
    """All events that Stripe has, oldest first."""
    client = stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, base_addresses={"api": settings.STRIPE_API_BASE}
    )
    page = client.v1.events.list(params={"limit": 100})
    return [event.to_dict() for event in reversed(page.data)]


def fake_event(kind: str, intent_id: str, **fields: Any) -> Json:
    """An event about an intent, as Stripe would word it."""
    return {
        "id": f"evt_fake{next(_fake_ids)}",
        "object": "event",
        "type": kind,
        "data": {"object": {"id": intent_id, "object": "payment_intent", **fields}},
    }


def dispute_of(payment: Payment, status: str = "needs_response", **fields: Any) -> DisputeAtStripe:
    """A dispute over all of the payment, as Stripe has it; nothing is withdrawn yet."""
    opened = DisputeAtStripe(
        id="du_1",
        intent_id=payment.intent_id,
        status=status,
        reason="product_not_received",
        amount_minor=payment.amount_minor,
        withdrawn_minor=0,
        opened_at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
        evidence_due_at=datetime(2026, 12, 9, 23, 59, 59, tzinfo=UTC),
    )
    return replace(opened, **fields)


def sign(body: bytes, secret: str = "", at: int | None = None) -> str:
    """Stripe's signature of a webhook's body."""
    at = at or int(time.time())
    key = (secret or settings.STRIPE_WEBHOOK_SECRET).encode()
    digest = hmac.new(key, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def post_event(event: Json, client: Client | None = None) -> int:
    """Deliver one signed event to the shop; returns the status of the answer."""
    body = json.dumps(event, default=str).encode()
    answer = (client or Client()).post(
        "/api/webhooks/stripe",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": sign(body)},
    )
    return answer.status_code


def deliver_all() -> None:
    """Deliver every event that Stripe has and the shop has not, and let the worker run."""
    known = set(WebhookEvent.objects.values_list("event_id", flat=True))
    for event in stripe_events():
        if event["id"] not in known:
            assert post_event(event) == 200
    sweep()
