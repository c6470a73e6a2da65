"""What each message says, and when it has nothing to say."""

from datetime import UTC, datetime

import pytest
from django.core import mail
from pytest_django import Settings

from checkout.disputing import settle_dispute
from notifications.models import Delivery
from notifications.tasks import send_due
from orders.models import Order, OrderEvent, Payment
from orders.states import STRIPE, State, append_event
from tests.checkout.shopper import dispute_of
from tests.orders.factory import make_order, make_payment

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def payment(db: None) -> Payment:
    return make_payment(make_order(state=State.FULFILLED), Payment.Outcome.ACCEPTED)


def letter() -> mail.EmailMultiAlternatives:
    """Do what is due, of which one step is a message."""
    mail.outbox.clear()
    send_due()
    (sent,) = mail.outbox
    assert isinstance(sent, mail.EmailMultiAlternatives)
    return sent


def bodies(sent: mail.EmailMultiAlternatives) -> tuple[str, str]:
    return str(sent.body), str(sent.alternatives[0][0])


# --- Staff -----------------------------------------------------------------------------------
def test_staff_are_told_of_a_dispute_with_reason_deadline_and_evidence(payment: Payment) -> None:
    order = payment.order
    settle_dispute(dispute_of(payment), STRIPE)

    sent = letter()

    assert sent.to == ["owner@example.com"]
    assert sent.subject == f"Dispute over $49.68: order {order.number}, answer by 9 December"
    for body in bodies(sent):
        assert f"disputes $49.68 of order {order.number}" in body
        assert "the buyer says that the goods did not arrive (product_not_received)" in body
        assert "9 December 2026, 23:59 UTC" in body
        assert "Ada Buyer, guest@example.com" in body
        assert f"http://localhost:8000/admin/orders/order/{order.pk}/evidence/" in body
        assert f"http://localhost:8000/admin/orders/order/{order.pk}/change/" in body


def test_a_dispute_without_a_deadline_says_so(payment: Payment) -> None:
    settle_dispute(dispute_of(payment, evidence_due_at=None), STRIPE)

    sent = letter()

    assert sent.subject == f"Dispute over $49.68: order {payment.order.number}"
    assert "Answer by: Stripe names no day" in str(sent.body)


def test_a_reason_that_is_new_to_us_is_told_as_it_is(payment: Payment) -> None:
    settle_dispute(dispute_of(payment, reason="moon_phase"), STRIPE)

    assert "Reason: moon phase (moon_phase)" in str(letter().body)


def test_a_disputed_amount_is_told_in_the_payments_currency(payment: Payment) -> None:
    Payment.objects.update(currency="JPY", amount_minor=5000)
    payment.refresh_from_db()
    settle_dispute(dispute_of(payment), STRIPE)

    assert "¥5,000" in letter().subject


@pytest.mark.parametrize(
    ("status", "subject", "said"),
    [
        ("lost", "Dispute over $49.68 lost", "if the goods came back, book them in by hand"),
        ("won", "Dispute over $49.68 won", "stays with the shop"),
        ("warning_closed", "Dispute over $49.68 closed without loss", "no dispute came of it"),
    ],
)
def test_staff_are_told_how_a_dispute_ended(
    payment: Payment, status: str, subject: str, said: str
) -> None:
    settle_dispute(dispute_of(payment, "warning_needs_response"), STRIPE)
    send_due()
    settle_dispute(dispute_of(payment, status), STRIPE)

    sent = letter()

    assert sent.to == ["owner@example.com"]
    assert sent.subject == f"{subject}: order {payment.order.number}"
    for body in bodies(sent):
        assert said in body
        assert f"http://localhost:8000/admin/orders/order/{payment.order_id}/change/" in body


def test_an_answered_dispute_is_not_asked_to_be_answered(payment: Payment) -> None:
    settle_dispute(dispute_of(payment), STRIPE)
    settle_dispute(dispute_of(payment, "under_review"), STRIPE)

    sent = letter()

    assert "answer by" not in sent.subject
    for body in bodies(sent):
        assert "Answer it in Stripe" not in body


def test_without_an_address_for_staff_nothing_is_planned(
    payment: Payment, settings: Settings
) -> None:
    settings.ADMIN_EMAIL = ""
    settle_dispute(dispute_of(payment), STRIPE)

    send_due()

    assert not mail.outbox
    assert not Delivery.objects.filter(step="dispute_opened").exists()
    assert not OrderEvent.objects.filter(planned_at=None).exists()


# --- The buyer -------------------------------------------------------------------------------
def test_the_buyer_of_a_closed_order_is_told_that_late_money_goes_back() -> None:
    order = make_order(state=State.CANCELED)
    make_payment(order, Payment.Outcome.LATE)
    append_event(order, OrderEvent.Kind.PAYMENT_LATE, STRIPE, 4968)

    sent = letter()

    assert sent.to == ["guest@example.com"]
    assert sent.subject == f"We are returning your payment for order {order.number}"
    for body in bodies(sent):
        assert "Hello Ada Buyer," in body
        assert "$49.68" in body
        assert "came after the order was closed" in body
        assert "We return it in full" in body
        assert "There is nothing you need to do" in body
        assert f"http://localhost:8000/orders/{order.number}/?key={order.access_key}" in body


def test_a_second_payment_of_a_paid_order_is_not_called_late(payment: Payment) -> None:
    append_event(payment.order, OrderEvent.Kind.PAYMENT_LATE, STRIPE, 4968)

    for body in bodies(letter()):
        assert "a second payment of" in body
        assert "your order is not affected" in body
        assert "was closed" not in body


def test_what_a_buyer_typed_is_escaped_in_html() -> None:
    order = make_order(
        state=Order.State.CANCELED, shipping_address={"name": "<b>Ada</b>", "line1": "1 Way"}
    )
    append_event(order, OrderEvent.Kind.PAYMENT_LATE, STRIPE, 4968)

    text, html = bodies(letter())

    assert "Hello <b>Ada</b>," in text
    assert "Hello &lt;b&gt;Ada&lt;/b&gt;," in html


def test_times_in_messages_name_the_shops_zone(payment: Payment, settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    due = datetime(2026, 12, 9, 23, 59, tzinfo=UTC)
    settle_dispute(dispute_of(payment, evidence_due_at=due), STRIPE)

    assert "10 December 2026, 00:59 CET" in str(letter().body)
