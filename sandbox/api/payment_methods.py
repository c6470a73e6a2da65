"""Payment methods: cards only. The card number is looked at and never kept."""

import hashlib
import time

from sandbox.cards import (
    BY_NUMBER,
    BY_PAYMENT_METHOD,
    NOT_A_TEST_CARD,
    TestCard,
    brand_of,
    passes_luhn,
)
from sandbox.errors import Json, NotBegunError, missing
from sandbox.ids import new_id
from sandbox.world import NO_ADDRESS, Call, full_address, merge_metadata, refuse_unused

USED = frozenset({"type", "card", "billing_details", "metadata", "allow_redisplay", "expand"})


def create(call: Call) -> Json:
    """Create a payment method from a card number; only browsers may send one."""
    if not call.public:
        raise NotBegunError(
            "Sending credit card numbers directly to the Stripe API is generally unsafe. Let the "
            "card frame in the browser create the payment method, or use a ready-made one such as "
            "pm_card_visa.",
            status=402,
        )
    refuse_unused(call, USED)
    return make(call, call.params)


def make(call: Call, wish: Json) -> Json:
    """Keep a payment method as wished for in `payment_method_data`; return it."""
    if wish.get("type") != "card" or "number" not in wish.get("card", {}):
        raise NotBegunError(
            "The stand-in takes cards only: type=card and card[number].", param="type"
        )
    card = wish["card"]
    number = "".join(card["number"].split())
    year = card["exp_year"] + (2000 if card["exp_year"] < 100 else 0)
    _check(number, card["exp_month"], year, card.get("cvc"))
    method = _method(number, card["exp_month"], year, wish)
    if card.get("cvc"):
        method["card"]["checks"]["cvc_check"] = "unchecked"
    behaviour = BY_NUMBER.get(number, NOT_A_TEST_CARD)
    call.store.add(method, {"behaviour": behaviour.payment_method})
    return method


def usable(call: Call, method_id: str) -> Json:
    """Return a payment method by id; a ready-made one such as pm_card_visa becomes a new one."""
    ready_made = BY_PAYMENT_METHOD.get(method_id)
    if ready_made is not None:
        method = _method(ready_made.number, 12, time.gmtime().tm_year + 1, {})
        call.store.add(method, {"behaviour": ready_made.payment_method})
        return method
    found = call.store.find("payment_method", method_id)
    if found is None:
        raise missing("PaymentMethod", method_id, "payment_method")
    return found


def behaviour(call: Call, method_id: str) -> TestCard:
    """Return what the card of a payment method does when it is charged."""
    name = call.store.hidden(method_id)["behaviour"]
    return BY_PAYMENT_METHOD.get(name, NOT_A_TEST_CARD)


def retrieve(call: Call) -> Json:
    """Return one payment method."""
    return usable(call, call.path["payment_method"])


def _check(number: str, month: int, year: int, cvc: str | None) -> None:
    now = time.gmtime()
    if not (number.isascii() and number.isdigit() and passes_luhn(number)):
        raise _bad_card("incorrect_number", "Your card number is incorrect.", "number")
    if not 1 <= month <= 12 or (year == now.tm_year and month < now.tm_mon):
        raise _bad_card(
            "invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month"
        )
    if not now.tm_year <= year <= now.tm_year + 50:
        raise _bad_card(
            "invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year"
        )
    length = 4 if brand_of(number) == "amex" else 3
    if cvc is not None and not (cvc.isascii() and cvc.isdigit() and len(cvc) in (3, length)):
        raise _bad_card("invalid_cvc", "Your card's security code is invalid.", "cvc")


def _bad_card(code: str, message: str, param: str) -> NotBegunError:
    return NotBegunError(message, status=402, kind="card_error", code=code, param=param)


def _method(number: str, month: int, year: int, wish: Json) -> Json:
    brand = brand_of(number)
    billing = wish.get("billing_details", {})
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": wish.get("allow_redisplay", "unspecified"),
        "billing_details": {
            "address": full_address(billing.get("address")) or NO_ADDRESS,
            "email": billing.get("email") or None,
            "name": billing.get("name") or None,
            "phone": billing.get("phone") or None,
            "tax_id": billing.get("tax_id") or None,
        },
        "card": {
            "brand": brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": None,
            },
            "country": "US",
            "display_brand": {"amex": "american_express"}.get(brand, brand),
            "exp_month": month,
            "exp_year": year,
            "fingerprint": hashlib.sha256(f"{brand} {number[-4:]}".encode()).hexdigest()[:16],
            "funding": "credit",
            "generated_from": None,
            "last4": number[-4:],
            "networks": {"available": [brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": int(time.time()),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": merge_metadata({}, wish.get("metadata", {})),
        "type": "card",
    }


ROUTES = {
    "POST /v1/payment_methods": create,
    "GET /v1/payment_methods/{payment_method}": retrieve,
}
