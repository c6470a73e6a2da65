"""The webhook stores, the worker applies: once, whatever comes how often and in what order."""

import itertools
import json

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from cart.models import Cart
from checkout.expiring import LOOK_UP_AFTER
from checkout.inbox import apply_event
from checkout.models import PaymentAttempt, WebhookEvent
from checkout.stripe_gateway import cancel_intent
from checkout.tasks import sweep
from inventory.models import StockItem
from orders.models import Order, OrderEvent, Payment
from tests.checkout.shopper import (
    Json,
    deliver_all,
    fake_event,
    post_event,
    press_pay,
    sign,
    stripe_events,
)
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = WebhookEvent.State
URL = "/api/webhooks/stripe"


def paid_events(cart: Cart, standin: StandIn) -> list[Json]:
    """Decline once, pay once, and return all that Stripe has to say about it."""
    start = press_pay(cart)
    standin.pay(start.client_secret, "4000000000000002")
    standin.pay(start.client_secret)
    return [event for event in stripe_events() if event["type"].startswith("payment_intent.")]


def test_an_event_is_stored_and_answered_without_asking_stripe(
    settings: Settings,
) -> None:
    assert post_event(fake_event("payment_intent.succeeded", "pi_1")) == 200

    event = WebhookEvent.objects.get()
    assert (event.type, event.state) == ("payment_intent.succeeded", State.RECEIVED)


def test_the_request_costs_three_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    event = fake_event("payment_intent.succeeded", "pi_1")

    with django_assert_num_queries(4):  # savepoint, store, ring, release
        post_event(event)


def test_a_repeated_delivery_adds_no_row() -> None:
    event = fake_event("payment_intent.succeeded", "pi_1")

    assert [post_event(event) for _ in range(3)] == [200, 200, 200]

    assert WebhookEvent.objects.count() == 1


@pytest.mark.parametrize(
    "signature",
    ["", "t=1,v1=00", "nonsense", sign(b"{}", "whsec_of_somebody_else", at=2_000_000_000)],
)
def test_a_wrong_signature_is_refused_and_stores_nothing(signature: str) -> None:
    answer = Client().post(
        URL, b"{}", content_type="application/json", headers={"Stripe-Signature": signature}
    )

    assert answer.status_code == 400
    assert b"STRIPE_WEBHOOK_SECRET" in answer.content
    assert not WebhookEvent.objects.exists()


def test_a_changed_body_is_refused() -> None:
    body = json.dumps(fake_event("payment_intent.succeeded", "pi_1")).encode()
    answer = Client().post(
        URL,
        body.replace(b"pi_1", b"pi_2"),
        content_type="application/json",
        headers={"Stripe-Signature": sign(body)},
    )

    assert answer.status_code == 400


def test_an_old_delivery_is_refused() -> None:
    body = json.dumps(fake_event("payment_intent.succeeded", "pi_1")).encode()
    answer = Client().post(
        URL,
        body,
        content_type="application/json",
        headers={"Stripe-Signature": sign(body, at=1_700_000_000)},
    )

    assert answer.status_code == 400


def test_the_webhook_is_only_posted_to() -> None:
    assert Client().get(URL).status_code == 405


def test_an_event_that_could_not_be_stored_is_not_answered_2xx(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr("checkout.webhooks.async_task", fail)
    client = Client(raise_request_exception=False)

    assert post_event(fake_event("payment_intent.succeeded", "pi_1"), client) == 500
    assert not WebhookEvent.objects.exists()


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
    assert declined.data == {"code": "insufficient_funds"}
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
    assert failed.state == State.FAILED
    assert failed.tries == 1
    assert "StripeError" in failed.error
    settings.STRIPE_API_BASE = address
    WebhookEvent.objects.update(next_try_at=failed.received_at)

    sweep()

    assert Order.objects.get().state == Order.State.PAID
    failed.refresh_from_db()
    assert (failed.state, failed.error) == (State.APPLIED, "")


def test_cancelled_events_ignored(cart: Cart, standin: StandIn) -> None:
    """An intent cancelled in Stripe's dashboard closes the order and frees the stock."""
    press_pay(cart)
    (intent,) = standin.state()["payment_intents"]
    cancel_intent(intent["id"])

    deliver_all()

    assert Order.objects.get().state == Order.State.CANCELED
    assert StockItem.objects.get().held == 0


def test_with_every_webhook_lost_the_sweep_finds_the_payment(cart: Cart, standin: StandIn) -> None:
    start = press_pay(cart)
    standin.pay(start.client_secret)
    PaymentAttempt.objects.update(checked_at=timezone.now() - 2 * LOOK_UP_AFTER)

    sweep()

    assert Order.objects.get().state == Order.State.PAID
    assert not WebhookEvent.objects.exists()


def test_each_permutation_of_the_events_of_one_purchase(cart: Cart, standin: StandIn) -> None:
    events = [e for e in paid_events(cart, standin) if e["type"] != "payment_intent.created"]

    for number, order in enumerate(itertools.permutations(events)):
        for event in order:
            event_id = f"{event['id']}_{number}"
            post_event({**event, "id": event_id})
            apply_event(event_id)

    assert Payment.objects.count() == 1
    assert StockItem.objects.get().on_hand == 8
