"""Refunds: sent once, booked as Stripe says, and out of the sums when they fail."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from cart.models import Cart, Coupon
from checkout import refunding, stripe_gateway
from checkout.models import WebhookEvent
from checkout.refunding import settle_refund
from checkout.tasks import send_refunds
from inventory.models import StockItem, StockMovement
from orders.models import Order, OrderEvent, Payment, Refund
from orders.refund_pricing import RefundWish, Units
from orders.refunding import repeat, request_all, request_refund
from orders.states import SCHEDULE, STRIPE
from tests.checkout.shopper import deliver_all, post_event, press_pay, stripe_events
from tests.factories import CouponFactory
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

FAILS_LATER = "4000000000005126"


@pytest.fixture
def paid(cart: Cart, standin: StandIn) -> Payment:
    """Two mugs for $97.20, paid."""
    return buy(cart, standin)


def buy(cart: Cart, standin: StandIn, card_number: str = "4242424242424242") -> Payment:
    standin.pay(press_pay(cart).client_secret, card_number)
    deliver_all()
    return Payment.objects.get()


def one_mug(payment: Payment) -> RefundWish:
    line = payment.order.lines.get()
    return RefundWish((Units(line.pk, 1, restock=True),), 0, 0, Refund.Reason.RETURNED)


def later() -> None:
    """Send again, when every back-off is over."""
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        send_refunds()


def refunded_at_stripe(payment: Payment) -> int:
    return sum(
        refund.amount_minor
        for refund in stripe_gateway.refunds_of(payment.intent_id)
        if not refund.has_failed
    )


def test_a_part_goes_back_to_the_card_and_its_goods_to_the_shelf(
    paid: Payment, standin: StandIn
) -> None:
    refund = request_refund(paid.pk, one_mug(paid), SCHEDULE)

    send_refunds()

    refund.refresh_from_db()
    paid.refresh_from_db()
    assert refund.state == Refund.State.SUCCEEDED
    assert refunded_at_stripe(paid) == paid.refunded_minor == 4536
    assert StockItem.objects.get().on_hand == 9
    assert paid.order.state == Order.State.PAID


def test_a_full_refund_closes_the_order_and_gives_the_coupon_back(
    cart: Cart, standin: StandIn
) -> None:
    cart.coupon = CouponFactory(code="SPRING", percent=10, max_uses=1)
    cart.save()
    payment = buy(cart, standin)
    assert Coupon.objects.get().uses == 1

    request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE)
    send_refunds()

    payment.order.refresh_from_db()
    assert payment.order.state == Order.State.REFUNDED
    assert refunded_at_stripe(payment) == payment.amount_minor
    assert StockItem.objects.get().on_hand == 10
    assert Coupon.objects.get().uses == 0


def test_a_refund_is_sent_once_whatever_becomes_of_the_answer(
    paid: Payment, standin: StandIn
) -> None:
    request_refund(paid.pk, one_mug(paid), SCHEDULE)
    standin.arm("error_after", "POST /v1/refunds", times=1)
    send_refunds()
    later()

    assert refunded_at_stripe(paid) == 4536
    assert Refund.objects.get().state == Refund.State.SUCCEEDED


def test_a_refund_that_fails_after_its_goods_came_back_is_repeated_without_them(
    cart: Cart, standin: StandIn
) -> None:
    payment = buy(cart, standin, FAILS_LATER)
    refund = request_all(payment.pk, Refund.Reason.RETURNED, SCHEDULE)
    send_refunds()
    refund.refresh_from_db()
    standin.fail_refund(str(refund.stripe_id))
    deliver_all()

    repeat(refund.pk, SCHEDULE)
    send_refunds()

    assert StockItem.objects.get().on_hand == 10
    returned = StockMovement.objects.filter(reason=StockMovement.Reason.RETURNED)
    assert [movement.quantity for movement in returned] == [2]
    payment.order.refresh_from_db()
    assert payment.order.state == Order.State.REFUNDED


def test_a_refund_that_stripe_refuses_says_why_and_leaves_the_sums(
    paid: Payment, standin: StandIn
) -> None:
    refund = request_all(paid.pk, Refund.Reason.RETURNED, SCHEDULE)
    standin.refund_in_dashboard(paid.intent_id)

    send_refunds()

    refund.refresh_from_db()
    assert refund.state == Refund.State.FAILED
    assert "already been refunded" in refund.error
    paid.refresh_from_db()
    assert paid.refunded_minor == 0


def test_a_refund_made_at_stripe_waits_until_ours_has_failed(
    paid: Payment, standin: StandIn
) -> None:
    request_all(paid.pk, Refund.Reason.RETURNED, SCHEDULE)
    standin.refund_in_dashboard(paid.intent_id)
    for event in stripe_events():
        post_event(event)
    send_refunds()
    deliver_all()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        deliver_all()

    paid.refresh_from_db()
    paid.order.refresh_from_db()
    assert paid.refunded_minor == paid.amount_minor
    assert paid.order.state == Order.State.REFUNDED
    assert sorted(Refund.objects.values_list("state", "reason")) == [
        ("failed", "returned"),
        ("succeeded", "at_stripe"),
    ]
    assert not WebhookEvent.objects.filter(state__in=["received", "failed"]).exists()


def test_a_pending_refund_is_booked_when_the_bank_has_answered(
    paid: Payment, standin: StandIn
) -> None:
    at_stripe = standin.refund_in_dashboard(paid.intent_id, 1000)
    answer = stripe_gateway.retrieve_refund(at_stripe["id"])
    pending = type(answer)(**{**vars(answer), "status": "pending"})

    settle_refund(pending, STRIPE)
    assert Refund.objects.get().state == Refund.State.SENT
    settle_refund(answer, STRIPE)
    settle_refund(answer, STRIPE)

    assert Refund.objects.get().state == Refund.State.SUCCEEDED
    told = OrderEvent.objects.filter(kind=OrderEvent.Kind.REFUND_SUCCEEDED)
    assert [event.amount_minor for event in told] == [1000]


def test_a_refund_of_a_payment_that_is_not_ours_is_left_alone(
    paid: Payment, standin: StandIn
) -> None:
    at_stripe = standin.refund_in_dashboard(paid.intent_id, 1000)
    answer = stripe_gateway.retrieve_refund(at_stripe["id"])

    assert settle_refund(type(answer)(**{**vars(answer), "intent_id": "pi_other"}), STRIPE) is None
    assert not Refund.objects.exists()


def test_a_refund_waits_while_stripe_does_not_answer(paid: Payment, standin: StandIn) -> None:
    request_refund(paid.pk, one_mug(paid), SCHEDULE)
    standin.arm("error_before", "POST /v1/refunds", times=10)

    send_refunds()
    assert Refund.objects.get().state == Refund.State.REQUESTED
    standin.disarm()
    send_refunds()
    assert Refund.objects.get().state == Refund.State.REQUESTED, "its time has not come"
    later()

    assert Refund.objects.get().state == Refund.State.SUCCEEDED


def test_a_refund_on_which_a_bank_works_for_days_is_looked_up_each_hour(
    paid: Payment, standin: StandIn
) -> None:
    request_refund(paid.pk, one_mug(paid), SCHEDULE)
    Refund.objects.update(tries=1000)
    standin.arm("error_before", "POST /v1/refunds", times=10)

    send_refunds()

    wait = Refund.objects.get().next_try_at - timezone.now()
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


def test_a_refund_that_cannot_be_booked_keeps_no_other_from_it(
    paid: Payment, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = request_refund(paid.pk, one_mug(paid), SCHEDULE)
    other = request_refund(paid.pk, one_mug(paid), SCHEDULE)
    settle = refunding.settle_refund

    def settle_unless_stuck(at_stripe: Any, actor: Any) -> Any:
        assert at_stripe.key != stuck.idempotency_key, "a fault"
        return settle(at_stripe, actor)

    monkeypatch.setattr(refunding, "settle_refund", settle_unless_stuck)
    send_refunds()
    stuck.refresh_from_db()
    other.refresh_from_db()
    assert (stuck.state, other.state) == (Refund.State.REQUESTED, Refund.State.SUCCEEDED)
    assert stuck.error.startswith("AssertionError: a fault")

    monkeypatch.setattr(refunding, "settle_refund", settle)
    later()
    stuck.refresh_from_db()
    assert stuck.state == Refund.State.SUCCEEDED
    assert refunded_at_stripe(paid) == paid.amount_minor - 648
