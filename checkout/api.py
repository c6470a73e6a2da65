"""The purchase as JSON. Prose and codes of every refusal are in docs/payments.md."""

import hashlib
import json
import logging
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import HeaderEx, P, Router, Schema
from pydantic import Field

from cart.current import get_cart
from cart.models import Cart
from cart.quoting import needs_delivery
from checkout import guarding
from checkout.challenge import accept_solution, make_challenge
from checkout.forms import form_for
from checkout.guarding import Shopper, TooManyError
from checkout.models import PaymentRequest
from checkout.paying import PaymentRefusedError, PaymentStart, Shown, start_payment
from checkout.stripe_gateway import StripeError

logger = logging.getLogger(__name__)
router = Router(tags=["checkout"])

Answer = tuple[int, dict[str, Any]]

# Beyond it a browser's numbers are not exact.
LARGEST_TOTAL = 2**53 - 1


class Address(Schema):
    """Where the goods go. Which parts a country has, the checkout page shows.

    Where nothing is sent as a parcel, name and country are all that is asked for.
    """

    name: str = ""
    country: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""


class PaymentIntentIn(Address):
    """The checkout form, and the total on the button that the shopper pressed."""

    email: str = ""
    billing_same: bool = True
    billing_name: str = ""
    billing_country: str = ""
    billing_line1: str = ""
    billing_line2: str = ""
    billing_city: str = ""
    billing_region: str = ""
    billing_postcode: str = ""
    shown_total_minor: int = Field(ge=0, le=LARGEST_TOTAL)
    shown_currency: str = Field(pattern="^[A-Z]{3}$")


class PaymentIntentOut(Schema):
    """What the browser needs to confirm; without `client_secret` there is nothing to pay."""

    order: str
    order_url: str
    client_secret: str | None
    total_minor: int
    currency: str
    held_until: str


@dataclass(frozen=True)
class Asked:
    """A request to pay a cart, from a network address, with the solution of a challenge or ""."""

    cart: Cart
    address: str
    body: PaymentIntentIn
    solution: str


class Refusal(Schema):
    """`message` tells the shopper what happened and what to do; `code` tells the program.

    With 429, `retry_after` says in how many seconds it can be tried again, as Retry-After does.
    """

    code: str
    message: str
    fields: dict[str, list[str]] = {}
    order_url: str | None = None
    retry_after: int | None = None


class Challenge(Refusal):
    """Solve `challenge` (altcha's format, version 2) and send the same request again.

    The solution goes, as altcha's base64, into the header Challenge-Solution.
    """

    challenge: dict[str, Any]


@router.post(
    "/payment-intent",
    url_name="payment_intent",
    response={
        200: PaymentIntentOut,
        409: Refusal,
        422: Refusal,
        428: Challenge,
        429: Refusal,
        503: Refusal,
    },
)
def payment_intent(
    request: HttpRequest,
    body: PaymentIntentIn,
    idempotency_key: HeaderEx[str, P(min_length=8, max_length=255)],
    challenge_solution: HeaderEx[str, P(max_length=4096)] = "",
) -> HttpResponse:
    """Place the cart's order, or find it again, and start its payment.

    The same Idempotency-Key with the same body gets the same answer; with another body 409.
    """
    cart = get_cart(request)
    if cart is None:
        status, answer = _refusal(409, "cart_empty", _("Your cart is empty: nothing to pay."))
        return JsonResponse(answer, status=status)
    address = guarding.shopper_address(request)
    try:
        guarding.refuse_too_many_requests(cart, address)
        status, answer = _answer_once(
            Asked(cart, address, body, challenge_solution), idempotency_key
        )
    except TooManyError as refusal:
        wait = refusal.retry_after
        status, answer = _refusal(429, refusal.code, refusal.message, retry_after=wait)
        return JsonResponse(answer, status=status, headers={"Retry-After": str(wait)})
    return JsonResponse(answer, status=status)


def _answer_once(asked: Asked, key: str) -> Answer:
    """Repeat the stored answer to this key, or find one; only lasting answers are stored."""
    text = json.dumps(asked.body.dict(), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    row, _created = PaymentRequest.objects.get_or_create(
        cart=asked.cart, key=key, defaults={"body_sha256": digest}
    )
    if row.body_sha256 != digest:
        return _refusal(
            409,
            "key_reused",
            _("This Idempotency-Key was used for another request: make a new one."),
        )
    if row.answer is not None:
        return row.answer["status"], row.answer["body"]
    status, answer = _answer(asked)
    if status in (200, 409):
        row.answer = {"status": status, "body": answer}
        row.save(update_fields=["answer"])
    return status, answer


def _answer(asked: Asked) -> Answer:
    form = form_for(needs_delivery=needs_delivery(asked.cart))(asked.body.dict())
    if not form.is_valid():
        fields = {name: [str(error) for error in errors] for name, errors in form.errors.items()}
        return _refusal(422, "invalid", _("Some fields need a look."), fields=fields)
    details = replace(form.details(), placed_from=asked.address, source=asked.cart.source)
    challenge = _challenge(asked, details.email)
    if challenge is not None:
        return challenge
    shown = Shown(asked.body.shown_total_minor, asked.body.shown_currency)
    try:
        start = start_payment(asked.cart, details, shown)
    except PaymentRefusedError as refusal:
        order_url = refusal.order.get_absolute_url() if refusal.order else None
        return _refusal(409, refusal.code, refusal.message, order_url=order_url)
    except StripeError as error:
        logger.warning("payment of cart %s could not be started: %s", asked.cart.pk, error)
        return _refusal(
            503,
            "stripe_unavailable",
            _("The payment service does not answer. Nothing was charged: try again in a minute."),
        )
    return 200, _started(start)


def _challenge(asked: Asked, email: str) -> Answer | None:
    """Return the challenge to be solved first; None when there is none, or it was solved."""
    shopper = Shopper(asked.cart.pk, email.lower(), asked.address)
    effort = guarding.effort_wanted(guarding.refuse_too_many_declines(shopper))
    if not effort or accept_solution(asked.cart, asked.solution):
        return None
    return _refusal(
        428,
        "challenge",
        _("Your browser could not be checked. Nothing was charged: press Pay again."),
        challenge=make_challenge(asked.cart, effort),
    )


def _started(start: PaymentStart) -> dict[str, Any]:
    order = start.order
    return {
        "order": order.number,
        "order_url": order.get_absolute_url(),
        "client_secret": start.client_secret or None,
        "total_minor": order.total_minor,
        "currency": order.currency,
        "held_until": order.held_until.isoformat(),
    }


def _refusal(status: int, code: str, message: str, **more: Any) -> Answer:
    return status, {"code": code, "message": message, **more}
