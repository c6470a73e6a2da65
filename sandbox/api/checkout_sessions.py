"""Checkout sessions: the calls; what a session sells and how it moves is in sessions.py."""

from collections.abc import Callable
from urllib.parse import urlsplit

from sandbox import listing, payments, sessions
from sandbox.api import coupons, payment_methods, prices, promotion_codes
from sandbox.errors import Json, NotBegunError, StripeError
from sandbox.ids import new_id
from sandbox.listing import Conditions
from sandbox.money import check_amount
from sandbox.world import Call, merge_metadata, refuse_unused

SHORTEST = 30 * 60
LONGEST = 24 * 3600
MOST_LINES = 100
USED_BY_CREATE = frozenset(
    {
        "allow_promotion_codes", "automatic_tax", "cancel_url", "client_reference_id", "customer",
        "customer_email", "discounts", "expires_at", "line_items", "metadata", "mode",
        "payment_intent_data", "success_url", "ui_mode", "expand",
    }
)  # fmt: skip
USED_FOR_INTENT = frozenset(
    {
        "description", "metadata", "receipt_email", "setup_future_usage", "shipping",
        "statement_descriptor", "statement_descriptor_suffix",
    }
)  # fmt: skip
EQUAL = ("customer", "payment_intent", "status")
ONE_OF = (("discounts", "allow_promotion_codes"), ("customer", "customer_email"))


def create(call: Call) -> Json:
    """Create a session with a page on which the shopper pays."""
    refuse_unused(call, USED_BY_CREATE)
    _check(call)
    session = _blank(call)
    lines, currency, subtotal = _lines(call, call.params["line_items"])
    session["currency"] = currency
    session["amount_subtotal"] = subtotal
    coupon, promotion_code = _discount(call, session)
    sessions.price_up(session, coupon, promotion_code)
    if session["amount_total"]:
        check_amount(session["amount_total"], currency)
    intent_data = call.params.get("payment_intent_data", {})
    call.store.add(session, {"lines": lines, "payment_intent_data": intent_data})
    call.settle_later(session["id"], "expired", session["expires_at"])
    return session


def retrieve(call: Call) -> Json:
    """Return one session."""
    return call.need("checkout.session", call.path["session"], "session")


def update(call: Call) -> Json:
    """Change the metadata."""
    refuse_unused(call, frozenset({"metadata", "expand"}))
    session = retrieve(call)
    if "metadata" in call.params:
        session["metadata"] = merge_metadata(session["metadata"], call.params["metadata"])
    call.store.save(session)
    return session


def expire(call: Call) -> Json:
    """Close a session so that nobody pays on its page any more."""
    session = retrieve(call)
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {session['status']}.",
        )
    return expire_now(call, session)


def expire_now(call: Call, session: Json) -> Json:
    """Expire an open session and cancel the payment that was tried on its page; return it."""
    if session["payment_intent"]:
        intent = call.need("payment_intent", session["payment_intent"], "payment_intent")
        payments.cancel(call, intent, "expired")
    return sessions.expired(call, session)


def expire_when_open(call: Call, session: Json) -> None:
    """Expire a session whose time is over, unless it came to its end before."""
    if session["status"] == "open":
        expire_now(call, session)


def list_all(call: Call) -> Json:
    """List sessions, the newest first."""
    refuse_unused(call, listing.PAGING | {"created", "customer_details", *EQUAL})
    wanted = Conditions()
    if "customer_details" in call.params:
        email = call.params["customer_details"]["email"]
        wanted.add("body ->> '$.customer_details.email' = ?", email)
    return listing.page(call, "checkout.session", "/v1/checkout/sessions", equal=EQUAL, also=wanted)


def line_items(call: Call) -> Json:
    """Return what a session sells; all of it fits on one page of at most 100."""
    refuse_unused(call, frozenset({"limit", "expand"}))
    session = retrieve(call)
    return items_page(call, session, call.params.get("limit", 10))


def items_page(call: Call, session: Json, limit: int) -> Json:
    """Return the first items of a session as a list."""
    found = sessions.items(call, session)
    return {
        "object": "list",
        "data": found[:limit],
        "has_more": len(found) > limit,
        "url": f"/v1/checkout/sessions/{session['id']}/line_items",
    }


def _check(call: Call) -> None:
    params = call.params
    for pair in ONE_OF:
        if set(pair) <= params.keys():
            raise NotBegunError(
                f"You may only specify one of these parameters: {', '.join(sorted(pair))}.",
                param=pair[0],
            )
    for name in ("mode", "line_items", "success_url"):
        if not params.get(name):
            raise NotBegunError(
                f"Missing required param: {name}.", code="parameter_missing", param=name
            )
    _refuse_what_only_stripe_has(params)
    for name in {"success_url", "cancel_url"} & params.keys():
        address = urlsplit(params[name])
        if address.scheme not in ("http", "https") or not address.netloc:
            raise NotBegunError("Not a valid URL", code="url_invalid", param=name)
    lifetime = params.get("expires_at", call.now + LONGEST) - call.now
    if not SHORTEST <= lifetime <= LONGEST:
        raise NotBegunError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours after the creation "
            "of the Checkout Session.",
            param="expires_at",
        )


