"""Webhook endpoints: the calls; the one of STRIPE_WEBHOOK_URL is there from the start."""

from urllib.parse import urlsplit

from sandbox import endpoints, listing
from sandbox.errors import Json, NotBegunError
from sandbox.ids import new_id
from sandbox.world import Call, merge_metadata, refuse_unused

USED = frozenset({"description", "enabled_events", "expand", "metadata", "url"})


def create(call: Call) -> Json:
    """Create an endpoint; only this answer shows its secret."""
    refuse_unused(call, USED)
    endpoint = endpoints.blank(
        new_id("we"), call.params["url"], call.params["enabled_events"], call.now
    )
    _write(call, endpoint)
    secret = new_id("whsec")
    endpoints.add(call.store, endpoint, secret)
    return {**endpoint, "secret": secret}


def retrieve(call: Call) -> Json:
    """Return one endpoint without its secret."""
    return call.need("webhook_endpoint", call.path["webhook_endpoint"], "webhook_endpoint")


def update(call: Call) -> Json:
    """Change what is given; `disabled` stops and resumes what is delivered."""
    refuse_unused(call, USED | {"disabled"})
    endpoint = retrieve(call)
    _write(call, endpoint)
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    call.store.save(endpoint)
    return endpoint


def delete(call: Call) -> Json:
    """Delete an endpoint; what was not delivered to it never will be."""
    endpoint = retrieve(call)
    call.store.remove(endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def list_all(call: Call) -> Json:
    """List endpoints, the newest first."""
    return listing.page(call, "webhook_endpoint", "/v1/webhook_endpoints")


def _write(call: Call, endpoint: Json) -> None:
    params = call.params
    if "url" in params:
        if urlsplit(params["url"]).scheme not in ("http", "https"):
            raise NotBegunError(
                "Invalid URL: An explicit scheme (such as https) must be provided.",
                code="url_invalid",
                param="url",
            )
        endpoint["url"] = params["url"]
    if "enabled_events" in params:
        if not params["enabled_events"]:
            raise NotBegunError("Name at least one event type.", param="enabled_events")
        endpoint["enabled_events"] = params["enabled_events"]
    if "description" in params:
        endpoint["description"] = params["description"] or None
    if "metadata" in params:
        endpoint["metadata"] = merge_metadata(endpoint["metadata"], params["metadata"])


ROUTES = {
    "POST /v1/webhook_endpoints": create,
    "GET /v1/webhook_endpoints": list_all,
    "GET /v1/webhook_endpoints/{webhook_endpoint}": retrieve,
    "POST /v1/webhook_endpoints/{webhook_endpoint}": update,
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}": delete,
}
