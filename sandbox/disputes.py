"""How a dispute moves: the only writer of its status. All amounts are in minor units."""

from typing import Literal, get_args

from sandbox import balance, refunds
from sandbox.errors import Json, StripeError
from sandbox.ids import new_id
from sandbox.world import Call

Reason = Literal[
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
]
REASONS = get_args(Reason)
Outcome = Literal["won", "lost"]
OUTCOMES = get_args(Outcome)
INQUIRIES = ("warning_needs_response", "warning_under_review")
OPEN = ("needs_response", "under_review", *INQUIRIES)
EVIDENCE_SECONDS = 20 * 86_400
# What a line of evidence does in Stripe's test mode.
VERDICTS = {
    "winning_evidence": "won",
    "losing_evidence": "lost",
    "escalate_inquiry_evidence": "escalated",
}


def open_dispute(
    call: Call, charge: Json, amount: int | None, reason: str, *, inquiry: bool
) -> Json:
    """Dispute a charge, by default what is not refunded of it; return the dispute."""
    amount = refunds.refundable(charge) if amount is None else amount
    if not 1 <= amount <= charge["amount_captured"]:
        raise StripeError(
            f"A dispute of this charge is about 1 to {charge['amount_captured']}, not {amount}.",
            param="amount",
        )
    if charge["disputed"]:
        raise StripeError(f"Charge {charge['id']} is disputed already.", code="charge_disputed")
    dispute = _blank(call, charge, amount, reason)
    charge["disputed"] = True
    call.store.save(charge)
    if inquiry:
        dispute["status"] = "warning_needs_response"
        dispute["is_charge_refundable"] = True
        dispute["payment_method_details"]["card"]["case_type"] = "inquiry"
    else:
        dispute["balance_transactions"].append(balance.book_withdrawal(call, dispute))
    call.store.add(dispute, {})
    call.emit("charge.dispute.created", dispute)
    if not inquiry:
        call.emit("charge.dispute.funds_withdrawn", dispute)
        refunds.fail_pending(call, charge)
    call.settle_later(dispute["id"], "past_due", dispute["evidence_details"]["due_by"])
    return dispute


def respond(call: Call, dispute: Json, evidence: Json, *, submit: bool) -> Json:
    """Add evidence and, with `submit`, send it to the bank, which then has to decide."""
    _must_be(dispute, OPEN, "take evidence")
    dispute["evidence"].update({name: text or None for name, text in evidence.items()})
    details = dispute["evidence_details"]
    given = {name: text for name, text in dispute["evidence"].items() if text}
    details["has_evidence"] = bool(given)
    if submit:
        details["submission_count"] += 1
        dispute["status"] = dispute["status"].replace("needs_response", "under_review")
        _forget_settlement(call, dispute)
        verdict = VERDICTS.get(given.get("uncategorized_text", ""))
        if verdict:
            call.settle_later(dispute["id"], verdict)
    call.store.save(dispute)
    call.emit("charge.dispute.updated", dispute)
    return dispute


def escalate(call: Call, dispute: Json) -> Json:
    """Turn an inquiry into a chargeback: the bank takes the money now."""
    _must_be(dispute, INQUIRIES, "escalate")
    dispute["status"] = "needs_response"
    dispute["is_charge_refundable"] = False
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    dispute["balance_transactions"].append(balance.book_withdrawal(call, dispute))
    dispute["evidence_details"]["due_by"] = call.now + EVIDENCE_SECONDS
    call.store.save(dispute)
    call.emit("charge.dispute.updated", dispute)
    call.emit("charge.dispute.funds_withdrawn", dispute)
    refunds.fail_pending(call, call.need("charge", dispute["charge"], "charge"))
    call.settle_later(dispute["id"], "past_due", dispute["evidence_details"]["due_by"])
    return dispute


def decide(call: Call, dispute: Json, outcome: Outcome) -> Json:
    """Close a dispute as the bank decides; an inquiry is closed without a winner."""
    _must_be(dispute, OPEN, "be decided")
    _forget_settlement(call, dispute)
    inquiry = dispute["status"] in INQUIRIES
    dispute["status"] = "warning_closed" if inquiry else outcome
    reinstated = dispute["status"] == "won"
    if reinstated:
        dispute["balance_transactions"].append(balance.book_reinstatement(call, dispute))
        dispute["is_charge_refundable"] = True
    call.store.save(dispute)
    call.emit("charge.dispute.closed", dispute)
    if reinstated:
        call.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def settle(call: Call, dispute: Json, outcome: str) -> None:
    """Do what was arranged for this moment: a verdict, or the end of the time to answer."""
    if outcome == "escalated":
        escalate(call, dispute)
    elif outcome == "won":
        decide(call, dispute, "won")
    else:
        dispute["evidence_details"]["past_due"] = outcome == "past_due"
        decide(call, dispute, "lost")


def refuse_disputed(call: Call, charge: Json) -> None:
    """Raise when a dispute forbids refunds of the charge: an inquiry or a won one does not."""
    if any(
        not each["is_charge_refundable"]
        for each in call.store.matching("dispute", "charge", charge["id"])
    ):
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )


def _must_be(dispute: Json, statuses: tuple[str, ...], verb: str) -> None:
    if dispute["status"] not in statuses:
        raise StripeError(
            f"This dispute cannot {verb}: its status is {dispute['status']}, not "
            f"{' or '.join(statuses)}.",
        )


def _forget_settlement(call: Call, dispute: Json) -> None:
    call.store.change("DELETE FROM settlements WHERE object_id = ?", dispute["id"])


def _blank(call: Call, charge: Json, amount: int, reason: str) -> Json:
    fields = call.world.contract.definitions["dispute_evidence"]["properties"]
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(fields), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.now + EVIDENCE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "type": "card",
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "chargeback",
                "network_reason_code": None,
            },
        },
        "reason": reason,
        "status": "needs_response",
    }
