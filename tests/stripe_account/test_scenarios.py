"""What the shop relies on Stripe for, from the first intent to the last word on a dispute.

Only through what the shop itself uses, so that the stand-in and a real account must agree. Nothing
depends on another scenario or on an earlier run: order numbers and keys are random.
"""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from cart.models import Cart
from checkout import stripe_gateway
from checkout.expiring import CLOCKS_DIFFER_BY, close_at_stripe
from checkout.models import PaymentAttempt, WebhookEvent
from checkout.paying import PaymentRefusedError
from checkout.settling import settle
from checkout.stripe_gateway import StripeError
from checkout.tasks import send_refunds, sweep
from inventory.models import StockItem
from orders.declines import SENTENCES
from orders.models import Dispute, Order, OrderEvent, Payment, Refund
from orders.refund_pricing import RefundWish
from orders.refunding import request_all, request_refund
from orders.states import SCHEDULE, SHOPPER
from tests.checkout.shopper import press_pay
from tests.factories import make_cart, make_shipping, make_variant
from tests.stripe_account.account import Account

pytestmark = pytest.mark.django_db

State = Order.State
FIVE_DOLLARS = RefundWish((), 0, 500, Refund.Reason.GOODWILL)


def buy(account: Account, cart: Cart, card: str = "pm_card_visa") -> Payment:
    """Pay the cart with a card that is charged at once."""
    start = press_pay(cart)
    assert account.confirm(start.client_secret, card) == "succeeded"
    settle(stripe_gateway.retrieve_intent(start.order.attempt.intent_id or ""), SHOPPER)
    return Payment.objects.get()


def send(account: Account, refund: Refund) -> None:
    """Have the worker send the refund, and look it up until the bank has taken it."""

    def look() -> bool:
        send_refunds()
        refund.refresh_from_db()
        return refund.state == Refund.State.SUCCEEDED

    account.wait_for("The refund has succeeded", look)


def ask_for_a_cent(payment: Payment) -> StripeError:
    """Ask Stripe past all our own checks to give a cent back; return its refusal."""
    with pytest.raises(StripeError) as refusal:
        stripe_gateway.create_refund(
            idempotency_key=secrets.token_hex(12),
            intent_id=payment.intent_id,
            amount_minor=1,
            reason="requested_by_customer",
        )
    return refusal.value


# --- The intent --------------------------------------------------------------------------------
def test_the_stored_key_finds_the_intent_whose_id_was_lost(account: Account, cart: Cart) -> None:
    first = press_pay(cart)
    PaymentAttempt.objects.update(intent_id=None)

    again = press_pay(cart)

    assert again.client_secret == first.client_secret
    assert again.order == first.order


def test_another_amount_under_the_same_key_is_refused_for_good(
    account: Account, cart: Cart
) -> None:
    order = press_pay(cart).order

    with pytest.raises(StripeError) as refusal:
        stripe_gateway.create_intent(
            idempotency_key=order.attempt.idempotency_key,
            order_number=order.number,
            amount_minor=order.total_minor + 1,
            currency=order.currency,
        )

    assert refusal.value.permanent
    assert isinstance(refusal.value.__cause__, stripe.IdempotencyError)


def test_an_amount_that_stripe_does_not_take_closes_the_order(account: Account) -> None:
    make_shipping(0)
    with pytest.raises(PaymentRefusedError) as refusal:
        press_pay(make_cart(make_variant(price_minor=10)))

    assert refusal.value.code == "not_payable"
    assert Order.objects.get().state == State.CANCELED
    assert StockItem.objects.get().held == 0


@pytest.mark.parametrize(
    ("look_up", "unknown"),
    [
        (stripe_gateway.retrieve_intent, "pi_cartwright_has_none"),
        (stripe_gateway.retrieve_refund, "re_cartwright_has_none"),
        (stripe_gateway.retrieve_dispute, "du_cartwright_has_none"),
    ],
)
def test_what_does_not_exist_is_refused_for_good(
    account: Account, look_up: Callable[[str], Any], unknown: str
) -> None:
    with pytest.raises(StripeError) as refusal:
        look_up(unknown)

    assert (refusal.value.permanent, refusal.value.code) == (True, "resource_missing")


