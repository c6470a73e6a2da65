"""Payment intents: the calls; how an intent moves is in payments.py."""

from collections.abc import Callable

from sandbox import intents, listing, payments
from sandbox.api import confirmation_tokens, payment_methods
from sandbox.errors import Json, NotBegunError, StripeError
from sandbox.ids import new_id
from sandbox.money import check_amount, check_currency
from sandbox.world import (
    Call,
    full_shipping,
    merge_metadata,
    refuse_unused,
)

TEXTS = frozenset(
    {"description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix"}
)
WRITABLE = TEXTS | {
    "amount", "currency", "customer", "metadata", "payment_method", "payment_method_data",
    "setup_future_usage", "shipping", "payment_method_types", "expand",
}  # fmt: skip
CONFIRMING = frozenset({"confirmation_token", "off_session", "return_url", "use_stripe_sdk"})
USED_BY_CREATE = WRITABLE | CONFIRMING | {"automatic_payment_methods", "capture_method", "confirm"}
USED_BY_CONFIRM = CONFIRMING | {
    "client_secret", "payment_method", "payment_method_data", "payment_method_types",
    "receipt_email", "setup_future_usage", "shipping", "expand",
}  # fmt: skip
USED_BY_LIST = listing.PAGING | {"created", "customer"}
# What a publishable key gets to see.
PUBLIC = """
    id object amount amount_details automatic_payment_methods canceled_at cancellation_reason
    capture_method client_secret confirmation_method created currency description
    last_payment_error livemode next_action payment_method payment_method_configuration_details
    payment_method_types processing receipt_email setup_future_usage shipping status
"""
PUBLIC_FIELDS = frozenset(PUBLIC.split())


def reduced(intent: Json) -> Json:
    """Return the part of an intent that a publishable key may see."""
    return {name: value for name, value in intent.items() if name in PUBLIC_FIELDS}


def create(call: Call) -> Json:
    """Create an intent and, with `confirm`, try to pay at once."""
    intents.refuse_types(call)
    refuse_unused(call, USED_BY_CREATE)
    params = call.params
    currency = check_currency(params["currency"])
    check_amount(params["amount"], currency)
    if params.get("confirm") is not True and CONFIRMING & params.keys():
        names = ", ".join(sorted(CONFIRMING & params.keys()))
        raise NotBegunError(f"{names} may only be given together with confirm=true.", param=names)
    intent = _blank(call, params["amount"], currency)
    if "automatic_payment_methods" in params:
        intent["automatic_payment_methods"] = {
            "allow_redirects": "always",
            **params["automatic_payment_methods"],
        }
    intent["capture_method"] = params.get("capture_method", "automatic_async")
    _write(call, intent)
    method = _method(call, intent)
    if method is not None:
        intent["payment_method"] = method["id"]
        intent["status"] = "requires_confirmation"
    call.store.add(intent, {})
    call.emit("payment_intent.created", intent)
    return _confirm(call, intent) if params.get("confirm") else intent


def retrieve(call: Call) -> Json:
    """Return an intent; a publishable key needs its client secret."""
    return _intent(call)


