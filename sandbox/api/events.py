"""Events: what was missed can be read here, newest first."""

from sandbox.errors import Json, StripeError
from sandbox.world import Call, page_of, refuse_unused, within

USED = frozenset(
    {
        "created",
        "delivery_success",
        "type",
        "types",
        "limit",
        "starting_after",
        "ending_before",
        "expand",
    }
)


def retrieve(call: Call) -> Json:
    """Return one event with the number of deliveries that are still to come."""
    event = call.need("event", call.path["id"], "id")
    return _counted(event, _undelivered(call))


def list_all(call: Call) -> Json:
    """List events by type, time and whether every delivery went well."""
    refuse_unused(call, USED)
    params = call.params
    if "type" in params and "types" in params:
        raise StripeError("You may only specify one of these parameters: type, types.")
    types = params.get("types") or ([params["type"]] if "type" in params else None)
    undelivered = _undelivered(call)
    found = [
        _counted(each, undelivered)
        for each in call.store.newest_first("event")
        if (types is None or _matches(each["type"], types))
        and ("created" not in params or within(each["created"], params["created"]))
        and params.get("delivery_success") in (None, each["id"] not in undelivered)
    ]
    return page_of(call, found, "/v1/events")


def _matches(event_type: str, wanted: list[str]) -> bool:
    return any(
        event_type == each or (each.endswith("*") and event_type.startswith(each[:-1]))
        for each in wanted
    )


def _undelivered(call: Call) -> dict[str, int]:
    """Return, by event, how many deliveries are pending; lost and given-up ones count as 0."""
    rows = call.store.rows(
        "SELECT event_id, SUM(state = 'pending') AS pending FROM deliveries"
        " WHERE state <> 'delivered' GROUP BY event_id"
    )
    return {row["event_id"]: row["pending"] for row in rows}


def _counted(event: Json, undelivered: dict[str, int]) -> Json:
    return {**event, "pending_webhooks": undelivered.get(event["id"], 0)}


ROUTES = {"GET /v1/events": list_all, "GET /v1/events/{id}": retrieve}
