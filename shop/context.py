"""What every page of the shop needs: its name, the visitor's currency, the categories."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shop.currency import current_currency
from shop.models import Category


def shop(request: HttpRequest) -> dict[str, Any]:
    """Return the shop's part of a template's context; 1 query if the template lists categories."""
    return {
        "shop_name": settings.SHOP_NAME,
        "base_url": settings.BASE_URL,
        "currency": current_currency(request),
        "currencies": settings.CURRENCIES,
        "categories": SimpleLazyObject(lambda: list(Category.objects.all())),
    }
