"""Pay: one cart, one order, one intent, whatever is pressed how often."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from cart.lines import add
from cart.models import Cart, CartLine, Coupon
from checkout import stripe_gateway
from checkout.models import PaymentAttempt
from checkout.paying import PaymentRefusedError, Shown, extend_hold, start_payment
from checkout.settling import close_without_intent
from checkout.stripe_gateway import RETRIES, StripeError
from inventory.models import StockItem
from orders.models import Order, OrderEvent
from orders.states import SCHEDULE
from shop.models import Price
from tests.checkout.shopper import ADA, deliver_all, press_pay, shown
from tests.factories import (
    CouponFactory,
    TaxRateFactory,
    UserFactory,
    make_cart,
    make_shipping,
    make_variant,
)
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def stock() -> tuple[int, int]:
    """On hand and held of the one item there is."""
    return StockItem.objects.values_list("on_hand", "held").get()


def refusal(cart: Cart, total: Shown | None = None) -> PaymentRefusedError:
    with pytest.raises(PaymentRefusedError) as refused:
        start_payment(cart, ADA, total or shown(cart))
    return refused.value


def test_pay_places_the_order_holds_the_stock_and_makes_the_intent(
    cart: Cart, standin: StandIn
) -> None:
    start = press_pay(cart)

    order = Order.objects.get()
    assert start.order == order
    assert (order.state, order.total_minor, order.currency) == ("pending", 9720, "USD")
    assert (order.email, order.shipping_address["name"]) == ("ada@example.com", "Ada Buyer")
    assert stock() == (10, 2)
    (intent,) = standin.state()["payment_intents"]
    assert start.client_secret.startswith(intent["id"])
    assert intent["amount"] == 9720


def test_pressing_again_finds_the_same_order_and_intent(cart: Cart, standin: StandIn) -> None:
    first = press_pay(cart)
    second = press_pay(cart)

    assert second == first
    assert len(standin.state()["payment_intents"]) == 1
    assert stock() == (10, 2)


def test_pressing_again_takes_over_a_corrected_address(cart: Cart, standin: StandIn) -> None:
    press_pay(cart)
    corrected = {**ADA.shipping, "line1": "2 Loom Street"}

    start_payment(cart, type(ADA)("ada@example.org", corrected, {}), shown(cart))

    order = Order.objects.get()
    assert order.shipping_address["line1"] == "2 Loom Street"
    assert order.email == "ada@example.org"


def test_a_total_other_than_the_one_shown_charges_nothing(cart: Cart, standin: StandIn) -> None:
    before = shown(cart)
    Price.objects.update(amount_minor=4500)

    refused = refusal(cart, before)

    assert refused.code == "total_changed"
    assert "$103.68" in refused.message
    assert "$97.20" in refused.message
    assert not Order.objects.exists()


def test_a_total_in_another_currency_is_another_total(cart: Cart, standin: StandIn) -> None:
    assert refusal(cart, Shown(shown(cart).total_minor, "EUR")).code == "total_changed"


def test_the_country_of_the_address_counts_whatever_another_tab_chose(
    cart: Cart, standin: StandIn
) -> None:
    """No tab can have the goods sent to one country, and taxed as if they went to another."""
    TaxRateFactory(country="DE", percent="19")
    first = press_pay(cart)
    in_berlin = replace(ADA, shipping={**ADA.shipping, "country": "DE"})

    with pytest.raises(PaymentRefusedError) as refused:
        start_payment(cart, in_berlin, Shown(9720, "USD"))
    assert refused.value.code == "total_changed"
    Cart.objects.update(country="US")
    second = start_payment(cart, in_berlin, Shown(10710, "USD")).order

    assert second.country == "DE"
    assert second.tax_percent == 19
    first.order.refresh_from_db()
    assert first.order.state == Order.State.CANCELED
    assert Cart.objects.get().country == "DE"


def test_an_empty_cart_is_refused(db: None) -> None:
    assert refusal(make_cart(), Shown(0, "USD")).code == "cart_empty"


def test_what_sold_out_meanwhile_is_named(cart: Cart, standin: StandIn) -> None:
    total = shown(cart)
    StockItem.objects.update(on_hand=1)

    refused = refusal(cart, total)

    assert refused.code == "sold_out"
    assert "Mug" in refused.message
    assert "Only 1 left" in refused.message
    assert "Nothing was charged" in refused.message
    assert not Order.objects.exists()
    assert stock() == (1, 0)


def test_the_last_use_of_a_coupon_goes_to_one(cart: Cart, standin: StandIn) -> None:
    coupon = CouponFactory(code="ONCE", max_uses=1)
    other = make_cart(CartLine.objects.get().variant, coupon=coupon)
    Cart.objects.filter(pk=cart.pk).update(coupon=coupon)
    press_pay(other)
    cart.refresh_from_db()

    press_pay(cart)

    mine = Order.objects.get(attempt__cart=cart)
    assert (mine.coupon_code, mine.discount_minor) == ("", 0)
    assert Coupon.objects.get().uses == 1


def test_ones_own_hold_on_the_last_use_does_not_lock_one_out(cart: Cart, standin: StandIn) -> None:
    Cart.objects.filter(pk=cart.pk).update(coupon=CouponFactory(max_uses=1))
    cart.refresh_from_db()
    start = press_pay(cart)
    standin.pay(start.client_secret, "4000000000000002")
    deliver_all()

    again = press_pay(cart)

    assert again.order == start.order
    assert again.order.discount_minor == 840


def test_a_changed_cart_replaces_the_order_after_its_intent_is_cancelled(
    cart: Cart, standin: StandIn
) -> None:
    first = press_pay(cart)
    CartLine.objects.update(quantity=3)

    second = press_pay(cart)

    first.order.refresh_from_db()
    assert first.order.state == Order.State.CANCELED
    assert second.order.state == Order.State.PENDING
    assert stock() == (10, 3)
    statuses = {intent["amount"]: intent["status"] for intent in standin.state()["payment_intents"]}
    assert statuses == {9720: "canceled", second.order.total_minor: "requires_payment_method"}


def test_pay_pressed_again_before_the_webhook_came_finds_the_payment_under_way(
    cart: Cart, standin: StandIn
) -> None:
    start = press_pay(cart)
    standin.pay(start.client_secret)

    refused = refusal(cart)

    assert (refused.code, refused.order) == ("payment_under_way", start.order)
    assert len(standin.state()["payment_intents"]) == 1
    assert Order.objects.get().state == Order.State.PAID


def test_a_changed_cart_does_not_replace_an_order_that_is_paid(
    cart: Cart, standin: StandIn
) -> None:
    start = press_pay(cart)
    standin.pay(start.client_secret)
    add(cart, make_variant(price_minor=500), 1)

    assert refusal(cart).code == "payment_under_way"

    start.order.refresh_from_db()
    assert start.order.state == Order.State.PAID
    assert [line.variant.prices.get().amount_minor for line in cart.lines.all()] == [500]


def test_a_cancelled_intent_gives_a_new_order(cart: Cart, standin: StandIn) -> None:
    """The hold ran out between the page and the card."""
    first = press_pay(cart)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        deliver_all()

    second = press_pay(cart)

    assert second.order != first.order
    assert stock() == (10, 2)


def test_stripe_down_leaves_an_order_that_the_next_try_finds(
    cart: Cart, standin: StandIn, settings: Settings
) -> None:
    address = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(StripeError):
        press_pay(cart)
    settings.STRIPE_API_BASE = address

    start = press_pay(cart)

    assert Order.objects.get() == start.order
    assert stock() == (10, 2)


def test_an_answer_lost_after_the_intent_was_made_makes_no_second_one(
    cart: Cart, standin: StandIn
) -> None:
    standin.arm("connection_dropped", "POST /v1/payment_intents", times=RETRIES + 1)

    start = press_pay(cart)

    (intent,) = standin.state()["payment_intents"]
    assert start.client_secret.startswith(intent["id"])


def test_a_500_that_stripe_repeats_does_not_keep_the_shopper_from_paying(
    cart: Cart, standin: StandIn
) -> None:
    """Stripe gives the same 500 to every repetition, though the first call made the intent."""
    standin.arm("error_after", "POST /v1/payment_intents")

    start = press_pay(cart)

    (intent,) = standin.state()["payment_intents"]
    assert start.client_secret.startswith(intent["id"])


def test_an_intent_that_comes_after_its_order_was_closed_is_cancelled(
    cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a shopper could pay for an order whose goods are free for others again."""
    create = stripe_gateway.create_intent

    def slow_create(**fields: Any) -> Any:
        monkeypatch.setattr(stripe_gateway, "create_intent", create)
        close_without_intent(PaymentAttempt.objects.get(), SCHEDULE)
        return create(**fields)

    monkeypatch.setattr(stripe_gateway, "create_intent", slow_create)

    start = press_pay(cart)

    states = {one["metadata"]["order"]: one["status"] for one in standin.state()["payment_intents"]}
    (closed,) = Order.objects.filter(state=Order.State.CANCELED)
    assert states == {
        closed.number: "canceled",
        start.order.number: "requires_payment_method",
    }


