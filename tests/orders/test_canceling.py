"""Cancel: before payment the hold ends, after it everything goes back, once sent it is too late."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from orders.canceling import CancelRefusedError, cancel_order
from orders.models import Order, OrderEvent, Refund
from orders.refunding import request_all, succeed
from orders.states import STRIPE
from tests.factories import UserFactory
from tests.orders.factory import make_order
from tests.orders.paid import make_dispute, make_paid, stella

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State


def asked_to_cancel(order: Order) -> bool:
    return order.events.filter(kind=OrderEvent.Kind.CANCEL_REQUESTED).exists()


def test_an_unpaid_orders_hold_ends_now_and_stripe_is_asked_first(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    order, actor = make_order(), stella()

    with django_capture_on_commit_callbacks(execute=True):
        cancel_order(order.pk, actor)

    order.refresh_from_db()
    assert order.held_until <= timezone.now()
    assert order.state == State.PENDING
    assert order.events.get(kind=OrderEvent.Kind.CANCEL_REQUESTED).staff == actor.staff
    assert "checkout.tasks.close_due" in [task.func() for task in OrmQ.objects.all()]


@pytest.mark.parametrize("state", [State.PAID, State.FULFILLING])
def test_a_paid_order_gives_everything_back(state: State) -> None:
    payment = make_paid(state=state)

    cancel_order(payment.order_id, stella())

    refund = payment.refunds.get()
    assert (refund.amount_minor, refund.reason) == (4968, Refund.Reason.CANCELED)
    assert [(line.quantity, line.restock) for line in refund.lines.all()] == [(2, True)]
    assert asked_to_cancel(payment.order)
    succeed(refund.pk, STRIPE)
    payment.order.refresh_from_db()
    assert payment.order.state == State.REFUNDED


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.FULFILLED, "was sent: it cannot be canceled, only refunded"),
        (State.CANCELED, "is “canceled” already"),
        (State.FAILED, "is “payment failed” already"),
        (State.REFUNDED, "is “refunded” already"),
        (State.PAID, "cost nothing"),
    ],
)
def test_what_cannot_be_canceled_says_why(state: State, said: str) -> None:
    order = make_order(state=state)

    with pytest.raises(CancelRefusedError, match=said):
        cancel_order(order.pk, stella())

    assert not asked_to_cancel(order)


def test_an_order_is_not_canceled_twice() -> None:
    payment = make_paid()
    request_all(payment.pk, Refund.Reason.CANCELED, stella())

    with pytest.raises(CancelRefusedError, match="back already, or on its way"):
        cancel_order(payment.order_id, stella())

    assert not asked_to_cancel(payment.order)


def test_a_disputed_order_is_not_canceled() -> None:
    payment = make_paid()
    make_dispute(payment, withdrawn_minor=4968)

    with pytest.raises(CancelRefusedError, match="for a dispute"):
        cancel_order(payment.order_id, stella())

    assert not asked_to_cancel(payment.order)


# --- Who may ---------------------------------------------------------------------------------
@pytest.fixture
def packer(client: Client) -> Client:
    """Staff who may change orders, but not refund them."""
    user = UserFactory.create(is_staff=True)
    names = ["view_order", "change_order"]
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def test_whoever_may_not_refund_cancels_no_paid_order(packer: Client) -> None:
    order = make_paid().order
    page = reverse("admin:orders_order_cancel", args=[order.pk])

    html = packer.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    looked, pressed = packer.get(page), packer.post(page, {"shown": "paid-4968"})

    assert "Start packing" in html
    assert "Cancel order" not in html
    assert (looked.status_code, pressed.status_code) == (403, 403)
    assert not Refund.objects.exists()


def test_whoever_may_not_refund_cancels_an_unpaid_order_until_it_is_paid(packer: Client) -> None:
    unpaid, paid_meanwhile = make_order(), make_paid(state=State.PENDING).order
    html = packer.get(reverse("admin:orders_order_change", args=[unpaid.pk])).content.decode()
    Order.objects.filter(pk=paid_meanwhile.pk).update(state=State.PAID)

    answers = [
        packer.post(reverse("admin:orders_order_cancel", args=[order.pk]), {"shown": "pending-0"})
        for order in (unpaid, paid_meanwhile)
    ]

    assert "Cancel order" in html
    assert [answer.status_code for answer in answers] == [302, 403]
    assert unpaid.events.filter(kind=OrderEvent.Kind.CANCEL_REQUESTED).exists()
    assert not Refund.objects.exists()
