"""Freeze a quote into an order."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import get_language

from accounts.models import User
from orders.models import Order, OrderLine
from orders.states import SHOPPER, Kind, append_event
from shop.delivery import DeliveryDates
from shop.quotes import Quote


@dataclass(frozen=True)
class BuyerDetails:
    """Where the receipt goes and where the goods go; `billing` is empty when it is the same.

    Addresses have the keys name, line1, line2, city, region, postcode and country; where nothing is
    sent, `shipping` is whom the receipt names, with name and country alone. `placed_from` is the
    network address, `source` where the visit came from; both are empty when they are not known.
    """

    email: str
    shipping: dict[str, str]
    billing: dict[str, str]
    placed_from: str = ""
    source: str = ""


@transaction.atomic
def place_order(
    quote: Quote,
    details: BuyerDetails,
    user: User | None,
    delivery: DeliveryDates | None,
    held_until: datetime,
) -> Order:
    """Return a new PENDING order with the quote's amounts, and its first event. 3 queries.

    `delivery` is None where nothing is sent. Messages about it are in the language that is active.
    Holding stock and coupon for its number is the caller's next step in the same transaction.
    """
    order = Order.objects.create(
        user=user,
        email=details.email,
        shipping_address=details.shipping,
        billing_address=details.billing,
        delivery_from=delivery.from_date if delivery else None,
        delivery_until=delivery.until_date if delivery else None,
        language=get_language() or settings.LANGUAGE_CODE,
        source=details.source,
        currency=quote.currency,
        country=quote.country,
        coupon_code=quote.coupon_code,
        tax_percent=quote.tax_percent,
        subtotal_minor=quote.subtotal_minor,
        discount_minor=quote.discount_minor,
        shipping_minor=quote.shipping_minor,
        shipping_tax_minor=quote.shipping_tax_minor,
        tax_minor=quote.tax_minor,
        total_minor=quote.total_minor,
        held_until=held_until,
        placed_from=details.placed_from or None,
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            variant_id=line.variant_id,
            sku=line.sku,
            title=line.title,
            options=line.options,
            kind=line.kind,
            quantity=line.quantity,
            unit_price_minor=line.unit_price_minor,
            discount_minor=line.discount_minor,
            tax_minor=line.tax_minor,
        )
        for line in quote.lines
    )
    units = sum(line.quantity for line in quote.lines)
    append_event(order, Kind.PLACED, SHOPPER, order.total_minor, units=units)
    return order


def is_same_purchase(order: Order, quote: Quote) -> bool:
    """Say whether `order` is for just what `quote` offers, to the minor unit. One query."""
    bought = sorted(
        (line.variant_id or 0, line.kind, line.quantity, line.unit_price_minor, line.discount_minor)
        for line in order.lines.all()
    )
    offered = sorted(
        (line.variant_id, line.kind, line.quantity, line.unit_price_minor, line.discount_minor)
        for line in quote.lines
    )
    return (
        bought == offered
        and all(
            getattr(order, name) == getattr(quote, name)
            for name in ("currency", "country", "coupon_code", "tax_percent", "shipping_minor")
        )
        and order.total_minor == quote.total_minor
    )