def test_an_order_that_costs_nothing_is_paid_at_once(standin: StandIn) -> None:
    make_shipping(0)
    cart = make_cart(make_variant(), coupon=CouponFactory(percent=100))

    start = press_pay(cart)

    order = Order.objects.get()
    assert (start.client_secret, order.total_minor, order.state) == ("", 0, Order.State.PAID)
    assert stock() == (9, 0)
    assert standin.state()["payment_intents"] == []


def test_an_amount_that_no_card_can_pay_is_refused_and_holds_nothing(standin: StandIn) -> None:
    make_shipping(0)
    cart = make_cart(make_variant(price_minor=10))

    assert refusal(cart).code == "not_payable"

    assert stock() == (10, 0)
    assert not PaymentAttempt.objects.filter(is_open=True).exists()


def test_an_order_from_before_sign_in_is_found_from_the_merged_cart(
    cart: Cart, standin: StandIn
) -> None:
    start = press_pay(cart)
    account_cart = make_cart(user=UserFactory())
    CartLine.objects.update(cart=account_cart)
    Cart.objects.filter(pk=cart.pk).update(merged_into=account_cart)

    again = press_pay(account_cart)
    standin.pay(again.client_secret)
    deliver_all()

    assert again.order == start.order
    assert not account_cart.lines.exists()


