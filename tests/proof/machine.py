"""A world in which shoppers, staff, Stripe, its webhooks, the clock and deaths act in any order.

Hypothesis picks the steps. After each of them the shop's own books must close; at the end, when all
is swept and every hold is over, they must close with Stripe's, and nothing may still be waiting.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.core.management import call_command
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cart.coupons import CouponRefusedError
from cart.lines import CartRefusedError, set_quantity
from cart.models import Cart, Coupon
from checkout.books import audit, money, trail
from checkout.models import WebhookEvent
from checkout.paying import PaymentRefusedError
from checkout.stripe_gateway import StripeError
from checkout.tasks import apply_events, close_due, look_up, send_refunds, sweep
from inventory.models import StockItem, StockMovement
from inventory.stock import StockWouldBeNegativeError, adjust
from orders.canceling import CancelRefusedError, cancel_order
from orders.models import Dispute, Order, OrderEvent, Payment, Refund
from orders.refund_pricing import RefundRefusedError, RefundWish, Units
from orders.refunding import repeat, request_refund
from orders.states import SCHEDULE
from shop.models import Variant
from tests.checkout.shopper import PROCESSING_CARD, post_event, press_pay, stripe_events
from tests.factories import CouponFactory, make_cart, make_shipping, make_variant
from tests.proof.crash import dying
from tests.standin import StandIn

# Said with a sentence to whoever asked; nothing was booked.
REFUSALS = (
    PaymentRefusedError,
    CouponRefusedError,
    RefundRefusedError,
    CancelRefusedError,
    CartRefusedError,
    StockWouldBeNegativeError,
    StripeError,
)
# What may be overdue between two sweeps, and what only staff can end.
LATER = (
    trail.overdue_orders,
    trail.events_left_in_the_inbox,
    money.refunds_that_wait,
    money.money_kept_without_a_sale,
)
AT_ONCE = [one for one in audit.RULES if one not in LATER]
CARDS = [
    "4242424242424242",
    "4000000000000002",
    "4000000000003220",
    "4000000000005126",
    PROCESSING_CARD,
]
PROCESSING = OrderEvent.objects.filter(kind=OrderEvent.Kind.PROCESSING)
FAILED = Refund.objects.filter(state=Refund.State.FAILED)
ANY = st.integers(min_value=0, max_value=99)


class World(RuleBasedStateMachine):
    """One shop with six mugs, three bowls, and a coupon that can be used twice."""

    standin: StandIn

    @initialize(first=st.sampled_from(CARDS), second=st.sampled_from(CARDS))
    def open_shop(self, first: str, second: str) -> None:
        """Open with two purchases: else most worlds end before anything of interest happens."""
        call_command("flush", interactive=False, verbosity=0)
        self.standin.reset()
        self.clock = time_machine.travel(datetime.now(tz=UTC), tick=True)
        self.time = self.clock.start()
        self.death: int | None = None
        self.secrets: dict[int, str] = {}
        self.carts: list[Cart] = []
        make_shipping(600)
        make_variant(price_minor=4200, units=6)
        make_variant(price_minor=2500, units=3)
        CouponFactory(code="TWICE", percent=10, max_uses=2)
        for kind, card in enumerate((first, second)):
            self.buy(2, kind, True, card)
            self.work(sweep)

    # --- Shoppers -------------------------------------------------------------------------------
    @rule(
        quantity=st.integers(1, 3),
        kind=st.integers(0, 1),
        with_coupon=st.booleans(),
        card=st.sampled_from(CARDS),
    )
    def buy(self, quantity: int, kind: int, with_coupon: bool, card: str) -> None:
        variant = Variant.objects.order_by("pk")[kind]
        coupon = Coupon.objects.get() if with_coupon else None
        self.carts.append(make_cart(variant, quantity=quantity, coupon=coupon))
        self.pay(-1)
        self.confirm(-1, card, True)

    @precondition(lambda self: self.carts)
    @rule(which=ANY)
    def pay(self, which: int) -> None:
        cart = self._cart(which)

        def press() -> None:
            self.secrets[cart.pk] = press_pay(cart).client_secret

        self._do(press)

    @precondition(lambda self: self.secrets)
    @rule(which=ANY, card=st.sampled_from(CARDS), passes=st.booleans())
    def confirm(self, which: int, card: str, passes: bool) -> None:
        secret = self.secrets.get(self._cart(which).pk)
        if secret:
            self.standin.pay(secret, card, authenticate="complete" if passes else "fail")

    @precondition(lambda self: self.carts)
    @rule(which=ANY, quantity=st.integers(1, 3))
    def change_mind(self, which: int, quantity: int) -> None:
        cart = self._cart(which)
        line = cart.lines.first()
        if line is not None:
            self._do(lambda: set_quantity(line, quantity))

    # --- Stripe and its webhooks ----------------------------------------------------------------
    @rule(which=ANY)
    def deliver(self, which: int) -> None:
        """Deliver any event, new or again."""
        events = stripe_events()
        if events:
            self._do(lambda: post_event(events[which % len(events)]))

    @precondition(lambda self: PROCESSING.exists())
    @rule(which=ANY, outcome=st.sampled_from(["succeeded", "failed"]))
    def settle(self, which: int, outcome: Any) -> None:
        intent = self._intent(which, "processing")
        if intent is not None:
            self.standin.settle(intent["id"], outcome)

    @precondition(lambda self: Payment.objects.exists())
    @rule(which=ANY, amount=st.sampled_from([500, None]))
    def refund_in_dashboard(self, which: int, amount: int | None) -> None:
        intent = self._intent(which, "succeeded")
        if intent is not None:
            self._at_stripe(lambda: self.standin.refund_in_dashboard(intent["id"], amount))

    @precondition(lambda self: Refund.objects.exists())
    @rule(which=ANY)
    def fail_refund(self, which: int) -> None:
        sent = list(Refund.objects.exclude(stripe_id=None))
        if sent:
            one = sent[which % len(sent)]
            self._at_stripe(lambda: self.standin.fail_refund(str(one.stripe_id)))

    @precondition(lambda self: Payment.objects.exists())
    @rule(which=ANY)
    def dispute(self, which: int) -> None:
        intent = self._intent(which, "succeeded")
        if intent is not None:
            self._at_stripe(lambda: self.standin.open_dispute(intent["id"]))

    @precondition(lambda self: Dispute.objects.exists())
    @rule(which=ANY, outcome=st.sampled_from(["won", "lost"]))
    def decide(self, which: int, outcome: Any) -> None:
        disputes = list(Dispute.objects.all())
        one = disputes[which % len(disputes)]
        self._at_stripe(lambda: self.standin.close_dispute(one.stripe_id, outcome))

    @rule(call=st.sampled_from(["payment_intents", "payment_intents/*/cancel", "refunds"]))
    def break_next_call(self, call: str) -> None:
        self.standin.arm("error_after", f"POST /v1/{call}")

    # --- The worker -----------------------------------------------------------------------------
    @rule(part=st.sampled_from([apply_events, send_refunds, look_up, close_due, sweep]))
    def work(self, part: Callable[[], object]) -> None:
        self._do(part)

    # --- Staff ----------------------------------------------------------------------------------
    @precondition(lambda self: Payment.objects.exists())
    @rule(which=ANY, quantity=st.integers(0, 2), other=st.sampled_from([0, 100]))
    def refund(self, which: int, quantity: int, other: int) -> None:
        payments = list(Payment.objects.select_related("order"))
        payment = payments[which % len(payments)]
        line = payment.order.lines.get()
        units = (Units(line.pk, quantity, restock=True),) if quantity else ()
        wish = RefundWish(units, 0, other, Refund.Reason.RETURNED)
        self._do(lambda: request_refund(payment.pk, wish, SCHEDULE))

    @precondition(lambda self: Order.objects.exists())
    @rule(which=ANY)
    def cancel(self, which: int) -> None:
        orders = list(Order.objects.all())
        self._do(lambda: cancel_order(orders[which % len(orders)].pk, SCHEDULE))

    @precondition(lambda self: FAILED.exists())
    @rule(which=ANY)
    def try_again(self, which: int) -> None:
        failed = list(FAILED.all())
        self._do(lambda: repeat(failed[which % len(failed)].pk, SCHEDULE))

    @rule(change=st.sampled_from([-1, 2]))
    def count_stock(self, change: int) -> None:
        item = StockItem.objects.latest("pk")
        self._do(lambda: adjust(item, change, StockMovement.Reason.COUNTED, "staff"))

    # --- Time and death -------------------------------------------------------------------------
    @rule(minutes=st.sampled_from([1, 5, 16, 61]))
    def wait(self, minutes: int) -> None:
        self.time.shift(timedelta(minutes=minutes))
        self.standin.advance_clock(60 * minutes)

    @rule(points=st.integers(0, 12))
    def die_soon(self, points: int) -> None:
        """The process of the next thing done dies at its n-th commit or call, if it has so many."""
        self.death = points

    # --- What always holds ----------------------------------------------------------------------
    @invariant()
    def books_close(self) -> None:
        found = [one for check in AT_ONCE for one in check()]
        assert not found, found

    def teardown(self) -> None:
        if not hasattr(self, "clock"):
            return
        try:
            self._calm_down()
        finally:
            self.clock.stop()

    def _calm_down(self) -> None:
        self.death = None
        self.standin.disarm()
        while intent := self._intent(0, "processing"):
            self.standin.settle(intent["id"], "succeeded")
        for minutes in (61, 2, 61, 2):
            self.wait_quietly(minutes)
            sweep()
        result = audit.check(datetime.now(tz=UTC) - timedelta(days=2))
        assert not result.error
        failed = Refund.objects.filter(state=Refund.State.FAILED, reason=Refund.Reason.LATE)
        allowed = {"money_kept_without_sale"} if failed else set()
        found = [one for one in result.breaks if one.rule not in allowed]
        assert not found, found
        assert not Order.objects.filter(state=Order.State.PENDING).exists()
        assert not WebhookEvent.objects.filter(state__in=["received", "failed"]).exists()

    def wait_quietly(self, minutes: int) -> None:
        self.time.shift(timedelta(minutes=minutes))
        self.standin.advance_clock(60 * minutes)

    # --- How things are done --------------------------------------------------------------------
    def _do(self, what: Callable[[], object]) -> None:
        """Do it as a process that may die, and that tells whoever asked when it refuses."""
        death, self.death = self.death, None
        with dying(death):
            try:
                what()
            except REFUSALS:
                return

    def _at_stripe(self, what: Callable[[], object]) -> None:
        try:
            what()
        except RuntimeError:
            return  # Stripe refuses what the state of the payment does not allow.

    def _cart(self, which: int) -> Cart:
        return self.carts[which % len(self.carts)]

    def _intent(self, which: int, status: str) -> dict[str, Any] | None:
        found = [
            intent
            for intent in self.standin.state()["payment_intents"]
            if intent["status"] == status
        ]
        return found[which % len(found)] if found else None
