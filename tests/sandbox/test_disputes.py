"""Disputes: opened by the bank, answered by the shop, decided by the bank."""

from typing import Any, Literal

import pytest
import stripe

from tests.sandbox.paid import charge_of, pay, types_since
from tests.sandbox.receiver import Receiver, eventually
from tests.standin import StandIn

OPENED = ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
DAY = 86_400


def dispute_of(client: stripe.StripeClient, dispute: Any) -> stripe.Dispute:
    """Return a dispute as it is now."""
    return client.v1.disputes.retrieve(dispute["id"])


def submit(client: stripe.StripeClient, dispute: Any, text: str) -> stripe.Dispute:
    """Send a line of evidence to the bank."""
    return client.v1.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": text}})


@pytest.mark.parametrize(
    ("method", "reason", "status", "withdrawn"),
    [
        ("pm_card_createDispute", "fraudulent", "needs_response", [-10_000]),
        (
            "pm_card_createDisputeProductNotReceived",
            "product_not_received",
            "needs_response",
            [-10_000],
        ),
        ("pm_card_createDisputeInquiry", "fraudulent", "warning_needs_response", []),
    ],
)
def test_some_cards_are_disputed_after_a_while(
    client: stripe.StripeClient,
    shop: Receiver,
    method: str,
    reason: str,
    status: str,
    withdrawn: list[int],
) -> None:
    intent = pay(client, method=method)
    created = shop.wait_for("charge.dispute.created")["data"]["object"]
    assert (created["payment_intent"], created["amount"]) == (intent.id, 10_000)
    assert (created["reason"], created["status"]) == (reason, status)
    assert [each["amount"] for each in created["balance_transactions"]] == withdrawn
    assert created["is_charge_refundable"] is (withdrawn == [])
    assert charge_of(client, intent).disputed
    assert types_since(client) == OPENED[: 1 + len(withdrawn)]


