"""What was left behind is noticed: once for each leaving, and never of those who bought."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.signing import get_cookie_signer
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from cart.leaving import note_at_checkout
from cart.models import Cart, LeftBehind
from checkout.expiring import expire_due
from checkout.leaving import note_what_was_left
from checkout.tasks import note_left
from orders.models import Order
from orders.states import STRIPE, State, move
from tests.checkout.shopper import deliver_all, leave_challenge, press_pay
from tests.factories import make_cart, make_variant
from tests.orders.factory import make_order
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Kind = LeftBehind.Kind
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DECLINED = "4000000000000002"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until the test moves it."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def typed(cart: Cart) -> Cart:
    """A cart at the checkout page, where an address was typed just now."""
    note_at_checkout(cart, "ada@example.com")
    return cart


def kinds() -> list[str]:
    note_left()
    return list(LeftBehind.objects.order_by("pk").values_list("kind", flat=True))


def end_hold() -> None:
    Order.objects.update(held_until=timezone.now())
    list(expire_due())


def move_back(cart: Cart, back: timedelta) -> None:
    """Let everything that the cart's owner did have been so long ago."""
    cart.refresh_from_db()
    cart.changed_at -= back
    cart.checkout_at = cart.checkout_at and cart.checkout_at - back
    cart.save()


# --- Typed at the checkout --------------------------------------------------------------------
def test_what_is_typed_at_the_checkout_is_kept_with_the_cart(cart: Cart) -> None:
    client = Client()
    client.cookies["cart"] = get_cookie_signer(salt="cartcart").sign(cart.token)
    client.get("/checkout/")
    cart.refresh_from_db()
    assert (cart.email, cart.checkout_at is not None) == ("", True)

    for text, kept in (("ada@", ""), (" ada@example.com ", "ada@example.com"), ("", "")):
        client.post("/checkout/summary/", {"email": text, "country": "US", "line1": ""})
        cart.refresh_from_db()
        assert cart.email == kept


def test_the_page_says_that_a_reminder_may_come(cart: Cart) -> None:
    client = Client()
    client.cookies["cart"] = get_cookie_signer(salt="cartcart").sign(cart.token)
    assert "unsubscribe" in client.get("/checkout/").content.decode()


# --- Left at the checkout ---------------------------------------------------------------------
def test_the_checkout_is_left_after_20_quiet_minutes(
    typed: Cart, clock: time_machine.Traveller
) -> None:
    left_at = typed.checkout_at
    assert left_at is not None
    clock.shift(19 * MINUTE)
    assert kinds() == []

    clock.shift(MINUTE)
    assert kinds() == [Kind.CHECKOUT]
    left = LeftBehind.objects.get()
    assert (left.email, left.cart, left.left_at) == ("ada@example.com", typed, left_at)
    assert (left.mark, left.value_minor) == (left_at.isoformat(), 9720)
    (item,) = left.items
    assert item["quantity"] == 2
    assert "Mug" in item["title"]


def test_it_is_noted_once_however_often_it_is_looked_for(
    typed: Cart, clock: time_machine.Traveller
) -> None:
    clock.shift(21 * MINUTE)
    assert kinds() == kinds() == [Kind.CHECKOUT]
    clock.shift(2 * DAY)
    assert kinds() == [Kind.CHECKOUT]


@pytest.mark.parametrize("age", [timedelta(minutes=19), timedelta(days=3, minutes=1)])
def test_too_young_and_too_old_is_let_be(typed: Cart, age: timedelta, settings: Settings) -> None:
    settings.CART_LEFT_HOURS = 24 * 8
    move_back(typed, age)
    assert kinds() == []


def test_nobody_is_noted_without_an_address(cart: Cart) -> None:
    note_at_checkout(cart, "")
    move_back(cart, HOUR)
    assert kinds() == []


def test_an_account_needs_to_type_nothing(cart: Cart, buyer: User) -> None:
    Cart.objects.filter(pk=cart.pk).update(user=buyer, email="typed@example.com")
    cart.refresh_from_db()
    note_at_checkout(cart, "typed@example.com")
    move_back(cart, HOUR)
    assert kinds() == [Kind.CHECKOUT]
    assert LeftBehind.objects.get().email == buyer.email


def test_an_empty_cart_is_nothing_left(typed: Cart) -> None:
    typed.lines.all().delete()
    move_back(typed, HOUR)
    assert kinds() == []


def test_a_cart_that_was_merged_is_not_left(typed: Cart, buyer: User) -> None:
    move_back(typed, HOUR)
    Cart.objects.filter(pk=typed.pk).update(merged_into=make_cart(user=buyer))
    assert kinds() == []


def test_whoever_went_back_to_shopping_has_not_left(
    typed: Cart, clock: time_machine.Traveller
) -> None:
    clock.shift(15 * MINUTE)
    Cart.objects.filter(pk=typed.pk).update(changed_at=timezone.now())
    clock.shift(10 * MINUTE)
    assert kinds() == []
    clock.shift(10 * MINUTE)
    assert kinds() == [Kind.CHECKOUT]


