"""Stripe, as the shop uses it. The only file that imports its library."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

# Seconds to connect and to wait for an answer; the library would wait 80.
TIMEOUT = (4, 20)
RETRIES = 2


class StripeError(Exception):
    """Stripe refused (`permanent`: the same call would be refused again) or could not be asked.

    When it is not permanent the outcome may be unknown: call again with the same idempotency key.
    """

    def __init__(self, message: str, *, permanent: bool, code: str = "") -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code


class BadSignatureError(Exception):
    """The webhook was not signed with our secret, or too long ago."""


@dataclass(frozen=True)
class Intent:
    """A PaymentIntent as it stands at Stripe. Amounts in minor units, currency in capitals."""

    id: str
    status: str
    amount_minor: int
    received_minor: int
    currency: str
    client_secret: str
    order_number: str
    was_declined: bool


def create_intent(
    *, idempotency_key: str, order_number: str, amount_minor: int, currency: str
) -> Intent:
    """Make the intent of an order; the same key gives the same intent again. Raises StripeError.

    Only what never changes for an order is sent, so that a repetition is the same request.
    """
    with _errors():
        return _intent(
            _client().v1.payment_intents.create(
                params={
                    "amount": amount_minor,
                    "currency": currency.lower(),
                    "automatic_payment_methods": {"enabled": True},
                    "description": f"Order {order_number}",
                    "metadata": {"order": order_number},
                },
                options={"idempotency_key": idempotency_key},
            )
        )


def retrieve_intent(intent_id: str) -> Intent:
    """Look an intent up. Raises StripeError."""
    with _errors():
        return _intent(_client().v1.payment_intents.retrieve(intent_id))


def cancel_intent(intent_id: str) -> Intent:
    """Cancel an intent so that no money can come through it, and return it as it then stands.

    Its status says what happened: "canceled", or "succeeded" or "processing" when it was too late.
    Raises StripeError.
    """
    try:
        with _errors():
            return _intent(_client().v1.payment_intents.cancel(intent_id))
    except StripeError as error:
        if error.code != "payment_intent_unexpected_state":
            raise
        return retrieve_intent(intent_id)


def read_event(body: bytes, signature: str) -> dict[str, Any]:
    """Return the event in a webhook's raw body. Raises BadSignatureError.

    The library's construct_event gives the same guarantee at ten times the cost.
    """
    try:
        stripe.WebhookSignature.verify_header(
            body.decode(),
            signature,
            settings.STRIPE_WEBHOOK_SECRET,
            stripe.Webhook.DEFAULT_TOLERANCE,
        )
        event: dict[str, Any] = json.loads(body)
    except (stripe.SignatureVerificationError, ValueError) as error:
        raise BadSignatureError(str(error)) from error
    return event


def _client() -> stripe.StripeClient:
    return _client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


@lru_cache(maxsize=1)
def _client_for(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT),
    )


def _intent(intent: stripe.PaymentIntent) -> Intent:
    metadata = intent.metadata.to_dict() if intent.metadata else {}
    return Intent(
        id=intent.id,
        status=intent.status,
        amount_minor=intent.amount,
        received_minor=intent.amount_received,
        currency=intent.currency.upper(),
        client_secret=intent.client_secret or "",
        order_number=metadata.get("order", ""),
        was_declined=intent.last_payment_error is not None,
    )


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        # A refused key (401, 403) says nothing about the request: it waits for the operator.
        refused = error.http_status in (400, 402, 404)
        raise StripeError(str(error), permanent=refused, code=error.code or "") from error
