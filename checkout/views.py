"""The checkout page: it shows, re-prices and remembers; paying itself is in checkout/api.py."""

from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cart.codes import enter_code
from cart.current import get_cart
from cart.leaving import note_at_checkout
from cart.lines import CartRefusedError, remove_coupon
from cart.models import Cart
from cart.quoting import PricedCart, price_cart
from checkout.addresses import country_choices
from checkout.drafts import keep_draft, opening_values, typed_email
from checkout.fields import MAIL_DOMAIN_SLIPS
from checkout.forms import form_for
from checkout.paying import extend_hold
from checkout.texts import TEXTS
from orders.declines import sentences_for_page


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest) -> HttpResponseBase:
    """Show the page; a POST comes from a browser without JavaScript. At most 10 queries.

    Two more where nothing was heard of the page for some minutes.
    """
    cart = get_cart(request)
    if request.method == "POST" and cart is not None:
        return _act_without_script(request, cart)
    priced = price_cart(cart) if cart is not None else None
    if priced is None or not priced.lines:
        messages.info(request, _("Your cart is empty: put something in before you check out."))
        return redirect("cart:cart")
    if not priced.is_ready:
        messages.warning(request, _("Something in your cart needs a look before you check out."))
        return redirect("cart:cart")
    # Read at each request: the origins are settings.
    return csp_update(_sources_of_stripe())(lambda _request: _page(request, priced))(request)


@never_cache
@require_POST
def summary(request: HttpRequest) -> HttpResponse:
    """Remember what was typed; re-price and answer the parts of the page that this changes.

    204 when nothing of the page changes. static/checkout.js puts each part in place by its id.
    """
    cart = get_cart(request)
    if cart is None:
        return redirect("cart:cart")
    stale = [
        prefix
        for prefix in ("", "billing_")
        if request.POST.get(f"{prefix}country") != request.POST.get(f"{prefix}fields_of")
    ]
    refusal = _take(request, cart)
    if not stale and "action" not in request.POST:
        return HttpResponse(status=204)
    priced = price_cart(cart)
    if not priced.lines:
        return redirect("cart:cart")
    if ("line1" in request.POST) != priced.quote.needs_delivery:
        # Changed in another tab: the page asks for too much, or for too little.
        return redirect("checkout:checkout")
    context = _context(request, priced)
    return render(
        request,
        "checkout/repriced.html",
        {**context, "stale": stale, "coupon_refusal": refusal},
    )


@require_POST
def hold(request: HttpRequest) -> JsonResponse:
    """Hold the items of the unpaid order for longer; says until when, null when none is held."""
    cart = get_cart(request)
    return JsonResponse({"held_until": extend_hold(cart) if cart is not None else None})


def _act_without_script(request: HttpRequest, cart: Cart) -> HttpResponse:
    refusal = _take(request, cart)
    if refusal:
        messages.error(request, refusal)
    if request.POST.get("action") == "pay":
        messages.error(
            request,
            _(
                "The card fields need JavaScript. Nothing was charged: turn it on in your browser, "
                "or use another one. What you typed is kept."
            ),
        )
    return redirect("checkout:checkout")


def _take(request: HttpRequest, cart: Cart) -> str:
    """Take over what was typed, the country and the coupon; returns why a coupon was refused."""
    keep_draft(request, request.POST)
    note_at_checkout(cart, typed_email(request.POST))
    country = request.POST.get("country", "")
    if country != cart.country and country in dict(country_choices()):
        cart.country = country
        cart.save(update_fields=["country"])
    action = request.POST.get("action")
    if action == "remove_coupon":
        remove_coupon(cart)
    elif action == "apply_coupon":
        try:
            enter_code(request, request.POST.get("coupon", ""))
        except CartRefusedError as refusal:
            return str(refusal)
    return ""


def _page(request: HttpRequest, priced: PricedCart) -> HttpResponse:
    note_at_checkout(priced.cart, priced.cart.email)
    context = _context(request, priced)
    return render(request, "checkout/checkout.html", {**context, "config": _config()})


def _context(request: HttpRequest, priced: PricedCart) -> dict[str, Any]:
    form_class = form_for(needs_delivery=priced.quote.needs_delivery)
    form = form_class(initial=opening_values(request, priced.cart))
    return {"form": form, "priced": priced, "quote": priced.quote}


def _config() -> dict[str, Any]:
    """What static/checkout.js needs to know; nothing of it is secret."""
    return {
        "stripeJs": settings.STRIPE_JS_URL,
        "key": settings.STRIPE_PUBLISHABLE_KEY,
        "summaryUrl": reverse("checkout:summary"),
        "payUrl": reverse("api-1:payment_intent"),
        "holdUrl": reverse("checkout:hold"),
        "challengeJs": static("challenge.js"),
        "holdJs": static("hold.js"),
        "declines": sentences_for_page(),
        "mailSlips": MAIL_DOMAIN_SLIPS,
        "texts": TEXTS,
    }


def _sources_of_stripe() -> dict[str, list[str]]:
    """Return what this page alone may load, beyond our own origin."""
    origin = settings.STRIPE_JS_ORIGIN
    if origin != "https://js.stripe.com":
        own = [origin]
        return {
            "script-src": own,
            "frame-src": own,
            "connect-src": [*own, settings.STRIPE_API_ORIGIN],
        }
    frames = [origin, "https://*.js.stripe.com"]
    return {
        "script-src": frames,
        "frame-src": [*frames, "https://hooks.stripe.com"],
        "connect-src": [origin, settings.STRIPE_API_ORIGIN],
        "img-src": ["https://*.stripe.com"],
    }
