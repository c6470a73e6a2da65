from functools import cache
from typing import Any

from django.http import HttpRequest

from cart.current import units_in_cart


def cart(request: HttpRequest) -> dict[str, Any]:
    """Return `cart_count`, the units in the visitor's cart: at most one query, when it is shown."""

    @cache
    def cart_count() -> int:
        return units_in_cart(request)

    return {"cart_count": cart_count}
