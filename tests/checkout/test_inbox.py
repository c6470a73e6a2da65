"""The webhook stores, the worker applies: once, whatever comes how often and in what order."""

from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from cart.models import Cart
from checkout.expiring import LOOK_UP_AFTER
from checkout.inbox import (
    LONGEST_WAIT,
    LOOK_UPS,
    MOST_TRIES,
    PAUSE,
    TYPES,
    WAITS_AT_MOST,
    Booking,
    apply_event,
    due_events,
    replay,
)
from checkout.models import PaymentAttempt, WebhookEvent
from checkout.settling import NotYetError
from checkout.stripe_gateway import StripeError
from checkout.tasks import apply_events, look_up, send_refunds, sweep
from inventory.models import StockItem
from orders.models import Dispute, Order, OrderEvent, Payment, Refund
from orders.refunding import request_all
from orders.states import STRIPE
from tests.checkout.shopper import (
    Json,
    deliver_all,
    fake_event,
    post_event,
    press_pay,
    stripe_events,
)
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = WebhookEvent.State


def paid_events(cart: Cart, standin: StandIn) -> list[Json]:
    """Decline once, pay once, and return all that Stripe has to say about it."""
    start = press_pay(cart)
    standin.pay(start.client_secret, "4000000000000002")
    standin.pay(start.client_secret)
    return [event for event in stripe_events() if event["type"].startswith("payment_intent.")]


def test_an_unknown_type_is_kept_and_closed_as_ignored(standin: StandIn) -> None:
    post_event(fake_event("customer.created", "cus_1"))

    sweep()

    assert WebhookEvent.objects.get().state == State.IGNORED


def test_an_intent_that_is_not_ours_is_ignored(standin: StandIn, cart: Cart) -> None:
    start = press_pay(cart)
    standin.pay(start.client_secret)
    Order.objects.update(number="ELSE-WHER")
    intent_id = start.client_secret.partition("_secret_")[0]
    start.order.attempt.delete()

    event = fake_event("payment_intent.succeeded", intent_id)
    post_event(event)
    apply_event(event["id"])

    assert WebhookEvent.objects.get().state == State.IGNORED