def test_more_time_is_given_up_to_a_limit(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    placed_at = start.order.placed_at

    for minutes in (10, 24, 38):
        with time_machine.travel(placed_at + timedelta(minutes=minutes), tick=False):
            assert extend_hold(cart) == placed_at + timedelta(minutes=minutes + 15)
    with time_machine.travel(placed_at + timedelta(minutes=52), tick=False):
        assert extend_hold(cart) == placed_at + timedelta(minutes=60)


def test_asking_for_more_time_again_and_again_writes_nothing(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    held_until = start.order.held_until
    extended = OrderEvent.objects.filter(kind=OrderEvent.Kind.HOLD_EXTENDED)

    for seconds in (1, 30, 59):
        with time_machine.travel(start.order.placed_at + timedelta(seconds=seconds), tick=False):
            assert extend_hold(cart) == held_until
    assert not extended.exists()

    with time_machine.travel(start.order.placed_at + timedelta(seconds=61), tick=False):
        assert extend_hold(cart) == timezone.now() + timedelta(minutes=15)
    assert extended.count() == 1


def test_a_hold_that_has_ended_is_not_renewed_but_placed_anew(cart: Cart, standin: StandIn) -> None:
    """It may have been ended on purpose: by staff, or after too many declines."""
    start = press_pay(cart)
    Order.objects.update(held_until=start.order.placed_at)

    assert extend_hold(cart) is None
    again = press_pay(cart)

    assert again.order != start.order
    assert Order.objects.get(pk=start.order.pk).state == Order.State.CANCELED


def test_without_an_unpaid_order_there_is_nothing_to_extend(cart: Cart) -> None:
    assert extend_hold(cart) is None