def test_the_money_goes_at_once_with_a_fee_and_there_is_time_to_answer(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    dispute = dispute_of(client, stand_in.open_dispute(pay(client).id, 4000))
    (withdrawal,) = dispute.balance_transactions
    assert (withdrawal.amount, withdrawal.fee, withdrawal.net) == (-4000, 1500, -5500)
    assert (withdrawal.type, withdrawal.reporting_category) == ("adjustment", "dispute")
    details = dispute.evidence_details
    assert details.due_by == dispute.created + 20 * DAY
    assert (details.has_evidence, details.submission_count) == (False, 0)


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_the_bank_decides(
    client: stripe.StripeClient, stand_in: StandIn, outcome: Literal["won", "lost"]
) -> None:
    intent = pay(client)
    opened = stand_in.open_dispute(intent.id)
    stand_in.close_dispute(opened["id"], outcome)
    dispute = dispute_of(client, opened)
    assert dispute.status == outcome
    reinstated = ["charge.dispute.funds_reinstated"] if outcome == "won" else []
    assert types_since(client) == [*OPENED, "charge.dispute.closed", *reinstated]
    moved = sum(each.net for each in dispute.balance_transactions)
    assert moved == (-1500 if outcome == "won" else -11_500)
    with pytest.raises(RuntimeError, match=f"its status is {outcome}"):
        stand_in.close_dispute(opened["id"], "won")


def test_a_disputed_payment_cannot_be_refunded_until_the_dispute_is_won(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    intent = pay(client)
    opened = stand_in.open_dispute(intent.id, 4000)
    with pytest.raises(stripe.InvalidRequestError, match="cannot issue a refund") as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    stand_in.close_dispute(opened["id"], "won")
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 10_000


def test_a_dispute_fails_refunds_that_are_pending(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    intent = pay(client, method="pm_card_pendingRefund")
    pending = client.v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    stand_in.open_dispute(intent.id, 10_000)
    failed = client.v1.refunds.retrieve(pending.id)
    assert (failed.status, failed.failure_reason) == (
        "failed",
        "charge_for_pending_refund_disputed",
    )


@pytest.mark.parametrize(
    ("text", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")]
)
def test_evidence_decides_as_in_stripes_test_mode(
    client: stripe.StripeClient, stand_in: StandIn, text: str, status: str
) -> None:
    opened = stand_in.open_dispute(pay(client).id)
    answered = submit(client, opened, text)
    assert answered.status == "under_review"
    assert answered.evidence_details.submission_count == 1
    eventually(lambda: dispute_of(client, opened).status == status, status)
    assert types_since(client)[2:4] == ["charge.dispute.updated", "charge.dispute.closed"]
    with pytest.raises(stripe.InvalidRequestError, match="cannot take evidence"):
        submit(client, opened, "more")


def test_evidence_can_be_staged_and_sent_later(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    opened = stand_in.open_dispute(pay(client).id)
    staged = client.v1.disputes.update(
        opened["id"], {"evidence": {"customer_name": "Ada"}, "submit": False}
    )
    assert (staged.status, staged.evidence.customer_name) == ("needs_response", "Ada")
    assert staged.evidence_details.has_evidence
    noted = client.v1.disputes.update(opened["id"], {"metadata": {"order": "7"}})
    assert noted.status == "needs_response"
    assert client.v1.disputes.update(opened["id"], {"submit": True}).status == "under_review"
    with pytest.raises(stripe.InvalidRequestError, match="keeps no files"):
        client.v1.disputes.update(opened["id"], {"evidence": {"receipt": "file_1"}})


def test_giving_in_loses_it(client: stripe.StripeClient, stand_in: StandIn) -> None:
    opened = stand_in.open_dispute(pay(client).id)
    assert client.v1.disputes.close(opened["id"]).status == "lost"


def test_no_answer_in_time_loses_it(client: stripe.StripeClient, stand_in: StandIn) -> None:
    opened = stand_in.open_dispute(pay(client).id)
    stand_in.advance_clock(20 * DAY)
    eventually(lambda: dispute_of(client, opened).status == "lost", "the loss")
    assert dispute_of(client, opened).evidence_details.past_due


def test_an_inquiry_takes_no_money_unless_it_escalates(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    first, second = pay(client), pay(client)
    closed = stand_in.open_dispute(first.id, inquiry=True)
    assert stand_in.close_dispute(closed["id"], "won")["status"] == "warning_closed"
    assert client.v1.refunds.create({"payment_intent": first.id}).status == "succeeded"
    escalated = stand_in.open_dispute(second.id, inquiry=True)
    stand_in.escalate_dispute(escalated["id"])
    after = dispute_of(client, escalated)
    assert after.status == "needs_response"
    assert [each.amount for each in after.balance_transactions] == [-10_000]
    with pytest.raises(RuntimeError, match="cannot escalate"):
        stand_in.escalate_dispute(escalated["id"])


def test_an_inquiry_can_be_escalated_by_evidence(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    opened = stand_in.open_dispute(pay(client).id, inquiry=True)
    assert submit(client, opened, "escalate_inquiry_evidence").status == "warning_under_review"
    eventually(lambda: dispute_of(client, opened).status == "needs_response", "the escalation")


def test_a_dispute_is_about_what_was_not_refunded(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    intent = pay(client)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 4000})
    assert stand_in.open_dispute(intent.id)["amount"] == 6000
    listed = client.v1.disputes.list({"payment_intent": intent.id})
    assert [each.amount for each in listed.data] == [6000]
    assert client.v1.disputes.list({"charge": "ch_other"}).data == []


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"amount": 10_001}, "about 1 to 10000"),
        ({"amount": 0}, "about 1 to 10000"),
        ({"amount": "1"}, "amount must be a number"),
        ({"reason": "mood"}, "reason must be"),
    ],
)
def test_disputes_that_no_bank_opens(
    client: stripe.StripeClient, stand_in: StandIn, wish: Any, message: str
) -> None:
    intent = pay(client)
    with pytest.raises(RuntimeError, match=message):
        stand_in.open_dispute(intent.id, **wish)
    stand_in.open_dispute(intent.id)
    with pytest.raises(RuntimeError, match="disputed already"):
        stand_in.open_dispute(intent.id)
