"""The clock moves on by 31 days: exactly the planned steps happen, each at its hour."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db.models import Min
from django.utils import timezone
from pytest_django import Settings

from cart.models import LeftBehind
from notifications.models import Delivery, Suppression
from notifications.outbox import plan_new_events
from notifications.plan import PLAN
from notifications.tasks import send_due
from orders.models import Order, OrderEvent, Payment, Refund
from orders.refunding import note_sent, request_all, succeed
from orders.states import SCHEDULE, STRIPE, State, append_event, move
from tests.factories import make_variant
from tests.orders.factory import make_order, make_payment

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Kind = OrderEvent.Kind
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Nobody is told of these.
OWN = ("shop", "owner@example.com")


@pytest.fixture(autouse=True)
def clock(db: None, settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.ADMIN_EMAIL = "owner@example.com"
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def buy(email: str) -> Payment:
    order = make_order(email=email)
    order.lines.update(variant=make_variant(units=50))
    payment = make_payment(order, Payment.Outcome.ACCEPTED)
    move(order.pk, State.PAID, STRIPE)
    return payment


def leave(email: str, kind: LeftBehind.Kind, **fields: object) -> LeftBehind:
    return LeftBehind.objects.create(
        **{
            "kind": kind,
            "mark": email,
            "email": email,
            "language": "en",
            "currency": "USD",
            "value_minor": 4200,
            "items": [{"variant": make_variant().pk, "title": "Mug", "quantity": 1}],
            "left_at": START,
            **fields,
        }
    )


def refund(payment: Payment) -> None:
    refund = request_all(payment.pk, Refund.Reason.RETURNED, SCHEDULE)
    note_sent(refund.pk, f"re_{refund.pk}", STRIPE)
    succeed(refund.pk, STRIPE)


def pass_days(clock: time_machine.Traveller, days: int) -> None:
    """Let the clock go from one step that is due to the next, and do them."""
    end = timezone.now() + days * DAY
    while True:
        send_due()
        to_come = Delivery.objects.filter(due_at__gt=timezone.now(), due_at__lte=end)
        due = to_come.filter(state=Delivery.State.DUE).aggregate(first=Min("due_at"))["first"]
        if due is None:
            break
        clock.move_to(due)
    clock.move_to(end)


def told(email: str) -> list[tuple[str, timedelta]]:
    """What a person was told, and how long after the start; each of it is one letter."""
    done = Delivery.objects.filter(recipient=email, state=Delivery.State.DONE).order_by("done_at")
    letters = [letter for letter in mail.outbox if letter.to == [email]]
    assert len(letters) == len(done)
    return [(one.step, one.done_at - START) for one in done if one.done_at]


def test_a_buyer_hears_of_his_order_and_is_asked_three_times(
    clock: time_machine.Traveller,
) -> None:
    buy("ada@example.com")
    something_new = make_variant()
    send_due()
    pass_days(clock, 31)

    assert something_new.product.name in str(mail.outbox[-1].body)
    assert told("ada@example.com") == [
        ("order_confirmed", timedelta(0)),
        ("follow_up_first", 7 * DAY),
        ("follow_up_second", 14 * DAY),
        ("follow_up_third", 30 * DAY),
    ]
    assert [step for step, _when in told("owner@example.com")] == ["new_order"]


def test_who_gave_it_back_is_asked_nothing_any_more(clock: time_machine.Traveller) -> None:
    payment = buy("ada@example.com")
    pass_days(clock, 8)
    refund(payment)
    pass_days(clock, 23)

    steps = [step for step, _when in told("ada@example.com")]
    assert steps == ["order_confirmed", "follow_up_first", "refunded"]
    stopped = Delivery.objects.filter(state=Delivery.State.CANCELED, step__startswith="follow_up")
    assert [one.result for one in stopped] == ["stopped: the money went back"] * 2


def test_who_unsubscribed_hears_only_of_orders(clock: time_machine.Traveller) -> None:
    buy("ada@example.com")
    pass_days(clock, 8)
    Suppression.objects.create(email="ada@example.com", reason=Suppression.Reason.UNSUBSCRIBED)
    buy("Ada@Example.com")
    pass_days(clock, 31)

    assert [step for step, _when in told("ada@example.com")] == [
        "order_confirmed",
        "follow_up_first",
    ]
    assert [step for step, _when in told("Ada@Example.com")] == ["order_confirmed"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (LeftBehind.Kind.PAYMENT, [("payment_failed", 10 * MINUTE), ("last_call", 3 * DAY)]),
        (LeftBehind.Kind.CHECKOUT, [("left_at_checkout", HOUR), ("last_call", 3 * DAY)]),
        (LeftBehind.Kind.CART, [("cart_left", timedelta(0)), ("last_call", 3 * DAY)]),
    ],
)
def test_who_left_something_behind_hears_twice(
    clock: time_machine.Traveller, kind: LeftBehind.Kind, expected: list[tuple[str, timedelta]]
) -> None:
    leave("ben@example.com", kind)
    pass_days(clock, 31)

    assert told("ben@example.com") == expected


def test_who_bought_after_all_hears_no_more_of_what_he_left(
    clock: time_machine.Traveller,
) -> None:
    left = leave("ben@example.com", LeftBehind.Kind.CHECKOUT)
    pass_days(clock, 1)
    LeftBehind.objects.filter(pk=left.pk).update(recovered_at=START + DAY)
    pass_days(clock, 30)

    assert [step for step, _when in told("ben@example.com")] == ["left_at_checkout"]
    assert Delivery.objects.get(step="last_call").result == "bought after all"


def test_who_is_held_out_or_unsubscribed_hears_nothing(clock: time_machine.Traveller) -> None:
    Suppression.objects.create(email="eve@example.com", reason=Suppression.Reason.UNSUBSCRIBED)
    for kind in LeftBehind.Kind:
        leave("cleo@example.com", kind, is_held_out=True)
        leave("eve@example.com", kind)
    pass_days(clock, 31)

    assert told("cleo@example.com") == told("eve@example.com") == []
    assert not mail.outbox


@pytest.mark.parametrize("kind", LeftBehind.Kind)
def test_who_waits_for_the_bank_is_not_asked_to_pay_again(
    clock: time_machine.Traveller, kind: LeftBehind.Kind
) -> None:
    leave("ben@example.com", kind, left_at=START - MINUTE)
    order = make_order(email="Ben@example.com")
    append_event(order, Kind.PROCESSING, STRIPE)
    pass_days(clock, 31)

    assert told("ben@example.com") == []
    assert {one.result for one in Delivery.objects.all()} == {"a payment is under way at the bank"}


def test_whose_payment_failed_at_the_bank_is_told(clock: time_machine.Traveller) -> None:
    order = make_order(email="ben@example.com")
    append_event(order, Kind.PROCESSING, STRIPE)
    clock.shift(MINUTE)
    leave("ben@example.com", LeftBehind.Kind.PAYMENT, left_at=START + MINUTE)
    pass_days(clock, 1)

    assert told("ben@example.com") == [("payment_failed", 11 * MINUTE)]


def test_whose_closed_order_waited_for_the_bank_is_called_back(
    clock: time_machine.Traveller,
) -> None:
    leave("ben@example.com", LeftBehind.Kind.CHECKOUT, left_at=START - MINUTE)
    order = make_order(email="ben@example.com")
    append_event(order, Kind.PROCESSING, STRIPE)
    pass_days(clock, 1)
    move(order.pk, State.FAILED, STRIPE)
    pass_days(clock, 3)

    assert [step for step, _when in told("ben@example.com")] == ["order_expired", "last_call"]


def test_nobody_is_called_back_more_than_three_times_a_month(
    clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.WINNING_BACK_LIMIT = 3
    for number in range(4):
        leave("ben@example.com", LeftBehind.Kind.CART, mark=f"{number}")
    pass_days(clock, 29)

    assert len(told("ben@example.com")) == 3


def test_an_order_that_waits_for_its_payment_brings_no_letter(
    clock: time_machine.Traveller,
) -> None:
    make_order(email="ada@example.com")
    pass_days(clock, 31)

    assert not mail.outbox
    assert Order.objects.get().state == State.PENDING


@pytest.mark.parametrize("failing", ["order_confirmed", "new_order", "issue_receipt"])
def test_a_step_that_fails_five_times_holds_up_nothing_but_what_comes_after_it(
    clock: time_machine.Traveller, failing: str
) -> None:
    buy("ada@example.com")
    plan_new_events()
    Delivery.objects.filter(step=failing).update(drills=5)
    send_due()

    waiting = {failing, "order_confirmed"} if failing == "issue_receipt" else {failing}
    now = Delivery.objects.filter(due_at__lt=START + DAY)
    done = now.filter(state=Delivery.State.DONE).order_by("pk").values_list("step", flat=True)
    plan = sorted(PLAN[Kind.PAID], key=lambda step: bool(step.after))
    assert list(done) == list(dict.fromkeys(one.name for one in plan if one.name in {*done}))
    assert {*now.values_list("step", flat=True)} - {*done} == waiting
    pass_days(clock, 1)

    late = Delivery.objects.get(step=failing)
    assert (late.state, late.tries, late.error) == (Delivery.State.DONE, 6, "")
    assert [step for step, _when in told("ada@example.com")] == ["order_confirmed"]
    assert [step for step, _when in told("owner@example.com")] == ["new_order"]
