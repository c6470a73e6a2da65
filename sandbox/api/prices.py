"""Prices: one-time amounts of products; a lookup key names at most one of them."""

from collections.abc import Callable

from sandbox import listing
from sandbox.api import products
from sandbox.errors import Json, NotBegunError, StripeError
from sandbox.ids import new_id
from sandbox.listing import Conditions
from sandbox.money import check_currency
from sandbox.world import Call, merge_metadata, refuse_unused

LOOKUP = frozenset({"lookup_key", "transfer_lookup_key"})
USED_BY_UPDATE = LOOKUP | {"active", "metadata", "nickname", "tax_behavior", "expand"}
USED_BY_CREATE = USED_BY_UPDATE | {"currency", "product", "product_data", "unit_amount"}
EQUAL = ("active", "currency", "product", "type")
USED_BY_LIST = listing.PAGING | {"created", "lookup_keys", *EQUAL}


def create(call: Call) -> Json:
    """Create a price of a product that exists or is described beside it."""
    refuse_unused(call, USED_BY_CREATE)
    return add(call, call.params)


def add(call: Call, wish: Json) -> Json:
    """Keep a price as wished for, tell about it and return it."""
    currency = check_currency(wish["currency"])
    amount = _amount(wish)
    price: Json = {
        "id": new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": call.now,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": _product(call, wish)["id"],
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }
    _write(call, price, wish)
    call.store.add(price, {})
    call.emit("price.created", price)
    return price


def retrieve(call: Call) -> Json:
    """Return one price."""
    return call.need("price", call.path["price"], "price")


def update(call: Call) -> Json:
    """Change what is given; amount and currency of a price never change."""
    refuse_unused(call, USED_BY_UPDATE)
    price = retrieve(call)
    settled = price["tax_behavior"]
    if settled not in ("unspecified", call.params.get("tax_behavior", settled)):
        raise StripeError(
            "Once the tax behavior of a price is set to inclusive or exclusive, it cannot be "
            "changed.",
            param="tax_behavior",
        )
    _write(call, price, call.params)
    call.store.save(price)
    call.emit("price.updated", price)
    return price


def list_all(call: Call) -> Json:
    """List prices, the newest first."""
    refuse_unused(call, USED_BY_LIST)
    keys = call.params.get("lookup_keys", [])
    if len(keys) > 10:
        raise NotBegunError("You may give up to 10 lookup_keys.", param="lookup_keys")
    wanted = Conditions()
    if keys:
        wanted.add(f"body ->> 'lookup_key' IN ({', '.join('?' for _ in keys)})", *keys)
    return listing.page(call, "price", "/v1/prices", equal=EQUAL, also=wanted)


def _amount(wish: Json) -> int:
    if "unit_amount" not in wish:
        raise NotBegunError(
            "Prices require an `unit_amount` parameter to be set.",
            code="parameter_missing",
            param="unit_amount",
        )
    amount: int = wish["unit_amount"]
    if amount < 0:
        raise NotBegunError(
            "Invalid non-negative integer",
            code="parameter_invalid_integer",
            param="unit_amount",
        )
    return amount


def _product(call: Call, wish: Json) -> Json:
    if ("product" in wish) == ("product_data" in wish):
        raise NotBegunError(
            "You must specify either `product` or `product_data` when creating a price.",
            code="parameter_missing",
            param="product",
        )
    if "product" in wish:
        return call.need("product", wish["product"], "product")
    return products.add(call, wish["product_data"])


def _write(call: Call, price: Json, wish: Json) -> None:
    for name in {"active", "tax_behavior"} & wish.keys():
        price[name] = wish[name]
    if "nickname" in wish:
        price["nickname"] = wish["nickname"] or None
    if "metadata" in wish:
        price["metadata"] = merge_metadata(price["metadata"], wish["metadata"])
    if "lookup_key" in wish:
        price["lookup_key"] = wish["lookup_key"] or None
        _free_lookup_key(call, price, wish.get("transfer_lookup_key") is True)


def _free_lookup_key(call: Call, price: Json, transfer: bool) -> None:
    """Take the key from the price that has it now, or refuse when that was not asked for."""
    key = price["lookup_key"]
    for other in call.store.newest_first("price"):
        if key is None or other["lookup_key"] != key or other["id"] == price["id"]:
            continue
        if not transfer:
            raise StripeError(
                f"A price (`{other['id']}`) already uses that lookup key.", param="lookup_key"
            )
        other["lookup_key"] = None
        call.store.save(other)
        call.emit("price.updated", other)


ROUTES: dict[str, Callable[[Call], Json]] = {
    "POST /v1/prices": create,
    "GET /v1/prices": list_all,
    "GET /v1/prices/{price}": retrieve,
    "POST /v1/prices/{price}": update,
}
