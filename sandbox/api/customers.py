"""Customers."""

from sandbox import listing
from sandbox.api import payment_methods
from sandbox.errors import Json, missing
from sandbox.ids import new_id
from sandbox.listing import Conditions
from sandbox.world import (
    Call,
    full_address,
    full_shipping,
    merge_metadata,
    refuse_unused,
)

TEXTS = frozenset({"description", "email", "name", "phone"})
USED = TEXTS | {"address", "shipping", "metadata", "preferred_locales", "expand"}


def create(call: Call) -> Json:
    """Create a customer."""
    refuse_unused(call, USED)
    customer: Json = {
        "id": new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": new_id("")[1:9].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    _write(call, customer)
    call.store.add(customer, {})
    call.emit("customer.created", customer)
    return customer


def retrieve(call: Call) -> Json:
    """Return a customer; a deleted one says no more than that."""
    return _live_or_deleted(call)


def update(call: Call) -> Json:
    """Change what is given."""
    refuse_unused(call, USED)
    customer = _live_or_deleted(call)
    if customer.get("deleted"):
        raise missing("customer", customer["id"], "id")
    _write(call, customer)
    call.store.save(customer)
    call.emit("customer.updated", customer)
    return customer


def delete(call: Call) -> Json:
    """Delete a customer for good; the saved payment methods go too."""
    customer = _live_or_deleted(call)
    if customer.get("deleted"):
        raise missing("customer", customer["id"], "id")
    for method in payment_methods.of_customer(call, customer["id"]):
        payment_methods.detach_from(call, method)
    call.emit("customer.deleted", customer)
    gone: Json = {"id": customer["id"], "object": "customer", "deleted": True}
    call.store.save(gone)
    return gone


def list_all(call: Call) -> Json:
    """List customers that were not deleted, the newest first."""
    refuse_unused(call, listing.PAGING | {"created", "email"})
    living = Conditions()
    living.add("body ->> 'deleted' IS NULL")
    return listing.page(call, "customer", "/v1/customers", equal=("email",), also=living)


def _live_or_deleted(call: Call) -> Json:
    return call.need("customer", call.path["customer"], "id")


def _write(call: Call, customer: Json) -> None:
    params = call.params
    for name in TEXTS & params.keys():
        customer[name] = params[name] or None
    if "preferred_locales" in params:
        customer["preferred_locales"] = params["preferred_locales"] or []
    if "address" in params:
        customer["address"] = full_address(params["address"])
    if "shipping" in params:
        customer["shipping"] = full_shipping(params["shipping"])
    if "metadata" in params:
        customer["metadata"] = merge_metadata(customer["metadata"], params["metadata"])


ROUTES = {
    "POST /v1/customers": create,
    "GET /v1/customers": list_all,
    "GET /v1/customers/{customer}": retrieve,
    "POST /v1/customers/{customer}": update,
    "DELETE /v1/customers/{customer}": delete,
}
