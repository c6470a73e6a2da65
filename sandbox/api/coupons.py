"""Coupons: a percentage or an amount off, for one payment."""

from collections.abc import Callable

from sandbox import listing
from sandbox.errors import Json, NotBegunError, StripeError
from sandbox.ids import new_id
from sandbox.money import check_currency
from sandbox.world import Call, merge_metadata, refuse_unused

USED = frozenset(
    {
        "amount_off", "currency", "duration", "id", "max_redemptions", "metadata", "name",
        "percent_off", "redeem_by", "expand",
    }
)  # fmt: skip
USED_BY_LIST = listing.PAGING | {"created"}


def create(call: Call) -> Json:
    """Create a coupon."""
    refuse_unused(call, USED)
    params = call.params
    _check(call)
    coupon_id = params.get("id") or new_id("")[1:9]
    if call.store.find_any(coupon_id) is not None:
        raise StripeError("Coupon already exists.", code="resource_already_exists", param="id")
    coupon: Json = {
        "id": coupon_id,
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": call.now,
        "currency": check_currency(params["currency"]) if "amount_off" in params else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "name": params.get("name") or None,
        "percent_off": params.get("percent_off"),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    call.store.add(coupon, {})
    call.emit("coupon.created", coupon)
    return coupon


def list_all(call: Call) -> Json:
    """List coupons, the newest first."""
    refuse_unused(call, USED_BY_LIST)
    page = listing.page(call, "coupon", "/v1/coupons")
    return {**page, "data": [_as_of_now(call, each) for each in page["data"]]}


def redeemable(call: Call, coupon_id: str, currency: str) -> Json:
    """Return a coupon that may be used for a payment in that currency; raise the refusal."""
    coupon = _as_of_now(call, call.need("coupon", coupon_id, "discounts[0][coupon]"))
    if not coupon["valid"]:
        raise StripeError(
            f"Coupon {coupon_id} is expired and cannot be applied.",
            code="coupon_expired",
            param="discounts[0][coupon]",
        )
    if coupon["currency"] not in (None, currency):
        raise StripeError(
            f"The coupon {coupon_id} is in {coupon['currency']} and cannot be applied to a payment "
            f"in {currency}.",
            param="discounts[0][coupon]",
        )
    return coupon


def redeem(call: Call, coupon_id: str) -> None:
    """Count one use."""
    coupon = call.store.find("coupon", coupon_id)
    if coupon is not None:
        coupon["times_redeemed"] += 1
        call.store.save(_as_of_now(call, coupon))


def amount_off(coupon: Json, subtotal: int) -> int:
    """Return what the coupon takes off a sum, in minor units; half a unit is rounded up."""
    if coupon["amount_off"] is not None:
        return int(min(coupon["amount_off"], subtotal))
    hundredths = round(coupon["percent_off"] * 100)
    return int((subtotal * hundredths + 5_000) // 10_000)


def _check(call: Call) -> None:
    params = call.params
    if ("amount_off" in params) == ("percent_off" in params):
        raise NotBegunError("You must pass either amount_off or percent_off.", param="amount_off")
    if "amount_off" in params and "currency" not in params:
        raise NotBegunError(
            "You must pass currency when passing amount_off.",
            code="parameter_missing",
            param="currency",
        )
    if not 0 < params.get("percent_off", 100) <= 100:
        raise NotBegunError(
            "Invalid percent_off: must be greater than 0 and at most 100.", param="percent_off"
        )
    for name in ("amount_off", "max_redemptions"):
        if params.get(name, 1) < 1:
            raise NotBegunError(
                "This value must be greater than or equal to 1.",
                code="parameter_invalid_integer",
                param=name,
            )
    if params.get("duration") == "repeating":
        raise NotBegunError(
            "The stand-in has no subscriptions: duration must be once or forever.",
            param="duration",
        )
    if params.get("redeem_by", call.now + 1) <= call.now:
        raise NotBegunError("redeem_by must be in the future.", param="redeem_by")


def _as_of_now(call: Call, coupon: Json) -> Json:
    limit, until = coupon["max_redemptions"], coupon["redeem_by"]
    valid = (limit is None or coupon["times_redeemed"] < limit) and (
        until is None or call.now < until
    )
    return {**coupon, "valid": valid}


ROUTES: dict[str, Callable[[Call], Json]] = {
    "POST /v1/coupons": create,
    "GET /v1/coupons": list_all,
}
