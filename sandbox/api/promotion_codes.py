"""Promotion codes: words that shoppers type to get a coupon."""

import string
from collections.abc import Callable

from sandbox import listing
from sandbox.errors import Json, NotBegunError, StripeError
from sandbox.ids import new_id
from sandbox.listing import Conditions
from sandbox.money import check_currency
from sandbox.world import Call, merge_metadata, refuse_unused

USED = frozenset(
    {
        "active", "code", "customer", "expires_at", "max_redemptions", "metadata", "promotion",
        "restrictions", "expand",
    }
)  # fmt: skip
USED_BY_LIST = listing.PAGING | {"active", "code", "coupon", "created", "customer"}
IS_ACTIVE = "body ->> 'active' AND ifnull(body ->> 'expires_at' > ?, 1)"
LETTERS = frozenset(string.ascii_letters + string.digits + "-")


def create(call: Call) -> Json:
    """Create a promotion code for a coupon; without a code one is invented."""
    refuse_unused(call, USED)
    params = call.params
    if params["promotion"].get("coupon") is None:
        raise NotBegunError(
            "Missing required param: promotion[coupon].",
            code="parameter_missing",
            param="promotion[coupon]",
        )
    coupon = call.need("coupon", params["promotion"]["coupon"], "promotion[coupon]")
    if "customer" in params:
        call.need("customer", params["customer"], "customer")
    promotion_code: Json = {
        "id": new_id("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": _free_code(call, params.get("code") or new_id("")[1:9].upper()),
        "created": call.now,
        "customer": params.get("customer"),
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": _restrictions(params.get("restrictions", {})),
        "times_redeemed": 0,
    }
    call.store.add(promotion_code, {})
    call.emit("promotion_code.created", promotion_code)
    return promotion_code


def list_all(call: Call) -> Json:
    """List promotion codes, the newest first."""
    refuse_unused(call, USED_BY_LIST)
    params, wanted = call.params, Conditions()
    if "code" in params:
        wanted.add("lower(body ->> 'code') = ?", params["code"].lower())
    if "coupon" in params:
        wanted.add("body ->> '$.promotion.coupon' = ?", params["coupon"])
    if "active" in params:
        wanted.add(f"({IS_ACTIVE}) = ?", call.now, params["active"])
    page = listing.page(
        call, "promotion_code", "/v1/promotion_codes", equal=("customer",), also=wanted
    )
    return {**page, "data": [{**each, "active": _usable(call, each)} for each in page["data"]]}


def typed(call: Call, word: str) -> Json | None:
    """Return the active promotion code that a shopper typed, in whatever case, or None."""
    for each in call.store.newest_first("promotion_code"):
        if _usable(call, each) and each["code"].lower() == word.strip().lower():
            return each
    return None


def check(
    call: Call, promotion_code: Json, customer: str | None, currency: str, subtotal: int
) -> None:
    """Raise the refusal of a promotion code for a payment of that sum in minor units."""
    limits = promotion_code["restrictions"]
    least, least_currency = limits["minimum_amount"], limits["minimum_amount_currency"]
    if not _usable(call, promotion_code):
        problem = "This promotion code is expired or has been used up."
    elif promotion_code["customer"] not in (None, customer):
        problem = "This promotion code cannot be redeemed by this customer."
    elif least is not None and (least_currency != currency or subtotal < least):
        problem = "This promotion code cannot be redeemed because the minimum amount is not met."
    else:
        return
    raise StripeError(problem, param="discounts[0][promotion_code]")


def redeem(call: Call, promotion_code_id: str) -> None:
    """Count one use."""
    found = call.store.find("promotion_code", promotion_code_id)
    if found is not None:
        found["times_redeemed"] += 1
        call.store.save({**found, "active": _usable(call, found)})


def _free_code(call: Call, code: str) -> str:
    if not set(code) <= LETTERS:
        raise NotBegunError(
            "The promotion code may only have the letters a to z, digits and hyphens.",
            param="code",
        )
    if typed(call, code) is not None:
        raise StripeError(
            f"An active promotion code with `code: {code}` already exists.",
            code="resource_already_exists",
            param="code",
        )
    return code


def _restrictions(wish: Json) -> Json:
    if wish.get("first_time_transaction") is True or "currency_options" in wish:
        raise NotBegunError(
            "The stand-in knows the restriction to a minimum amount only.", param="restrictions"
        )
    currency = wish.get("minimum_amount_currency")
    if ("minimum_amount" in wish) != (currency is not None):
        raise NotBegunError(
            "You must pass minimum_amount and minimum_amount_currency together.",
            code="parameter_missing",
            param="restrictions[minimum_amount_currency]",
        )
    return {
        "first_time_transaction": False,
        "minimum_amount": wish.get("minimum_amount"),
        "minimum_amount_currency": check_currency(currency) if currency else None,
    }


def _usable(call: Call, found: Json) -> bool:
    limit, until = found["max_redemptions"], found["expires_at"]
    left = limit is None or found["times_redeemed"] < limit
    return bool(found["active"] and left and (until is None or call.now < until))


ROUTES: dict[str, Callable[[Call], Json]] = {
    "POST /v1/promotion_codes": create,
    "GET /v1/promotion_codes": list_all,
}
