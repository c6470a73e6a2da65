"""The cart's page. Every POST answers htmx with the parts that changed, others with a redirect.

A refusal is shown where it belongs, with what was typed, and has the status 422.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from cart.codes import enter_code
from cart.current import get_cart, get_or_create_cart, new_cart, units_in_cart
from cart.lines import (
    CartRefusedError,
    add,
    find_variant,
    mark_seen,
    parse_quantity,
    remove,
    remove_coupon,
    set_quantity,
)
from cart.models import MAX_QUANTITY, CartLine
from cart.quoting import price_cart
from shop.money import format_money


class HtmxRequest(HttpRequest):
    """A request that has passed django-htmx's middleware."""

    htmx: HtmxDetails


@never_cache
@require_safe
def cart(request: HtmxRequest) -> HttpResponse:
    """Show the cart; at most 8 queries whatever the number of lines.

    One more where a price has changed, or where the coupon's last use is taken.
    """
    return render(request, "cart/cart.html", _context(request, **_removed_before(request)))


@require_POST
def add_to_cart(request: HtmxRequest) -> HttpResponse:
    """Put `quantity` units of the sku `variant` into the cart."""
    sku = request.POST.get("variant", "")
    variant = find_variant(sku)
    if variant is None:
        return _refused_to_add(request, _("This item is no longer for sale."), reverse("cart:cart"))
    try:
        quantity = parse_quantity(request.POST.get("quantity", "1"))
        line = add(get_or_create_cart(request), variant, quantity)
    except CartRefusedError as refusal:
        product = f"{variant.product.get_absolute_url()}?{urlencode({'variant': sku})}"
        return _refused_to_add(request, str(refusal), product)
    added = _("Added %(name)s to your cart.") % {"name": variant}
    if not request.htmx:
        messages.success(request, added)
        return redirect("cart:cart")
    if request.htmx.target == "cart":
        return _changed(request, news=added, focus_on=line.pk)
    link = format_html('<a href="{}">{}</a>', reverse("cart:cart"), _("View cart"))
    messages.success(request, format_html("{} {}", added, link))
    return _told(request)


@require_POST
def line(request: HtmxRequest, line_id: int) -> HttpResponse:
    """Set the quantity of a line, or take it out when `remove` is posted."""
    cart = get_cart(request)
    lines = CartLine.objects.none() if cart is None else cart.lines.all()
    line = lines.select_related("variant__product").filter(pk=line_id).first()
    if line is None:
        return _done(request, _("This item is no longer in your cart."))
    if "remove" in request.POST:
        return _remove(request, line)
    typed = request.POST.get("quantity", "")
    try:
        set_quantity(line, parse_quantity(typed))
    except CartRefusedError as refusal:
        message = str(refusal)
        return _refused(request, message, line_error=message, line_id=line_id, typed=typed)
    return _done(
        request,
        _("%(name)s: the quantity is now %(count)d.")
        % {"name": line.variant, "count": line.quantity},
    )


@require_POST
def coupon(request: HtmxRequest) -> HttpResponse:
    """Use the coupon `code`, or none when `remove` is posted; then go to `next`, if given."""
    code = request.POST.get("code", "")
    next_url = _safe_next(request)
    try:
        news = _without_coupon(request) if "remove" in request.POST else enter_code(request, code)
    except CartRefusedError as refusal:
        message = str(refusal)
        if next_url:
            messages.error(request, message)
            return HttpResponseRedirect(next_url)
        return _refused(request, message, coupon_error=message, typed_code=code)
    if next_url:
        messages.success(request, news)
        return HttpResponseRedirect(next_url)
    return _done(request, news)


def _remove(request: HtmxRequest, line: CartLine) -> HttpResponse:
    remove(line)
    if request.htmx:
        return _changed(
            request,
            news=_("Removed %(name)s from your cart.") % {"name": line.variant},
            removed=line.variant,
            removed_quantity=line.quantity,
        )
    # Carried by the address, so that the page after the redirect can offer to undo it.
    query = urlencode({"removed": line.variant.sku, "quantity": str(line.quantity)})
    return HttpResponseRedirect(f"{reverse('cart:cart')}?{query}")


def _removed_before(request: HttpRequest) -> dict[str, Any]:
    sku, quantity = request.GET.get("removed"), request.GET.get("quantity", "")
    if not sku or not quantity.isdecimal():
        return {}
    variant = find_variant(sku)
    count = min(max(int(quantity[:3]), 1), MAX_QUANTITY)
    return {"removed": variant, "removed_quantity": count}


def _without_coupon(request: HttpRequest) -> str:
    cart = get_cart(request)
    if cart is not None:
        remove_coupon(cart)
    return _("The coupon is removed.")


def _safe_next(request: HttpRequest) -> str:
    next_url = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(next_url, {request.get_host()}, request.is_secure())
    return next_url if safe else ""


def _context(request: HttpRequest, **feedback: Any) -> dict[str, Any]:
    cart = get_cart(request) or new_cart(request)
    priced = price_cart(cart)
    mark_seen(priced.lines, cart.currency)
    return {
        "priced": priced,
        "quote": priced.quote,
        "cart_count": priced.count,
        "max_quantity": MAX_QUANTITY,
        **feedback,
    }


def _done(request: HtmxRequest, news: str) -> HttpResponse:
    if request.htmx:
        return _changed(request, news=news)
    messages.success(request, news)
    return redirect("cart:cart")


def _changed(request: HtmxRequest, *, news: str, **feedback: Any) -> HttpResponse:
    context = _context(request, **feedback)
    quote = context["quote"]
    total = format_money(quote.total_minor, quote.currency)
    context["news"] = " ".join([news, _("The total is %(total)s.") % {"total": total}])
    return render(request, "cart/changed.html", context)


def _refused(request: HtmxRequest, message: str, **feedback: Any) -> HttpResponse:
    context = _context(request, news=message, **feedback)
    template = "cart/changed.html" if request.htmx else "cart/cart.html"
    return render(request, template, context, status=422)


def _refused_to_add(request: HtmxRequest, message: str, back: str) -> HttpResponse:
    if request.htmx and request.htmx.target == "cart":
        return _refused(request, message, error=message)
    messages.error(request, message)
    return _told(request, status=422) if request.htmx else HttpResponseRedirect(back)


def _told(request: HtmxRequest, status: int = 200) -> HttpResponse:
    context = {"oob": True, "cart_count": units_in_cart(request)}
    return render(request, "cart/told.html", context, status=status)
