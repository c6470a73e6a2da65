"""What goes back is booked as it went back, and what the bank takes back as well."""

import pytest
from django.core import mail

from cart.models import Cart
from checkout.models import WebhookEvent
from checkout.tasks import send_refunds
from inventory.models import StockItem, StockMovement
from notifications.tasks import send_due
from orders.models import Dispute, Order, OrderEvent, Payment, Refund
from orders.refund_pricing import RefundRefusedError, RefundWish, Units
from orders.refunding import refund_status, request_all, request_refund
from orders.states import SCHEDULE, State
from tests.checkout.shopper import deliver_all, press_pay
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

FAILS_LATER = "4000000000005126"


def buy(cart: Cart, standin: StandIn, card_number: str = "4242424242424242") -> Payment:
    """Return the payment of two mugs, $97.20."""
    standin.pay(press_pay(cart).client_secret, card_number)
    deliver_all()
    return Payment.objects.get()


def test_refund_booked_though_failed(cart: Cart, standin: StandIn) -> None:
    """A refund that failed stood in the books as done."""
    payment = buy(cart, standin, FAILS_LATER)
    refund = request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE)
    send_refunds()
    refund.refresh_from_db()
    assert Order.objects.get().state == State.REFUNDED

    standin.fail_refund(str(refund.stripe_id))
    deliver_all()

    refund.refresh_from_db()
    payment.refresh_from_db()
    assert (refund.state, refund.error) == (Refund.State.FAILED, "expired_or_canceled_card")
    assert payment.refunded_minor == 0
    order = Order.objects.get()
    assert order.state == State.PAID
    assert refund_status(order) == "none"


def test_double_restock(cart: Cart, standin: StandIn) -> None:
    """Refunds of parts put more back on the shelf than had been sold."""
    payment = buy(cart, standin)
    line = payment.order.lines.get()
    one_mug = RefundWish((Units(line.pk, 1, restock=True),), 0, 0, Refund.Reason.RETURNED)

    for _ in range(2):
        request_refund(payment.pk, one_mug, SCHEDULE)
        send_refunds()
        deliver_all()
    with pytest.raises(RefundRefusedError, match=r": 0 can still be refunded, not 1\."):
        request_refund(payment.pk, one_mug, SCHEDULE)
    request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE)
    send_refunds()
    deliver_all()

    assert Order.objects.get().state == State.REFUNDED
    assert StockItem.objects.get().on_hand == 10
    returned = StockMovement.objects.filter(reason=StockMovement.Reason.RETURNED)
    assert [movement.quantity for movement in returned] == [1, 1]


def test_dispute_ignored(cart: Cart, standin: StandIn) -> None:
    """The bank took the money back, and the shop knew nothing of it."""
    payment = buy(cart, standin)
    opened = standin.open_dispute(payment.intent_id)
    deliver_all()
    mail.outbox.clear()
    send_due()

    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.withdrawn_minor) == ("needs_response", 9720)
    assert dispute.evidence_due_at is not None
    (letter,) = [letter for letter in mail.outbox if letter.subject.startswith("Dispute")]
    assert letter.to == ["owner@example.com"]
    assert payment.order.number in letter.subject
    with pytest.raises(RefundRefusedError, match="taken this money back for a dispute"):
        request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE)

    standin.close_dispute(opened["id"], "lost")
    deliver_all()

    dispute.refresh_from_db()
    assert (dispute.status, dispute.withdrawn_minor) == ("lost", 9720)
    told = OrderEvent.objects.filter(kind__startswith="dispute").values_list("kind", flat=True)
    assert list(told) == ["dispute_opened", "dispute_withdrawn", "dispute_lost"]
    assert not WebhookEvent.objects.filter(type__contains="dispute", state="ignored").exists()
