"""Disputes: the calls; how a dispute moves is in disputes.py of the folder above."""

from sandbox import disputes, listing
from sandbox.errors import Json, StripeError
from sandbox.world import Call, merge_metadata, refuse_unused


def retrieve(call: Call) -> Json:
    """Return one dispute."""
    return call.need("dispute", call.path["dispute"], "dispute")


def update(call: Call) -> Json:
    """Give evidence, which goes to the bank at once unless `submit` is false."""
    params = call.params
    refuse_unused(call, frozenset({"evidence", "expand", "metadata", "submit"}))
    evidence = params.get("evidence", {})
    files = evidence.keys() & call.world.contract.expandable("dispute_evidence")
    if files:
        raise StripeError(
            f"The stand-in keeps no files; leave {min(files)} out or give a text instead.",
            code="parameter_unsupported_by_stand_in",
            param=f"evidence[{min(files)}]",
        )
    dispute = retrieve(call)
    dispute["metadata"] = merge_metadata(dispute["metadata"], params.get("metadata", {}))
    if evidence or "submit" in params:
        return disputes.respond(call, dispute, evidence, submit=params.get("submit", True))
    call.store.save(dispute)
    call.emit("charge.dispute.updated", dispute)
    return dispute


def close(call: Call) -> Json:
    """Give in: the dispute is lost."""
    return disputes.decide(call, retrieve(call), "lost")


def list_all(call: Call) -> Json:
    """List disputes by charge, payment intent and time."""
    return listing.page(call, "dispute", "/v1/disputes", equal=("charge", "payment_intent"))


ROUTES = {
    "GET /v1/disputes": list_all,
    "GET /v1/disputes/{dispute}": retrieve,
    "POST /v1/disputes/{dispute}": update,
    "POST /v1/disputes/{dispute}/close": close,
}
