"""What search engines are told, in the words of schema.org: the price and stock the page shows."""

import json
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shop.models import EventDetails, Product, ProductImage
from shop.money import to_decimal
from shop.offers import Offer
from shop.pictures import WIDTHS, rendition_url

# Inside a script element only these could end it early.
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}

IN_STOCK = "https://schema.org/InStock"
SOLD_OUT = "https://schema.org/OutOfStock"

Crumb = tuple[str, str]


def absolute(path: str) -> str:
    """Return the full address of a path of the shop, or of a file that has one already."""
    return urljoin(str(settings.BASE_URL), path)


def picture_address(image: ProductImage) -> str:
    """Return the full address of the largest rendition of a picture."""
    return absolute(rendition_url(image, WIDTHS[-1]))


def product_data(
    product: Product, images: list[ProductImage], offer: Offer | None, currency: str
) -> dict[str, Any]:
    """Return a product as schema.org describes it, with the one offer that the page shows."""
    event = getattr(product, "event", None)
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "name": product.name,
        "description": product.description,
        "image": [picture_address(image) for image in images],
        **(_as_goods(product, offer) if event is None else _as_event(event)),
    }
    if offer is not None and offer.price_minor is not None:
        data["offers"] = {
            "@type": "Offer",
            "url": absolute(product.get_absolute_url()),
            "price": str(to_decimal(offer.price_minor, currency)),
            "priceCurrency": currency,
            "availability": IN_STOCK if offer.can_be_bought else SOLD_OUT,
        }
    if "offers" in data and product.kind == Product.Kind.PARCEL:
        data["offers"]["itemCondition"] = "https://schema.org/NewCondition"
    return data


def _as_goods(product: Product, offer: Offer | None) -> dict[str, Any]:
    return {
        "@type": "Product",
        "category": product.category.name,
        "brand": {"@type": "Brand", "name": settings.SHOP_NAME},
        **({"sku": offer.variant.sku} if offer is not None else {}),
    }


def _as_event(event: EventDetails) -> dict[str, Any]:
    return {
        "@type": "Event",
        "startDate": timezone.localtime(event.starts_at).isoformat(),
        "endDate": timezone.localtime(event.ends_at).isoformat(),
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": {"@type": "Place", "name": event.place, "address": event.place},
        "organizer": {"@type": "Organization", "name": settings.SHOP_NAME},
    }


def breadcrumb_data(crumbs: list[Crumb]) -> dict[str, Any]:
    """Return the way from the front page, given as names and paths, as schema.org describes it."""
    return {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": absolute(path)}
            for position, (name, path) in enumerate(crumbs, start=1)
        ],
    }


def as_script(*things: dict[str, Any]) -> SafeString:
    """Return a script element that holds data only, safe against anything written in a name."""
    written = json.dumps(things[0] if len(things) == 1 else things, ensure_ascii=False)
    return format_html(
        '<script type="application/ld+json">{}</script>', SafeString(written.translate(ESCAPES))
    )