# --- The payment -------------------------------------------------------------------------------
def test_a_charged_card_pays_the_order(account: Account, cart: Cart) -> None:
    payment = buy(account, cart)

    order = payment.order
    assert (order.state, payment.outcome) == (State.PAID, Payment.Outcome.ACCEPTED)
    assert (payment.amount_minor, payment.currency) == (order.total_minor, order.currency)
    account.deliver(order, "payment_intent.created", "payment_intent.succeeded")
    assert Payment.objects.get() == payment


def test_without_a_webhook_the_sweep_finds_the_payment(account: Account, cart: Cart) -> None:
    start = press_pay(cart)
    account.confirm(start.client_secret)

    def look() -> bool:
        sweep()
        return Order.objects.get().state == State.PAID

    account.wait_for("The order is paid", look)
    applied = WebhookEvent.objects.filter(state=WebhookEvent.State.APPLIED)
    assert set(applied.values_list("source", flat=True)) == {WebhookEvent.Source.LIST}


def test_each_refusal_of_a_card_has_a_sentence_and_a_line_in_the_timeline(
    account: Account, cart: Cart
) -> None:
    start = press_pay(cart)

    codes = [
        account.confirm(start.client_secret, f"pm_card_chargeDeclined{why}")
        for why in ("", "ExpiredCard", "ProcessingError")
    ]

    assert codes == ["generic_decline", "expired_card", "processing_error"]
    assert set(codes) <= SENTENCES.keys()
    account.deliver(start.order, "payment_intent.payment_failed")
    told = OrderEvent.objects.filter(kind=OrderEvent.Kind.DECLINED)
    assert sorted(event.data["code"] for event in told) == sorted(codes)
    assert account.confirm(start.client_secret) == "succeeded"


def test_an_unanswered_challenge_leaves_the_order_to_be_paid_or_cancelled(
    account: Account, cart: Cart
) -> None:
    start = press_pay(cart)

    status = account.confirm(start.client_secret, "pm_card_authenticationRequired")

    assert status == "requires_action"
    account.deliver(start.order, "payment_intent.requires_action")
    assert press_pay(cart).client_secret == start.client_secret
    assert close_at_stripe(start.order.attempt, SHOPPER).state == State.CANCELED


def test_nobody_can_pay_what_was_cancelled(account: Account, cart: Cart) -> None:
    start = press_pay(cart)

    assert close_at_stripe(start.order.attempt, SHOPPER).state == State.CANCELED

    assert account.confirm(start.client_secret) == "payment_intent_unexpected_state"
    intent_id = str(PaymentAttempt.objects.get().intent_id)
    assert stripe_gateway.cancel_intent(intent_id).status == "canceled", "a second time"
    account.deliver(start.order, "payment_intent.canceled")


def test_a_cancellation_that_comes_too_late_finds_the_order_paid(
    account: Account, cart: Cart
) -> None:
    start = press_pay(cart)
    account.confirm(start.client_secret)

    assert close_at_stripe(start.order.attempt, SHOPPER).state == State.PAID


# --- Refunds -----------------------------------------------------------------------------------
def test_a_part_and_the_rest_go_back_and_then_nothing_more(account: Account, cart: Cart) -> None:
    payment = buy(account, cart)
    send(account, request_refund(payment.pk, FIVE_DOLLARS, SCHEDULE))
    send(account, request_all(payment.pk, Refund.Reason.RETURNED, SCHEDULE))

    refusal = ask_for_a_cent(payment)

    assert (refusal.permanent, refusal.code) == (True, "charge_already_refunded")
    account.deliver(payment.order, "charge.refunded")
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    assert (payment.refunded_minor, payment.order.state) == (payment.amount_minor, State.REFUNDED)
    back = stripe_gateway.refunds_of(payment.intent_id)
    assert [refund.amount_minor for refund in back] == [500, payment.amount_minor - 500]


