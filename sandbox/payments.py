"""How a payment intent moves: the only writer of its status after creation."""

from dataclasses import replace

from sandbox import balance, intents, sessions
from sandbox.api import charges, payment_methods
from sandbox.cards import Decline, Settlement, TestCard
from sandbox.errors import Json, PaymentDeclinedError, StripeError
from sandbox.world import Call

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = (*CONFIRMABLE, "requires_capture")
NOT_AUTHENTICATED: Json = {
    "type": "invalid_request_error",
    "code": "payment_intent_authentication_failure",
    "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
    "message": "We are unable to authenticate your payment method. Please choose a different "
    "payment method and try again.",
}
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
SETTLED_BADLY = Decline("card_declined", "generic_decline", "Your card was declined.")


def wrong_state(intent: Json, verb: str, allowed: tuple[str, ...]) -> StripeError:
    """Return the refusal of a verb in the intent's present state."""
    return StripeError(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}. "
        f"Only a PaymentIntent with one of the following statuses allows it: "
        f"{', '.join(allowed)}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def confirm(call: Call, intent: Json, method: Json) -> Json:
    """Try to pay; return the intent, raise PaymentDeclinedError when the card says no."""
    card = payment_methods.behaviour(call, method["id"])
    intent["payment_method"] = method["id"]
    intent["last_payment_error"] = None
    intent["next_action"] = None
    if card.challenge and call.params.get("off_session"):
        return _charge(call, intent, method, replace(card, decline=AUTHENTICATION_REQUIRED))
    if card.challenge:
        intent["status"] = "requires_action"
        intent["next_action"] = intents.next_action(call, intent)
        return _moved(call, intent, "requires_action")
    return _charge(call, intent, method, card)


def authenticate(call: Call, intent: Json, passed: bool) -> Json:
    """End the 3-D Secure challenge; raise PaymentDeclinedError when no payment comes of it."""
    if intent["status"] != "requires_action":
        raise wrong_state(intent, "authenticate", ("requires_action",))
    method = call.need("payment_method", intent["payment_method"], "payment_method")
    intent["next_action"] = None
    if not passed:
        raise _failed(call, intent, method, NOT_AUTHENTICATED)
    return _charge(call, intent, method, payment_methods.behaviour(call, method["id"]))


def settle(call: Call, intent: Json, outcome: Settlement) -> Json:
    """End the processing of a payment; raise PaymentDeclinedError when it fails."""
    if intent["status"] != "processing":
        raise wrong_state(intent, "settle", ("processing",))
    call.store.change("DELETE FROM settlements WHERE object_id = ?", intent["id"])
    decline = SETTLED_BADLY if outcome == "failed" else None
    charge = call.need("charge", intent["latest_charge"], "charge")
    charges.settle_charge(call, charge, decline)
    if decline is None:
        return _succeeded(call, intent)
    method = call.need("payment_method", intent["payment_method"], "payment_method")
    raise _failed(call, intent, method, {**decline.as_error(), "charge": charge["id"]})


def cancel(call: Call, intent: Json, reason: str | None) -> Json:
    """Cancel the intent and let go of what was authorised."""
    if intent["status"] not in CANCELABLE:
        raise wrong_state(intent, "cancel", CANCELABLE)
    if intent["status"] == "requires_capture":
        charge = call.need("charge", intent["latest_charge"], "charge")
        charge["refunded"], charge["amount_refunded"] = True, charge["amount"]
        call.store.save(charge)
        call.emit("charge.refunded", charge)
    intent["status"] = "canceled"
    intent["canceled_at"] = call.now
    intent["cancellation_reason"] = reason
    intent["amount_capturable"] = 0
    intent["next_action"] = None
    return _moved(call, intent, "canceled")


def capture(call: Call, intent: Json, amount: int) -> Json:
    """Take an authorised amount in minor units; what is not taken goes back to the card."""
    charge = call.need("charge", intent["latest_charge"], "charge")
    charge["captured"] = True
    charge["amount_captured"] = amount
    charge["amount_refunded"] = charge["amount"] - amount
    charge["balance_transaction"] = balance.book_charge(call, charge)["id"]
    call.store.save(charge)
    call.emit("charge.captured", charge)
    intent["amount_capturable"] = 0
    intent["amount_received"] = amount
    return _succeeded(call, intent)


def _charge(call: Call, intent: Json, method: Json, card: TestCard) -> Json:
    if card.decline:
        charge = charges.add_charge(call, intent, method, "failed", card.decline)
        intent["latest_charge"] = charge["id"]
        raise _failed(call, intent, method, {**card.decline.as_error(), "charge": charge["id"]})
    status: charges.Status = "pending" if card.settles else "succeeded"
    charge = charges.add_charge(call, intent, method, status, None)
    intent["latest_charge"] = charge["id"]
    if card.settles:
        return _processing(call, intent, card.settles)
    if intent["capture_method"] == "manual":
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
        return _moved(call, intent, "amount_capturable_updated")
    return _succeeded(call, intent)


def _processing(call: Call, intent: Json, outcome: Settlement) -> Json:
    intent["status"] = "processing"
    intent["processing"] = {"type": "card", "card": {}}
    call.settle_later(intent["id"], outcome)
    return _moved(call, intent, "processing")


def _succeeded(call: Call, intent: Json) -> Json:
    intent["status"] = "succeeded"
    intent["processing"] = None
    intent["amount_received"] = intent["amount_received"] or intent["amount"]
    if payment_methods.behaviour(call, intent["payment_method"]).dispute:
        call.settle_later(intent["latest_charge"], "disputed")
    return _moved(call, intent, "succeeded")


def _failed(call: Call, intent: Json, method: Json, error: Json) -> PaymentDeclinedError:
    """Put the intent back to the start, with the reason, and return what the caller raises."""
    intent["status"] = "requires_payment_method"
    intent["processing"] = None
    intent["payment_method"] = None
    intent["last_payment_error"] = {**error, "payment_method": method}
    _moved(call, intent, "payment_failed")
    return PaymentDeclinedError(intent["last_payment_error"], intent)


def _moved(call: Call, intent: Json, event: str) -> Json:
    call.store.save(intent)
    call.emit(f"payment_intent.{event}", intent)
    if event in ("succeeded", "amount_capturable_updated"):
        payment_methods.keep_or_spend(call, intent)
    sessions.follow(call, intent)
    return intent
