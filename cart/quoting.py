"""Price a cart as it stands: live prices, live stock, the coupon, shipping and tax."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import F, FilteredRelation, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cart.coupons import problem
from cart.models import Cart, CartLine
from cart.pricing import Discount, Item, Shipping, quote
from inventory.stock import available_to
from shop.delivery import DeliveryDates, delivery_dates
from shop.models import Product, ProductImage, ShippingRate, TaxRate, Variant
from shop.money import format_money
from shop.quotes import Quote


@dataclass(frozen=True)
class PricedLine:
    """A line with its live price and stock; `notice` says what stops it, and what has changed.

    `unit_price_minor` is None where the variant has no price in the cart's currency, `available`
    where it is not counted.
    """

    line: CartLine
    variant: Variant
    unit_price_minor: int | None
    available: int | None
    notice: str
    can_be_bought: bool

    @property
    def subtotal_minor(self) -> int | None:
        """Price times quantity, before discount and tax."""
        price = self.unit_price_minor
        return None if price is None else price * self.line.quantity

    @property
    def image(self) -> ProductImage | None:
        """The variant's own picture, else the product's first."""
        return self.variant.image or next(iter(self.variant.product.images.all()), None)


@dataclass(frozen=True)
class PricedCart:
    """A cart with its quote. `coupon_message` says why a coupon in it does not count.

    `delivery` is None where nothing is sent as a parcel.
    """

    cart: Cart
    lines: list[PricedLine]
    quote: Quote
    coupon_message: str
    delivery: DeliveryDates | None

    @property
    def is_ready(self) -> bool:
        """Whether there is something in it and all of it can be bought."""
        return bool(self.lines) and all(line.can_be_bought for line in self.lines)

    @property
    def count(self) -> int:
        """Units in the cart."""
        return sum(line.line.quantity for line in self.lines)


def price_cart(cart: Cart) -> PricedCart:
    """Return the cart priced now, in at most 6 queries whatever the number of lines.

    Lines without a price in the cart's currency are shown but not in the quote. Where no shipping
    rate is set for the currency, shipping is free. The coupon is one more query where `cart` did
    not come with it, as from `get_cart`.
    """
    lines = _priced_lines(cart)
    coupon_message, discount = _coupon(cart)
    rate, tax_percent = _terms(cart)
    priced = quote(
        [_item(line, line.unit_price_minor) for line in lines if line.unit_price_minor is not None],
        currency=cart.currency,
        country=str(cart.country),
        tax_percent=tax_percent,
        shipping=Shipping(rate.amount_minor, rate.free_from_minor),
        coupon=discount,
    )
    arrives = delivery_dates(rate, timezone.localdate()) if priced.needs_delivery else None
    return PricedCart(cart, lines, priced, coupon_message, arrives)


def needs_delivery(cart: Cart) -> bool:
    """Say whether something in the cart is sent as a parcel. 1 query."""
    return cart.lines.filter(variant__product__kind=Product.Kind.PARCEL).exists()


def _terms(cart: Cart) -> tuple[ShippingRate, Decimal]:
    """The shipping rate of the cart's currency, and the tax rate of its country; one query."""
    taxes = TaxRate.objects.filter(country=cart.country).values("percent")
    rate = (
        ShippingRate.objects.filter(currency=cart.currency)
        .annotate(tax_percent=Subquery(taxes))
        .first()
    )
    if rate is None:
        free = ShippingRate(currency=cart.currency, amount_minor=0)
        percent = taxes.values_list("percent", flat=True).first()
    else:
        free, percent = rate, rate.tax_percent
    return free, Decimal(settings.DEFAULT_TAX_PERCENT) if percent is None else percent


def _priced_lines(cart: Cart) -> list[PricedLine]:
    lines = list(
        CartLine.objects.filter(cart_id=cart.pk)
        .select_related("variant__product__event", "variant__image")
        .prefetch_related("variant__product__images")
        .annotate(
            price=FilteredRelation(
                "variant__prices", condition=Q(variant__prices__currency=cart.currency)
            ),
            price_minor=F("price__amount_minor"),
        )
    )
    free = available_to(
        cart.token, [line.variant.stock_id for line in lines if line.variant.stock_id is not None]
    )
    return [_priced_line(cart, line, line.price_minor, free) for line in lines]


def _priced_line(
    cart: Cart, line: CartLine, price_minor: int | None, free: dict[int, int]
) -> PricedLine:
    variant = line.variant
    available = None if variant.stock_id is None else free[variant.stock_id]
    fault = _fault(line, price_minor, available, cart.currency)
    change = _price_change(line, price_minor, cart.currency)
    return PricedLine(
        line=line,
        variant=variant,
        unit_price_minor=price_minor,
        available=available,
        notice=" ".join(filter(None, [fault, change])),
        can_be_bought=not fault,
    )


def _fault(line: CartLine, price_minor: int | None, available: int | None, currency: str) -> str:
    variant = line.variant
    if not (variant.is_active and variant.product.is_published):
        return _("No longer for sale. Remove it to go on.")
    if variant.product.is_over:
        return _("This event has begun. Remove it to go on.")
    if price_minor is None:
        return _("Not sold in %(currency)s. Remove it or choose another currency to go on.") % {
            "currency": currency
        }
    if available is None or line.quantity <= available:
        return ""
    if available <= 0:
        return _("Sold out. Remove it to go on.")
    return ngettext(
        "Only %(count)d left. Lower the quantity to go on.",
        "Only %(count)d left. Lower the quantity to go on.",
        available,
    ) % {"count": available}


def _price_change(line: CartLine, price_minor: int | None, currency: str) -> str:
    before = line.seen_price_minor
    if before is None or price_minor is None or line.seen_currency != currency:
        return ""
    if before == price_minor:
        return ""
    return _("Price changed from %(before)s to %(now)s since you last looked.") % {
        "before": format_money(before, currency),
        "now": format_money(price_minor, currency),
    }


def _item(line: PricedLine, price_minor: int) -> Item:
    variant = line.variant
    return Item(
        variant_id=variant.pk,
        sku=variant.sku,
        title=variant.product.name,
        options=variant.options_label,
        kind=variant.product.kind,
        quantity=line.line.quantity,
        unit_price_minor=price_minor,
    )


def _coupon(cart: Cart) -> tuple[str, Discount | None]:
    coupon = cart.coupon
    if coupon is None:
        return "", None
    if message := problem(coupon, cart.currency, cart.token):
        return message, None
    return "", Discount(coupon.code, coupon.percent, coupon.amount_minor)
