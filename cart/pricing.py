"""What a cart costs: a pure function from plain values to a Quote, in whole minor units.

The steps, in their order:

1. Each line is price times quantity; their sum is the subtotal.
2. The coupon's discount is rounded half up once, capped at the subtotal, and spread over the lines.
3. Shipping is the flat rate, free from a discounted subtotal of `free_from_minor`, and nothing
   where no line is a parcel.
4. Tax is charged on the discounted lines and on shipping: calculated exactly, rounded half up once,
   and spread over the lines and shipping.
5. The total is lines less discount plus shipping plus tax.

An amount is spread by largest remainder, so that the parts add up to the whole. Rounded is to what
can be paid in the currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from shop.models import Product
from shop.money import split, step
from shop.quotes import Quote, QuoteLine


@dataclass(frozen=True)
class Item:
    """`quantity` units of one variant at its present price; `kind` is one of Product.Kind."""

    variant_id: int
    sku: str
    title: str
    options: str
    kind: str
    quantity: int
    unit_price_minor: int

    @property
    def subtotal_minor(self) -> int:
        """Price times quantity."""
        return self.unit_price_minor * self.quantity


@dataclass(frozen=True)
class Shipping:
    """A flat rate; free from a discounted subtotal of `free_from_minor`, where that is set."""

    amount_minor: int
    free_from_minor: int | None = None


@dataclass(frozen=True)
class Discount:
    """A coupon's terms: a percentage of the subtotal, or a fixed amount."""

    code: str
    percent: Decimal | None = None
    amount_minor: int | None = None


def quote(
    items: Sequence[Item],
    *,
    currency: str,
    country: str,
    tax_percent: Decimal,
    shipping: Shipping,
    coupon: Discount | None,
) -> Quote:
    """Return the price of `items`, one for each variant; their order changes no amount.

    Raises ValueError when an item has a quantity below 1 or an amount is negative.
    """
    subtotals = {item.variant_id: item.subtotal_minor for item in items}
    subtotal = sum(subtotals.values())
    payable = step(currency)
    discount = _discount(coupon, subtotal, payable)
    discounts = split(discount, subtotals, payable)
    shipping_minor = _shipping(items, shipping, subtotal - discount)
    taxed = {key: amount - discounts[key] for key, amount in subtotals.items()}
    # Variants have positive keys: 0 stands for shipping.
    tax = _part(subtotal - discount + shipping_minor, tax_percent, payable)
    taxes = split(tax, {0: shipping_minor, **taxed}, payable)
    return Quote(
        currency=currency,
        country=country,
        lines=tuple(
            QuoteLine(
                variant_id=item.variant_id,
                sku=item.sku,
                title=item.title,
                options=item.options,
                kind=item.kind,
                quantity=item.quantity,
                unit_price_minor=item.unit_price_minor,
                discount_minor=discounts[item.variant_id],
                tax_minor=taxes[item.variant_id],
            )
            for item in items
        ),
        coupon_code=coupon.code if coupon else "",
        tax_percent=tax_percent,
        shipping_minor=shipping_minor,
        shipping_tax_minor=taxes[0],
        subtotal_minor=subtotal,
        discount_minor=discount,
        tax_minor=tax,
        total_minor=subtotal - discount + shipping_minor + tax,
    )


def _discount(coupon: Discount | None, subtotal: int, payable: int) -> int:
    if coupon is None:
        return 0
    if coupon.percent is not None:
        return min(_part(subtotal, coupon.percent, payable), subtotal)
    return min(coupon.amount_minor or 0, subtotal)


def _shipping(items: Sequence[Item], shipping: Shipping, discounted: int) -> int:
    if not any(item.kind == Product.Kind.PARCEL for item in items):
        return 0
    free_from = shipping.free_from_minor
    return 0 if free_from is not None and discounted >= free_from else shipping.amount_minor


def _part(amount: int, percent: Decimal, payable: int) -> int:
    exact = Decimal(amount) * percent / 100 / payable
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)) * payable
