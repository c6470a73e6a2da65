"""Each break that is planted into clean books is found and named; what is safe is repaired."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone

from cart.models import Coupon, CouponRedemption
from checkout import stripe_gateway
from checkout.books import audit
from checkout.models import WebhookEvent
from checkout.settling import settle
from inventory.models import Reservation, StockItem, StockMovement
from orders.models import (
    Dispute,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    ReceiptCounter,
    Refund,
    RefundLine,
)
from orders.refund_pricing import RefundWish
from orders.refunding import request_refund
from orders.states import SCHEDULE, STRIPE
from shop.models import LicenceKey, Product
from tests.checkout.books import Books, audited, have_no_patience, keep_books
from tests.factories import ProductFactory, make_variant
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State
Kind = OrderEvent.Kind
Reason = StockMovement.Reason
NOBODY = "NONE-0000"


@dataclass(frozen=True)
class Planted:
    """What is done to clean books; the rule that must name it, and what breaks beside it."""

    plant: Callable[[Books], object]
    rule: str
    beside: tuple[str, ...] = ()
    is_repaired: bool = False
    # What no repair clears, because the timeline tells it for good.
    leaves: tuple[str, ...] = ()


def planted(
    plant: Callable[[Books], object],
    rule: str,
    *beside: str,
    is_repaired: bool = False,
    leaves: tuple[str, ...] = (),
) -> Planted:
    return Planted(plant, rule, beside, is_repaired, leaves)


@pytest.fixture
def books(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> Books:
    have_no_patience(monkeypatch)
    return keep_books(standin)


# --- How it is planted --------------------------------------------------------------------------
def change_order(name: str, **fields: object) -> Callable[[Books], object]:
    return lambda books: Order.objects.filter(pk=getattr(books, name).pk).update(**fields)


def change_payment(**fields: object) -> Callable[[Books], object]:
    return lambda books: Payment.objects.filter(pk=books.payment.pk).update(**fields)


def change_refund(**fields: object) -> Callable[[Books], object]:
    return lambda books: Refund.objects.filter(pk=books.refund.pk).update(**fields)


def change_dispute(**fields: object) -> Callable[[Books], object]:
    return lambda books: Dispute.objects.update(**fields)


def change_line(**fields: object) -> Callable[[Books], object]:
    return lambda books: OrderLine.objects.filter(order=books.sold).update(**fields)


def change_item(**fields: object) -> Callable[[Books], object]:
    return lambda books: StockItem.objects.update(**fields)


def change_coupon(**fields: object) -> Callable[[Books], object]:
    return lambda books: Coupon.objects.update(**fields)


def change_sale(**fields: object) -> Callable[[Books], object]:
    return lambda books: StockMovement.objects.filter(reference=books.sold.number).update(**fields)


def change_hold(name: str, state: str) -> Callable[[Books], object]:
    def plant(books: Books) -> None:
        Reservation.objects.filter(reference=getattr(books, name).number).update(state=state)

    return plant


def delete_movement(reason: str) -> Callable[[Books], object]:
    return lambda books: StockMovement.objects.filter(reason=reason).delete()


def delete_event(kind: str) -> Callable[[Books], object]:
    return lambda books: OrderEvent.objects.filter(kind=kind).delete()


def delete_refund(books: Books) -> None:
    RefundLine.objects.all().delete()
    Refund.objects.all().delete()


def delete_payment(books: Books) -> None:
    """Of the waiting order, which is paid first."""
    sell_waiting(books)
    assert books.waiting.payments.all().delete()[0] == 1


def lose_sight_of_payment(books: Books) -> None:
    """Take the money of the waiting order for odd, once it has been paid."""
    sell_waiting(books)
    books.waiting.payments.update(outcome=Payment.Outcome.MISMATCH)


def pay_waiting(books: Books) -> None:
    """Pay the waiting order; the shop hears nothing of it."""
    intent = stripe_gateway.retrieve_intent(books.waiting.attempt.intent_id or "")
    books.standin.pay(intent.client_secret)


def sell_waiting(books: Books) -> None:
    """Pay the waiting order, and book it."""
    pay_waiting(books)
    settle(stripe_gateway.retrieve_intent(books.waiting.attempt.intent_id or ""), STRIPE)


def charge_for(order_number: str) -> Callable[[Books], object]:
    def plant(books: Books) -> None:
        number = order_number or books.sold.number
        intent = stripe_gateway.create_intent(
            idempotency_key="planted", order_number=number, amount_minor=1234, currency="USD"
        )
        books.standin.pay(intent.client_secret)

    return plant


def double_sale(books: Books) -> None:
    StockMovement.objects.create(
        item=StockItem.objects.get(),
        quantity=-1,
        reason=Reason.SOLD,
        reference=books.closed.number,
        actor="nobody",
    )


def add_key_without_stock(_books: Books) -> None:
    licence = make_variant(product=ProductFactory(kind=Product.Kind.LICENCE), units=0)
    LicenceKey.objects.create(variant=licence, key="AAAA-BBBB")


def double_redemption(books: Books) -> None:
    state = CouponRedemption.State.CONFIRMED
    CouponRedemption.objects.create(coupon=books.coupon, reference=NOBODY, holder="", state=state)


def redemption_of(name: str, **fields: object) -> Callable[[Books], object]:
    def plant(books: Books) -> None:
        CouponRedemption.objects.filter(reference=getattr(books, name).number).update(**fields)

    return plant


def delete_redemption(books: Books) -> None:
    CouponRedemption.objects.filter(reference=books.sold.number).delete()


def dispute_again(books: Books) -> None:
    books.standin.open_dispute(books.payment.intent_id)


def invent_dispute(books: Books) -> None:
    Dispute.objects.create(
        payment=books.payment,
        stripe_id="du_gone",
        status=Dispute.Status.NEEDS_RESPONSE,
        reason="fraudulent",
        amount_minor=100,
        opened_at=timezone.now(),
    )


def forget_refund(books: Books) -> None:
    """Request one, and never send it."""
    wish = RefundWish((), 0, 100, Refund.Reason.GOODWILL)
    refund = request_refund(books.payment.pk, wish, SCHEDULE)
    Refund.objects.filter(pk=refund.pk).update(requested_at=timezone.now() - timedelta(days=2))


def park_event(books: Books) -> None:
    WebhookEvent.objects.create(
        event_id="evt_parked", type="refund.updated", payload={}, state=WebhookEvent.State.FAILED
    )


AMOUNT_UP = F("amount_minor") + 100
MONEY = {
    "a changed payment": planted(
        change_payment(amount_minor=AMOUNT_UP),
        "payment_differs_from_stripe",
        "payment_differs_from_order",
        "sums_differ",
    ),
    "a payment in another currency": planted(
        change_payment(currency="EUR"),
        "payment_differs_from_stripe",
        "payment_differs_from_order",
        "refund_differs",
        "sums_differ",
    ),
    "a payment that Stripe never took": planted(
        # What Stripe did take for that order then looks like a second charge.
        change_payment(intent_id="pi_gone"),
        "payment_without_charge",
        "charged_twice",
    ),
    "a deleted payment": planted(
        delete_payment, "charge_without_payment", "paid_order_without_payment", "sums_differ"
    ),
    "a payment that no webhook brought": planted(
        pay_waiting, "charge_without_payment", "sums_differ", is_repaired=True
    ),
    "a charge without an order": planted(charge_for(NOBODY), "charge_without_order", "sums_differ"),
    "an order charged twice": planted(charge_for(""), "charged_twice", "sums_differ"),
    "odd money that is kept": planted(
        lose_sight_of_payment,
        "money_kept_without_sale",
        "paid_order_without_payment",
        "odd_money_unlike_timeline",
    ),
    "a changed total": planted(
        change_order(
            "sold", total_minor=F("total_minor") + 100, shipping_minor=F("shipping_minor") + 100
        ),
        "payment_differs_from_order",
        "sums_differ",
    ),
    "changed lines and total": planted(
        change_order(
            "sold", total_minor=F("total_minor") + 100, subtotal_minor=F("subtotal_minor") + 100
        ),
        "order_does_not_add_up",
        "payment_differs_from_order",
        "sums_differ",
    ),
    "a changed price": planted(
        change_line(unit_price_minor=F("unit_price_minor") + 1), "order_does_not_add_up"
    ),
    "a changed discount": planted(change_line(discount_minor=0), "order_does_not_add_up"),
    "a changed tax": planted(change_line(tax_minor=0), "order_does_not_add_up"),
}
BACK = {
    "a deleted refund": planted(
        delete_refund,
        "refund_not_recorded",
        "refunded_counter_differs",
        "refunded_units_differ",
        "refunds_unlike_timeline",
        "return_without_refund",
        "sums_differ",
        is_repaired=True,
        leaves=("refunds_unlike_timeline", "return_without_refund", "sums_differ"),
    ),
    "a refund unknown to us": planted(
        lambda books: books.standin.refund_in_dashboard(books.payment.intent_id, 500),
        "refund_not_recorded",
        "sums_differ",
        is_repaired=True,
    ),
    "a refund unknown to Stripe": planted(
        change_refund(stripe_id="re_gone"), "refund_not_at_stripe", "sums_differ"
    ),
    "a changed refund": planted(
        change_refund(amount_minor=F("amount_minor") - 1),
        "refund_differs",
        "refund_does_not_add_up",
        "refunded_counter_differs",
        "refunds_unlike_timeline",
        "sums_differ",
    ),
    "a refund called failed": planted(
        change_refund(state=Refund.State.FAILED),
        "refund_differs",
        "refunded_counter_differs",
        "refunded_units_differ",
        "refunds_unlike_timeline",
        "sums_differ",
    ),
    "a refund whose success was not heard": planted(
        change_refund(state=Refund.State.SENT, succeeded_at=None),
        "refund_differs",
        "return_without_refund",
        is_repaired=True,
    ),
    "a refund that failed at Stripe": planted(
        lambda books: books.standin.fail_refund(books.refund.stripe_id or ""),
        "refund_differs",
        "sums_differ",
        is_repaired=True,
    ),
    "a refund that nobody sends": planted(forget_refund, "refund_waits"),
    "a changed sum of refunds": planted(
        change_payment(refunded_minor=0), "refunded_counter_differs", is_repaired=True
    ),
    "a changed number of refunded units": planted(
        change_line(refunded_quantity=0), "refunded_units_differ", is_repaired=True
    ),
    "a changed number of units sent before": planted(
        change_line(shipped_quantity=1, returned_quantity=1),
        "refunded_units_differ",
        "sent_units_differ",
        is_repaired=True,
        leaves=("sent_units_differ",),
    ),
    "a dispute unknown to us": planted(
        dispute_again, "dispute_not_recorded", "sums_differ", is_repaired=True
    ),
    "a dispute unknown to Stripe": planted(invent_dispute, "dispute_not_at_stripe"),
    "a dispute that was won meanwhile": planted(
        lambda books: books.standin.close_dispute(books.dispute.stripe_id, "won"),
        "dispute_differs",
        "sums_differ",
        is_repaired=True,
    ),
    "a changed dispute": planted(
        change_dispute(withdrawn_minor=0),
        "dispute_differs",
        "disputes_unlike_timeline",
        "sums_differ",
        is_repaired=True,
        leaves=("disputes_unlike_timeline", "sums_differ"),
    ),
}
UNITS = {
    "a deleted sale": planted(
        delete_movement(Reason.SOLD), "sale_differs_from_order", "on_hand_differs", "sums_differ"
    ),
    "a deleted delivery of goods": planted(
        delete_movement(Reason.RECEIVED), "on_hand_differs", "sums_differ"
    ),
    "a deleted return": planted(
        delete_movement(Reason.RETURNED),
        "return_differs_from_refund",
        "on_hand_differs",
        "sums_differ",
    ),
    "a changed sale": planted(
        change_sale(quantity=-5), "sale_differs_from_order", "on_hand_differs", "sums_differ"
    ),
    "a key added without its stock": planted(add_key_without_stock, "free_keys_differ"),
    "a doubled sale": planted(double_sale, "sale_without_order", "on_hand_differs", "sums_differ"),
    "changed units on hand": planted(
        change_item(on_hand=F("on_hand") + 1), "on_hand_differs", "sums_differ"
    ),
    "changed units held": planted(
        change_item(held=3), "held_differs", "sums_differ", is_repaired=True
    ),
    "a hold left by a closed order": planted(
        change_hold("closed", Reservation.State.HELD),
        "hold_without_pending_order",
        "held_differs",
        "sums_differ",
        is_repaired=True,
    ),
    "a hold lost by a waiting order": planted(
        change_hold("waiting", Reservation.State.RELEASED),
        "waiting_order_not_held",
        "held_differs",
        "sums_differ",
    ),
    "a doubled redemption": planted(
        double_redemption,
        "redemption_does_not_fit_order",
        "coupon_uses_differ",
        "sums_differ",
        is_repaired=True,
    ),
    "a deleted redemption": planted(
        delete_redemption, "order_without_redemption", "coupon_uses_differ", "sums_differ"
    ),
    "a redemption made final too early": planted(
        redemption_of("waiting", state=CouponRedemption.State.CONFIRMED),
        "redemption_does_not_fit_order",
    ),
    "changed uses of a coupon": planted(
        change_coupon(uses=4), "coupon_uses_differ", "sums_differ", is_repaired=True
    ),
    "a coupon used too often": planted(
        change_coupon(uses=1, max_uses=1), "coupon_over_limit", "coupon_uses_differ", "sums_differ"
    ),
}
TRAIL = {
    "changed units sent": planted(change_line(shipped_quantity=1), "sent_units_differ"),
    "a receipt that is gone": planted(
        lambda _books: ReceiptCounter.objects.create(last=1), "receipt_numbers_have_gaps"
    ),
    "a changed state": planted(
        change_order("sold", state=State.FULFILLED), "state_unlike_timeline"
    ),
    "a paid order called canceled": planted(
        change_order("disputed", state=State.CANCELED),
        "money_of_unpaid_order",
        "state_unlike_timeline",
        "sale_without_order",
        "sums_differ",
    ),
    "an unpaid order called paid": planted(
        change_order("waiting", state=State.PAID),
        "paid_order_without_payment",
        "paid_order_without_event",
        "state_unlike_timeline",
        "sale_differs_from_order",
        "hold_without_pending_order",
        "redemption_does_not_fit_order",
        "sums_differ",
    ),
    "an order called refunded": planted(
        change_order("sold", state=State.REFUNDED),
        "refunded_state_differs",
        "state_unlike_timeline",
        "redemption_does_not_fit_order",
    ),
    "a deleted event": planted(
        delete_event(Kind.PAID), "paid_order_without_event", "state_unlike_timeline"
    ),
    "a deleted event of a refund": planted(
        delete_event(Kind.REFUND_REQUESTED), "refunds_unlike_timeline", "sums_differ"
    ),
    "an order that nobody closed": planted(
        change_order("waiting", held_until=timezone.now() - timedelta(hours=1)),
        "order_overdue",
        is_repaired=True,
    ),
    "an event that was given up": planted(park_event, "event_not_applied"),
}
CASES = {**MONEY, **BACK, **UNITS, **TRAIL}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_planted_break_is_named_and_repaired_where_that_is_safe(
    books: Books, case: Planted
) -> None:
    assert audited() == []

    case.plant(books)

    found = audited()
    assert {one.rule for one in found} == {case.rule, *case.beside}
    for one in found:
        if one.repair:
            audit.do(one.repair)
    left = {one.rule for one in audited()}
    if case.is_repaired:
        assert left == set(case.leaves)
    else:
        assert case.rule in left


def test_each_rule_has_a_planted_break() -> None:
    written = {
        rule
        for path in Path(audit.__file__).parent.glob("*.py")
        for rule in re.findall(
            r'(?:rule=|_told_otherwise\(\s*)"(\w+)"', path.read_text(encoding="utf-8")
        )
    }

    assert written == {rule for case in CASES.values() for rule in (case.rule, *case.beside)}
