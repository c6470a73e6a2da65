"""Levers that move money: what banks, cardholders and the dashboard's users do.

Each takes the call of the clock, what was wished for, and the object's id; it returns the object as
it is then, and raises StripeError for what cannot be done.
"""

from collections.abc import Callable
from typing import Any

from sandbox import disputes, refunds, settlements
from sandbox.api import refunds as refund_calls
from sandbox.errors import Json, StripeError
from sandbox.world import Call, World

Lever = Callable[[Call, Json, str], Json]


def pull(world: World, lever: Lever, wish: Json, object_id: str) -> Json:
    """Pull a lever in a transaction of its own, and wake the worker."""
    with world.store.transaction():
        moved = lever(Call(world), wish, object_id)
    world.rang.set()
    return moved


def settle_payment(call: Call, wish: Json, intent_id: str) -> Json:
    """End the processing of a payment: {"outcome": "succeeded" or "failed"}."""
    outcome = _choice(wish, "outcome", ("succeeded", "failed"))
    intent = call.need("payment_intent", intent_id, "intent")
    return settlements.settle_payment(call, intent, outcome)


def refund_payment(call: Call, wish: Json, intent_id: str) -> Json:
    """Refund a payment as in the dashboard: {"amount"}, without it all that is left."""
    params = {"payment_intent": intent_id, "amount": _amount(wish)}
    given = {name: value for name, value in params.items() if value is not None}
    return refund_calls.create(Call(call.world, given))


def settle_refund(call: Call, wish: Json, refund_id: str) -> Json:
    """Move a refund on: {"outcome": one of refunds.OUTCOMES, "failure_reason"}."""
    outcome = _choice(wish, "outcome", refunds.OUTCOMES)
    refund = call.need("refund", refund_id, "refund")
    return refunds.settle(call, refund, outcome, wish.get("failure_reason", refunds.FAILURE_REASON))


def dispute_payment(call: Call, wish: Json, intent_id: str) -> Json:
    """Dispute a payment: {"amount", "reason", "inquiry"}, else what is left of it as fraudulent."""
    reason = _choice({"reason": "fraudulent", **wish}, "reason", disputes.REASONS)
    charge = refund_calls.paid_charge(call, {"payment_intent": intent_id})
    inquiry = wish.get("inquiry") is True
    return disputes.open_dispute(call, charge, _amount(wish), reason, inquiry=inquiry)


def close_dispute(call: Call, wish: Json, dispute_id: str) -> Json:
    """Decide a dispute: {"outcome": "won" or "lost"}; an inquiry ends without a winner."""
    outcome = _choice(wish, "outcome", disputes.OUTCOMES)
    return disputes.decide(call, call.need("dispute", dispute_id, "dispute"), outcome)


def escalate_dispute(call: Call, _wish: Json, dispute_id: str) -> Json:
    """Turn an inquiry into a chargeback."""
    return disputes.escalate(call, call.need("dispute", dispute_id, "dispute"))


def _choice(wish: Json, name: str, choices: tuple[Any, ...]) -> Any:
    if wish.get(name) not in choices:
        raise StripeError(f"{name} must be {' or '.join(choices)}.", param=name)
    return wish[name]


def _amount(wish: Json) -> int | None:
    amount = wish.get("amount")
    if amount is not None and (not isinstance(amount, int) or isinstance(amount, bool)):
        raise StripeError("amount must be a number of minor units.", param="amount")
    return amount
