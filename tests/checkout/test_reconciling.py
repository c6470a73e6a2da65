"""Stripe's list of events brings what no webhook brought, and nothing twice."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from cart.models import Cart
from checkout import stripe_gateway
from checkout.inbox import TYPES
from checkout.models import PaymentAttempt, Reconciliation, WebhookEvent
from checkout.reconciling import (
    KEPT_AT_STRIPE,
    OVERLAP,
    QUIET_KEPT_FOR,
    STRETCH,
    forget_quiet_readings,
    look_at_pending,
    read,
    reconcile,
    unread_since,
)
from checkout.stripe_gateway import StripeError
from checkout.tasks import sweep
from inventory.models import StockItem
from orders.models import Dispute, Order, Payment, Refund
from orders.refund_pricing import RefundWish
from orders.refunding import request_refund
from orders.states import STRIPE
from tests.checkout.shopper import post_event, press_pay, stripe_events
from tests.factories import make_cart, make_shipping, make_variant
from tests.orders.factory import make_order
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Source = WebhookEvent.Source


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[datetime, datetime | None]]:
    """The stretches that Stripe was asked for; it has no events."""
    stretches: list[tuple[datetime, datetime | None]] = []

    def list_events(since: datetime, until: datetime | None, types: Any) -> list[Any]:
        assert types == TYPES
        stretches.append((since, until))
        return []

    monkeypatch.setattr(stripe_gateway, "list_events", list_events)
    return stretches


# --- With every webhook lost -------------------------------------------------------------------
def test_every_paid_cart_is_a_paid_order_within_two_sweeps(standin: StandIn) -> None:
    make_shipping(600)
    variant = make_variant(price_minor=4200, units=10)
    for _shopper in range(3):
        standin.pay(press_pay(make_cart(variant)).client_secret)
    press_pay(make_cart(variant))

    sweep()
    sweep()

    states = sorted(Order.objects.values_list("state", flat=True))
    assert states == ["paid", "paid", "paid", "pending"]
    assert StockItem.objects.values_list("on_hand", "held").get() == (7, 1)


def test_every_refund_and_dispute_is_booked_within_two_sweeps(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)
    sweep()
    payment = Payment.objects.get()
    standin.refund_in_dashboard(payment.intent_id, 1000)
    wish = RefundWish((), 0, 500, Refund.Reason.GOODWILL)
    ours = request_refund(payment.pk, wish, STRIPE)

    sweep()
    dispute = standin.open_dispute(payment.intent_id, 2000)
    sweep()

    ours.refresh_from_db()
    payment.refresh_from_db()
    assert ours.state == Refund.State.SUCCEEDED
    assert payment.refunded_minor == 1500
    assert Dispute.objects.get().stripe_id == dispute["id"]
    assert set(WebhookEvent.objects.values_list("source", "state")) == {("list", "applied")}


def test_a_refund_that_fails_later_leaves_the_sums(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)
    sweep()
    payment = Payment.objects.get()
    refund = standin.refund_in_dashboard(payment.intent_id)
    sweep()
    assert Order.objects.get().state == Order.State.REFUNDED

    standin.fail_refund(refund["id"])
    sweep()

    assert Payment.objects.get().refunded_minor == 0
    assert Order.objects.get().state == Order.State.PAID


# --- What is read, and stored ------------------------------------------------------------------
def test_what_a_webhook_brought_is_not_stored_again(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)
    made, paid = [event for event in stripe_events() if event["type"] in TYPES]
    post_event(made)

    (reading,) = reconcile()

    assert (reading.events_read, len(reading.missing)) == (2, 1)
    assert WebhookEvent.objects.get(event_id=made["id"]).source == Source.WEBHOOK
    assert WebhookEvent.objects.get(event_id=paid["id"]).source == Source.LIST
    row = Reconciliation.objects.get()
    assert (row.events_read, row.events_missing) == (2, 1)
    assert row.finished_at


def test_the_next_reading_goes_on_where_the_last_one_ended(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)
    list(reconcile())
    newest = max(event["created"] for event in stripe_events())

    (reading,) = reconcile()

    assert int(reading.read_from.timestamp()) == newest - OVERLAP.total_seconds()
    assert reading.missing == []
    # However often nothing is new, it never goes back.
    assert [int(next(reconcile()).read_until.timestamp()) for _ in range(3)] == [newest] * 3


def test_types_that_do_nothing_are_not_fetched(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)
    assert "charge.succeeded" in {event["type"] for event in stripe_events()}

    list(reconcile())

    assert not WebhookEvent.objects.filter(type="charge.succeeded").exists()


def test_events_are_found_when_stripes_clock_is_ahead(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    sweep()
    standin.advance_clock(3 * 24 * 3600)
    standin.pay(start.client_secret)

    sweep()

    assert Order.objects.get().state == Order.State.PAID


def test_events_are_found_when_our_clock_is_ahead(cart: Cart, standin: StandIn) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        start = press_pay(cart)
        Order.objects.update(placed_at=timezone.now() - timedelta(hours=2))
        sweep()
        standin.pay(start.client_secret)
        (paid,) = [one for one in stripe_events() if one["type"] == "payment_intent.succeeded"]

        sweep()

        assert WebhookEvent.objects.get(event_id=paid["id"]).source == Source.LIST


def test_before_the_first_order_stripe_is_not_asked(
    asked: list[tuple[datetime, datetime | None]],
) -> None:
    assert list(reconcile()) == []
    assert asked == []


def test_the_first_reading_begins_with_the_shops_story_and_at_most_a_month_ago(
    asked: list[tuple[datetime, datetime | None]],
) -> None:
    order = make_order()
    assert unread_since() == order.placed_at

    Order.objects.update(placed_at=timezone.now() - timedelta(days=400))

    since = unread_since()
    assert since
    assert timezone.now() - since - KEPT_AT_STRIPE < timedelta(seconds=10)


def test_a_long_absence_is_caught_up_with_in_stretches_that_can_be_left_off(
    asked: list[tuple[datetime, datetime | None]],
) -> None:
    start = timezone.now() - 3 * STRETCH - timedelta(hours=1)
    Reconciliation.objects.create(read_from=start, read_until=start, finished_at=start)
    first = next(reconcile())
    assert first.read_until == start + STRETCH

    readings = list(reconcile())

    assert readings[-1].read_until == start + 3 * STRETCH
    assert [since for since, _until in asked] == [
        start + number * STRETCH - OVERLAP for number in range(4)
    ]
    assert [until for _since, until in asked] == [
        start + STRETCH,
        start + 2 * STRETCH,
        start + 3 * STRETCH,
        None,
    ]


def test_reading_without_storing_writes_nothing(cart: Cart, standin: StandIn) -> None:
    press_pay(cart)

    (reading,) = read()

    assert [event.type for event in reading.missing] == ["payment_intent.created"]
    assert not WebhookEvent.objects.exists()
    assert not Reconciliation.objects.exists()


def test_a_reading_that_breaks_off_is_made_again(
    cart: Cart, standin: StandIn, settings: Settings
) -> None:
    press_pay(cart)
    address, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    with pytest.raises(StripeError):
        list(reconcile())
    assert not Reconciliation.objects.exists()
    settings.STRIPE_API_BASE = address

    (reading,) = reconcile()

    assert len(reading.missing) == 1


def test_readings_that_found_nothing_are_forgotten_but_for_the_last() -> None:
    days = [timezone.now() - number * QUIET_KEPT_FOR for number in (4, 3, 2)]
    for day, missing in zip(days, [0, 5, 0], strict=True):
        Reconciliation.objects.create(
            read_from=day, read_until=day, events_missing=missing, finished_at=day
        )

    forget_quiet_readings()

    assert (
        list(Reconciliation.objects.order_by("pk").values_list("read_until", flat=True))
        == (days[1:])
    )


# --- Pending orders ----------------------------------------------------------------------------
def test_pending_orders_are_shown_with_their_intent(
    cart: Cart, standin: StandIn, settings: Settings
) -> None:
    press_pay(cart)
    (pending,) = look_at_pending()
    assert pending.intent
    assert pending.intent.status == "requires_payment_method"

    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    (away,) = look_at_pending()
    assert (away.intent, bool(away.error)) == (None, True)

    PaymentAttempt.objects.update(intent_id=None)
    (unmade,) = look_at_pending()
    assert (unmade.intent, unmade.error) == (None, "")


# --- The sweep ---------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", [StripeError("away", permanent=False), KeyError("a bug")])
def test_a_part_of_the_sweep_that_fails_does_not_keep_the_others_from_running(
    fault: Exception,
    cart: Cart,
    standin: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_args: Any) -> Any:
        raise fault

    press_pay(cart)
    Order.objects.update(held_until=timezone.now())
    for part in ("reconcile", "due_events", "due_refunds", "look_up_open"):
        monkeypatch.setattr(f"checkout.tasks.{part}", fail)

    sweep()

    assert Order.objects.get().state == Order.State.CANCELED
    told = [one.message for one in caplog.records if one.name == "checkout.tasks"]
    assert [message.partition(" ")[0].rstrip(":") for message in told] == [
        "send_refunds",
        "read_events",
        "apply_events",
        "look_up",
    ]


def test_a_part_leaves_off_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[datetime, datetime | None]]
) -> None:
    monkeypatch.setattr("checkout.tasks.PART_SECONDS", 0)
    start = timezone.now() - 3 * STRETCH
    Reconciliation.objects.create(read_from=start, read_until=start, finished_at=start)

    sweep()
    assert len(asked) == 1
    sweep()

    assert len(asked) == 2
