from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shop.alerts import AlertRefusedError, ask_to_be_told
from shop.currency import current_currency
from shop.delivery import HANDED_OVER, delivery_dates, event_time
from shop.listing import PAGE_SIZE, category_page, covers, product_cards, published
from shop.models import Category, Product, ProductImage, ShippingRate, Variant
from shop.offers import Offer, choose, offers_of, option_groups
from shop.search import clean_query
from shop.search import search as search_products
from shop.structured_data import (
    Crumb,
    absolute,
    as_script,
    breadcrumb_data,
    picture_address,
    product_data,
)

NEWEST = 9
LONGEST_NUMBER = 18


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    categories = list(Category.objects.all())
    cover_of = covers()
    context = {
        "categories": categories,
        "tiles": [(category, cover_of.get(category.pk)) for category in categories],
        "cards": product_cards(published()[:NEWEST], current_currency(request)),
    }
    return render(request, "shop/home.html", context)


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Category, slug=slug)
    after = _whole_number(request.GET.get("after", ""))
    crumbs = [_home_crumb(), (found.name, found.get_absolute_url())]
    context = {
        "category": found,
        "page": category_page(found, current_currency(request), after),
        "is_continued": after is not None,
        "crumbs": crumbs,
        "structured_data": as_script(breadcrumb_data(crumbs)),
    }
    return render(request, "shop/category.html", context)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    found = _find_product(slug)
    context = _product_context(request, found, request.GET.get("variant", ""))
    return render(request, "shop/product.html", context)


@require_POST
def tell_me(request: HttpRequest, slug: str) -> HttpResponse:
    """Note the wish to be told when the variant `variant` is back.

    Answers htmx with the form's new state, others with a redirect or, refused, with the page.
    """
    found = _find_product(slug)
    sku, email = request.POST.get("variant", ""), request.POST.get("email", "")
    variant = _variant_on_sale(found, sku)
    state: dict[str, Any]
    try:
        ask_to_be_told(variant, email, get_language() or settings.LANGUAGE_CODE)
        state = {"tell_me_done": True}
    except AlertRefusedError as refusal:
        state = {"tell_me_error": str(refusal), "tell_me_email": email}
    status = 422 if "tell_me_error" in state else 200
    if "HX-Request" in request.headers:
        state |= {"product": found, "variant": variant}
        return render(request, "shop/tell_me.html", state, status=status)
    if status == 422:
        context = _product_context(request, found, sku)
        return render(request, "shop/product.html", context | state, status=status)
    messages.success(request, _("We email you once when it is back."))
    return redirect(f"{found.get_absolute_url()}?{urlencode({'variant': sku})}")


def _variant_on_sale(product: Product, sku: str) -> Variant:
    variants = product.variants.filter(is_active=True).select_related("stock")
    found = next((variant for variant in variants if variant.sku == sku), None)
    if found is None:
        raise Http404(_("This item is no longer for sale."))
    return found


def _find_product(slug: str) -> Product:
    return get_object_or_404(published().select_related("category", "event"), slug=slug)


def _product_context(request: HttpRequest, found: Product, sku: str) -> dict[str, Any]:
    """Return what the page of a product shows, with the variant `sku` chosen. 4 queries."""
    currency = current_currency(request)
    offers = offers_of(found, currency)
    offer = choose(offers, sku)
    images = _images(found, offer)
    is_sent = found.kind == Product.Kind.PARCEL
    rate = ShippingRate.objects.filter(currency=currency).first() if is_sent else None
    event = getattr(found, "event", None)
    crumbs = [
        _home_crumb(),
        (found.category.name, found.category.get_absolute_url()),
        (found.name, found.get_absolute_url()),
    ]
    return {
        "product": found,
        "variant": offer.variant if offer else None,
        "offer": offer,
        "option_groups": option_groups(offers, offer) if offer else [],
        "images": images,
        "shipping_rate": rate,
        "delivery": delivery_dates(rate, timezone.localdate()) if rate else None,
        "handed_over": HANDED_OVER.get(Product.Kind(found.kind)),
        "event_time": event_time(event.starts_at, event.ends_at) if event else "",
        "crumbs": crumbs,
        "og_image": picture_address(images[0]) if images else "",
        "structured_data": as_script(
            product_data(found, images, offer, currency), breadcrumb_data(crumbs)
        ),
    }


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    query = clean_query(request.GET.get("q", ""))
    page = _whole_number(request.GET.get("page", "")) or 1
    found = search_products(query)
    start = (page - 1) * PAGE_SIZE
    ids = found.product_ids[start : start + PAGE_SIZE]
    cards = product_cards(Product.objects.filter(pk__in=ids), current_currency(request))
    context = {
        "query": query,
        "cards": sorted(cards, key=lambda card: ids.index(card.product.pk)),
        "is_close": found.is_close,
        "next_page": page + 1 if len(found.product_ids) > start + PAGE_SIZE else None,
        "is_continued": page > 1,
    }
    return render(request, "shop/search.html", context)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    context = {"sitemap": absolute("/sitemap.xml")}
    return render(request, "shop/robots.txt", context, content_type="text/plain; charset=utf-8")


def _home_crumb() -> Crumb:
    return _("Home"), "/"


def _images(product: Product, offer: Offer | None) -> list[ProductImage]:
    """The product's pictures, the one of the chosen variant first. 1 query."""
    first = offer.variant.image_id if offer else None
    return sorted(product.images.all(), key=lambda image: image.pk != first)


def _whole_number(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
    return int(text) if is_number else None
