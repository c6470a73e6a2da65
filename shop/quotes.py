"""The one value that crosses the floors: what a cart costs, to the minor unit.

`cart/pricing.py` makes it, checkout compares it with what the shopper was shown,
`orders/placing.py` freezes it into an order. All amounts are whole minor units of `currency`.
"""

from dataclasses import dataclass
from decimal import Decimal

from shop.models import Product


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """`quantity` units of one variant, with this line's share of discount and tax.

    `kind` is one of Product.Kind.
    """

    variant_id: int
    sku: str
    title: str
    options: str
    kind: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    tax_minor: int

    @property
    def subtotal_minor(self) -> int:
        """Price times quantity, before discount and tax."""
        return self.unit_price_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Quote:
    """A price that adds up: making one that does not raises ValueError."""

    currency: str
    country: str
    lines: tuple[QuoteLine, ...]
    coupon_code: str
    tax_percent: Decimal
    shipping_minor: int
    shipping_tax_minor: int
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int

    @property
    def needs_delivery(self) -> bool:
        """Whether something of it is sent as a parcel."""
        return any(line.kind == Product.Kind.PARCEL for line in self.lines)

    def __post_init__(self) -> None:
        parts = {
            "subtotal_minor": sum(line.subtotal_minor for line in self.lines),
            "discount_minor": sum(line.discount_minor for line in self.lines),
            "tax_minor": sum(line.tax_minor for line in self.lines) + self.shipping_tax_minor,
            "total_minor": (
                self.subtotal_minor - self.discount_minor + self.shipping_minor + self.tax_minor
            ),
        }
        for name, expected in parts.items():
            if getattr(self, name) != expected:
                raise ValueError(f"{name} is {getattr(self, name)}, its parts make {expected}.")
        if self.discount_minor > self.subtotal_minor:
            raise ValueError("The discount is larger than the lines.")
        if min(self.shipping_minor, self.shipping_tax_minor, *parts.values()) < 0:
            raise ValueError("A quote has no negative part.")
        if any(
            line.quantity < 1 or min(line.unit_price_minor, line.discount_minor, line.tax_minor) < 0
            for line in self.lines
        ):
            raise ValueError("A line has a quantity of at least 1 and no negative part.")
