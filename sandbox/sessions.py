"""What a checkout session sells, and how it follows the payment intent that pays for it."""

from sandbox.api import coupons, promotion_codes
from sandbox.errors import Json
from sandbox.world import Call


def items(call: Call, session: Json) -> list[Json]:
    """Return the line items, the discount shared out among them to the last unit."""
    lines = call.store.hidden(session["id"])["lines"]
    prices = [call.need("price", line["price"], "price") for line in lines]
    amounts = [
        price["unit_amount"] * line["quantity"] for price, line in zip(prices, lines, strict=True)
    ]
    shares = _shared(session["total_details"]["amount_discount"], amounts)
    return [
        {
            "id": line["id"],
            "object": "item",
            "adjustable_quantity": None,
            "amount_discount": share,
            "amount_subtotal": amount,
            "amount_tax": 0,
            "amount_total": amount - share,
            "currency": price["currency"],
            "description": call.need("product", price["product"], "product")["name"],
            "metadata": {},
            "price": price,
            "quantity": line["quantity"],
        }
        for line, price, amount, share in zip(lines, prices, amounts, shares, strict=True)
    ]


def price_up(session: Json, coupon: Json | None, promotion_code: str | None) -> None:
    """Write discount and total for the subtotal that stands."""
    off = coupons.amount_off(coupon, session["amount_subtotal"]) if coupon else 0
    session["discounts"] = (
        [{"coupon": coupon["id"], "promotion_code": promotion_code}] if coupon else []
    )
    session["amount_total"] = session["amount_subtotal"] - off
    session["total_details"] = {"amount_discount": off, "amount_shipping": 0, "amount_tax": 0}


def follow(call: Call, intent: Json) -> None:
    """Move the session that an intent pays for, when there is one, after the intent has moved."""
    session_id = call.store.hidden(intent["id"]).get("checkout_session")
    session = call.store.find("checkout.session", session_id) if session_id else None
    if session is None:
        return
    status = intent["status"]
    if session["status"] == "open" and status in ("succeeded", "processing"):
        complete(call, session, "paid" if status == "succeeded" else "unpaid")
    elif session["status"] == "complete" and status == "succeeded":
        session["payment_status"] = "paid"
        _moved(call, session, "async_payment_succeeded")
    elif session["status"] == "complete" and status == "requires_payment_method":
        _moved(call, session, "async_payment_failed")


def complete(call: Call, session: Json, payment_status: str) -> None:
    """Close a session that the shopper has gone through; its discount counts as used."""
    session["status"] = "complete"
    session["payment_status"] = payment_status
    session["url"] = None
    for discount in session["discounts"]:
        coupons.redeem(call, discount["coupon"])
        if discount["promotion_code"]:
            promotion_codes.redeem(call, discount["promotion_code"])
    _moved(call, session, "completed")


def expired(call: Call, session: Json) -> Json:
    """Close a session that came to nothing; return it."""
    session["status"] = "expired"
    session["url"] = None
    return _moved(call, session, "expired")


def _moved(call: Call, session: Json, event: str) -> Json:
    call.store.save(session)
    call.emit(f"checkout.session.{event}", session)
    return session


def _shared(amount: int, weights: list[int]) -> list[int]:
    """Return the parts of an amount by weight, the largest remainders rounded up."""
    total = sum(weights) or 1
    parts = [amount * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda at: -(amount * weights[at] % total))
    for at in order[: amount - sum(parts)]:
        parts[at] += 1
    return parts
