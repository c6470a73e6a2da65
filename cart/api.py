"""The cart as JSON. Refusals have a `code` for the program and a `message` for the shopper."""

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.security import APIKeyCookie

from cart.current import get_cart, get_or_create_cart, new_cart
from cart.lines import CartRefusedError, add, find_variant, remove, set_quantity
from cart.models import CartLine
from cart.quoting import PricedLine, price_cart

router = Router(tags=["cart"])


class SameSite(APIKeyCookie):
    """Let every visitor in, but let nothing be changed without this site's CSRF token."""

    param_name = settings.CSRF_COOKIE_NAME

    def authenticate(self, request: HttpRequest, key: str | None) -> bool:
        """Say yes: the CSRF check has been made before this is asked."""
        return True


class LineOut(Schema):
    """`notice` says what stops the line, or what has changed. A null price: not sold here."""

    id: int
    sku: str
    title: str
    options: str
    quantity: int
    unit_price_minor: int | None
    subtotal_minor: int | None
    notice: str
    can_be_bought: bool


class CartOut(Schema):
    """A cart and its price. Amounts are whole minor units of `currency`.

    The delivery dates are null where nothing is sent as a parcel.
    """

    currency: str
    country: str
    count: int
    lines: list[LineOut]
    coupon_code: str
    coupon_message: str
    subtotal_minor: int
    discount_minor: int
    shipping_minor: int
    tax_percent: str
    tax_minor: int
    total_minor: int
    delivery_from: date | None
    delivery_until: date | None
    is_ready: bool


class AddIn(Schema):
    """A variant by its sku."""

    sku: str
    quantity: int = 1


class QuantityIn(Schema):
    """The new quantity of a line, from 1 to 99."""

    quantity: int


class CartRefusal(Schema):
    """Nothing was changed."""

    code: str
    message: str


Answer = Status[dict[str, Any]]


@router.get("", response=CartOut)
def show(request: HttpRequest) -> dict[str, Any]:
    """Return the visitor's cart, priced now; an empty one where there is none."""
    return _as_json(request)


@router.post("/lines", response={201: CartOut, 422: CartRefusal})
def add_line(request: HttpRequest, body: AddIn) -> Answer:
    """Put units of a variant into the cart; a line that is there grows."""
    variant = find_variant(body.sku)
    if variant is None:
        return Status(422, {"code": "unknown_sku", "message": _("There is no item with this SKU.")})
    try:
        add(get_or_create_cart(request), variant, body.quantity)
    except CartRefusedError as refusal:
        return _refused(refusal)
    return Status(201, _as_json(request))


@router.patch("/lines/{line_id}", response={200: CartOut, 404: CartRefusal, 422: CartRefusal})
def change_line(request: HttpRequest, line_id: int, body: QuantityIn) -> Answer:
    """Set the quantity of a line."""
    line = _line(request, line_id)
    if line is None:
        return _not_found()
    try:
        set_quantity(line, body.quantity)
    except CartRefusedError as refusal:
        return _refused(refusal)
    return Status(200, _as_json(request))


@router.delete("/lines/{line_id}", response={200: CartOut, 404: CartRefusal})
def remove_line(request: HttpRequest, line_id: int) -> Answer:
    """Take a line out of the cart."""
    line = _line(request, line_id)
    if line is None:
        return _not_found()
    remove(line)
    return Status(200, _as_json(request))


def _line(request: HttpRequest, line_id: int) -> CartLine | None:
    cart = get_cart(request)
    if cart is None:
        return None
    return cart.lines.select_related("variant__product").filter(pk=line_id).first()


def _not_found() -> Answer:
    return Status(404, {"code": "not_found", "message": _("This item is not in your cart.")})


def _refused(refusal: CartRefusedError) -> Answer:
    return Status(422, {"code": "refused", "message": str(refusal)})


def _as_json(request: HttpRequest) -> dict[str, Any]:
    priced = price_cart(get_cart(request) or new_cart(request))
    quote = priced.quote
    return {
        "currency": quote.currency,
        "country": quote.country,
        "count": priced.count,
        "lines": [_line_as_json(line) for line in priced.lines],
        "coupon_code": quote.coupon_code,
        "coupon_message": priced.coupon_message,
        "subtotal_minor": quote.subtotal_minor,
        "discount_minor": quote.discount_minor,
        "shipping_minor": quote.shipping_minor,
        "tax_percent": f"{quote.tax_percent.normalize():f}",
        "tax_minor": quote.tax_minor,
        "total_minor": quote.total_minor,
        "delivery_from": priced.delivery.from_date if priced.delivery else None,
        "delivery_until": priced.delivery.until_date if priced.delivery else None,
        "is_ready": priced.is_ready,
    }


def _line_as_json(priced: PricedLine) -> dict[str, Any]:
    return {
        "id": priced.line.pk,
        "sku": priced.variant.sku,
        "title": priced.variant.product.name,
        "options": priced.variant.options_label,
        "quantity": priced.line.quantity,
        "unit_price_minor": priced.unit_price_minor,
        "subtotal_minor": priced.subtotal_minor,
        "notice": priced.notice,
        "can_be_bought": priced.can_be_bought,
    }
