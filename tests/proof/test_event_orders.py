"""Each event of Stripe early, late, doubled, lost and found again: there is one end."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import Any, Literal, get_args

import pytest
from django.db import connection, transaction
from django.db.models import Model
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.models import Cart, Coupon, CouponRedemption
from checkout import inbox, stripe_gateway
from checkout.books import audit
from checkout.inbox import TYPES, apply_event
from checkout.models import WebhookEvent
from checkout.stripe_gateway import RefundAtStripe
from checkout.tasks import read_events, send_refunds
from inventory.models import Reservation, StockItem
from orders.models import Dispute, Order, OrderEvent, OrderLine, Payment, Refund
from orders.refunding import repeat
from orders.states import SCHEDULE
from tests.at_once import all_at_once, meet_before
from tests.checkout.shopper import Json, post_event
from tests.factories import CouponFactory, make_cart, make_shipping, make_variant
from tests.proof import stories
from tests.proof.stories import Story, Told
from tests.standin import StandIn

Kind = OrderEvent.Kind
# How Stripe stood when it was asked about an event: as at last, for everything comes late; as after
# the newest event that has come; or as after the event itself, for the answer is booked late.
Asked = Literal["last", "newest", "own"]
ASKED: tuple[Asked, ...] = get_args(Asked)
Record = Callable[[StandIn, Cart], Story]
End = dict[str, Any]

RECORDS: dict[str, Record] = {
    "won": partial(stories.all_that_can_happen, outcome="won"),
    "lost": partial(stories.all_that_can_happen, outcome="lost"),
    "in the dashboard": stories.all_in_the_dashboard,
    "never paid": stories.never_paid,
}
# Told as often, whatever came when. The others tell of steps that may never have been seen.
TOLD_ALIKE = {
    Kind.PAID,
    Kind.DECLINED,
    Kind.CANCELED,
    Kind.FAILED,
    Kind.DISPUTE_OPENED,
    Kind.DISPUTE_WON,
    Kind.DISPUTE_LOST,
}
AT_ONCE = 20


class Stripe:
    """Answers the shop from a record, as of the moment that it stands at."""

    def __init__(self, told: list[Told], monkeypatch: pytest.MonkeyPatch) -> None:
        self.told = told
        self.moment = told[-1].moment
        monkeypatch.setattr(stripe_gateway, "retrieve_intent", lambda _id: self.moment.intent)
        monkeypatch.setattr(stripe_gateway, "refunds_of", lambda _id: self.moment.refunds)
        monkeypatch.setattr(
            stripe_gateway,
            "retrieve_refund",
            lambda wanted: next(one for one in self.moment.refunds if one.id == wanted),
        )
        monkeypatch.setattr(
            stripe_gateway,
            "retrieve_dispute",
            lambda wanted: next(one for one in self.moment.disputes if one.id == wanted),
        )
        monkeypatch.setattr(
            stripe_gateway,
            "list_events",
            lambda *_stretch: (one.event for one in reversed(self.told)),
        )
        monkeypatch.setattr(stripe_gateway, "create_refund", self._create_refund)

    def end_of(
        self,
        order: Iterable[int],
        *,
        asked: Asked,
        lost: Collection[int] = (),
        then: Callable[[], object],
    ) -> End:
        """Tell the events by their numbers in this order, then let the sweep find what was lost.

        Returns how all has ended, once `then` is done, too; nothing of it stays.
        """
        with transaction.atomic():
            newest = 0
            for number in order:
                if number in lost:
                    continue
                newest = max(newest, number)
                self.moment = self.told[{"last": -1, "newest": newest, "own": number}[asked]].moment
                deliver(self.told[number].event)
            self.moment = self.told[-1].moment
            sweep_inbox()
            then()
            end = end_of_all()
            transaction.set_rollback(True)
        return end

    def _create_refund(self, **wish: Any) -> RefundAtStripe:
        made = replace(
            self.moment.refunds[0],
            id="re_again",
            status="succeeded",
            amount_minor=wish["amount_minor"],
            key=wish["idempotency_key"],
        )
        self.moment = replace(self.moment, refunds=(*self.moment.refunds, made))
        return made


def deliver(event: Json) -> None:
    """Put the event into the inbox, once more if it was there, and apply it."""
    WebhookEvent.objects.update_or_create(
        event_id=event["id"],
        defaults={"type": event["type"], "payload": event, "state": WebhookEvent.State.RECEIVED},
    )
    apply_event(event["id"])


def sweep_inbox() -> None:
    """Read Stripe's list, and apply what is left, until what had to wait has its turn."""
    read_events()
    undone = WebhookEvent.objects.filter(state=WebhookEvent.State.RECEIVED).order_by("pk")
    for _round in range(3):
        for event_id in undone.values_list("event_id", flat=True):
            apply_event(event_id)


def end_of_all() -> End:
    """Return what must be the same whatever came when."""
    left = WebhookEvent.objects.exclude(state=WebhookEvent.State.APPLIED)
    assert list(left.values_list("type", "error")) == []
    live = Refund.objects.exclude(state=Refund.State.FAILED)
    said = [
        (event.kind, event.data.get("refund"))
        for event in OrderEvent.objects.all()
        if event.data.get("from") != Order.State.REFUNDED
    ]
    of_live = Counter(one for one in said if one[1] in live.values_list("pk", flat=True))
    assert set(of_live.values()) <= {1}, of_live
    return {
        "order": Order.objects.get().state,
        "payments": rows(Payment, "outcome", "amount_minor", "currency", "refunded_minor"),
        "refunds": sorted(live.values_list("stripe_id", "state", "amount_minor", "other_minor")),
        "disputes": rows(Dispute, "stripe_id", "status", "amount_minor", "withdrawn_minor"),
        "stock": rows(StockItem, "on_hand", "held") + rows(Reservation, "state", "quantity"),
        "coupon": rows(Coupon, "uses") + rows(CouponRedemption, "state"),
        "lines": rows(OrderLine, "quantity", "refunded_quantity"),
        "told": Counter(kind for kind, _refund in said if kind in TOLD_ALIKE),
        "kinds of refund events": sorted({kind for kind, _refund in of_live}),
    }


