"""Payment methods: cards only. The card number is looked at and never kept."""

import hashlib
import json
import time
from collections.abc import Callable

from sandbox import listing
from sandbox.cards import (
    BY_NUMBER,
    BY_PAYMENT_METHOD,
    NOT_A_TEST_CARD,
    Decline,
    TestCard,
    brand_of,
    passes_luhn,
)
from sandbox.errors import Json, NotBegunError, StripeError, missing
from sandbox.ids import new_id
from sandbox.listing import Conditions
from sandbox.world import (
    NO_ADDRESS,
    Call,
    full_address,
    merge_metadata,
    refuse_unused,
)

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
    _check(call, number, card["exp_month"], year, card.get("cvc"))
    method = _method(call, number, card["exp_month"], year, wish)
    if card.get("cvc"):
        method["card"]["checks"]["cvc_check"] = "unchecked"
    behaviour = BY_NUMBER.get(number, NOT_A_TEST_CARD)
    call.store.add(method, {"behaviour": behaviour.payment_method})
    return method


def brought(call: Call) -> Json | None:
    """Return the payment method that the call brings along, or None."""
    if "payment_method_data" in call.params:
        return make(call, call.params["payment_method_data"])
    if "payment_method" in call.params:
        return usable(call, call.params["payment_method"])
    return None


def usable(call: Call, method_id: str) -> Json:
    """Return a payment method by id; a ready-made one such as pm_card_visa becomes a new one."""
    ready_made = BY_PAYMENT_METHOD.get(method_id)
    if ready_made is not None:
        method = _method(call, ready_made.number, 12, time.gmtime(call.now).tm_year + 1, {})
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


def update(call: Call) -> Json:
    """Change the billing details, the metadata, the expiry or whether it may be shown again."""
    refuse_unused(call, USED - {"type"})
    method, params = _attached(call, "updated"), call.params
    if "allow_redisplay" in params:
        method["allow_redisplay"] = params["allow_redisplay"]
    if "metadata" in params:
        method["metadata"] = merge_metadata(method["metadata"], params["metadata"])
    if "billing_details" in params:
        details = {**method["billing_details"], **params["billing_details"]}
        method["billing_details"] = _billing(details)
    card = {**method["card"], **params.get("card", {})}
    if card.keys() != method["card"].keys():
        raise NotBegunError("Only exp_month and exp_year of a card can be changed.", param="card")
    _check_expiry(call, card["exp_month"], card["exp_year"])
    method["card"] = card
    call.store.save(method)
    call.emit("payment_method.updated", method)
    return method


