"""A process dies before or after any commit or call to Stripe; it starts again, and sweeps."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from cart.models import Cart
from checkout.tasks import sweep
from inventory.models import StockItem
from orders.models import Order, Payment, Refund
from orders.refunding import request_all
from orders.states import SCHEDULE
from tests.checkout.shopper import deliver_all, press_pay
from tests.factories import CouponFactory, make_cart, make_shipping, make_variant
from tests.proof.crash import dying
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.storm]


def fill_cart() -> Cart:
    """Two of ten mugs with a coupon that can be used once."""
    coupon = CouponFactory(percent=10, max_uses=1)
    return make_cart(make_variant(price_minor=4200, units=10), quantity=2, coupon=coupon)


def buy_and_return(cart: Cart, standin: StandIn) -> None:
    """A whole purchase, and a refund of all of it."""
    standin.pay(press_pay(cart).client_secret)
    deliver_all()
    payment = Payment.objects.get(order__attempt__cart=cart)
    request_all(payment.pk, Refund.Reason.RETURNED, SCHEDULE)
    sweep()
    deliver_all()


def sweep_twice() -> None:
    """What the schedule does once the process runs again: now, and when the hold is over."""
    for minutes in (2, 20):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            sweep()


def assert_books_close(cart: Cart, standin: StandIn) -> str:
    """Paid and kept, paid and given back, or cleanly released: in money, goods and coupon."""
    order = Order.objects.filter(attempt__cart=cart).first()
    item = (
        StockItem.objects.get(variant__in=cart.lines.values("variant"))
        if order is None
        else (StockItem.objects.get(variant__in=order.lines.values("variant")))
    )
    assert cart.coupon is not None
    cart.coupon.refresh_from_db()
    state = order.state if order else ""
    sold = state == Order.State.PAID
    assert state in ("", Order.State.PAID, Order.State.CANCELED, Order.State.REFUNDED)
    assert (item.on_hand, item.held) == (8 if sold else 10, 0)
    assert cart.coupon.uses == (1 if sold else 0)
    if order is not None:
        intents = [
            intent
            for intent in standin.state()["payment_intents"]
            if intent["metadata"]["order"] == order.number
        ]
        assert len(intents) <= 1
        received = sum(intent["amount_received"] for intent in intents)
        was_paid = state in (Order.State.PAID, Order.State.REFUNDED)
        assert received == (order.total_minor if was_paid else 0)
    return state


def test_the_books_close_after_a_death_at_any_point(standin: StandIn) -> None:
    make_shipping(600)
    ends = set()
    for at in range(200):
        cart = fill_cart()
        with dying(at) as points:
            buy_and_return(cart, standin)
        sweep_twice()
        try:
            ends.add(assert_books_close(cart, standin))
        except AssertionError as error:
            name = points.passed[-1]
            raise AssertionError(f"died at point {at}, {name}") from error
        if len(points.passed) <= at:
            break
    else:
        raise AssertionError("more points than expected")

    assert at > 40
    assert ends == {"", Order.State.PAID, Order.State.CANCELED, Order.State.REFUNDED}