def test_a_refund_whose_answer_was_lost_is_found_by_our_key(account: Account, cart: Cart) -> None:
    payment = buy(account, cart)
    refund = request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE)
    # Made a day ago: Stripe has forgotten under which key, and would refuse to make it again.
    made = account.client.v1.refunds.create(
        {"payment_intent": payment.intent_id, "metadata": {"key": refund.idempotency_key}}
    )

    send(account, refund)

    assert refund.stripe_id == made.id
    (back,) = stripe_gateway.refunds_of(payment.intent_id)
    assert (back.id, back.key) == (made.id, refund.idempotency_key)


def test_a_refund_that_fails_later_leaves_the_sums(account: Account, cart: Cart) -> None:
    payment = buy(account, cart, "pm_card_refundFail")
    refund = request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE)
    send_refunds()

    account.deliver(payment.order, "refund.failed")

    refund.refresh_from_db()
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    assert (refund.state, refund.error) == (Refund.State.FAILED, "expired_or_canceled_card")
    assert (payment.refunded_minor, payment.order.state) == (0, State.PAID)


# --- Disputes ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("evidence", "verdict", "lost"),
    [("winning_evidence", Dispute.Status.WON, 0), ("losing_evidence", Dispute.Status.LOST, 1)],
)
def test_a_dispute_takes_the_money_until_the_bank_has_decided(
    account: Account, cart: Cart, evidence: str, verdict: Dispute.Status, lost: int
) -> None:
    payment = buy(account, cart, "pm_card_createDispute")
    account.deliver(payment.order, "charge.dispute.created", "charge.dispute.funds_withdrawn")
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.reason) == ("needs_response", "fraudulent")
    assert dispute.amount_minor == dispute.withdrawn_minor == payment.amount_minor
    assert dispute.evidence_due_at is not None
    assert ask_for_a_cent(payment).code == "charge_disputed"

    account.client.v1.disputes.update(
        dispute.stripe_id, {"evidence": {"uncategorized_text": evidence}, "submit": True}
    )
    account.deliver(
        payment.order,
        "charge.dispute.closed",
        *([] if lost else ["charge.dispute.funds_reinstated"]),
    )

    dispute.refresh_from_db()
    assert dispute.status == verdict
    assert dispute.withdrawn_minor == lost * payment.amount_minor


# --- Lists -------------------------------------------------------------------------------------
def test_what_was_paid_and_given_back_is_in_the_lists_that_the_books_read(
    account: Account, cart: Cart
) -> None:
    payment = buy(account, cart)
    send(account, request_refund(payment.pk, FIVE_DOLLARS, SCHEDULE))
    since = payment.order.placed_at - CLOCKS_DIFFER_BY
    ours = payment.intent_id

    (intent,) = [one for one in stripe_gateway.list_intents(since) if one.id == ours]
    (charge,) = [one for one in stripe_gateway.list_charges(since) if one.intent_id == ours]
    (refund,) = [one for one in stripe_gateway.list_refunds(since) if one.intent_id == ours]

    assert (intent.status, intent.order_number) == ("succeeded", payment.order.number)
    assert (charge.captured_minor, charge.refunded_minor) == (payment.amount_minor, 500)
    assert (refund.status, refund.amount_minor) == ("succeeded", 500)
    assert intent.currency == charge.currency == refund.currency == payment.currency
    assert not charge.is_disputed


def test_a_dispute_is_in_the_list_that_the_books_read(account: Account, cart: Cart) -> None:
    payment = buy(account, cart, "pm_card_createDispute")
    since = payment.order.placed_at - CLOCKS_DIFFER_BY

    (dispute,) = account.wait_for(
        "The dispute is in the list",
        lambda: [
            one for one in stripe_gateway.list_disputes(since) if one.intent_id == payment.intent_id
        ],
    )

    assert dispute.amount_minor == payment.amount_minor


def test_a_webhook_endpoint_is_listed_with_its_types(account: Account) -> None:
    address = f"https://example.com/{secrets.token_hex(8)}"
    endpoint = account.client.v1.webhook_endpoints.create(
        {"url": address, "enabled_events": ["charge.refunded", "payment_intent.succeeded"]}
    )
    try:
        found = [one for one in stripe_gateway.list_webhook_endpoints() if one.url == address]
    finally:
        account.client.v1.webhook_endpoints.delete(endpoint.id)

    assert [one.is_enabled for one in found] == [True]
    assert found[0].types == {"charge.refunded", "payment_intent.succeeded"}
