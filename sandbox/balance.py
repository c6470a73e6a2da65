"""The account's balance: one transaction for every movement of money, only ever added.

Funds are available at once, and `automatic_async` has its transaction at once too; Stripe takes
days for the one and up to an hour for the other.
"""

from sandbox.errors import Json
from sandbox.ids import new_id
from sandbox.world import Call

# What Stripe keeps, in minor units, whatever the currency: 2.9 % and 30 of a charge; of a refund
# nothing comes back.
CHARGE_FEE_PER_MILLE = 29
CHARGE_FEE_FIXED = 30
DISPUTE_FEE = 1500


def book_charge(call: Call, charge: Json) -> Json:
    """Book what was captured; return the transaction, as all of these do."""
    amount = charge["amount_captured"]
    fee = min(amount, (amount * CHARGE_FEE_PER_MILLE + 500) // 1000 + CHARGE_FEE_FIXED)
    return _book(call, "charge", "charge", charge, amount, charge["description"], fee)


def book_refund(call: Call, refund: Json) -> Json:
    """Book what goes back to the card."""
    return _book(call, "refund", "refund", refund, -refund["amount"], "REFUND FOR CHARGE")


def book_refund_failure(call: Call, refund: Json) -> Json:
    """Book that a refund's money came back."""
    amount = refund["amount"]
    return _book(call, "refund_failure", "refund_failure", refund, amount, "REFUND FAILURE")


def book_withdrawal(call: Call, dispute: Json) -> Json:
    """Book what the bank takes for a dispute, and Stripe's fee."""
    title = f"Chargeback withdrawal for {dispute['charge']}"
    return _book(call, "adjustment", "dispute", dispute, -dispute["amount"], title, DISPUTE_FEE)


def book_reinstatement(call: Call, dispute: Json) -> Json:
    """Book that the bank gives it back; Stripe's fee stays paid."""
    title = f"Chargeback reversal for {dispute['charge']}"
    return _book(call, "adjustment", "dispute_reversal", dispute, dispute["amount"], title)


def _book(
    call: Call,
    kind: str,
    category: str,
    source: Json,
    amount: int,
    description: str | None,
    fee: int = 0,
) -> Json:
    detail = {
        "amount": fee,
        "application": None,
        "currency": source["currency"],
        "description": "Dispute fee" if category == "dispute" else "Stripe processing fees",
        "type": "stripe_fee",
    }
    transaction: Json = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": call.now,
        "balance_type": "payments",
        "created": call.now,
        "currency": source["currency"],
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source["id"],
        "status": "available",
        "type": kind,
    }
    call.store.add(transaction, {})
    return transaction
