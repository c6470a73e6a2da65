"""A Stripe account in test mode, as the shop's outside world: its browser, its bank, its post."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import stripe

from checkout import stripe_gateway
from checkout.expiring import CLOCKS_DIFFER_BY
from checkout.inbox import TYPES
from checkout.models import WebhookEvent
from checkout.tasks import apply_events
from orders.models import Order
from tests.checkout.shopper import Json, post_event
from tests.standin import StandIn

# How long a real account may take with what a card does later.
PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.3
# By then the stand-in of the tests has done all that a card does later.
LATER_SECONDS = 2 * 3600

T = TypeVar("T")


@dataclass(frozen=True)
class Account:
    """The account that `client` opens. What happens there later happens soon at the stand-in."""

    client: stripe.StripeClient
    standin: StandIn | None

    def confirm(self, client_secret: str, card: str = "pm_card_visa") -> str:
        """Confirm as the browser would; return the intent's status, or the code of the refusal."""
        try:
            return self.client.v1.payment_intents.confirm(
                client_secret.partition("_secret_")[0],
                {"payment_method": card, "return_url": "https://example.com/"},
            ).status
        except (stripe.CardError, stripe.InvalidRequestError) as refusal:
            error: Any = refusal.error
            return str(error.decline_code or error.code)

    def wait_for(self, what: str, look: Callable[[], T]) -> T:
        """Look until the answer is true, and return it; fail, naming `what`, after a minute."""
        if self.standin:
            self.standin.advance_clock(LATER_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS} seconds."
            time.sleep(PAUSE_SECONDS)
        return found

    def deliver(self, order: Order, *types: str) -> None:
        """Post Stripe's events about the order's payment, once these types are among them.

        They come as webhooks, the newest first, and the inbox must have applied them all.
        """

        def look() -> list[Json]:
            events = _events_about(order)
            return events if {event["type"] for event in events} >= set(types) else []

        events = self.wait_for(f"{', '.join(types)} in the list of events", look)
        for event in events:
            assert post_event(event) == 200
        apply_events()
        stored = WebhookEvent.objects.filter(event_id__in=[event["id"] for event in events])
        became = {(event.type, event.state, event.error) for event in stored}
        assert became == {(event["type"], WebhookEvent.State.APPLIED, "") for event in events}


def _events_about(order: Order) -> list[Json]:
    since = order.placed_at - CLOCKS_DIFFER_BY
    return [
        event
        for event in stripe_gateway.list_events(since, None, TYPES)
        if _intent_id(event["data"]["object"]) == order.attempt.intent_id
    ]


def _intent_id(thing: Json) -> str | None:
    found: str | None = thing["id" if thing["object"] == "payment_intent" else "payment_intent"]
    return found
