"""Which things an order has left only a few of."""

from django.conf import settings

from inventory.models import StockItem
from inventory.stock import ran_low
from orders.models import Order


def low_after(order: Order) -> list[StockItem]:
    """Return the items that fell to settings.LOW_STOCK or fewer with this order."""
    items = order.lines.filter(variant__stock__isnull=False).values_list(
        "variant__stock", flat=True
    )
    return ran_low(order.number, list(items), settings.LOW_STOCK)
