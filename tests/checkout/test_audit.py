"""Is every cent and every unit accounted for? Asked of whole purchases, at any moment, and fast."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from unittest.mock import patch

import pytest
import time_machine
from django.db import InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from cart import coupons
from cart.models import Cart, Coupon
from checkout import stripe_gateway
from checkout.books import audit, pairing
from checkout.books.findings import Break
from checkout.models import PaymentAttempt
from checkout.settling import settle
from checkout.stripe_gateway import ChargeAtStripe
from checkout.tasks import send_refunds
from inventory import stock
from inventory.models import StockItem, StockMovement
from inventory.stock import adjust
from orders.models import Dispute, Order, OrderLine, Payment, Refund
from orders.refund_pricing import RefundWish, Units
from orders.refunding import request_all, request_refund
from orders.states import SCHEDULE, STRIPE, move
from shop.models import ShippingRate
from tests.checkout.books import Books, audited, have_no_patience, keep_books
from tests.checkout.shopper import deliver_all, press_pay
from tests.factories import CouponFactory, make_cart, make_shipping, make_stock, make_variant
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def books(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> Books:
    have_no_patience(monkeypatch)
    return keep_books(standin)


def rules() -> set[str]:
    return {one.rule for one in audited()}


# --- Whole purchases ----------------------------------------------------------------------------
def test_a_purchase_its_refund_and_its_dispute_leave_clean_books_at_every_step(
    cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_no_patience(monkeypatch)
    assert audited() == []
    start = press_pay(cart)
    assert audited() == []
    standin.pay(start.client_secret)
    deliver_all()
    assert audited() == []
    payment = start.order.payments.get()
    wish = RefundWish(
        (Units(start.order.lines.get().pk, 1, restock=True),), 0, 0, Refund.Reason.RETURNED
    )
    request_refund(payment.pk, wish, SCHEDULE)
    assert audited() == []
    deliver_all()
    assert audited() == []
    dispute = standin.open_dispute(payment.intent_id)
    deliver_all()
    assert audited() == []
    standin.close_dispute(dispute["id"], "won")
    deliver_all()
    assert audited() == []
    request_all(payment.pk, Refund.Reason.GOODWILL, SCHEDULE)
    deliver_all()
    assert audited() == []
    assert Order.objects.get().state == Order.State.REFUNDED


def test_a_refund_that_the_bank_sends_back_leaves_clean_books(
    cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_no_patience(monkeypatch)
    standin.pay(press_pay(cart).client_secret)
    deliver_all()
    refund = request_all(Payment.objects.get().pk, Refund.Reason.CANCELED, SCHEDULE)
    deliver_all()
    refund.refresh_from_db()
    standin.fail_refund(refund.stripe_id or "")
    deliver_all()

    assert Order.objects.get().state == Order.State.PAID
    assert audited() == []


def test_money_that_came_too_late_and_went_back_leaves_clean_books(
    cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_no_patience(monkeypatch)
    start = press_pay(cart)
    standin.pay(start.client_secret)
    # Closed here all the same, and the goods are gone.
    close_without_asking(start.order)
    adjust(StockItem.objects.get(), -10, StockMovement.Reason.DAMAGED, actor="test")
    deliver_all()
    deliver_all()

    payment = Payment.objects.get()
    assert (payment.outcome, payment.refundable_minor) == (Payment.Outcome.LATE, 0)
    assert audited() == []


def test_an_order_that_was_revived_after_its_coupon_was_gone_leaves_clean_books(
    cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_no_patience(monkeypatch)
    cart.coupon = CouponFactory(code="SPRING")
    cart.save()
    start = press_pay(cart)
    standin.pay(start.client_secret)
    close_without_asking(start.order)
    Coupon.objects.update(is_active=False)
    deliver_all()

    assert Order.objects.get().state == Order.State.PAID
    assert Coupon.objects.get().uses == 0
    assert audited() == []


def test_an_order_that_cost_nothing_leaves_clean_books(cart: Cart, standin: StandIn) -> None:
    cart.coupon = CouponFactory(code="GIFT", percent=100)
    cart.save()
    ShippingRate.objects.update(amount_minor=0)

    assert press_pay(cart).order.state == Order.State.PAID
    assert audited() == []


def close_without_asking(order: Order) -> None:
    """Close an order as if Stripe had confirmed that no money can come."""
    with transaction.atomic():
        PaymentAttempt.objects.filter(order=order).update(is_open=False)
        move(order.pk, Order.State.CANCELED, SCHEDULE)
        stock.release(order.number)
        coupons.release(order.number)


# --- What is no break ---------------------------------------------------------------------------
def test_a_payment_of_this_minute_is_no_break_yet(cart: Cart, standin: StandIn) -> None:
    standin.pay(press_pay(cart).client_secret)

    assert audited() == []
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert rules() == {"charge_without_payment", "sums_differ"}


def test_what_a_webhook_brings_between_two_looks_is_no_break(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.standin.refund_in_dashboard(books.payment.intent_id, 500)
    monkeypatch.setattr("time.sleep", lambda seconds: deliver_all())

    assert audited() == []


def test_what_is_older_on_one_side_than_the_time_asked_for_is_looked_up(books: Books) -> None:
    Payment.objects.update(received_at=timezone.now() - timedelta(days=60))
    Refund.objects.update(requested_at=timezone.now() - timedelta(days=60))
    assert audited() == []

    # Now Stripe's side is before the time asked for.
    later = timezone.now() + timedelta(minutes=5)
    Payment.objects.update(received_at=later)
    Refund.objects.update(requested_at=later)
    Dispute.objects.update(opened_at=later)
    result = audit.check(timezone.now() + timedelta(minutes=1))
    assert result.breaks == []
    assert result.figures[0].values == (13997, 13997)


def test_goods_that_were_not_counted_when_they_were_sold_are_no_break(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_no_patience(monkeypatch)
    make_shipping(600)
    poster = make_variant(units=None)
    standin.pay(press_pay(make_cart(poster)).client_secret)
    deliver_all()
    assert audited() == []

    poster.stock = make_stock(5, "POSTER")
    poster.save()

    assert audited() == []


def test_a_product_that_is_gone_is_no_break(books: Books) -> None:
    OrderLine.objects.update(variant=None)

    assert audited() == []


# --- Stripe cannot be asked ---------------------------------------------------------------------
def test_without_stripe_the_rest_is_checked_and_it_is_said(
    books: Books, settings: Settings
) -> None:
    StockItem.objects.update(held=3)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    result = audit.check(timezone.now() - timedelta(days=1))

    assert {one.rule for one in result.breaks} == {"held_differs", "sums_differ"}
    assert "127.0.0.1" in result.error or "connect" in result.error
    assert "Stripe could not be asked" in audit.verdict_of(audit.keep(result))


def test_the_key_of_another_account_is_named_as_that_and_not_as_a_thousand_breaks(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing, "MOST_LOOK_UPS", 1)
    books.standin.reset()

    result = audit.check(timezone.now() - timedelta(days=1))

    assert result.breaks == []
    assert result.error == (
        "Stripe's lists lack 3 payments and refunds of ours: is the key that of the account that "
        "took them?"
    )


def test_a_charge_without_an_intent_is_named(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    charge = ChargeAtStripe("ch_old", "", 700, 0, "USD", False, timezone.now())
    listed = stripe_gateway.list_charges
    monkeypatch.setattr(
        stripe_gateway, "list_charges", lambda since: iter([charge, *listed(since)])
    )

    assert rules() == {"charge_without_order", "sums_differ"}


# --- What it costs, and what it sees ------------------------------------------------------------
def test_its_queries_do_not_grow_with_the_orders(
    books: Books, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with CaptureQueriesContext(connection) as seen:
        assert audited() == []
    for _more in range(4):
        sell(books)

    with django_assert_num_queries(len(seen)):
        assert audited() == []
    assert len(seen) < 60


def sell(books: Books) -> None:
    """Sell another mug, and give a part of the money back."""
    start = press_pay(make_cart(books.mug))
    books.standin.pay(start.client_secret)
    settle(stripe_gateway.retrieve_intent(start.order.attempt.intent_id or ""), STRIPE)
    wish = RefundWish((), 0, 100, Refund.Reason.GOODWILL)
    request_refund(start.order.payments.get().pk, wish, SCHEDULE)
    send_refunds()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_a_sale_between_two_queries_of_a_check_is_not_half_seen() -> None:
    item = make_stock(5, "MUG")
    sold_meanwhile: list[int] = []

    def sell_in_another_connection() -> None:
        adjust(item, -1, StockMovement.Reason.DAMAGED, actor="rival")
        connection.close()

    def rule_with_a_rival() -> Iterator[Break]:
        rival = Thread(target=sell_in_another_connection)
        rival.start()
        rival.join()
        sold_meanwhile.append(StockItem.objects.get().on_hand)
        yield from ()

    with patch.object(audit, "RULES", (rule_with_a_rival, *audit.RULES)):
        result = audit.check(None)

    assert result.breaks == []
    assert sold_meanwhile == [5]
    assert StockItem.objects.get().on_hand == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such transactions")
def test_a_check_cannot_write() -> None:
    def rule_that_writes() -> Iterator[Break]:
        make_stock(0, "MUG")
        yield from ()

    with (
        patch.object(audit, "RULES", (rule_that_writes,)),
        pytest.raises(InternalError, match="read-only transaction"),
    ):
        audit.check(None)
