"""Whatever Stripe says of a dispute, in whatever order: our record ends as the dispute stands."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Literal

import pytest
from django.db import transaction

from cart.models import Cart
from checkout.disputing import settle_dispute
from checkout.inbox import apply_event
from checkout.models import PaymentAttempt, WebhookEvent
from checkout.settling import NotYetError
from inventory.models import StockMovement
from orders.models import Dispute, Order, OrderEvent, Payment
from orders.states import STRIPE
from tests.checkout.shopper import (
    Json,
    deliver_all,
    dispute_of,
    post_event,
    press_pay,
    stripe_events,
)
from tests.orders.factory import make_order, make_payment
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Kind = OrderEvent.Kind


@pytest.fixture
def payment(db: None) -> Payment:
    return make_payment(make_order(state=Order.State.FULFILLED), Payment.Outcome.ACCEPTED)


def news() -> list[tuple[str, int | None]]:
    """What the timeline says of disputes, with its amounts."""
    events = OrderEvent.objects.filter(kind__startswith="dispute")
    return list(events.values_list("kind", "amount_minor"))


def test_an_opened_dispute_is_on_the_order_with_reason_and_deadline(payment: Payment) -> None:
    order = settle_dispute(dispute_of(payment), STRIPE)

    assert order == payment.order
    dispute = Dispute.objects.get()
    assert (dispute.payment, dispute.stripe_id) == (payment, "du_1")
    assert (dispute.status, dispute.reason) == ("needs_response", "product_not_received")
    assert (dispute.amount_minor, dispute.withdrawn_minor) == (4968, 0)
    assert (dispute.opened_at, dispute.evidence_due_at) == (
        datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
        datetime(2026, 12, 9, 23, 59, 59, tzinfo=UTC),
    )
    assert dispute.closed_at is None
    event = OrderEvent.objects.get(kind=Kind.DISPUTE_OPENED)
    assert (event.amount_minor, event.actor) == (4968, "stripe")
    assert event.data == {
        "dispute": "du_1",
        "status": "needs_response",
        "reason": "product_not_received",
        "evidence_due_at": "2026-12-09T23:59:59+00:00",
    }


def test_the_way_of_a_lost_dispute_is_told_step_by_step(payment: Payment) -> None:
    for status, withdrawn_minor in [
        ("needs_response", 0),
        ("needs_response", 4968),
        ("under_review", 4968),
        ("lost", 4968),
    ]:
        settle_dispute(dispute_of(payment, status, withdrawn_minor=withdrawn_minor), STRIPE)

    assert news() == [
        (Kind.DISPUTE_OPENED, 4968),
        (Kind.DISPUTE_WITHDRAWN, 4968),
        (Kind.DISPUTE_UPDATED, 4968),
        (Kind.DISPUTE_LOST, 4968),
    ]
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.withdrawn_minor) == ("lost", 4968)
    assert dispute.closed_at is not None


def test_the_money_of_a_won_dispute_comes_back(payment: Payment) -> None:
    settle_dispute(dispute_of(payment, withdrawn_minor=4968), STRIPE)

    settle_dispute(dispute_of(payment, "won", withdrawn_minor=0), STRIPE)

    assert news()[2:] == [(Kind.DISPUTE_REINSTATED, 4968), (Kind.DISPUTE_WON, 4968)]
    assert Dispute.objects.get().withdrawn_minor == 0


@pytest.mark.parametrize("status", ["warning_closed", "prevented"])
def test_what_ends_without_a_chargeback_is_closed_without_loss(
    payment: Payment, status: str
) -> None:
    settle_dispute(dispute_of(payment, "warning_needs_response"), STRIPE)

    settle_dispute(dispute_of(payment, status), STRIPE)

    assert news() == [(Kind.DISPUTE_OPENED, 4968), (Kind.DISPUTE_WON, 4968)]
    assert OrderEvent.objects.get(kind=Kind.DISPUTE_WON).data["status"] == status
    assert Dispute.objects.get().closed_at is not None


def test_a_closed_inquiry_that_becomes_a_chargeback_is_open_again(payment: Payment) -> None:
    settle_dispute(dispute_of(payment, "warning_closed"), STRIPE)

    settle_dispute(dispute_of(payment, "needs_response", withdrawn_minor=4968), STRIPE)

    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.closed_at) == ("needs_response", None)
    assert news()[2:] == [(Kind.DISPUTE_WITHDRAWN, 4968), (Kind.DISPUTE_UPDATED, 4968)]


def test_a_dispute_that_is_first_seen_when_it_is_lost_is_told_whole(payment: Payment) -> None:
    settle_dispute(dispute_of(payment, "lost", withdrawn_minor=4968), STRIPE)

    assert [kind for kind, _amount in news()] == [
        Kind.DISPUTE_OPENED,
        Kind.DISPUTE_WITHDRAWN,
        Kind.DISPUTE_LOST,
    ]


LIVES = [
    [("needs_response", 0), ("needs_response", 4968), ("under_review", 4968), ("lost", 4968)],
    [("needs_response", 4968), ("under_review", 4968), ("won", 4968), ("won", 0)],
    [("warning_needs_response", 0), ("warning_closed", 0), ("needs_response", 4968), ("won", 0)],
]


@pytest.mark.parametrize(
    ("life", "calls"),
    [(life, calls) for life in LIVES for calls in sorted(set(permutations([*life, life[-1]])))],
)
def test_doubled_late_and_reordered_words_of_stripe_end_alike(
    payment: Payment, life: list[tuple[str, int]], calls: tuple[tuple[str, int], ...]
) -> None:
    for status, withdrawn_minor in calls:
        settle_dispute(dispute_of(payment, status, withdrawn_minor=withdrawn_minor), STRIPE)

    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.withdrawn_minor) == life[-1]
    told = [(event.kind, event.data.get("status")) for event in OrderEvent.objects.all()]
    assert len(told) == len(set(told))
    kinds = [kind for kind, _status in told]
    assert kinds.count(Kind.DISPUTE_OPENED) == 1
    withdrawn, reinstated = map(kinds.count, (Kind.DISPUTE_WITHDRAWN, Kind.DISPUTE_REINSTATED))
    assert (withdrawn - reinstated) * 4968 == life[-1][1]
    assert withdrawn <= 1


def test_a_lost_dispute_changes_neither_the_state_nor_the_stock(payment: Payment) -> None:
    settle_dispute(dispute_of(payment, "lost", withdrawn_minor=4968), STRIPE)

    payment.order.refresh_from_db()
    payment.refresh_from_db()
    assert payment.order.state == Order.State.FULFILLED
    assert payment.refunded_minor == 0
    assert not StockMovement.objects.exists()


def test_two_disputes_of_one_payment_stay_apart(payment: Payment) -> None:
    settle_dispute(dispute_of(payment, amount_minor=1000), STRIPE)
    settle_dispute(dispute_of(payment, "lost", id="du_2", amount_minor=2000), STRIPE)

    assert list(Dispute.objects.values_list("status", "amount_minor")) == [
        ("needs_response", 1000),
        ("lost", 2000),
    ]


def test_an_amount_in_another_currency_than_the_orders_says_so(payment: Payment) -> None:
    Payment.objects.update(currency="EUR", outcome=Payment.Outcome.MISMATCH)

    settle_dispute(dispute_of(payment), STRIPE)

    assert OrderEvent.objects.get(kind=Kind.DISPUTE_OPENED).data["currency"] == "EUR"


@pytest.mark.parametrize("intent_id", ["", "pi_of_somebody_else"])
def test_a_dispute_of_somebody_elses_payment_is_not_ours(payment: Payment, intent_id: str) -> None:
    assert settle_dispute(dispute_of(payment, intent_id=intent_id), STRIPE) is None
    assert not Dispute.objects.exists()


def test_a_dispute_waits_for_the_payment_it_is_about(db: None) -> None:
    order = make_order()
    payment = Payment(order=order, intent_id="pi_faster", amount_minor=4968)
    PaymentAttempt.objects.create(order=order, intent_id="pi_faster")

    with pytest.raises(NotYetError, match="The disputed payment is not booked yet"):
        settle_dispute(dispute_of(payment), STRIPE)
    assert not news()


def test_a_status_that_we_do_not_know_is_refused_by_its_name(payment: Payment) -> None:
    with pytest.raises(ValueError, match="'on_the_moon' is not a valid"):
        settle_dispute(dispute_of(payment, "on_the_moon"), STRIPE)
    assert not Dispute.objects.exists()


# --- By Stripe's own events ------------------------------------------------------------------
@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_the_events_of_a_payment_and_its_dispute_end_alike_in_any_order(
    cart: Cart, standin: StandIn, outcome: Literal["won", "lost"]
) -> None:
    secret = press_pay(cart).client_secret
    standin.pay(secret)
    dispute = standin.open_dispute(secret.partition("_secret_")[0])
    standin.close_dispute(dispute["id"], outcome)
    events = [event for event in stripe_events() if "dispute" in event["type"]]
    events.append(next(e for e in stripe_events() if e["type"] == "payment_intent.succeeded"))
    assert len(events) == {"won": 5, "lost": 4}[outcome]

    ends = [end_of([*order, order[0]]) for order in list(permutations(events))[::9]]

    taken_minor = 9720 if outcome == "lost" else 0
    assert set(ends) == {("paid", 9720, outcome, taken_minor)}


def end_of(events: list[Json]) -> tuple[str, int, str, int]:
    """Deliver the events in this order, and return how all ends; nothing of it stays."""
    with transaction.atomic():
        for event in events:
            assert post_event(event) == 200
            apply_event(event["id"])
        assert not WebhookEvent.objects.exclude(state=WebhookEvent.State.APPLIED).exists()
        told = [kind for kind, _amount in news()]
        assert len(told) == len(set(told))
        order, payment, dispute = Order.objects.get(), Payment.objects.get(), Dispute.objects.get()
        transaction.set_rollback(True)
    return order.state, payment.amount_minor, dispute.status, dispute.withdrawn_minor


def test_the_money_of_an_open_dispute_is_withdrawn_and_comes_back_when_it_is_won(
    cart: Cart, standin: StandIn
) -> None:
    secret = press_pay(cart).client_secret
    standin.pay(secret)
    dispute = standin.open_dispute(secret.partition("_secret_")[0], reason="duplicate")
    deliver_all()
    assert news() == [(Kind.DISPUTE_OPENED, 9720), (Kind.DISPUTE_WITHDRAWN, 9720)]
    assert Dispute.objects.get().reason == "duplicate"
    assert Dispute.objects.get().evidence_due_at is not None

    standin.close_dispute(dispute["id"], "won")
    deliver_all()

    assert news()[2:] == [(Kind.DISPUTE_REINSTATED, 9720), (Kind.DISPUTE_WON, 9720)]


def test_an_inquiry_takes_no_money_until_it_becomes_a_dispute(cart: Cart, standin: StandIn) -> None:
    secret = press_pay(cart).client_secret
    standin.pay(secret)
    dispute = standin.open_dispute(secret.partition("_secret_")[0], inquiry=True)
    deliver_all()
    assert news() == [(Kind.DISPUTE_OPENED, 9720)]

    standin.escalate_dispute(dispute["id"])
    deliver_all()

    assert news()[1:] == [(Kind.DISPUTE_WITHDRAWN, 9720), (Kind.DISPUTE_UPDATED, 9720)]
