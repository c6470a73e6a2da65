"""Customer sessions: let the Payment Element show, save and remove a customer's cards."""

from collections.abc import Callable

from sandbox.api import payment_methods
from sandbox.errors import Json, NotBegunError
from sandbox.ids import new_id
from sandbox.world import Call, refuse_unused

LIFETIME = 30 * 60
FEATURES: Json = {
    "payment_method_allow_redisplay_filters": ["always"],
    "payment_method_redisplay": "disabled",
    "payment_method_redisplay_limit": 3,
    "payment_method_remove": "disabled",
    "payment_method_save": "disabled",
    "payment_method_save_usage": None,
}
MOST_REDISPLAYED = 10


def create(call: Call) -> Json:
    """Create a session for a customer's Payment Element."""
    refuse_unused(call, frozenset({"components", "customer", "expand"}))
    if "customer" not in call.params:
        raise NotBegunError(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = payment_methods.live_customer(call, call.params["customer"])
    element = _payment_element(call.params["components"])
    off: Json = {"enabled": False}
    session: Json = {
        "object": "customer_session",
        "client_secret": new_id("cuss_secret"),
        "components": {
            "buy_button": off,
            "customer_sheet": {**off, "features": None},
            "mobile_payment_element": {**off, "features": None},
            "payment_element": element,
            "pricing_table": off,
        },
        "created": call.now,
        "customer": customer["id"],
        "customer_account": None,
        "expires_at": call.now + LIFETIME,
        "livemode": False,
    }
    # A customer session has no id: its secret is what it is found by.
    call.store.add({**session, "id": session["client_secret"]}, {})
    return session


def opened_by(call: Call, client_secret: str) -> Json | None:
    """Return the session that a secret opens, or None when it is wrong or too old."""
    session = call.store.find("customer_session", client_secret)
    return session if session is not None and call.now < session["expires_at"] else None


def shown_cards(call: Call, session: Json) -> list[Json]:
    """Return the saved cards that the Payment Element of a session may show, the newest first."""
    features = session["components"]["payment_element"]["features"]
    if features["payment_method_redisplay"] != "enabled":
        return []
    wanted = features["payment_method_allow_redisplay_filters"]
    cards = payment_methods.of_customer(call, session["customer"])
    shown = [card for card in cards if card["allow_redisplay"] in wanted]
    return shown[: features["payment_method_redisplay_limit"]]


def _payment_element(components: Json) -> Json:
    for name, component in components.items():
        if name != "payment_element" and component["enabled"]:
            raise NotBegunError(
                f"The stand-in has the payment_element component only, not {name}.",
                code="parameter_unsupported_by_stand_in",
                param=f"components[{name}]",
            )
    element = components.get("payment_element", {})
    if not element.get("enabled"):
        raise NotBegunError(
            "You must enable at least one component.", param="components[payment_element][enabled]"
        )
    features = {**FEATURES, **element.get("features", {})}
    param = "components[payment_element][features]"
    if not 1 <= features["payment_method_redisplay_limit"] <= MOST_REDISPLAYED:
        raise NotBegunError(
            f"payment_method_redisplay_limit must be between 1 and {MOST_REDISPLAYED}.",
            param=f"{param}[payment_method_redisplay_limit]",
        )
    saves = features["payment_method_save"] == "enabled"
    if features["payment_method_save_usage"] and not saves:
        raise NotBegunError(
            "payment_method_save_usage may only be given when payment_method_save is enabled.",
            param=f"{param}[payment_method_save_usage]",
        )
    return {"enabled": True, "features": features}


ROUTES: dict[str, Callable[[Call], Json]] = {"POST /v1/customer_sessions": create}
