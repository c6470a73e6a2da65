"""Whatever Stripe says, in whatever order: the order ends as the intent stands."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from cart.lines import add
from cart.models import Cart, Coupon, CouponRedemption
from checkout.models import PaymentAttempt
from checkout.settling import note_decline, settle
from checkout.stripe_gateway import Intent, retrieve_intent
from inventory.models import Reservation, StockItem, StockMovement
from orders.models import Order, OrderEvent, Payment
from orders.states import STRIPE
from tests.checkout.shopper import press_pay
from tests.factories import CouponFactory, make_cart, make_variant
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Kind = OrderEvent.Kind


@pytest.fixture
def intent(cart: Cart, standin: StandIn) -> Intent:
    """The intent of an order that waits for its payment, with a coupon of which one use is left."""
    Cart.objects.filter(pk=cart.pk).update(coupon=CouponFactory(max_uses=1))
    cart.refresh_from_db()
    press_pay(cart)
    return retrieve_intent(PaymentAttempt.objects.get().intent_id or "")


def as_it_is(intent: Intent, status: str, **fields: Any) -> Intent:
    received = intent.amount_minor if status == "succeeded" else 0
    return replace(intent, status=status, **{"received_minor": received, **fields})


def kinds() -> list[str]:
    return list(OrderEvent.objects.values_list("kind", flat=True))


def stock() -> tuple[int, int]:
    return StockItem.objects.values_list("on_hand", "held").get()


def test_paid_confirms_stock_and_coupon_and_empties_the_cart(intent: Intent, cart: Cart) -> None:
    settle(as_it_is(intent, "succeeded"), STRIPE)

    order = Order.objects.get()
    payment = Payment.objects.get()
    assert order.state == Order.State.PAID
    assert (payment.amount_minor, payment.outcome) == (order.total_minor, "accepted")
    assert stock() == (8, 0)
    assert Reservation.objects.get().state == Reservation.State.CONFIRMED
    assert StockMovement.objects.filter(reason="sold").get().quantity == -2
    assert CouponRedemption.objects.get().state == CouponRedemption.State.CONFIRMED
    assert Coupon.objects.get().uses == 1
    cart.refresh_from_db()
    assert not cart.lines.exists()
    assert cart.coupon is None


def test_what_was_added_to_the_cart_meanwhile_stays(intent: Intent, cart: Cart) -> None:
    later = make_variant()
    add(cart, later, 1)

    settle(as_it_is(intent, "succeeded"), STRIPE)

    assert [line.variant for line in cart.lines.all()] == [later]


def test_canceled_frees_stock_and_coupon_and_keeps_the_cart(intent: Intent, cart: Cart) -> None:
    settle(as_it_is(intent, "canceled"), STRIPE)

    assert Order.objects.get().state == Order.State.CANCELED
    assert stock() == (10, 0)
    assert Coupon.objects.get().uses == 0
    assert cart.lines.count() == 1


def test_canceled_after_a_decline_is_a_failed_order(intent: Intent) -> None:
    settle(as_it_is(intent, "canceled", was_declined=True), STRIPE)

    assert Order.objects.get().state == Order.State.FAILED


def test_processing_keeps_the_hold_and_is_told_once(intent: Intent) -> None:
    for _ in range(2):
        settle(as_it_is(intent, "processing"), STRIPE)

    assert Order.objects.get().state == Order.State.PENDING
    assert stock() == (10, 2)
    assert kinds().count(Kind.PROCESSING) == 1


def test_each_try_that_the_bank_works_on_is_told(intent: Intent) -> None:
    settle(as_it_is(intent, "processing"), STRIPE)
    note_decline(as_it_is(intent, "requires_payment_method"), "generic_decline", STRIPE, "evt_1")

    settle(as_it_is(intent, "processing"), STRIPE)

    told = [kind for kind in kinds() if kind in (Kind.PROCESSING, Kind.DECLINED)]
    assert told == [Kind.PROCESSING, Kind.DECLINED, Kind.PROCESSING]


@pytest.mark.parametrize("order", list(itertools.permutations(["processing", "succeeded"] * 2)))
def test_doubled_and_reordered_news_of_a_payment_end_alike(
    intent: Intent, order: tuple[str, ...]
) -> None:
    for status in order:
        settle(as_it_is(intent, status), STRIPE)

    assert Order.objects.get().state == Order.State.PAID
    assert Payment.objects.count() == 1
    assert kinds().count(Kind.PAID) == 1
    assert stock() == (8, 0)


@pytest.mark.parametrize(
    "fields", [{"received_minor": 1}, {"currency": "EUR"}, {"received_minor": 1_000_000}]
)
def test_a_payment_that_differs_from_the_order_is_recorded_and_flagged_never_taken_as_paid(
    intent: Intent, fields: dict[str, Any]
) -> None:
    for _ in range(2):
        settle(as_it_is(intent, "succeeded", **fields), STRIPE)

    assert Order.objects.get().state == Order.State.FAILED
    assert Payment.objects.get().outcome == Payment.Outcome.MISMATCH
    assert kinds().count(Kind.PAYMENT_MISMATCH) == 1
    assert stock() == (10, 0)


def test_money_that_comes_late_revives_the_order_when_the_goods_are_there(
    intent: Intent,
) -> None:
    settle(as_it_is(intent, "canceled"), STRIPE)

    for _ in range(2):
        settle(as_it_is(intent, "succeeded"), STRIPE)

    assert Order.objects.get().state == Order.State.PAID
    assert Payment.objects.get().outcome == Payment.Outcome.ACCEPTED
    assert stock() == (8, 0)
    assert Coupon.objects.get().uses == 1


def test_money_that_comes_when_the_goods_are_gone_is_recorded_and_flagged(
    intent: Intent,
) -> None:
    settle(as_it_is(intent, "canceled"), STRIPE)
    StockItem.objects.update(on_hand=1)

    for _ in range(2):
        settle(as_it_is(intent, "succeeded"), STRIPE)

    assert Order.objects.get().state == Order.State.CANCELED
    assert Payment.objects.get().outcome == Payment.Outcome.LATE
    assert kinds().count(Kind.PAYMENT_LATE) == 1
    assert stock() == (1, 0)


def test_a_discount_that_was_promised_holds_when_the_coupon_is_used_up(intent: Intent) -> None:
    settle(as_it_is(intent, "canceled"), STRIPE)
    Coupon.objects.update(uses=1)

    settle(as_it_is(intent, "succeeded"), STRIPE)

    assert Order.objects.get().state == Order.State.PAID
    assert Coupon.objects.get().uses == 1


def test_the_news_may_be_faster_than_our_note_of_the_intent(intent: Intent) -> None:
    PaymentAttempt.objects.update(intent_id=None)

    settle(as_it_is(intent, "succeeded"), STRIPE)

    assert Order.objects.get().state == Order.State.PAID
    assert PaymentAttempt.objects.get().intent_id == intent.id


def test_an_intent_of_somebody_else_is_not_ours(intent: Intent) -> None:
    stranger = as_it_is(intent, "succeeded", id="pi_stranger", order_number="")

    assert settle(stranger, STRIPE) is None
    assert Order.objects.get().state == Order.State.PENDING


def test_a_cart_that_is_gone_does_not_stop_the_payment(intent: Intent, cart: Cart) -> None:
    cart.delete()

    settle(as_it_is(intent, "succeeded"), STRIPE)

    assert Order.objects.get().state == Order.State.PAID


def test_two_lines_are_each_held(standin: StandIn) -> None:
    cart = make_cart(make_variant(units=3, price_minor=100), make_variant(units=2), quantity=2)

    press_pay(cart)

    assert sorted(StockItem.objects.values_list("held", flat=True)) == [2, 2]
