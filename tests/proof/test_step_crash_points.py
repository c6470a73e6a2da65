"""The worker dies before or after any commit of what follows a payment and a refund."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from notifications.models import Delivery
from notifications.outbox import LEASE
from notifications.tasks import send_due
from orders.models import Booking, Grant, LicenceGrant, Order, OrderEvent, Payment, Receipt, Refund
from orders.refunding import note_sent, request_all, succeed
from orders.states import SCHEDULE, STRIPE, State, move
from shop.models import Product
from tests.factories import ProductFactory, make_variant
from tests.orders.factory import make_order, make_payment
from tests.proof.crash import dying

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.storm]

MESSAGE_SENT = OrderEvent.Kind.MESSAGE_SENT


def bought(kind: Product.Kind) -> Payment:
    """A paid order for two of something that is not sent as a parcel."""
    order = make_order(email="ada@example.com")
    variant = make_variant(product=ProductFactory(kind=kind), units=None)
    order.lines.update(variant=variant, kind=kind)
    payment = make_payment(order, Payment.Outcome.ACCEPTED)
    move(order.pk, State.PAID, STRIPE)
    return payment


def give_back(payment: Payment) -> None:
    refund = request_all(payment.pk, Refund.Reason.RETURNED, SCHEDULE)
    note_sent(refund.pk, f"re_{refund.pk}", STRIPE)
    succeed(refund.pk, STRIPE)


def catch_up() -> None:
    """The worker runs again, and what its predecessor had claimed is free by now."""
    with time_machine.travel(timezone.now() + LEASE + timedelta(minutes=5)):
        send_due()


def assert_once(order: Order) -> None:
    """Each step done once, each letter one letter to its receiver, one receipt, one grant."""
    steps = Delivery.objects.filter(event__order=order)
    waiting = steps.filter(state=Delivery.State.DUE, due_at__lte=timezone.now())
    assert not waiting.exists()
    letters = [one for one in mail.outbox if order.number in f"{one.subject} {one.body}"]
    sent = steps.filter(state=Delivery.State.DONE, recipient__contains="@")
    assert len({one.extra_headers["Message-ID"] for one in letters}) == sent.count()
    assert order.events.filter(kind=MESSAGE_SENT).count() == sent.count()
    assert Receipt.objects.filter(order=order).count() == 1


def die_at_each_point(kind: Product.Kind, *, is_refunded: bool) -> list[Order]:
    """Let the worker die at each point of what follows the payment, or the refund; return all."""
    orders = []
    for at in range(200):
        payment = bought(kind)
        if is_refunded:
            send_due()
            give_back(payment)
        with dying(at) as points:
            send_due()
        catch_up()
        orders.append(Order.objects.get(pk=payment.order_id))
        try:
            assert_once(orders[-1])
        except AssertionError as error:
            raise AssertionError(f"died at point {at}, {points.passed[-1]}") from error
        if len(points.passed) <= at:
            assert at > 20
            return orders
    raise AssertionError("more points than expected")


def test_licences_are_given_once_whenever_the_worker_dies() -> None:
    orders = die_at_each_point(Product.Kind.LICENCE, is_refunded=False)

    assert set(Grant.objects.values_list("state", flat=True)) == {Grant.State.GRANTED}
    assert LicenceGrant.objects.count() == 2 * len(orders)
    numbers = sorted(Receipt.objects.values_list("number", flat=True))
    assert numbers == list(range(1, len(orders) + 1))


def test_seats_are_taken_back_once_whenever_the_worker_dies() -> None:
    orders = die_at_each_point(Product.Kind.EVENT, is_refunded=True)

    assert set(Grant.objects.values_list("state", flat=True)) == {Grant.State.REVOKED}
    assert Booking.objects.exclude(revoked_at=None).count() == 2 * len(orders)
