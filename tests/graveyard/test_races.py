"""What goes wrong only when it happens at the same moment: threads, on PostgreSQL."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from cart.models import Coupon, CouponRedemption
from checkout import inbox, paying, settling, stripe_gateway
from checkout.inbox import apply_event
from checkout.models import WebhookEvent
from checkout.tasks import send_refunds, sweep
from inventory.models import StockItem, StockMovement
from orders import refunding
from orders.models import Order, OrderEvent, Payment, Refund
from orders.refund_pricing import RefundRefusedError, RefundWish
from orders.refunding import request_refund
from orders.states import SCHEDULE, State
from tests.at_once import all_at_once, meet_before
from tests.checkout.shopper import deliver_all, fake_event, post_event, stripe_events
from tests.factories import CouponFactory, make_shipping, make_variant
from tests.graveyard.late import close_unpaid, end_hold
from tests.graveyard.visitor import another_tab, intent_of, pay, visitor
from tests.standin import Json, StandIn

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.storm,
    pytest.mark.usefixtures("only_postgresql"),
]

SHOPPERS = 50
STAFF = 20
DELIVERIES = 20


def stock() -> tuple[int, int]:
    """On hand and held of the one item there is."""
    return StockItem.objects.values_list("on_hand", "held").get()


def stored_event(kind: str) -> Json:
    """Return Stripe's newest event of that type, delivered and not yet applied."""
    event = [event for event in stripe_events() if event["type"] == kind][-1]
    assert post_event(event) == 200
    return event


def failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the worker could not do at once, although it may have done it later."""
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_last_unit_two_buyers(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bought the last unit: the second was charged, and his order stayed open for ever."""
    make_shipping(600)
    variant = make_variant(price_minor=4200, units=10)
    clients = [visitor(variant) for _ in range(SHOPPERS)]
    meet_before(monkeypatch, paying, "_place", SHOPPERS)

    def buy(number: int) -> str:
        status, answer = pay(clients[number], 5184, email=f"shopper{number}@example.com")
        if status != 200:
            return str(answer["message"])
        standin.pay(answer["client_secret"])
        return "paid"

    told = Counter(all_at_once(SHOPPERS, buy))
    deliver_all()

    assert told.pop("paid") == 10
    assert sum(told.values()) == 40
    assert all("sold out" in message.lower() for message in told), told
    assert Order.objects.filter(state=State.PAID).count() == Order.objects.count() == 10
    assert standin.state()["charges_succeeded"] == 10
    assert stock() == (0, 0)
    assert StockMovement.objects.filter(reason=StockMovement.Reason.SOLD).count() == 10


