"""Time that runs out before the money comes."""

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from checkout import stripe_gateway
from checkout.models import PaymentAttempt
from checkout.settling import settle
from orders.models import Order
from orders.states import SCHEDULE


def end_hold() -> None:
    """Let the hold of every order end now."""
    Order.objects.update(held_until=timezone.now() - timedelta(seconds=1))


def close_unpaid() -> None:
    """Close the one open order as if its intent were cancelled, which it is not: it can be paid."""
    attempt = PaymentAttempt.objects.get(is_open=True)
    intent = stripe_gateway.retrieve_intent(attempt.intent_id or "")
    settle(replace(intent, status="canceled"), SCHEDULE)