def close_books() -> None:
    assert [one for rule in audit.RULES for one in rule()] == []


def repeat_what_failed() -> None:
    """Let staff give back once more what the bank sent back.

    Before, goods and coupon are where they were left: where the failure is all that was ever seen,
    neither has come back yet.
    """
    for failed in Refund.objects.filter(state=Refund.State.FAILED):
        repeat(failed.pk, SCHEDULE)
    send_refunds()
    close_books()


def rows(model: type[Model], *fields: str) -> list[tuple[Any, ...]]:
    return sorted(model._default_manager.values_list(*fields))


@pytest.fixture
def cart(db: None) -> Cart:
    """Two mugs of ten, with a coupon that can be used once."""
    make_shipping(600)
    coupon = CouponFactory(code="ONCE", percent=10, max_uses=1)
    return make_cart(make_variant(price_minor=4200, units=10), quantity=2, coupon=coupon)


@pytest.mark.django_db
@pytest.mark.both
class TestOneAfterAnother:
    def test_the_stories_have_events_of_every_type(self, standin: StandIn) -> None:
        make_shipping(600)
        mug = make_variant(price_minor=4200, units=10)
        seen: set[str] = set()
        for record in RECORDS.values():
            with transaction.atomic():
                standin.reset()
                story = record(standin, make_cart(mug, quantity=2))
                transaction.set_rollback(True)
            seen |= {one.event["type"] for one in story.told}

        assert seen == TYPES

    @pytest.mark.parametrize("name", RECORDS)
    def test_any_order_doubled_and_lost(
        self, cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        told = RECORDS[name](standin, cart).told
        at_stripe = Stripe(told, monkeypatch)
        numbers = range(len(told))
        some = st.lists(st.sampled_from(numbers), max_size=6)
        expected = at_stripe.end_of(numbers, asked="newest", then=close_books)

        @settings(max_examples=12, derandomize=True, database=None, deadline=None)
        @given(asked=st.sampled_from(ASKED), doubled=some, lost=some, data=st.data())
        def ends_alike(
            asked: Asked, doubled: list[int], lost: list[int], data: st.DataObject
        ) -> None:
            order = data.draw(st.permutations([*numbers, *doubled]))
            end = at_stripe.end_of(order, asked=asked, lost=lost, then=close_books)
            assert end == expected

        ends_alike()

    @pytest.mark.parametrize(
        ("record", "types", "then"),
        [
            (
                stories.refunded_and_disputed,
                {
                    "payment_intent.succeeded",
                    "refund.created",
                    "charge.dispute.created",
                    "charge.dispute.closed",
                    "charge.dispute.funds_reinstated",
                },
                close_books,
            ),
            (
                stories.dashboard_refund_fails,
                {"payment_intent.succeeded", "refund.created", "charge.refunded", "refund.failed"},
                close_books,
            ),
            (
                stories.given_back_in_vain,
                {"payment_intent.succeeded", "refund.created", "charge.refunded", "refund.failed"},
                repeat_what_failed,
            ),
        ],
    )
    def test_every_order(
        self,
        cart: Cart,
        standin: StandIn,
        monkeypatch: pytest.MonkeyPatch,
        record: Record,
        types: set[str],
        then: Callable[[], object],
    ) -> None:
        told = [one for one in record(standin, cart).told if one.event["type"] in types]
        assert len(told) == len(types)
        at_stripe = Stripe(told, monkeypatch)
        expected = at_stripe.end_of(range(len(told)), asked="newest", then=then)

        # With answers as old as can be; the others are in the orders drawn above.
        ends = {
            order: at_stripe.end_of([*order, order[0]], asked="own", then=then)
            for order in permutations(range(len(told)))
        }

        assert {order: end for order, end in ends.items() if end != expected} == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.storm
class TestAtOnce:
    @pytest.fixture(autouse=True)
    def _only_postgresql(self, db: None) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer at a time: there is no race to run")

    @pytest.mark.parametrize("kind", ["refund.created", "charge.refunded"])
    def test_one_refund_twenty_times(
        self, cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        told = stories.refunded_and_disputed(standin, cart).told
        (event,) = [one.event for one in told if one.event["type"] == kind]
        meet_before(monkeypatch, inbox, "settle_refund", AT_ONCE)

        def bring(_number: int) -> None:
            assert post_event(event) == 200
            apply_event(event["id"])

        all_at_once(AT_ONCE, bring)

        assert WebhookEvent.objects.get().state == WebhookEvent.State.APPLIED
        assert rows(Refund, "state", "amount_minor") == [("succeeded", 1000)]
        assert Payment.objects.get().refunded_minor == 1000
        kinds = Counter(OrderEvent.objects.values_list("kind", flat=True))
        assert {kinds[kind] for kind in kinds if kind.startswith("refund")} == {1}

    def test_twenty_events_of_one_order(
        self, cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = stories.all_that_can_happen(standin, cart, "won").told
        assert len(told) >= AT_ONCE
        with monkeypatch.context() as patch:
            one_by_one = Stripe(told, patch).end_of(
                range(len(told)), asked="newest", then=close_books
            )

        def bring(number: int) -> None:
            assert post_event(told[-number].event) == 200
            apply_event(told[-number].event["id"])

        all_at_once(AT_ONCE, bring)
        sweep_inbox()

        close_books()
        assert end_of_all() == one_by_one
