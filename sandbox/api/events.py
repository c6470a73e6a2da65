"""Events: what was missed can be read here, newest first."""

from fnmatch import fnmatchcase

from sandbox import listing
from sandbox.errors import Json, StripeError
from sandbox.listing import Conditions
from sandbox.world import Call, refuse_unused

USED = listing.PAGING | {"created", "delivery_success", "type", "types"}
# An event counts as delivered once each of its endpoints has taken it, be it on a resend.
UNDELIVERED = """id IN (SELECT d.event_id FROM deliveries d WHERE d.state <> 'delivered'
    AND NOT EXISTS (SELECT 1 FROM deliveries took WHERE took.event_id = d.event_id
        AND took.endpoint_id = d.endpoint_id AND took.state = 'delivered'))"""


def retrieve(call: Call) -> Json:
    """Return one event with the number of deliveries that are still to come."""
    event = call.need("event", call.path["id"], "id")
    _count_pending(call, [event])
    return event


def list_all(call: Call) -> Json:
    """List events by type, time and whether every delivery went well."""
    refuse_unused(call, USED)
    params = call.params
    if "type" in params and "types" in params:
        raise StripeError("You may only specify one of these parameters: type, types.")
    conditions = Conditions()
    types = params.get("types") or ([params["type"]] if "type" in params else [])
    if types:
        _only_types(call, conditions, types)
    if "delivery_success" in params:
        conditions.add(f"NOT {UNDELIVERED}" if params["delivery_success"] else UNDELIVERED)
    answer = listing.page(call, "event", "/v1/events", also=conditions)
    _count_pending(call, answer["data"])
    return answer


def _only_types(call: Call, conditions: Conditions, wanted: list[str]) -> None:
    """Demand one of the types; charge.* stands for every type that begins with "charge."."""
    known = call.world.contract.event_types
    types = sorted(each for each in known if any(fnmatchcase(each, like) for like in wanted))
    # SQLite cannot go by the index for none at all.
    types = types or ["none"]
    conditions.add(f"body ->> 'type' IN ({', '.join('?' * len(types))})", *types)
    conditions.index = "objects_type"


def _count_pending(call: Call, events: list[Json]) -> None:
    """Put in how many deliveries are pending; lost ones and those given up are not."""
    for event in events:
        rows = call.store.rows(
            "SELECT COUNT(*) AS n FROM deliveries WHERE event_id = ? AND state = 'pending'",
            event["id"],
        )
        event["pending_webhooks"] = rows[0]["n"]


ROUTES = {"GET /v1/events": list_all, "GET /v1/events/{id}": retrieve}