def test_whoever_bought_with_another_cart_meanwhile_left_nothing(typed: Cart) -> None:
    move_back(typed, HOUR)
    move(make_order(email="Ada@Example.com").pk, State.PAID, STRIPE)
    assert kinds() == []


def test_coming_back_within_a_day_is_the_same_leaving(
    typed: Cart, clock: time_machine.Traveller
) -> None:
    clock.shift(HOUR)
    assert kinds() == [Kind.CHECKOUT]
    clock.shift(HOUR)
    note_at_checkout(typed, typed.email)
    clock.shift(HOUR)
    assert kinds() == [Kind.CHECKOUT]

    clock.shift(DAY)
    note_at_checkout(typed, typed.email)
    clock.shift(HOUR)
    assert kinds() == [Kind.CHECKOUT, Kind.CHECKOUT]


# --- With an order ----------------------------------------------------------------------------
def test_an_order_that_can_still_be_paid_is_not_left(cart: Cart, standin: StandIn) -> None:
    press_pay(cart)
    move_back(cart, HOUR)
    assert kinds() == []


def test_an_order_closed_without_a_decline_is_one_leaving(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    leave_challenge(standin, start.client_secret)
    end_hold()
    assert kinds() == []

    move_back(cart, HOUR)
    assert kinds() == kinds() == [Kind.CHECKOUT]
    left = LeftBehind.objects.get()
    assert (left.mark, left.email) == (start.order.number, "ada@example.com")


def test_a_declined_payment_is_one_leaving(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    for _try in range(2):
        standin.pay(start.client_secret, DECLINED)
        deliver_all()
    left = LeftBehind.objects.get()
    assert (left.kind, left.mark, left.cart) == (Kind.PAYMENT, start.order.number, cart)
    assert (left.email, left.value_minor) == ("ada@example.com", 9720)
    assert [item["quantity"] for item in left.items] == [2]

    end_hold()
    move_back(cart, HOUR)
    assert kinds() == [Kind.PAYMENT]
    move_back(cart, DAY)
    assert kinds() == [Kind.PAYMENT]


def test_a_decline_that_is_told_after_the_order_was_paid_is_no_leaving(
    cart: Cart, standin: StandIn
) -> None:
    start = press_pay(cart)
    standin.pay(start.client_secret, DECLINED)
    standin.pay(start.client_secret)
    deliver_all()
    paid = LeftBehind.objects.filter(recovered_at=None)
    assert not paid.exists()


def test_paying_after_all_wins_it_back(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    standin.pay(start.client_secret, DECLINED)
    deliver_all()
    standin.pay(start.client_secret)
    deliver_all()
    left = LeftBehind.objects.get()
    assert (left.recovered_by, left.recovered_minor) == (start.order.number, 9720)


def test_nothing_is_left_after_paying(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    standin.pay(start.client_secret)
    deliver_all()
    move_back(cart, DAY + HOUR)
    assert kinds() == []


# --- Left in the cart -------------------------------------------------------------------------
@pytest.fixture
def known(buyer: User) -> Cart:
    """The buyer's cart, filled just now."""
    return make_cart(make_variant(), user=buyer)


def test_a_cart_is_left_after_a_day(known: Cart, clock: time_machine.Traveller) -> None:
    clock.shift(DAY - MINUTE)
    assert kinds() == []
    clock.shift(MINUTE)
    assert kinds() == kinds() == [Kind.CART]
    known.refresh_from_db()
    left = LeftBehind.objects.get()
    assert (left.mark, left.left_at) == (known.changed_at.isoformat(), timezone.now())


def test_an_old_cart_that_is_at_the_checkout_now_is_not_left(known: Cart) -> None:
    move_back(known, 2 * DAY)
    note_at_checkout(known, "")
    assert kinds() == []


def test_the_owner_says_when_a_cart_is_left(
    known: Cart, clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.CART_LEFT_HOURS = 2
    clock.shift(2 * HOUR)
    assert kinds() == [Kind.CART]


def test_after_a_week_a_cart_is_let_go(known: Cart) -> None:
    move_back(known, 7 * DAY + MINUTE)
    assert kinds() == []


def test_a_cart_left_at_the_checkout_is_not_left_once_more(
    typed: Cart, clock: time_machine.Traveller
) -> None:
    for _day in range(8):
        for _hour in range(24):
            note_left()
            clock.shift(HOUR)
    assert kinds() == [Kind.CHECKOUT]


def test_a_cart_of_which_nobody_knows_the_owner_is_not_noted(
    cart: Cart, clock: time_machine.Traveller
) -> None:
    clock.shift(2 * DAY)
    assert kinds() == []


# --- Costs, and two at once -------------------------------------------------------------------
def test_looking_costs_three_queries_when_nothing_was_left(
    typed: Cart, known: Cart, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):  # the doorbell, and two searches
        note_left()


def test_what_was_paid_between_the_look_and_the_lock_is_not_noted(typed: Cart) -> None:
    quick = make_cart(make_variant(), email="quick@example.com", checkout_at=timezone.now())
    for cart in (typed, quick):
        move_back(cart, HOUR)
    steps = note_what_was_left()
    next(steps)

    move(make_order(email="quick@example.com").pk, State.PAID, STRIPE)
    list(steps)
    assert LeftBehind.objects.get().cart == typed
