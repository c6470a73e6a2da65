"""Refunds: the calls; how a refund moves is in refunds.py of the folder above."""

from sandbox import disputes, listing, refunds
from sandbox.errors import Json, NotBegunError, StripeError
from sandbox.world import Call, merge_metadata, refuse_unused

USED = frozenset({"amount", "charge", "expand", "metadata", "payment_intent", "reason"})


def create(call: Call) -> Json:
    """Refund a charge, or the charge of a payment intent, in whole or in part."""
    refuse_unused(call, USED)
    if ("charge" in call.params) == ("payment_intent" in call.params):
        raise NotBegunError(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing",
        )
    amount = call.params.get("amount")
    if amount is not None and amount < 1:
        raise NotBegunError(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    charge = paid_charge(call, call.params)
    disputes.refuse_disputed(call, charge)
    wanted = refunds.refundable(charge) if amount is None else amount
    refunds.check(charge, wanted)
    return refunds.refund(call, charge, wanted, call.params.get("reason"))


def retrieve(call: Call) -> Json:
    """Return one refund."""
    return call.need("refund", call.path["refund"], "refund")


def update(call: Call) -> Json:
    """Change a refund's metadata, all that may be changed."""
    refund = retrieve(call)
    refund["metadata"] = merge_metadata(refund["metadata"], call.params.get("metadata", {}))
    call.store.save(refund)
    call.emit("refund.updated", refund)
    call.emit("charge.refund.updated", refund)
    return refund


def cancel(call: Call) -> Json:
    """Cancel a refund that waits for the shopper; Stripe allows it for no other."""
    refund = retrieve(call)
    if refund["status"] != "requires_action":
        raise StripeError(
            f"This refund has the status {refund['status']}; only a refund with the status "
            "requires_action can be canceled."
        )
    return refunds.settle(call, refund, "canceled")


def list_all(call: Call) -> Json:
    """List refunds by charge, payment intent and time."""
    return listing.page(call, "refund", "/v1/refunds", equal=("charge", "payment_intent"))


def paid_charge(call: Call, wish: Json) -> Json:
    """Return the captured charge that `charge` or `payment_intent` names; raise if none is."""
    if "charge" in wish:
        charge = call.need("charge", wish["charge"], "charge")
        param, intent_id = "charge", charge["payment_intent"]
    else:
        intent = call.need("payment_intent", wish["payment_intent"], "payment_intent")
        param, intent_id = "payment_intent", intent["id"]
        charge = call.store.find("charge", intent["latest_charge"] or "") or {}
    if not charge.get("captured"):
        raise StripeError(
            f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.",
            param=param,
        )
    return charge


ROUTES = {
    "POST /v1/refunds": create,
    "GET /v1/refunds": list_all,
    "GET /v1/refunds/{refund}": retrieve,
    "POST /v1/refunds/{refund}": update,
    "POST /v1/refunds/{refund}/cancel": cancel,
}
