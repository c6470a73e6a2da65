"""Products: what prices belong to."""

from collections.abc import Callable

from sandbox import listing
from sandbox.errors import Json, StripeError
from sandbox.ids import new_id
from sandbox.listing import Conditions
from sandbox.world import Call, merge_metadata, refuse_unused

TEXTS = frozenset({"description", "statement_descriptor", "tax_code", "unit_label", "url"})
WRITABLE = TEXTS | {"active", "images", "metadata", "name", "shippable", "expand"}
USED_BY_CREATE = WRITABLE | {"id"}
USED_BY_UPDATE = WRITABLE | {"default_price"}
USED_BY_LIST = listing.PAGING | {"active", "created", "ids"}


def create(call: Call) -> Json:
    """Create a product."""
    refuse_unused(call, USED_BY_CREATE)
    return add(call, call.params)


def add(call: Call, wish: Json) -> Json:
    """Keep a product as wished for, tell about it and return it."""
    product_id = wish.get("id") or new_id("prod")
    if call.store.find_any(product_id) is not None:
        raise StripeError("Product already exists.", code="resource_already_exists", param="id")
    now = call.now
    product: Json = {
        "id": product_id,
        "object": "product",
        "active": True,
        "created": now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": wish["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "unit_label": None,
        "updated": now,
        "url": None,
    }
    _write(product, wish)
    call.store.add(product, {})
    call.emit("product.created", product)
    return product


def retrieve(call: Call) -> Json:
    """Return one product."""
    return call.need("product", call.path["id"], "id")


def update(call: Call) -> Json:
    """Change what is given."""
    refuse_unused(call, USED_BY_UPDATE)
    product = retrieve(call)
    _write(product, call.params)
    if "default_price" in call.params:
        price = call.need("price", call.params["default_price"], "default_price")
        if price["product"] != product["id"]:
            raise StripeError(
                f"The price specified is for a different product: {price['id']} belongs to "
                f"{price['product']}.",
                param="default_price",
            )
        product["default_price"] = price["id"]
    product["updated"] = call.now
    call.store.save(product)
    call.emit("product.updated", product)
    return product


def delete(call: Call) -> Json:
    """Delete a product that no price belongs to."""
    product = retrieve(call)
    if call.store.rows(
        "SELECT 1 FROM objects WHERE kind = 'price' AND body ->> 'product' = ?", product["id"]
    ):
        raise StripeError(
            "This product cannot be deleted because it has one or more user-created prices."
        )
    call.store.change("DELETE FROM objects WHERE id = ?", product["id"])
    call.emit("product.deleted", product)
    return {"id": product["id"], "object": "product", "deleted": True}


def list_all(call: Call) -> Json:
    """List products, the newest first."""
    refuse_unused(call, USED_BY_LIST)
    wanted = Conditions()
    if "ids" in call.params:
        marks = ", ".join("?" for _ in call.params["ids"])
        wanted.add(f"id IN ({marks})", *call.params["ids"])
    return listing.page(call, "product", "/v1/products", equal=("active",), also=wanted)


def _write(product: Json, wish: Json) -> None:
    for name in TEXTS & wish.keys():
        product[name] = wish[name] or None
    for name in {"active", "name", "shippable"} & wish.keys():
        product[name] = wish[name]
    if "images" in wish:
        product["images"] = wish["images"] or []
    if "metadata" in wish:
        product["metadata"] = merge_metadata(product["metadata"], wish["metadata"])


ROUTES: dict[str, Callable[[Call], Json]] = {
    "POST /v1/products": create,
    "GET /v1/products": list_all,
    "GET /v1/products/{id}": retrieve,
    "POST /v1/products/{id}": update,
    "DELETE /v1/products/{id}": delete,
}
