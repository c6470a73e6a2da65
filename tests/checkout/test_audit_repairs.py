"""A repair looks again before it acts: what has moved on since the check is left alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cart.models import CouponRedemption
from checkout.books import repairs
from checkout.books.repairs import NotRepairedError
from inventory.models import Reservation, StockItem
from orders.models import Order, Refund
from tests.checkout.books import Books, keep_books
from tests.checkout.shopper import PROCESSING_CARD, press_pay
from tests.factories import make_cart
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def books(standin: StandIn) -> Books:
    return keep_books(standin)


def test_the_lost_payment_of_a_paid_order_is_not_taken_for_late_money(books: Books) -> None:
    start = press_pay(make_cart(books.mug))
    books.standin.pay(start.client_secret)
    intent_id = start.order.attempt.intent_id or ""
    repairs.settle_intent(intent_id)
    start.order.payments.all().delete()

    with pytest.raises(NotRepairedError, match="paid already"):
        repairs.settle_intent(intent_id)

    assert not start.order.payments.exists()
    assert Refund.objects.count() == 1


def test_a_charge_that_names_no_order_of_ours_is_left_to_people(books: Books) -> None:
    intent_id = books.waiting.attempt.intent_id or ""
    type(books.waiting.attempt).objects.all().delete()

    with pytest.raises(NotRepairedError, match="No order of this shop"):
        repairs.settle_intent(intent_id)


@pytest.mark.parametrize("name", ["waiting", "sold"])
def test_the_hold_of_an_order_that_is_open_or_paid_is_kept(books: Books, name: str) -> None:
    number = getattr(books, name).number
    Reservation.objects.filter(reference=number).update(state=Reservation.State.HELD)

    with pytest.raises(NotRepairedError, match="its hold was kept"):
        repairs.release_hold(number)

    assert Reservation.objects.get(reference=number).state == Reservation.State.HELD


@pytest.mark.parametrize("name", ["waiting", "sold"])
def test_the_coupon_use_of_an_order_that_is_open_or_paid_is_kept(books: Books, name: str) -> None:
    with pytest.raises(NotRepairedError, match="its coupon use was kept"):
        repairs.give_back_redemption(getattr(books, name).number)

    live = CouponRedemption.objects.exclude(state=CouponRedemption.State.RELEASED)
    assert live.count() == 2


def test_an_order_whose_bank_still_works_on_it_keeps_its_hold(books: Books) -> None:
    start = press_pay(make_cart(books.mug))
    books.standin.pay(start.client_secret, PROCESSING_CARD)
    long_ago = timezone.now() - timedelta(hours=1)
    Order.objects.filter(pk=start.order.pk).update(held_until=long_ago)

    with pytest.raises(NotRepairedError, match="The bank still works on its payment"):
        repairs.close_overdue(start.order.pk)

    assert StockItem.objects.get().held == 2


def test_an_order_that_was_closed_meanwhile_is_not_closed_again(books: Books) -> None:
    repairs.close_overdue(books.closed.pk)

    assert books.closed.events.filter(kind="canceled").count() == 1


def test_a_refund_or_a_dispute_of_an_unbooked_payment_has_to_wait(books: Books) -> None:
    start = press_pay(make_cart(books.mug))
    books.standin.pay(start.client_secret)
    intent_id = start.order.attempt.intent_id or ""
    refund = books.standin.refund_in_dashboard(intent_id, 100)

    with pytest.raises(NotRepairedError, match="book that first"):
        repairs.settle_refund_of(refund["id"])

    type(start.order.attempt).objects.filter(order=start.order).delete()
    dispute = books.standin.open_dispute(intent_id)
    with pytest.raises(NotRepairedError, match="book that first"):
        repairs.settle_dispute_of(dispute["id"])