def _refuse_what_only_stripe_has(params: Json) -> None:
    supported = {"ui_mode": "hosted_page", "mode": "payment"}
    for name, value in supported.items():
        if params.get(name, value) != value:
            raise _unsupported(name, f"{name}={params[name]}; it has {value} only")
    if params.get("automatic_tax", {}).get("enabled"):
        raise _unsupported("automatic_tax", "automatic tax")
    for name in params.get("payment_intent_data", {}):
        if name not in USED_FOR_INTENT:
            raise _unsupported(f"payment_intent_data[{name}]", name)


def _unsupported(param: str, what: str) -> NotBegunError:
    return NotBegunError(
        f"The stand-in does not have {what}. Leave it out or use a Stripe test account.",
        code="parameter_unsupported_by_stand_in",
        param=param,
    )


def _lines(call: Call, wishes: list[Json]) -> tuple[list[Json], str, int]:
    """Return the lines to keep, their currency and their sum in minor units."""
    if len(wishes) > MOST_LINES:
        raise NotBegunError("You may give up to 100 line_items.", param="line_items")
    lines, currencies, subtotal = [], set(), 0
    for number, wish in enumerate(wishes):
        price = _price(call, wish, f"line_items[{number}]")
        quantity = wish.get("quantity", 0)
        if quantity < 1:
            raise NotBegunError(
                "Quantity is required and must be greater than 0. Add `quantity` to each line "
                "item.",
                param=f"line_items[{number}][quantity]",
            )
        lines.append({"id": new_id("li"), "price": price["id"], "quantity": quantity})
        currencies.add(price["currency"])
        subtotal += price["unit_amount"] * quantity
    if len(currencies) > 1:
        raise NotBegunError(
            f"All line items must have the same currency, not {', '.join(sorted(currencies))}.",
            param="line_items",
        )
    return lines, currencies.pop(), subtotal


def _price(call: Call, wish: Json, param: str) -> Json:
    if ("price" in wish) == ("price_data" in wish):
        raise NotBegunError(
            f"You must specify either `price` or `price_data` in {param}.", param=param
        )
    unknown = wish.keys() - {"price", "price_data", "quantity"}
    unknown |= wish.get("price_data", {}).keys() & {"recurring", "unit_amount_decimal"}
    if unknown:
        raise _unsupported(f"{param}[{min(unknown)}]", min(unknown))
    if "price_data" in wish:
        return prices.add(call, {**wish["price_data"], "active": False})
    price = call.need("price", wish["price"], f"{param}[price]")
    if not price["active"]:
        raise StripeError(
            "The price specified is inactive. This field only accepts active prices.",
            param=f"{param}[price]",
        )
    return price


def _discount(call: Call, session: Json) -> tuple[Json | None, str | None]:
    """Return the coupon of the session and the promotion code that brought it."""
    wishes = call.params.get("discounts") or []
    if not wishes:
        return None, None
    wish = wishes[0]
    if len(wishes) > 1 or len(wish) != 1:
        raise NotBegunError(
            "You may only give one discount, with either coupon or promotion_code.",
            param="discounts",
        )
    currency, subtotal = session["currency"], session["amount_subtotal"]
    if "coupon" in wish:
        return coupons.redeemable(call, wish["coupon"], currency), None
    code = call.need("promotion_code", wish["promotion_code"], "discounts[0][promotion_code]")
    promotion_codes.check(call, code, session["customer"], currency, subtotal)
    return coupons.redeemable(call, code["promotion"]["coupon"], currency), code["id"]


def _blank(call: Call) -> Json:
    params = call.params
    session_id = f"{new_id('cs_test')}{new_id('')[1:]}"
    customer = None
    if "customer" in params:
        customer = payment_methods.live_customer(call, params["customer"])
    email = params.get("customer_email") or (customer or {}).get("email")
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": call.now,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        ),
        "customer": customer["id"] if customer else None,
        "customer_account": None,
        "customer_creation": None if customer else "if_required",
        "customer_details": details(email, None) if email else None,
        "customer_email": params.get("customer_email"),
        "expires_at": params.get("expires_at", call.now + LONGEST),
        **dict.fromkeys(
            (
                "integration_identifier", "invoice", "invoice_creation", "locale",
                "managed_payments", "optional_items", "origin_context", "payment_intent",
                "payment_link", "payment_method_configuration_details", "permissions",
                "recovered_from", "saved_payment_method_options", "setup_intent",
                "shipping_address_collection", "shipping_cost", "submit_type", "subscription",
                "wallet_options",
            )
        ),
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "success_url": params["success_url"],
        "ui_mode": "hosted_page",
        "url": f"{call.world.config.origin}/c/pay/{session_id}",
    }  # fmt: skip


def details(email: str | None, name: str | None) -> Json:
    """Return what is known about the shopper, with every field that Stripe shows."""
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


ROUTES: dict[str, Callable[[Call], Json]] = {
    "POST /v1/checkout/sessions": create,
    "GET /v1/checkout/sessions": list_all,
    "GET /v1/checkout/sessions/{session}": retrieve,
    "POST /v1/checkout/sessions/{session}": update,
    "POST /v1/checkout/sessions/{session}/expire": expire,
    "GET /v1/checkout/sessions/{session}/line_items": line_items,
}
