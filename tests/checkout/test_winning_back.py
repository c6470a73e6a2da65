"""From leaving to the letters: what is left behind is followed up as planned, and no further."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from cart.leaving import is_held_out, note_at_checkout
from cart.models import Cart, LeftBehind
from checkout.tasks import note_left
from notifications.models import Delivery, Suppression
from notifications.tasks import send_due
from orders.states import STRIPE, State, move
from tests.checkout.shopper import deliver_all, press_pay
from tests.factories import make_cart, make_shipping, make_variant
from tests.orders.factory import make_order
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEN_MINUTES, HOUR, DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def clock(db: None, settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.HOLD_OUT_PERCENT = 0
    make_shipping(600)
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def leave_at_checkout(email: str) -> Cart:
    cart = make_cart(make_variant())
    note_at_checkout(cart, email)
    return cart


def pass_time(clock: time_machine.Traveller, time: timedelta, step: timedelta = 12 * HOUR) -> None:
    """Let the schedule run once a step."""
    until = timezone.now() + time
    while timezone.now() < until:
        clock.shift(step)
        note_left()
        send_due()


def told(email: str) -> list[tuple[str, timedelta]]:
    """What a person was told about what was left, and how long after the start."""
    done = Delivery.objects.filter(recipient=email, state="done", left__isnull=False)
    letters = [letter for letter in mail.outbox if letter.to == [email]]
    assert len(letters) >= len(done)
    return [(one.step, one.done_at - START) for one in done.order_by("done_at") if one.done_at]


def test_who_leaves_the_checkout_hears_after_an_hour_and_after_three_days(
    clock: time_machine.Traveller,
) -> None:
    leave_at_checkout("ben@example.com")
    pass_time(clock, 2 * HOUR, HOUR)
    pass_time(clock, 29 * DAY, 10 * HOUR)
    assert told("ben@example.com") == [("left_at_checkout", HOUR), ("last_call", 3 * DAY)]


def test_the_owner_of_a_cart_hears_after_a_day_and_three_days_later(
    clock: time_machine.Traveller, buyer: User
) -> None:
    make_cart(make_variant(), user=buyer)
    pass_time(clock, 31 * DAY)
    assert told(buyer.email) == [("cart_left", DAY), ("last_call", 4 * DAY)]


def test_who_was_declined_hears_after_ten_minutes(
    clock: time_machine.Traveller, standin: StandIn
) -> None:
    start = press_pay(make_cart(make_variant()))
    standin.pay(start.client_secret, "4000000000000002")
    deliver_all()
    pass_time(clock, HOUR, TEN_MINUTES)
    assert told("ada@example.com") == [("payment_failed", TEN_MINUTES)]


def test_who_left_and_was_declined_soon_after_hears_of_the_decline_alone(
    clock: time_machine.Traveller, standin: StandIn
) -> None:
    cart = leave_at_checkout("ada@example.com")
    pass_time(clock, 4 * TEN_MINUTES, TEN_MINUTES)
    standin.pay(press_pay(cart).client_secret, "4000000000000002")
    deliver_all()
    assert LeftBehind.objects.count() == 2

    pass_time(clock, 2 * HOUR, TEN_MINUTES)
    pass_time(clock, 5 * DAY)
    assert [step for step, _when in told("ada@example.com")] == ["payment_failed", "last_call"]


def test_who_bought_within_the_hour_hears_nothing(clock: time_machine.Traveller) -> None:
    cart = leave_at_checkout("ben@example.com")
    pass_time(clock, 3 * TEN_MINUTES, TEN_MINUTES)
    assert LeftBehind.objects.get().cart == cart
    LeftBehind.objects.update(recovered_at=timezone.now())
    cart.lines.all().delete()
    pass_time(clock, 31 * DAY)
    assert told("ben@example.com") == []


def test_who_paid_with_another_cart_before_it_was_noticed_hears_nothing(
    clock: time_machine.Traveller,
) -> None:
    leave_at_checkout("ben@example.com")
    clock.shift(TEN_MINUTES)
    move(make_order(email="ben@example.com").pk, State.PAID, STRIPE)
    pass_time(clock, 31 * DAY)
    assert told("ben@example.com") == []
    assert not LeftBehind.objects.exists()


def test_the_held_out_and_the_unsubscribed_are_noted_and_hear_nothing(
    clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.HOLD_OUT_PERCENT = 50
    people = [f"person{number}@example.com" for number in range(12)]
    silent = next(person for person in people if not is_held_out(person))
    Suppression.objects.create(email=silent, reason=Suppression.Reason.UNSUBSCRIBED)
    for person in people:
        leave_at_checkout(person)
    pass_time(clock, 5 * DAY)

    assert LeftBehind.objects.count() == len(people)
    reached = {person for person in people if told(person)}
    assert reached == {person for person in people if not is_held_out(person)} - {silent}
    assert 0 < len(reached) < len(people) - 1


def test_who_leaves_each_week_hears_three_times_a_month(
    clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.WINNING_BACK_LIMIT = 3
    cart = leave_at_checkout("ben@example.com")
    for _week in range(4):
        pass_time(clock, 7 * DAY)
        note_at_checkout(cart, cart.email)
    assert LeftBehind.objects.count() == 4
    assert len(told("ben@example.com")) == 3
