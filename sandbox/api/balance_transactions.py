"""Balance transactions: what every charge, refund and dispute moved, and what Stripe kept."""

from sandbox import listing
from sandbox.errors import Json
from sandbox.world import Call, refuse_unused

FILTERS = ("currency", "source", "type")


def retrieve(call: Call) -> Json:
    """Return one balance transaction."""
    return call.need("balance_transaction", call.path["id"], "id")


def list_all(call: Call) -> Json:
    """List balance transactions by type, source, currency and time."""
    refuse_unused(call, listing.PAGING | {"created", *FILTERS})
    return listing.page(call, "balance_transaction", "/v1/balance_transactions", equal=FILTERS)


ROUTES = {
    "GET /v1/balance_transactions": list_all,
    "GET /v1/balance_transactions/{id}": retrieve,
}