def attach(call: Call) -> Json:
    """Keep a payment method for a customer."""
    refuse_unused(call, frozenset({"customer", "expand"}))
    if "customer" not in call.params:
        raise NotBegunError(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = live_customer(call, call.params["customer"])
    method = usable(call, call.path["payment_method"])
    if method["customer"] is not None:
        raise StripeError(
            "The payment method you provided has already been attached to a customer."
        )
    refuse_spent(call, method)
    decline = decline_of_setup(behaviour(call, method["id"]))
    if decline is not None:
        error = decline.as_error()
        raise StripeError(error["message"], status=402, kind="card_error", code=error["code"])
    return attach_to(call, method, customer["id"])


def detach(call: Call) -> Json:
    """Take a payment method from its customer; it can never be used again."""
    return detach_from(call, _attached(call, "detached"))


def list_all(call: Call) -> Json:
    """List a customer's payment methods, the newest first."""
    refuse_unused(call, listing.PAGING | {"customer", "allow_redisplay", "type"})
    if "customer" not in call.params:
        raise NotBegunError(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    return _page(call, call.params["customer"], "/v1/payment_methods")


def list_of_customer(call: Call) -> Json:
    """List a customer's payment methods, the newest first."""
    refuse_unused(call, listing.PAGING | {"allow_redisplay", "type"})
    customer = call.path["customer"]
    return _page(call, customer, f"/v1/customers/{customer}/payment_methods")


def live_customer(call: Call, customer_id: str) -> Json:
    """Return a customer that was not deleted; raise the 404."""
    customer = call.need("customer", customer_id, "customer")
    if customer.get("deleted"):
        raise missing("customer", customer_id, "customer")
    return customer


def of_customer(call: Call, customer_id: str) -> list[Json]:
    """Return the payment methods that are attached to a customer, the newest first."""
    rows = call.store.rows(
        "SELECT body FROM objects WHERE body ->> 'customer' = ? AND kind = 'payment_method'"
        " ORDER BY seq DESC",
        customer_id,
    )
    return [json.loads(row["body"]) for row in rows]


def attach_to(call: Call, method: Json, customer_id: str) -> Json:
    """Attach a payment method, tell about it and return it; attached already, it stays as it is."""
    if method["customer"] is None:
        method["customer"] = customer_id
        call.store.save(method)
        call.emit("payment_method.attached", method)
    return method


def detach_from(call: Call, method: Json) -> Json:
    """Take a payment method from its customer, tell about it and return it."""
    method["customer"] = None
    call.store.save(method)
    _spend(call, method)
    call.emit("payment_method.detached", method)
    return method


def keep_or_spend(call: Call, intent: Json) -> None:
    """After a success: attach the intent's payment method, or see that it is not used twice."""
    method = call.need("payment_method", intent["payment_method"], "payment_method")
    later = intent["object"] == "setup_intent" or intent["setup_future_usage"]
    if intent["customer"] and later:
        attach_to(call, method, intent["customer"])
    elif method["customer"] is None and intent["object"] == "payment_intent":
        _spend(call, method)


def check_owner(call: Call, method: Json, customer: str | None, kind: str) -> None:
    """Raise when the payment method belongs to another customer, or was used up without one."""
    refuse_spent(call, method)
    owner = method["customer"]
    if owner is not None and customer is None:
        raise StripeError(
            f"The payment method `{method['id']}` belongs to the customer `{owner}`. Please "
            f"include the customer in the `customer` parameter on the {kind}.",
            param="payment_method",
        )
    if owner not in (None, customer):
        raise StripeError(
            f"The customer does not have a payment method with the ID {method['id']}. The payment "
            "method must be attached to the customer.",
            code="resource_missing",
            param="payment_method",
        )


def refuse_spent(call: Call, method: Json) -> None:
    """Raise when the payment method paid once without a customer, or was detached."""
    if call.store.hidden(method["id"]).get("spent"):
        raise StripeError(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, or was detached from a Customer. It may not be used again. To use a "
            "PaymentMethod multiple times, you must attach it to a Customer first.",
            param="payment_method",
        )


def decline_of_setup(card: TestCard) -> Decline | None:
    """Return why the issuer does not let a card be saved, or None."""
    return None if card.saves else card.decline


def _spend(call: Call, method: Json) -> None:
    call.store.hide(method["id"], {**call.store.hidden(method["id"]), "spent": True})


def _attached(call: Call, participle: str) -> Json:
    method = usable(call, call.path["payment_method"])
    if method["customer"] is None:
        raise StripeError(
            "The payment method you provided is not attached to a customer, so it cannot be "
            f"{participle}."
        )
    return method


def _page(call: Call, customer_id: str, url: str) -> Json:
    live_customer(call, customer_id)
    owned = Conditions()
    owned.add("body ->> 'customer' = ?", customer_id)
    return listing.page(call, "payment_method", url, equal=("type", "allow_redisplay"), also=owned)


def _check(call: Call, number: str, month: int, year: int, cvc: str | None) -> None:
    if not (number.isascii() and number.isdigit() and passes_luhn(number)):
        raise _bad_card("incorrect_number", "Your card number is incorrect.", "number")
    _check_expiry(call, month, year)
    length = 4 if brand_of(number) == "amex" else 3
    if cvc is not None and not (cvc.isascii() and cvc.isdigit() and len(cvc) in (3, length)):
        raise _bad_card("invalid_cvc", "Your card's security code is invalid.", "cvc")


def _check_expiry(call: Call, month: int, year: int) -> None:
    now = time.gmtime(call.now)
    if not 1 <= month <= 12 or (year == now.tm_year and month < now.tm_mon):
        raise _bad_card(
            "invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month"
        )
    if not now.tm_year <= year <= now.tm_year + 50:
        raise _bad_card(
            "invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year"
        )


def _bad_card(code: str, message: str, param: str) -> NotBegunError:
    return NotBegunError(message, status=402, kind="card_error", code=code, param=param)


def _method(call: Call, number: str, month: int, year: int, wish: Json) -> Json:
    brand = brand_of(number)
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": wish.get("allow_redisplay", "unspecified"),
        "billing_details": _billing(wish.get("billing_details", {})),
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
        "created": call.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": merge_metadata({}, wish.get("metadata", {})),
        "type": "card",
    }


def _billing(wish: Json) -> Json:
    return {
        "address": full_address(wish.get("address")) or NO_ADDRESS,
        **{name: wish.get(name) or None for name in ("email", "name", "phone", "tax_id")},
    }


ROUTES: dict[str, Callable[[Call], Json]] = {
    "POST /v1/payment_methods": create,
    "GET /v1/payment_methods": list_all,
    "GET /v1/customers/{customer}/payment_methods": list_of_customer,
    "GET /v1/payment_methods/{payment_method}": retrieve,
    "POST /v1/payment_methods/{payment_method}": update,
    "POST /v1/payment_methods/{payment_method}/attach": attach,
    "POST /v1/payment_methods/{payment_method}/detach": detach,
}
