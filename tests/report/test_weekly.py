"""The mail about last week: planned by whoever comes first, sent once on Monday morning."""

from datetime import UTC, datetime
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.core import mail
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import Settings

from notifications.models import Delivery
from notifications.report.tasks import plan_weekly_report
from notifications.tasks import send_due
from orders.models import Order, Payment
from orders.states import STRIPE, move
from shop.funnel import record
from shop.models import FunnelEvent
from tests.orders.factory import make_order, make_payment, make_refund

pytestmark = [pytest.mark.django_db, pytest.mark.both]

THURSDAY = "2026-11-19 12:00Z"
EARLY_MONDAY = "2026-11-23 01:00Z"
MONDAY = "2026-11-23 09:00Z"


@pytest.fixture
def last_week() -> None:
    """A sale on a Thursday, and a larger one the week before."""
    for day, quantity in ((THURSDAY, 2), ("2026-11-12 12:00Z", 10)):
        with time_machine.travel(day):
            order = move(make_order(quantity=quantity).pk, Order.State.PAID, STRIPE)
            order.events.update(planned_at=timezone.now())
            make_payment(order, Payment.Outcome.ACCEPTED)
            record(FunnelEvent.Kind.PAID, order.number, timezone.now())


def test_it_is_sent_once_though_many_plan_it(last_week: None) -> None:
    with time_machine.travel(EARLY_MONDAY):
        assert plan_weekly_report()
        assert plan_weekly_report()
        assert send_due() == 0
    with time_machine.travel(MONDAY):
        assert plan_weekly_report()
        assert send_due() == 1
        assert send_due() == 0
    with time_machine.travel("2026-11-25 09:00Z"):
        assert plan_weekly_report()
        assert send_due() == 0

    (letter,) = mail.outbox
    assert letter.to == ["owner@example.com"]
    assert letter.subject == "Cartwright Goods, 16 November to 22 November: Revenue $49.68"
    for words in ("Revenue: $49.68 (before: $222.48)", "2 × Stoneware mug", "/admin/report/?from="):
        assert words in str(letter.body)
    assert "In EUR" not in str(letter.body)


def test_a_currency_in_which_money_only_went_back_is_told_of(last_week: None) -> None:
    with time_machine.travel("2026-10-01 12:00Z"):
        payment = make_payment(make_order(currency="EUR"), Payment.Outcome.ACCEPTED)
        payment.order.events.update(planned_at=timezone.now())
    with time_machine.travel(THURSDAY):
        make_refund(payment, "succeeded")
    with time_machine.travel(MONDAY):
        plan_weekly_report()
        send_due()

    assert "Revenue: -€49.68" in str(mail.outbox[0].body).partition("In EUR")[2]


def test_a_worker_that_was_away_on_monday_sends_it_later(last_week: None) -> None:
    with time_machine.travel("2026-11-26 12:00Z"):
        plan_weekly_report()
        assert send_due() == 1

    assert "16 November to 22 November" in mail.outbox[0].subject


def test_it_waits_for_the_shops_monday_morning(last_week: None, settings: Settings) -> None:
    settings.TIME_ZONE = "America/New_York"
    with time_machine.travel(MONDAY):
        plan_weekly_report()

    step = Delivery.objects.get()
    assert step.due_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert step.cause == "week 2026-47"


def test_a_week_may_belong_to_another_year_than_its_last_day() -> None:
    with time_machine.travel("2026-12-30 12:00Z"):
        record(FunnelEvent.Kind.CART, "1", timezone.now())
    with time_machine.travel("2027-01-04 09:00Z"):
        plan_weekly_report()
        send_due()

    assert Delivery.objects.get().cause == "week 2026-53"
    assert "28 December to 3 January" in mail.outbox[0].subject


def test_a_week_in_which_nothing_happened_is_no_news() -> None:
    assert not plan_weekly_report()

    assert not Delivery.objects.exists()


def test_nobody_is_told_where_no_address_is_set(last_week: None, settings: Settings) -> None:
    settings.ADMIN_EMAIL = ""
    with time_machine.travel(MONDAY):
        assert not plan_weekly_report()

    assert not Delivery.objects.exists()


def test_a_schedule_plans_it() -> None:
    # A test before this one may have emptied every table.
    import_module("notifications.migrations.0005_weekly_report").add_schedules(apps, None)
    schedule = Schedule.objects.get(func="notifications.report.tasks.plan_weekly_report")

    assert (schedule.schedule_type, schedule.minutes) == (Schedule.MINUTES, 60)
