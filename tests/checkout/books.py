"""A shop with one order of each kind, whose books close; and what an audit says of them."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from cart.models import Coupon
from checkout import stripe_gateway
from checkout.books import audit, pairing
from checkout.books.findings import Break
from checkout.disputing import settle_dispute
from checkout.expiring import close_at_stripe
from checkout.settling import settle
from checkout.tasks import send_refunds
from orders.models import Dispute, Order, Payment, Refund
from orders.refund_pricing import RefundWish, Units
from orders.refunding import request_refund
from orders.states import SCHEDULE, STRIPE
from shop.models import Variant
from tests.checkout.shopper import press_pay
from tests.factories import CouponFactory, make_cart, make_shipping, make_variant
from tests.standin import StandIn


@dataclass(frozen=True)
class Books:
    """`sold`: two mugs with a coupon, one of them returned. `disputed`: one mug, which the bank
    took back. `waiting`: one mug with the coupon, unpaid. `closed`: one mug, never paid.
    """

    standin: StandIn
    mug: Variant
    coupon: Coupon
    sold: Order
    disputed: Order
    waiting: Order
    closed: Order

    @property
    def payment(self) -> Payment:
        """The payment of the order that was sold."""
        return self.sold.payments.get()

    @property
    def refund(self) -> Refund:
        """Its refund of one mug."""
        return self.payment.refunds.get()

    @property
    def dispute(self) -> Dispute:
        """The dispute that the bank won."""
        return Dispute.objects.get()


def keep_books(standin: StandIn) -> Books:
    """Run the shop until there is one order of each kind."""
    make_shipping(600)
    mug = make_variant(price_minor=4200, units=10)
    coupon = CouponFactory(code="SPRING", percent=10, max_uses=5)
    orders = []
    for quantity, with_coupon in ((2, coupon), (1, None), (1, None), (1, coupon)):
        start = press_pay(make_cart(mug, quantity=quantity, coupon=with_coupon))
        orders.append(start.order)
        if len(orders) <= 2:
            standin.pay(start.client_secret)
    sold, disputed, closed, waiting = orders
    # What webhooks and sweeps would do, in a tenth of the calls.
    for order in (sold, disputed):
        settle(stripe_gateway.retrieve_intent(order.attempt.intent_id or ""), STRIPE)
    dispute = standin.open_dispute(disputed.attempt.intent_id or "")
    settle_dispute(stripe_gateway.retrieve_dispute(dispute["id"]), STRIPE)
    Order.objects.filter(pk=closed.pk).update(held_until=timezone.now())
    close_at_stripe(closed.attempt, SCHEDULE)
    line = sold.lines.get()
    wish = RefundWish((Units(line.pk, 1, restock=True),), 0, 0, Refund.Reason.RETURNED)
    request_refund(sold.payments.get().pk, wish, SCHEDULE)
    send_refunds()
    for order in orders:
        order.refresh_from_db()
    return Books(standin, mug, coupon, sold, disputed, waiting, closed)


def have_no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell at once what differs from Stripe, however young it is."""
    monkeypatch.setattr(audit, "LOOK_AGAIN_AFTER", timedelta(0))
    monkeypatch.setattr(pairing, "TWO_SWEEPS", timedelta(0))


def audited() -> list[Break]:
    """Check everything, for the last day at Stripe; the breaks."""
    result = audit.check(timezone.now() - timedelta(days=1))
    assert not result.error
    return result.breaks
