"""What happens to one order at Stripe, recorded once, to tell its events in any order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import stripe
from django.conf import settings

from cart.models import Cart
from checkout import stripe_gateway
from checkout.inbox import TYPES
from checkout.settling import settle
from checkout.stripe_gateway import DisputeAtStripe, Intent, RefundAtStripe
from orders.models import Payment, Refund
from orders.refund_pricing import RefundWish, Units
from orders.refunding import request_all, request_refund
from orders.states import SCHEDULE
from tests.checkout.shopper import PROCESSING_CARD, Json, press_pay, stripe_events
from tests.standin import StandIn

DECLINED = "4000000000000002"
ASKS_FOR_3D_SECURE = "4000000000003220"
REFUNDS_ARE_PENDING = "4000000000007726"


@dataclass(frozen=True)
class Moment:
    """What Stripe answers at some moment. Refunds are the oldest first."""

    intent: Intent
    refunds: tuple[RefundAtStripe, ...]
    disputes: tuple[DisputeAtStripe, ...]


@dataclass(frozen=True)
class Told:
    """One of Stripe's events, and the moment right after it."""

    event: Json
    moment: Moment


class Story:
    """Stripe's events about one intent, in their order; those that mean nothing to us left out."""

    def __init__(self, standin: StandIn, cart: Cart) -> None:
        self.standin = standin
        self.secret = press_pay(cart).client_secret
        self.intent_id = self.secret.partition("_secret_")[0]
        self.told: list[Told] = []
        self.then(lambda: None)

    def then(self, act: Callable[[], Any]) -> Any:
        """Let something happen at Stripe, and record what it tells of it; returns its answer."""
        answer = act()
        moment = Moment(
            stripe_gateway.retrieve_intent(self.intent_id),
            tuple(stripe_gateway.refunds_of(self.intent_id)),
            tuple(stripe_gateway.list_disputes(datetime.fromtimestamp(0, UTC))),
        )
        known = {each.event["id"] for each in self.told}
        self.told += [
            Told(event, moment)
            for event in stripe_events()
            if event["type"] in TYPES and event["id"] not in known
        ]
        return answer

    def pay(self, card: str, authenticate: Literal["complete", "fail"] = "complete") -> None:
        self.then(lambda: self.standin.pay(self.secret, card, authenticate))

    def book_payment(self) -> Payment:
        """Let the shop look the payment up, as the sweep does while no webhook comes."""
        settle(stripe_gateway.retrieve_intent(self.intent_id), SCHEDULE)
        return Payment.objects.get()

    def send_and_die(self, refund: Refund) -> str:
        """Send a refund of ours and lose the answer; returns its id at Stripe."""
        made: RefundAtStripe = self.then(
            lambda: stripe_gateway.create_refund(
                idempotency_key=refund.idempotency_key,
                intent_id=self.intent_id,
                amount_minor=refund.amount_minor,
                reason="requested_by_customer",
            )
        )
        return made.id

    def refund_in_dashboard(self, amount: int) -> str:
        made: Json = self.then(lambda: self.standin.refund_in_dashboard(self.intent_id, amount))
        return str(made["id"])


def all_that_can_happen(standin: StandIn, cart: Cart, outcome: Literal["won", "lost"]) -> Story:
    """A card declined, 3-D Secure failed, paid; refunds of both sides, two of them fail; a dispute.

    The shop has booked the payment and asked for its two refunds, and knows of nothing else.
    """
    story = Story(standin, cart)
    story.pay(DECLINED)
    story.pay(ASKS_FOR_3D_SECURE, "fail")
    story.pay(PROCESSING_CARD)
    story.then(lambda: standin.settle(story.intent_id, "succeeded"))
    payment = story.book_payment()
    mug = Units(payment.order.lines.get().pk, 1, restock=True)
    story.send_and_die(request_refund(payment.pk, _wish(mug), SCHEDULE))
    fails = story.send_and_die(request_refund(payment.pk, _wish(other_minor=300), SCHEDULE))
    story.refund_in_dashboard(1000)
    fails_too = story.refund_in_dashboard(500)
    story.then(lambda: standin.fail_refund(fails))
    story.then(lambda: standin.fail_refund(fails_too))
    dispute = story.then(lambda: standin.open_dispute(story.intent_id))["id"]
    story.then(lambda: _answer(dispute))
    story.then(lambda: standin.close_dispute(dispute, outcome))
    return story


def all_in_the_dashboard(standin: StandIn, cart: Cart) -> Story:
    """Paid; two refunds that are pending first, one of them fails; an inquiry that ends in a loss.

    The shop waits for the payment, and knows of nothing.
    """
    story = Story(standin, cart)
    story.pay(DECLINED)
    story.pay(REFUNDS_ARE_PENDING)
    first, second = story.refund_in_dashboard(1000), story.refund_in_dashboard(500)
    story.then(lambda: standin.settle_refund(first, "succeeded"))
    story.then(lambda: standin.settle_refund(second, "failed"))
    dispute = story.then(lambda: standin.open_dispute(story.intent_id, inquiry=True))["id"]
    story.then(lambda: standin.escalate_dispute(dispute))
    story.then(lambda: standin.close_dispute(dispute, "lost"))
    return story


def never_paid(standin: StandIn, cart: Cart) -> Story:
    """Declined, 3-D Secure failed, and cancelled in the dashboard."""
    story = Story(standin, cart)
    story.pay(DECLINED)
    story.pay(ASKS_FOR_3D_SECURE, "fail")
    story.then(lambda: stripe_gateway.cancel_intent(story.intent_id))
    return story


def refunded_and_disputed(standin: StandIn, cart: Cart) -> Story:
    """Paid, a part refunded in the dashboard, and a dispute won. The shop knows of nothing."""
    story = Story(standin, cart)
    story.pay("4242424242424242")
    story.refund_in_dashboard(1000)
    dispute = story.then(lambda: standin.open_dispute(story.intent_id))["id"]
    story.then(lambda: standin.close_dispute(dispute, "won"))
    return story


def dashboard_refund_fails(standin: StandIn, cart: Cart) -> Story:
    """Paid, and a part refunded in the dashboard in vain. The shop knows of nothing."""
    story = Story(standin, cart)
    story.pay("4242424242424242")
    refund = story.refund_in_dashboard(1000)
    story.then(lambda: standin.fail_refund(refund))
    return story


def given_back_in_vain(standin: StandIn, cart: Cart) -> Story:
    """Paid, and all of it refunded by us with the goods; the bank sends the refund back later."""
    story = Story(standin, cart)
    story.pay("4242424242424242")
    payment = story.book_payment()
    refund = story.send_and_die(request_all(payment.pk, Refund.Reason.RETURNED, SCHEDULE))
    story.then(lambda: standin.fail_refund(refund))
    return story


def _wish(*units: Units, other_minor: int = 0) -> RefundWish:
    return RefundWish(units, 0, other_minor, Refund.Reason.GOODWILL)


def _answer(dispute: str) -> None:
    client = stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, base_addresses={"api": settings.STRIPE_API_BASE}
    )
    evidence: Any = {"evidence": {"uncategorized_text": "It was delivered."}, "submit": True}
    client.v1.disputes.update(dispute, params=evidence)