def update(call: Call) -> Json:
    """Change what is given; after the payment only its description and metadata."""
    intents.refuse_types(call)
    refuse_unused(call, WRITABLE)
    intent = _intent(call)
    late = call.params.keys() - {"description", "metadata", "receipt_email", "expand"}
    if late and intent["status"] not in payments.CONFIRMABLE:
        raise StripeError(
            f"This PaymentIntent's {min(late)} could not be updated because it has a status of "
            f"{intent['status']}.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    if {"amount", "currency"} & late:
        wanted = {**intent, **call.params}
        intent["currency"] = check_currency(wanted["currency"])
        intent["amount"] = wanted["amount"]
        check_amount(intent["amount"], intent["currency"])
    _write(call, intent)
    method = _method(call, intent)
    if method is not None:
        intent["payment_method"] = method["id"]
        intent["next_action"] = None
        intent["status"] = "requires_confirmation"
    call.store.save(intent)
    return intent


def confirm(call: Call) -> Json:
    """Try to pay."""
    intents.refuse_types(call)
    refuse_unused(call, USED_BY_CONFIRM)
    intent = _intent(call)
    if intent["status"] not in payments.CONFIRMABLE:
        raise StripeError(
            "You cannot confirm this PaymentIntent because it has "
            + (
                "already succeeded after being previously confirmed."
                if intent["status"] == "succeeded"
                else f"a status of {intent['status']}."
            ),
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    _write(call, intent)
    method = _method(call, intent)
    if method is not None:
        intent["payment_method"] = method["id"]
    return _confirm(call, intent)


def cancel(call: Call) -> Json:
    """Cancel an intent that no money can come of any more."""
    return payments.cancel(call, _intent(call), call.params.get("cancellation_reason"))


def capture(call: Call) -> Json:
    """Take all or a part of what was authorised."""
    refuse_unused(call, frozenset({"amount_to_capture", "expand"}))
    intent = _intent(call)
    if intent["status"] != "requires_capture":
        raise payments.wrong_state(intent, "capture", ("requires_capture",))
    amount = {"amount_to_capture": intent["amount_capturable"], **call.params}["amount_to_capture"]
    if amount > intent["amount_capturable"] or amount < 1:
        raise StripeError(
            f"The amount to capture must be between 1 and {intent['amount_capturable']}.",
            code="amount_too_large" if amount > 0 else "parameter_invalid_integer",
            param="amount_to_capture",
        )
    return payments.capture(call, intent, amount)


def list_all(call: Call) -> Json:
    """List intents, the newest first."""
    refuse_unused(call, USED_BY_LIST)
    return listing.page(call, "payment_intent", "/v1/payment_intents", equal=("customer",))


def _blank(call: Call, amount: int, currency: str) -> Json:
    intent_id = new_id("pi")
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "client_secret": new_id(f"{intent_id}_secret"),
        "confirmation_method": "automatic",
        "created": call.now,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def _write(call: Call, intent: Json) -> None:
    params = call.params
    for name in TEXTS & params.keys():
        intent[name] = params[name] or None
    if "customer" in params:
        intent["customer"] = payment_methods.live_customer(call, params["customer"])["id"]
    if "setup_future_usage" in params:
        intent["setup_future_usage"] = params["setup_future_usage"] or None
    if "shipping" in params:
        intent["shipping"] = full_shipping(params["shipping"])
    if "metadata" in params:
        intent["metadata"] = merge_metadata(intent["metadata"], params["metadata"])


def _method(call: Call, intent: Json) -> Json | None:
    """Return the payment method that the call brings along, or None."""
    if "confirmation_token" in call.params:
        return confirmation_tokens.use(call, intent)
    method = payment_methods.brought(call)
    if method is not None:
        payment_methods.check_owner(call, method, intent["customer"], "PaymentIntent")
    return method


def _confirm(call: Call, intent: Json) -> Json:
    if intent["payment_method"] is None:
        raise StripeError(
            "You cannot confirm this PaymentIntent because it's missing a payment method. Update "
            "it with a payment method and then confirm it again.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    if call.public and "off_session" in call.params:
        raise NotBegunError(
            "You cannot pass off_session with a publishable key.", param="off_session"
        )
    intents.check_return_url(call, intent, "PaymentIntent")
    method = call.need("payment_method", intent["payment_method"], "payment_method")
    payment_methods.check_owner(call, method, intent["customer"], "PaymentIntent")
    return payments.confirm(call, intent, method)


def _intent(call: Call) -> Json:
    intent = call.need("payment_intent", call.path["intent"], "intent")
    intents.check_secret(call, intent, "PaymentIntent")
    return intent


ROUTES: dict[str, Callable[[Call], Json]] = {
    "POST /v1/payment_intents": create,
    "GET /v1/payment_intents": list_all,
    "GET /v1/payment_intents/{intent}": retrieve,
    "POST /v1/payment_intents/{intent}": update,
    "POST /v1/payment_intents/{intent}/confirm": confirm,
    "POST /v1/payment_intents/{intent}/cancel": cancel,
    "POST /v1/payment_intents/{intent}/capture": capture,
}
