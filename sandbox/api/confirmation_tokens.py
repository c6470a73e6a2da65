"""Confirmation tokens: what a shopper typed, for the server to look at before it confirms."""

from sandbox.api import payment_methods
from sandbox.errors import Json, StripeError
from sandbox.ids import new_id
from sandbox.world import Call, full_address, refuse_unused

LIFETIME = 12 * 3600


def add(call: Call, method: Json, wish: Json) -> Json:
    """Keep a token for a payment method, with shipping, return address and use as wished for."""
    now = call.now
    shipping = wish.get("shipping")
    token: Json = {
        "id": new_id("ctoken"),
        "object": "confirmation_token",
        "created": now,
        "expires_at": now + LIFETIME,
        "livemode": False,
        "mandate_data": None,
        "payment_intent": None,
        "payment_method_options": {"card": None},
        "payment_method_preview": {
            name: method[name]
            for name in (
                "allow_redisplay", "billing_details", "card", "customer", "customer_account",
                "type",
            )
        },
        "return_url": wish.get("return_url"),
        "setup_future_usage": wish.get("setup_future_usage"),
        "setup_intent": None,
        "shipping": shipping
        and {
            "address": full_address(shipping.get("address")),
            "name": shipping["name"],
            "phone": shipping.get("phone") or None,
        },
        "use_stripe_sdk": True,
    }  # fmt: skip
    call.store.add(token, {"payment_method": method["id"]})
    return token


def retrieve(call: Call) -> Json:
    """Return one token."""
    refuse_unused(call, frozenset({"expand"}))
    return call.need("confirmation_token", call.path["confirmation_token"], "confirmation_token")


def use(call: Call, intent: Json) -> Json:
    """Use the call's token up for an intent; return its payment method."""
    token = call.need("confirmation_token", call.params["confirmation_token"], "confirmation_token")
    if token["payment_intent"] or token["setup_intent"] or token["expires_at"] <= call.now:
        raise StripeError(
            "This ConfirmationToken has already been used or has expired. Create another one.",
            param="confirmation_token",
        )
    token[intent["object"]] = intent["id"]
    call.store.save(token)
    if intent["object"] == "payment_intent":
        if token["setup_future_usage"]:
            intent["setup_future_usage"] = token["setup_future_usage"]
        if token["shipping"] and intent["shipping"] is None:
            intent["shipping"] = {**token["shipping"], "carrier": None, "tracking_number": None}
    if token["return_url"]:
        call.params.setdefault("return_url", token["return_url"])
    call.params.setdefault("use_stripe_sdk", True)
    return payment_methods.usable(call, call.store.hidden(token["id"])["payment_method"])


ROUTES = {"GET /v1/confirmation_tokens/{confirmation_token}": retrieve}