def test_the_declined_card_is_on_the_timeline_with_its_code(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    standin.pay(start.client_secret, "4000000000009995")

    deliver_all()

    declined = OrderEvent.objects.get(kind=OrderEvent.Kind.DECLINED)
    event = WebhookEvent.objects.get(type="payment_intent.payment_failed")
    assert declined.data == {"code": "insufficient_funds", "stripe_event": event.event_id}
    assert Order.objects.get().state == Order.State.PENDING
    assert StockItem.objects.get().held == 2


def test_events_in_any_order_and_doubled_end_alike(cart: Cart, standin: StandIn) -> None:
    events = paid_events(cart, standin)
    assert {event["type"] for event in events} >= {
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
    }

    for event in [*reversed(events), *events]:
        assert post_event(event) == 200
        apply_event(event["id"])

    assert Order.objects.get().state == Order.State.PAID
    assert Payment.objects.count() == 1
    assert OrderEvent.objects.filter(kind=OrderEvent.Kind.DECLINED).count() == 1
    assert StockItem.objects.get().on_hand == 8


def test_events_that_came_while_stripe_was_away_are_applied_later(
    cart: Cart, standin: StandIn, settings: Settings
) -> None:
    events = paid_events(cart, standin)
    address = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    for event in events:
        post_event(event)
        apply_event(event["id"])
    failed = WebhookEvent.objects.filter(type="payment_intent.succeeded").get()
    assert failed.state == State.RECEIVED
    assert failed.tries == 1
    assert "StripeError" in failed.error
    settings.STRIPE_API_BASE = address
    WebhookEvent.objects.update(next_try_at=failed.received_at)

    sweep()

    assert Order.objects.get().state == Order.State.PAID
    failed.refresh_from_db()
    assert (failed.state, failed.error) == (State.APPLIED, "")


def test_without_any_event_the_payment_is_looked_up(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    standin.pay(start.client_secret)
    PaymentAttempt.objects.update(checked_at=timezone.now() - 2 * LOOK_UP_AFTER)

    look_up()

    assert Order.objects.get().state == Order.State.PAID


# --- Failures and waits ------------------------------------------------------------------------
@pytest.fixture
def event(monkeypatch: pytest.MonkeyPatch) -> WebhookEvent:
    """A stored event that cannot be applied until `LOOK_UPS["test"]` says otherwise."""
    monkeypatch.setitem(LOOK_UPS, "test", fail)
    return WebhookEvent.objects.create(event_id="evt_1", type="test", payload={})


def fail(event: WebhookEvent) -> Booking:
    raise StripeError("Stripe is away.", permanent=False)


def wait(event: WebhookEvent) -> Booking:
    raise NotYetError("A refund of ours has to fail first.")


def test_a_failure_is_kept_and_tried_again_with_growing_waits(event: WebhookEvent) -> None:
    waits = []
    for _try in range(8):
        before = timezone.now()
        apply_event(event.event_id)
        event.refresh_from_db()
        waits.append((event.next_try_at - before).total_seconds())

    assert (event.state, event.tries) == (State.RECEIVED, 8)
    assert event.error == "StripeError: Stripe is away."
    for tries, seconds in enumerate(waits, start=1):
        assert 2**tries * 2 / 3 <= seconds <= 2**tries + 1
    assert list(due_events()) == []


def test_what_failed_together_is_not_tried_together(event: WebhookEvent) -> None:
    waits = set()
    for number in range(5):
        one = WebhookEvent.objects.create(event_id=f"evt_{number}x", type="test", payload={})
        WebhookEvent.objects.update(tries=10)
        before = timezone.now()
        apply_event(one.event_id)
        one.refresh_from_db()
        waits.add(round((one.next_try_at - before).total_seconds()))

    assert len(waits) > 1


def test_after_too_many_tries_it_is_parked(event: WebhookEvent) -> None:
    for _try in range(MOST_TRIES + 3):
        apply_event(event.event_id)

    event.refresh_from_db()
    assert (event.state, event.tries) == (State.FAILED, MOST_TRIES)
    assert event.error == "StripeError: Stripe is away."
    WebhookEvent.objects.update(next_try_at=timezone.now())
    assert list(due_events()) == []


def test_the_longest_wait_is_an_hour(event: WebhookEvent) -> None:
    WebhookEvent.objects.update(tries=MOST_TRIES - 2)

    apply_event(event.event_id)

    event.refresh_from_db()
    assert event.next_try_at <= timezone.now() + LONGEST_WAIT


def test_what_depends_on_another_waits_without_failing(
    event: WebhookEvent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(LOOK_UPS, "test", wait)

    apply_event(event.event_id)

    event.refresh_from_db()
    assert (event.state, event.tries) == (State.RECEIVED, 0)
    assert event.error == "A refund of ours has to fail first."
    assert timezone.now() < event.next_try_at <= timezone.now() + PAUSE
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_it_does_not_wait_for_ever(event: WebhookEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOOK_UPS, "test", wait)
    WebhookEvent.objects.update(received_at=timezone.now() - WAITS_AT_MOST)

    apply_event(event.event_id)

    event.refresh_from_db()
    assert event.state == State.FAILED
    assert event.error == (
        "What it depends on was not booked within 6 hours: A refund of ours has to fail first. "
        "Replay it once that is done."
    )


def test_a_refund_made_at_stripe_waits_for_one_of_ours_to_fail(
    cart: Cart, standin: StandIn
) -> None:
    payment = buy(cart, standin)
    ours = request_all(payment.pk, Refund.Reason.CANCELED, STRIPE)
    standin.refund_in_dashboard(payment.intent_id)
    (made,) = [event for event in stripe_events() if event["type"] == "refund.created"]
    post_event(made)
    apply_event(made["id"])
    assert WebhookEvent.objects.get(type="refund.created").state == State.RECEIVED

    send_refunds()
    apply_event(made["id"])

    ours.refresh_from_db()
    assert ours.state == Refund.State.FAILED
    assert WebhookEvent.objects.get(type="refund.created").state == State.APPLIED
    assert Refund.objects.get(reason=Refund.Reason.AT_STRIPE).state == Refund.State.SUCCEEDED
    assert Payment.objects.get().refunded_minor == 9720


# --- Replays -----------------------------------------------------------------------------------
def test_a_replayed_event_begins_anew_and_rings(
    event: WebhookEvent, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[str] = []
    monkeypatch.setattr("checkout.inbox.ring", rung.append)
    WebhookEvent.objects.update(state=State.FAILED, tries=MOST_TRIES, error="Stripe is away.")

    with django_capture_on_commit_callbacks(execute=True):
        assert replay(WebhookEvent.objects.all()) == 1

    event.refresh_from_db()
    assert (event.state, event.tries, event.error) == (State.RECEIVED, 0, "")
    assert list(due_events()) == [event]
    assert rung == ["checkout.tasks.apply_events"]


def test_replaying_everything_changes_nothing(cart: Cart, standin: StandIn) -> None:
    story(cart, standin)
    deliver_all()
    before = books()

    for _again in range(2):
        replay(WebhookEvent.objects.all())
        apply_events()

    assert books() == before
    assert not due_events().exists()


# --- Any order ---------------------------------------------------------------------------------
def buy(cart: Cart, standin: StandIn) -> Payment:
    standin.pay(press_pay(cart).client_secret)
    deliver_all()
    return Payment.objects.get()


def story(cart: Cart, standin: StandIn) -> None:
    """A declined card, a good one, a part of the money back, and a dispute that is lost."""
    start = press_pay(cart)
    intent_id = start.client_secret.partition("_secret_")[0]
    standin.pay(start.client_secret, "4000000000000002")
    standin.pay(start.client_secret)
    standin.refund_in_dashboard(intent_id, 1000)
    dispute = standin.open_dispute(intent_id)
    standin.close_dispute(dispute["id"], "lost")


def books() -> dict[str, Any]:
    """What the shop has booked, whatever the order in which it was told."""
    return {
        "order": Order.objects.get().state,
        "payments": list(Payment.objects.values_list("refunded_minor", "intent_id")),
        "refunds": list(Refund.objects.values_list("state", "amount_minor")),
        "disputes": list(Dispute.objects.values_list("status", "withdrawn_minor")),
        "stock": StockItem.objects.values_list("on_hand", "held").get(),
        "events": sorted(OrderEvent.objects.values_list("kind", flat=True)),
    }


def handled_events() -> list[Json]:
    return [event for event in stripe_events() if event["type"] in TYPES]


def test_the_events_of_a_purchase_refund_and_dispute_in_many_orders_and_doubled(
    cart: Cart, standin: StandIn
) -> None:
    story(cart, standin)
    events = handled_events()
    kinds = {event["type"].partition(".")[0] for event in events}
    assert kinds == {"payment_intent", "refund", "charge"}
    ends = []

    for shuffle in range(8):
        with transaction.atomic():
            told = events * 2
            Random(shuffle).shuffle(told)
            for event in told:
                post_event(event)
                apply_event(event["id"])
            ends.append(books())
            transaction.set_rollback(True)

    assert ends[0]["order"] == Order.State.PAID
    assert ends[0]["refunds"] == [("succeeded", 1000)]
    assert [status for status, _withdrawn in ends[0]["disputes"]] == ["lost"]
    assert [end for end in ends if end != ends[0]] == []


def test_each_event_alone_books_the_payment_it_belongs_to(cart: Cart, standin: StandIn) -> None:
    story(cart, standin)
    events = handled_events()

    for event in events:
        with transaction.atomic():
            post_event(event)
            apply_event(event["id"])
            said = (event["type"], WebhookEvent.objects.get().state, Payment.objects.count())
            assert said == (event["type"], State.APPLIED, 1)
            transaction.set_rollback(True)


def test_a_refund_and_a_dispute_of_somebody_elses_are_ignored(cart: Cart, standin: StandIn) -> None:
    story(cart, standin)
    PaymentAttempt.objects.all().delete()
    Order.objects.update(number="ELSE-WHER")

    deliver_all()

    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {State.IGNORED}


def test_a_charge_without_an_intent_is_ignored() -> None:
    event = fake_event("charge.refunded", "ch_1", payment_intent=None)
    post_event(event)

    apply_event(event["id"])

    assert WebhookEvent.objects.get().state == State.IGNORED
