"""Payments that have been made, for tests of what comes after."""

from typing import Any

import stripe


def pay(
    client: stripe.StripeClient, amount: int = 10_000, method: str = "pm_card_visa", **more: Any
) -> stripe.PaymentIntent:
    """Return an intent of $100.00 that was paid."""
    params: Any = {
        "amount": amount,
        "currency": "usd",
        "confirm": True,
        "payment_method": method,
        "return_url": "http://127.0.0.1/back",
        **more,
    }
    return client.v1.payment_intents.create(params)


def charge_of(client: stripe.StripeClient, intent: stripe.PaymentIntent) -> stripe.Charge:
    """Return the intent's charge as it is now."""
    return client.v1.charges.retrieve(str(intent.latest_charge))


def types_since(client: stripe.StripeClient, *ignored: str) -> list[str]:
    """Return the types of all events, the oldest first, without those of the payment itself."""
    payment = {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", *ignored}
    events = client.v1.events.list({"limit": 100}).data
    return [event.type for event in reversed(events) if event.type not in payment]
