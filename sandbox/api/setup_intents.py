"""Setup intents: a card is saved for later without a payment."""

from collections.abc import Callable

from sandbox import intents, listing, payments
from sandbox.api import confirmation_tokens, payment_methods
from sandbox.errors import Json, NotBegunError, PaymentDeclinedError, StripeError
from sandbox.ids import new_id
from sandbox.world import Call, merge_metadata, refuse_unused

WRITABLE = frozenset(
    {
        "customer", "description", "metadata", "payment_method", "payment_method_data",
        "payment_method_types", "expand",
    }
)  # fmt: skip
CONFIRMING = frozenset({"confirmation_token", "return_url", "use_stripe_sdk"})
USED_BY_CREATE = WRITABLE | CONFIRMING | {"automatic_payment_methods", "confirm", "usage"}
USED_BY_CONFIRM = CONFIRMING | {"client_secret", "payment_method", "payment_method_data", "expand"}
EQUAL = ("customer", "payment_method")
USED_BY_LIST = listing.PAGING | {"created", *EQUAL}
# What a publishable key gets to see.
PUBLIC = """
    id object automatic_payment_methods cancellation_reason client_secret created description
    last_setup_error livemode next_action payment_method payment_method_configuration_details
    payment_method_types status usage
"""
PUBLIC_FIELDS = frozenset(PUBLIC.split())
NOT_AUTHENTICATED: Json = {
    **payments.NOT_AUTHENTICATED,
    "code": "setup_intent_authentication_failure",
    "doc_url": "https://stripe.com/docs/error-codes/setup-intent-authentication-failure",
}


def reduced(intent: Json) -> Json:
    """Return the part of a setup intent that a publishable key may see."""
    return {name: value for name, value in intent.items() if name in PUBLIC_FIELDS}


def create(call: Call) -> Json:
    """Create a setup intent and, with `confirm`, try to save the card at once."""
    intents.refuse_types(call)
    refuse_unused(call, USED_BY_CREATE)
    params = call.params
    if params.get("confirm") is not True and CONFIRMING & params.keys():
        names = ", ".join(sorted(CONFIRMING & params.keys()))
        raise NotBegunError(f"{names} may only be given together with confirm=true.", param=names)
    intent = _blank(call)
    _write(call, intent)
    call.store.add(intent, {})
    call.emit("setup_intent.created", intent)
    return _confirm(call, intent) if params.get("confirm") else intent


def retrieve(call: Call) -> Json:
    """Return a setup intent; a publishable key needs its client secret."""
    return _intent(call)


def update(call: Call) -> Json:
    """Change what is given, until the card is saved."""
    intents.refuse_types(call)
    refuse_unused(call, WRITABLE)
    intent = _intent(call)
    late = call.params.keys() - {"description", "metadata", "expand"}
    if late and intent["status"] not in payments.CONFIRMABLE:
        raise _wrong_state(intent, "update")
    _write(call, intent)
    call.store.save(intent)
    return intent


def confirm(call: Call) -> Json:
    """Try to save the card."""
    refuse_unused(call, USED_BY_CONFIRM)
    intent = _intent(call)
    if intent["status"] not in payments.CONFIRMABLE:
        raise _wrong_state(intent, "confirm")
    _write(call, intent)
    return _confirm(call, intent)


def cancel(call: Call) -> Json:
    """Cancel a setup intent that has not saved a card."""
    intent = _intent(call)
    if intent["status"] not in payments.CONFIRMABLE:
        raise _wrong_state(intent, "cancel")
    intent["status"] = "canceled"
    intent["cancellation_reason"] = call.params.get("cancellation_reason")
    intent["next_action"] = None
    return _moved(call, intent, "canceled")


def list_all(call: Call) -> Json:
    """List setup intents, the newest first."""
    refuse_unused(call, USED_BY_LIST)
    return listing.page(call, "setup_intent", "/v1/setup_intents", equal=EQUAL)


