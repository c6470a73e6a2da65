"""A coupon is used as often as it was promised, and a promise holds."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cart.models import Cart, Coupon, CouponRedemption
from checkout.expiring import expire_due
from checkout.models import WebhookEvent
from orders.models import Order, Payment
from orders.states import State
from tests.checkout.shopper import deliver_all, press_pay
from tests.factories import CouponFactory
from tests.graveyard.late import close_unpaid, end_hold
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def with_coupon(cart: Cart) -> Cart:
    """Return the cart with ten percent off by a coupon that can be used once: $88.13."""
    cart.coupon = CouponFactory(code="ONCE", percent=10, max_uses=1)
    cart.save()
    return cart


@pytest.mark.parametrize("closed_first", [False, True])
def test_coupon_expires_meanwhile(
    with_coupon: Cart, standin: StandIn, *, closed_first: bool
) -> None:
    """A coupon ended between payment and order: no order was made, and the card was charged."""
    start = press_pay(with_coupon)
    if closed_first:
        close_unpaid()
    Coupon.objects.update(ends_at=timezone.now() - timedelta(hours=1), is_active=False)

    standin.pay(start.client_secret)
    deliver_all()

    order = Order.objects.get()
    assert (order.state, order.coupon_code, order.discount_minor) == (State.PAID, "ONCE", 840)
    assert Payment.objects.get().outcome == Payment.Outcome.ACCEPTED
    assert not WebhookEvent.objects.exclude(error="").exists()


def test_decline_burns_coupon(with_coupon: Cart, standin: StandIn) -> None:
    """A declined card used the coupon up, for the shopper and for everybody else."""
    start = press_pay(with_coupon)
    standin.pay(start.client_secret, "4000000000000002")
    deliver_all()

    again = press_pay(with_coupon)
    assert (again.order, again.order.discount_minor) == (start.order, 840)
    end_hold()
    list(expire_due())

    assert Coupon.objects.get().uses == 0
    assert CouponRedemption.objects.get().state == CouponRedemption.State.RELEASED
