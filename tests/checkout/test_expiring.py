"""Holds end only when Stripe has confirmed that no money can come."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from cart.models import Cart, CartLine, Coupon
from checkout.expiring import expire_due, look_up_open
from checkout.models import PaymentAttempt
from checkout.paying import PaymentStart
from checkout.settling import settle
from checkout.stripe_gateway import StripeError
from inventory.models import StockItem
from orders.models import Order
from tests.checkout.shopper import deliver_all, press_pay
from tests.factories import CouponFactory, make_cart
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def start(cart: Cart, standin: StandIn) -> PaymentStart:
    return press_pay(cart)


def end_hold() -> None:
    Order.objects.update(held_until=timezone.now() - timedelta(seconds=1))


def intent_status(standin: StandIn) -> str:
    (intent,) = standin.state()["payment_intents"]
    return str(intent["status"])


def test_a_hold_that_ended_is_cancelled_at_stripe_and_then_freed(
    start: PaymentStart, standin: StandIn
) -> None:
    end_hold()

    (looked,) = expire_due()

    assert looked.order.state == Order.State.CANCELED
    assert intent_status(standin) == "canceled"
    assert StockItem.objects.get().held == 0
    assert not PaymentAttempt.objects.get().is_open


def test_a_hold_that_has_not_ended_is_left_alone(start: PaymentStart, standin: StandIn) -> None:
    assert list(expire_due()) == []
    assert StockItem.objects.get().held == 2


def test_after_a_decline_the_order_has_failed(start: PaymentStart, standin: StandIn) -> None:
    standin.pay(start.client_secret, "4000000000000002")
    end_hold()

    list(expire_due())

    assert Order.objects.get().state == Order.State.FAILED


def test_a_decline_near_the_end_of_the_hold_gives_grace(
    start: PaymentStart, standin: StandIn
) -> None:
    Order.objects.update(held_until=timezone.now() + timedelta(seconds=5))
    standin.pay(start.client_secret, "4000000000000002")

    deliver_all()

    assert Order.objects.get().held_until > timezone.now() + timedelta(minutes=14)


def test_while_stripe_is_away_nothing_is_freed(
    start: PaymentStart, standin: StandIn, settings: Settings
) -> None:
    end_hold()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    (looked,) = expire_due()

    assert looked.error
    assert Order.objects.get().state == Order.State.PENDING
    assert StockItem.objects.get().held == 2


@pytest.fixture
def other(start: PaymentStart) -> PaymentStart:
    """Another shopper's order, younger than the first."""
    return press_pay(make_cart(CartLine.objects.get().variant))


def test_an_order_that_cannot_be_closed_keeps_no_other_from_it(
    cart: Cart, standin: StandIn
) -> None:
    cart.coupon = CouponFactory()
    cart.save()
    stuck = press_pay(cart).order
    other = press_pay(make_cart(CartLine.objects.get().variant)).order
    # A fault in the books: its use cannot be given back.
    Coupon.objects.update(uses=0)
    end_hold()

    looked = {one.order.pk: one for one in expire_due()}

    assert looked[stuck.pk].error.startswith("IntegrityError")
    assert looked[other.pk].order.state == Order.State.CANCELED
    stuck.refresh_from_db()
    assert stuck.state == Order.State.PENDING


def test_an_order_that_could_not_be_closed_goes_behind_the_others(
    start: PaymentStart, other: PaymentStart
) -> None:
    PaymentAttempt.objects.filter(order=start.order).update(intent_id="pi_gone")
    end_hold()

    assert next(expire_due()).error
    assert next(expire_due()).order == other.order


def test_a_payment_that_cannot_be_looked_up_keeps_no_other_from_it(
    start: PaymentStart, other: PaymentStart, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settle_unless_first(intent: Any, actor: Any) -> Any:
        assert intent.order_number != start.order.number, "a fault"
        return settle(intent, actor)

    monkeypatch.setattr("checkout.expiring.settle", settle_unless_first)

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        faults = [one.error.partition("\n")[0] for one in look_up_open()]

    assert faults == ["AssertionError: a fault", ""]


def test_an_order_whose_intent_was_never_made_is_closed(
    cart: Cart, standin: StandIn, settings: Settings
) -> None:
    """The web process died between the order and the intent."""
    address = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(StripeError):
        press_pay(cart)
    settings.STRIPE_API_BASE = address
    end_hold()

    list(expire_due())

    assert Order.objects.get().state == Order.State.CANCELED
    assert standin.state()["payment_intents"] == []


def test_an_intent_whose_id_was_never_noted_is_found_again(
    start: PaymentStart, standin: StandIn
) -> None:
    """The web process died between Stripe's answer and our note of it."""
    PaymentAttempt.objects.update(intent_id=None)
    end_hold()

    list(expire_due())

    assert intent_status(standin) == "canceled"
    assert Order.objects.get().state == Order.State.CANCELED


def test_a_quiet_payment_is_looked_up_after_a_minute(start: PaymentStart, standin: StandIn) -> None:
    standin.pay(start.client_secret)
    assert list(look_up_open()) == []

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        (looked,) = look_up_open()

    assert looked.order.state == Order.State.PAID


def test_the_command_tells_what_it_did(
    start: PaymentStart, standin: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    end_hold()

    call_command("expire_orders", dry_run=True)
    assert "is due since" in capsys.readouterr().out
    assert StockItem.objects.get().held == 2

    call_command("expire_orders")
    assert f"{start.order.number}: canceled" in capsys.readouterr().out


def test_the_command_fails_when_stripe_does_not_answer(
    start: PaymentStart, standin: StandIn, settings: Settings
) -> None:
    end_hold()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    with pytest.raises(CommandError, match="they keep their hold"):
        call_command("expire_orders")
