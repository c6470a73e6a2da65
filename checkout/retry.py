"""The link in a mail to whoever left: one click to a checkout with the same things in it."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cart.current import get_or_create_cart
from cart.leaving import find_left, may_hold
from cart.lines import CartRefusedError, apply_coupon, bring_to, remove
from cart.models import Cart, LeftBehind
from checkout.drafts import offer_draft
from checkout.guarding import TooManyError, shopper_address
from checkout.paying import PaymentRefusedError, close_elsewhere, extend_hold, place_unpaid
from checkout.stripe_gateway import StripeError
from orders.models import Order
from orders.placing import BuyerDetails
from shop.currency import keep_currency
from shop.models import Variant

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """What became of one thing that was left: `units` of it are in the cart.

    `fault` says what is gone of it, "" when all is there; `url` leads to it, "" where nothing does.
    """

    units: int
    fault: str = ""
    url: str = ""


# A GET that writes, or it would take a second click. The scanners of mail providers follow links
# as well: they fill carts of their own, and hold the goods cart.leaving.MOST_HOLDS times.
@never_cache
@require_GET
def retry(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to the checkout with what was left, as far as it is to be had; else say what is gone."""
    left = find_left(token)
    if left is None:
        response = _told(request, "too_old", status=404)
    elif left.recovered_at is not None:
        response = _to_order(request, left, left.recovered_by)
    else:
        response = _take_up(request, left)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _take_up(request: HttpRequest, left: LeftBehind) -> HttpResponse:
    """Fill the visitor's own cart; a cart is never opened to somebody who does not have it.

    The order that it came to, if it did, is placed again, so that its goods are held from now on.
    """
    cart = get_or_create_cart(request)
    is_theirs = _is_theirs(request, left)
    order = Order.objects.filter(number=left.mark).first() if is_theirs else None
    may_place = order is not None and may_hold(left)
    if order is not None and may_place and not _is_free_to_retry(order, cart):
        return _to_order(request, left, order.number)
    response = redirect("checkout:checkout")
    _price_as_left(response, cart, left, order)
    found = _fill(cart, left)
    if not any(one.units for one in found):
        return _told(request, "gone", found=found)
    _restore_coupon(request, cart, left)
    if is_theirs:
        # The link was sent to this address alone, so whoever has it may see what was typed
        # together with this address, as in any mail about the order.
        offer_draft(request, left.email, order)
    _tell(request, found)
    if order is not None and may_place:
        _hold(request, cart, order)
    return response


def _is_theirs(request: HttpRequest, left: LeftBehind) -> bool:
    """Whether the visitor may be whom the mail was sent to: not when signed in as another."""
    user = request.user
    return not user.is_authenticated or user.email.lower() == left.email


def _is_free_to_retry(order: Order, cart: Cart) -> bool:
    """Free what the order still holds for another cart of theirs; False when it is being paid."""
    try:
        close_elsewhere(order, cart)
    except PaymentRefusedError:
        return False
    except StripeError as error:
        # Its goods stay held until its time is over; perhaps there are enough without them.
        logger.warning("order %s could not be closed for its retry: %s", order, error)
    return True


def _price_as_left(
    response: HttpResponse, cart: Cart, left: LeftBehind, order: Order | None
) -> None:
    """Price for the country of the order, and in the currency seen, if the cart is empty as yet."""
    before = (cart.currency, cart.country)
    if left.currency in settings.CURRENCIES and not cart.lines.exists():
        keep_currency(response, left.currency)
        cart.currency = left.currency
    if order is not None:
        cart.country = order.country
    if (cart.currency, cart.country) != before:
        cart.save(update_fields=["currency", "country"])


def _fill(cart: Cart, left: LeftBehind) -> list[Found]:
    """Put what was left into the cart; in the very cart, keep what can still be had."""
    items: list[dict[str, Any]] = []
    if cart.pk == left.cart_id:
        items = [
            {"variant": line.variant_id, "title": str(line.variant), "quantity": line.quantity}
            for line in cart.lines.select_related("variant__product")
        ]
    items = items or left.items
    variants = Variant.objects.select_related("product").in_bulk(
        [item["variant"] for item in items]
    )
    return [
        _find(cart, variants.get(item["variant"]), item["title"], item["quantity"])
        for item in items
    ]


def _find(cart: Cart, variant: Variant | None, title: str, quantity: int) -> Found:
    if variant is None:
        return Found(0, _("%(name)s is no longer for sale.") % {"name": title})
    product = variant.product
    url = f"{product.get_absolute_url()}?{urlencode({'variant': variant.sku})}"
    try:
        units = bring_to(cart, variant, quantity)
    except CartRefusedError as refusal:
        for line in cart.lines.filter(variant=variant):
            remove(line)
        return Found(0, str(refusal), url if product.is_published else "")
    if units >= quantity:
        return Found(units)
    fault = ngettext(
        "Only %(count)d of %(name)s is left; it is in your cart.",
        "Only %(count)d of %(name)s are left; they are in your cart.",
        units,
    )
    return Found(units, fault % {"count": units, "name": variant}, url)


def _restore_coupon(request: HttpRequest, cart: Cart, left: LeftBehind) -> None:
    if not left.coupon_code or cart.coupon is not None:
        return
    try:
        apply_coupon(cart, left.coupon_code)
    except CartRefusedError as refusal:
        messages.info(request, str(refusal))


def _hold(request: HttpRequest, cart: Cart, order: Order) -> None:
    """Hold the goods from now on; where that cannot be, they are held when Pay is pressed."""
    details = BuyerDetails(
        email=order.email,
        shipping=order.shipping_address,
        billing=order.billing_address,
        placed_from=shopper_address(request),
        source=cart.source,
    )
    try:
        held_until = extend_hold(cart) or place_unpaid(cart, details).held_until
    except (PaymentRefusedError, TooManyError, StripeError) as refusal:
        logger.info("nothing is held for the retry of order %s: %s", order, refusal)
        return
    minutes = ceil((held_until - timezone.now()).total_seconds() / 60)
    text = ngettext(
        "Welcome back: your things are held for you for %(count)d minute.",
        "Welcome back: your things are held for you for %(count)d minutes.",
        minutes,
    )
    messages.success(request, text % {"count": minutes})


def _tell(request: HttpRequest, found: Iterable[Found]) -> None:
    """Say of each thing that is gone, or short, on the page that comes next."""
    missing = [one for one in found if one.fault]
    for one in missing:
        link = (
            format_html('<a href="{}">{}</a>', one.url, _("See it in the shop")) if one.url else ""
        )
        messages.warning(request, format_html("{} {}", one.fault, link))
    if missing and any(not one.fault for one in found):
        messages.info(request, _("Everything else is in your cart."))


def _to_order(request: HttpRequest, left: LeftBehind, number: str) -> HttpResponse:
    """Lead to the order that was paid, or is being paid: by its link where the mail went to it."""
    order = Order.objects.filter(number=number).first()
    if order is not None and order.email.lower() == left.email:
        return redirect(order)
    return _told(request, "bought")


def _told(
    request: HttpRequest, what: str, status: int = 200, found: Iterable[Found] = ()
) -> HttpResponse:
    return render(request, "checkout/retry.html", {"what": what, "found": found}, status=status)