def authenticate(call: Call, intent: Json, passed: bool) -> Json:
    """End the 3-D Secure challenge; raise PaymentDeclinedError when no card is saved by it."""
    if intent["status"] != "requires_action":
        raise _wrong_state(intent, "authenticate")
    method = call.need("payment_method", intent["payment_method"], "payment_method")
    intent["next_action"] = None
    if not passed:
        raise _failed(call, intent, method, NOT_AUTHENTICATED)
    return _save_card(call, intent, method)


def _blank(call: Call) -> Json:
    params = call.params
    intent_id = new_id("seti")
    return {
        "id": intent_id,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": {
            "allow_redirects": "always",
            "enabled": True,
            **params.get("automatic_payment_methods", {}),
        },
        "cancellation_reason": None,
        "client_secret": new_id(f"{intent_id}_secret"),
        "created": call.now,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "managed_payments": None,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
    }


def _write(call: Call, intent: Json) -> None:
    params = call.params
    if "customer" in params:
        intent["customer"] = payment_methods.live_customer(call, params["customer"])["id"]
    if "description" in params:
        intent["description"] = params["description"] or None
    if "metadata" in params:
        intent["metadata"] = merge_metadata(intent["metadata"], params["metadata"])
    if "confirmation_token" in params:
        method: Json | None = confirmation_tokens.use(call, intent)
    else:
        method = payment_methods.brought(call)
    if method is not None:
        payment_methods.check_owner(call, method, intent["customer"], "SetupIntent")
        intent["payment_method"] = method["id"]
        intent["next_action"] = None
        intent["status"] = "requires_confirmation"


def _confirm(call: Call, intent: Json) -> Json:
    if intent["payment_method"] is None:
        raise StripeError(
            "You cannot confirm this SetupIntent because it's missing a payment method. Update it "
            "with a payment method and then confirm it again.",
            code="setup_intent_unexpected_state",
            setup_intent=intent,
        )
    intents.check_return_url(call, intent, "SetupIntent")
    method = call.need("payment_method", intent["payment_method"], "payment_method")
    payment_methods.check_owner(call, method, intent["customer"], "SetupIntent")
    intent["last_setup_error"] = None
    if payment_methods.behaviour(call, method["id"]).challenge:
        intent["status"] = "requires_action"
        intent["next_action"] = intents.next_action(call, intent)
        return _moved(call, intent, "requires_action")
    return _save_card(call, intent, method)


def _save_card(call: Call, intent: Json, method: Json) -> Json:
    decline = payment_methods.decline_of_setup(payment_methods.behaviour(call, method["id"]))
    if decline is not None:
        raise _failed(call, intent, method, decline.as_error())
    intent["status"] = "succeeded"
    _moved(call, intent, "succeeded")
    payment_methods.keep_or_spend(call, intent)
    return intent


def _failed(call: Call, intent: Json, method: Json, error: Json) -> PaymentDeclinedError:
    """Put the intent back to the start, with the reason, and return what the caller raises."""
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["last_setup_error"] = {**error, "payment_method": method}
    _moved(call, intent, "setup_failed")
    return PaymentDeclinedError(intent["last_setup_error"], intent)


def _moved(call: Call, intent: Json, event: str) -> Json:
    call.store.save(intent)
    call.emit(f"setup_intent.{event}", intent)
    return intent


def _intent(call: Call) -> Json:
    intent = call.need("setup_intent", call.path["intent"], "intent")
    intents.check_secret(call, intent, "SetupIntent")
    return intent


def _wrong_state(intent: Json, verb: str) -> StripeError:
    return StripeError(
        f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}.",
        code="setup_intent_unexpected_state",
        setup_intent=intent,
    )


ROUTES: dict[str, Callable[[Call], Json]] = {
    "POST /v1/setup_intents": create,
    "GET /v1/setup_intents": list_all,
    "GET /v1/setup_intents/{intent}": retrieve,
    "POST /v1/setup_intents/{intent}": update,
    "POST /v1/setup_intents/{intent}/confirm": confirm,
    "POST /v1/setup_intents/{intent}/cancel": cancel,
}
