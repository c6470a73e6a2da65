"""What the shopper has typed, kept in the session so that reload and back bring it back."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from cart.models import Cart
from checkout.fields import NAMES, EmailField, tidy
from orders.models import Order

SESSION_KEY = "checkout_draft"
KEPT = ("email", *NAMES, *(f"billing_{name}" for name in NAMES))
LONGEST = 300


def keep_draft(request: HttpRequest, typed: Mapping[str, Any]) -> None:
    """Remember what was typed; what this form lacked, such as another country's parts, stays."""
    draft = request.session.get(SESSION_KEY, {})
    new = {name: tidy(typed[name])[:LONGEST] for name in KEPT if name in typed}
    request.session[SESSION_KEY] = {
        **draft,
        **new,
        "billing_same": bool(typed.get("billing_same")),
    }


def typed_email(typed: Mapping[str, Any]) -> str:
    """Return the email that was typed; "" where there is none, or none that could be right."""
    try:
        return str(EmailField().clean(typed.get("email", "")))
    except ValidationError:
        return ""


def opening_values(request: HttpRequest, cart: Cart) -> dict[str, Any]:
    """Return what the form shows at first: the draft, else what the account's last order says.

    The country is the one for which the cart was priced. At most 1 query.
    """
    draft = request.session.get(SESSION_KEY)
    if draft is None and request.user.is_authenticated:
        draft = _from_last_order(request.user.pk, cart) or {"name": request.user.name}
        draft["email"] = request.user.email
    return {**(draft or {}), "country": str(cart.country)}


def offer_draft(request: HttpRequest, email: str, order: Order | None) -> None:
    """Let the form open with `email` and what `order` says, unless something was typed already."""
    if SESSION_KEY in request.session or (order is None and request.user.is_authenticated):
        return
    request.session[SESSION_KEY] = {**(_as_typed(order) if order else {}), "email": email}


def _from_last_order(user_id: int, cart: Cart) -> dict[str, Any]:
    order = Order.objects.filter(user_id=user_id).first()
    if order is None or order.country != cart.country:
        return {}
    return _as_typed(order)


def _as_typed(order: Order) -> dict[str, Any]:
    billing = {f"billing_{name}": value for name, value in order.billing_address.items()}
    return {**order.shipping_address, **billing, "billing_same": not billing}
