"""How a refund moves: the only writer of its status, and of what its charge says is refunded."""

from typing import Literal, get_args

from sandbox import balance
from sandbox.api import payment_methods
from sandbox.errors import Json, StripeError
from sandbox.ids import new_id
from sandbox.money import as_price
from sandbox.world import Call, merge_metadata

Outcome = Literal["succeeded", "failed", "canceled", "requires_action"]
OUTCOMES = get_args(Outcome)
# From each status to those that may follow; what is missing here is final.
MOVES: dict[str, tuple[Outcome, ...]] = {
    "pending": OUTCOMES,
    "requires_action": ("succeeded", "failed", "canceled"),
    "succeeded": ("failed",),
}
FAILURE_REASON = "expired_or_canceled_card"


def refundable(charge: Json) -> int:
    """Return what can still be refunded of a captured charge, in minor units."""
    left: int = charge["amount"] - charge["amount_refunded"]
    return left


def refund(call: Call, charge: Json, amount: int, reason: str | None) -> Json:
    """Send an amount in minor units back to the card; the caller has seen to it that it may be."""
    card = payment_methods.behaviour(call, charge["payment_method"])
    refund: Json = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": {
            "type": "card",
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
        },
        "metadata": merge_metadata({}, call.params.get("metadata", {})),
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": card.refund,
        "transfer_reversal": None,
    }
    if card.refund == "pending":
        refund["pending_reason"] = "processing"
    refund["balance_transaction"] = balance.book_refund(call, refund)["id"]
    call.store.add(refund, {})
    _count(call, charge, amount)
    call.emit("refund.created", refund)
    call.emit("charge.refunded", charge)
    if card.refund_settles:
        call.settle_later(refund["id"], card.refund_settles)
    return refund


def settle(call: Call, refund: Json, outcome: Outcome, reason: str = FAILURE_REASON) -> Json:
    """Move a refund on; one that fails or is cancelled gives its amount back to the charge."""
    if outcome not in MOVES.get(refund["status"], ()):
        raise StripeError(
            f"A refund with the status {refund['status']} cannot become {outcome}.",
            param="outcome",
        )
    call.store.change("DELETE FROM settlements WHERE object_id = ?", refund["id"])
    refund["status"] = outcome
    refund.pop("pending_reason", None)
    if outcome in ("failed", "canceled"):
        refund["failure_balance_transaction"] = balance.book_refund_failure(call, refund)["id"]
        _count(call, call.need("charge", refund["charge"], "charge"), -refund["amount"])
    if outcome == "failed":
        refund["failure_reason"] = reason
    call.store.save(refund)
    call.emit("refund.updated", refund)
    call.emit("charge.refund.updated", refund)
    if outcome == "failed":
        call.emit("refund.failed", refund)
    return refund


def fail_pending(call: Call, charge: Json) -> None:
    """Fail the pending refunds of a charge that was disputed, as Stripe does."""
    for each in call.store.matching("refund", "charge", charge["id"]):
        if each["status"] == "pending":
            settle(call, each, "failed", "charge_for_pending_refund_disputed")


def newest_page(call: Call, charge_id: str) -> Json:
    """Return the list that a charge carries when its refunds are asked for: the last ten."""
    found = call.store.matching("refund", "charge", charge_id)
    url = f"/v1/charges/{charge_id}/refunds"
    return {"object": "list", "data": found[:10], "has_more": len(found) > 10, "url": url}


def check(charge: Json, amount: int) -> None:
    """Raise, in Stripe's words, when that amount of a captured charge may not be refunded."""
    left = refundable(charge)
    if left <= 0:
        raise StripeError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if amount > left:
        whole = f"charge amount ({as_price(charge['amount'], charge['currency'])})"
        rest = f"unrefunded amount on charge ({as_price(left, charge['currency'])})"
        raise StripeError(
            f"Refund amount ({as_price(amount, charge['currency'])}) is greater than "
            f"{rest if charge['amount_refunded'] else whole}",
            param="amount",
        )


def _count(call: Call, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.store.save(charge)