def test_single_use_coupon_in_parallel(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A coupon for one was used by many at once; then all but one were charged the full price."""
    make_shipping(600)
    variant = make_variant(price_minor=4200, units=20)
    CouponFactory(code="ONCE", percent=10, max_uses=1)
    clients = [visitor(variant) for _ in range(20)]
    for client in clients:
        client.post("/cart/coupon/", {"code": "ONCE"})
    meet_before(monkeypatch, paying, "_place", 20)

    def buy(number: int) -> str:
        status, answer = pay(clients[number], 4730, email=f"shopper{number}@example.com")
        if status != 200:
            assert "Nothing was charged" in answer["message"]
            return str(answer["code"])
        standin.pay(answer["client_secret"])
        return "paid"

    told = all_at_once(20, buy)
    deliver_all()

    assert told.count("paid") == 1
    assert {*told, "total_changed"} == {"paid", "coupon_refused", "total_changed"}
    assert buy(told.index("coupon_refused")) == "total_changed"
    assert standin.state()["captured"] == {"usd": 4730}
    assert Order.objects.get().coupon_code == "ONCE"
    assert Coupon.objects.get().uses == CouponRedemption.objects.count() == 1


def test_refund_of_the_winner(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of two threads with a limited coupon one delivered the order, the other refunded it.

    The order was closed and its money came late: the last unit and the last use are free again.
    """
    make_shipping(600)
    client = visitor(make_variant(price_minor=4200, units=1))
    CouponFactory(code="ONCE", percent=10, max_uses=1)
    client.post("/cart/coupon/", {"code": "ONCE"})
    secret = pay(client, 4730)[1]["client_secret"]
    close_unpaid()
    standin.pay(secret)
    intent_id = intent_of(secret)
    kinds = ("created", "processing", "succeeded")
    events = [fake_event(f"payment_intent.{kind}", intent_id) for kind in kinds]
    for event in events:
        post_event(event)
    meet_before(monkeypatch, settling, "_hold_again", len(events))

    all_at_once(9, lambda number: apply_event(events[number % 3]["id"]))

    assert Order.objects.get().state == State.PAID
    assert Payment.objects.get().outcome == Payment.Outcome.ACCEPTED
    assert not Refund.objects.exists()
    assert stock() == (0, 0)
    assert Coupon.objects.get().uses == 1
    assert not failures(caplog)


def test_two_charges_per_order(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """One order had two intents, and both were paid."""
    make_shipping(600)
    client = visitor(make_variant(price_minor=4200, units=10))
    meet_before(monkeypatch, paying, "_place", SHOPPERS)

    def submit(_number: int) -> tuple[int, str]:
        status, answer = pay(another_tab(client), 5184)
        return status, str(answer.get("client_secret"))

    answers = set(all_at_once(SHOPPERS, submit))
    ((status, secret),) = answers
    assert status == 200
    pressed = all_at_once(3, lambda _number: "error" in standin.pay(secret))

    assert sorted(pressed) == [False, True, True]
    deliver_all()
    assert Order.objects.get().state == State.PAID
    assert len(standin.state()["payment_intents"]) == 1
    assert standin.state()["captured"] == {"usd": 5184}
    assert stock() == (9, 0)


def test_reload_buys_twice(standin: StandIn) -> None:
    """Whoever reloaded the page before the answer had come, and paid again, had bought twice."""
    make_shipping(600)
    client = visitor(make_variant(price_minor=4200, units=10))
    standin.pay(pay(client, 5184)[1]["client_secret"])

    def reload_and_pay(_number: int) -> str:
        tab = another_tab(client)
        tab.get("/checkout/")
        return str(pay(tab, 5184)[1]["code"])

    told = Counter(all_at_once(10, reload_and_pay))
    deliver_all()

    assert set(told) <= {"payment_under_way", "cart_empty"}
    assert told["payment_under_way"] >= 1
    assert Order.objects.get().state == State.PAID
    assert len(standin.state()["payment_intents"]) == 1
    assert standin.state()["captured"] == {"usd": 5184}


def test_storefront_races_webhook(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Browser and webhook both completed the cart: the order was lost, or its payment refunded."""
    make_shipping(600)
    client = visitor(make_variant(price_minor=4200, units=10))
    standin.pay(pay(client, 5184)[1]["client_secret"])
    event = stored_event("payment_intent.succeeded")
    end_hold()
    meet_before(monkeypatch, settling, "_record", 3)

    def complete(number: int) -> None:
        works: list[Callable[[], Any]] = [
            lambda: apply_event(event["id"]),
            sweep,
            lambda: pay(another_tab(client), 5184),
        ]
        works[number % 3]()

    all_at_once(9, complete)

    assert Order.objects.get().state == State.PAID
    assert Payment.objects.get().outcome == Payment.Outcome.ACCEPTED
    assert not Refund.objects.exists()
    assert standin.state()["charges_succeeded"] == 1
    assert stock() == (9, 0)
    assert not failures(caplog)


def test_triple_delivery(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One event, delivered three times at once, was settled three times."""
    make_shipping(600)
    client = visitor(make_variant(price_minor=4200, units=10))
    secret = pay(client, 5184)[1]["client_secret"]
    standin.pay(secret, "4000000000000002")
    standin.pay(secret)
    standin.refund_in_dashboard(intent_of(secret), 1000)
    events = [event for event in stripe_events() if not event["type"].startswith("charge.")]

    meet_before(monkeypatch, inbox, "settle", DELIVERIES)

    def deliver(number: int) -> None:
        event = events[number % len(events)]
        assert post_event(event) == 200
        apply_event(event["id"])

    all_at_once(DELIVERIES, deliver)

    assert WebhookEvent.objects.count() == len(events)
    assert not failures(caplog)
    kinds = Counter(OrderEvent.objects.values_list("kind", flat=True))
    for once in ("declined", "paid", "refund_requested", "refund_sent", "refund_succeeded"):
        assert kinds[once] == 1, kinds
    assert Payment.objects.get().refunded_minor == Refund.objects.get().amount_minor == 1000
    assert stock() == (9, 0)


def test_refund_more_than_paid(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing limited what could be given back; twenty members of staff press at once."""
    make_shipping(600)
    client = visitor(make_variant(price_minor=4200, units=10))
    standin.pay(pay(client, 5184)[1]["client_secret"])
    deliver_all()
    payment = Payment.objects.get()
    ten_dollars = RefundWish((), 0, 1000, Refund.Reason.GOODWILL)
    meet_before(monkeypatch, refunding, "_book", STAFF)

    def press(_number: int) -> str:
        try:
            request_refund(payment.pk, ten_dollars, SCHEDULE)
        except RefundRefusedError as refusal:
            return refusal.code
        send_refunds()
        return "booked"

    told = Counter(all_at_once(STAFF, press))

    assert told == {"booked": 5, "too_much": 15}
    payment.refresh_from_db()
    at_stripe = stripe_gateway.refunds_of(payment.intent_id)
    assert sum(refund.amount_minor for refund in at_stripe) == payment.refunded_minor == 5000
    assert set(Refund.objects.values_list("state", flat=True)) == {Refund.State.SUCCEEDED}
