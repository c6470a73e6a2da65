from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shop.currency import current_currency
from shop.delivery import delivery_dates
from shop.listing import PAGE_SIZE, category_page, covers, product_cards, published
from shop.models import Category, Product, ProductImage, ShippingRate
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
    found = get_object_or_404(published().select_related("category"), slug=slug)
    currency = current_currency(request)
    offers = offers_of(found, currency)
    offer = choose(offers, request.GET.get("variant", ""))
    images = _images(found, offer)
    rate = ShippingRate.objects.filter(currency=currency).first()
    crumbs = [
        _home_crumb(),
        (found.category.name, found.category.get_absolute_url()),
        (found.name, found.get_absolute_url()),
    ]
    context = {
        "product": found,
        "offer": offer,
        "option_groups": option_groups(offers, offer) if offer else [],
        "images": images,
        "shipping_rate": rate,
        "delivery": delivery_dates(rate, timezone.localdate()) if rate else None,
        "crumbs": crumbs,
        "og_image": picture_address(images[0]) if images else "",
        "structured_data": as_script(
            product_data(found, images, offer, currency), breadcrumb_data(crumbs)
        ),
    }
    return render(request, "shop/product.html", context)


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
