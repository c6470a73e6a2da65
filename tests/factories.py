"""The things of a shop, made for tests. A variant comes with product, price and counted stock."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import User
from cart.models import Cart, CartLine, Coupon
from inventory.models import StockItem, StockMovement
from inventory.stock import adjust
from shop.models import Category, Price, Product, ShippingRate, TaxRate, Variant


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"buyer{n}@example.com")
    name = "Ada Buyer"


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category

    name = factory.Sequence(lambda n: f"Category {n}")
    slug = factory.Sequence(lambda n: f"category-{n}")


class ProductFactory(DjangoModelFactory[Product]):
    class Meta:
        model = Product

    category = factory.SubFactory(CategoryFactory)
    name = factory.Sequence(lambda n: f"Mug {n}")
    slug = factory.Sequence(lambda n: f"mug-{n}")
    description = "Thrown by hand."


def make_stock(units: int, sku: str) -> StockItem:
    """Return an item with `units` on hand, received by a movement."""
    item = StockItem.objects.create(sku=sku)
    if units:
        adjust(item, units, StockMovement.Reason.RECEIVED, actor="test")
        item.refresh_from_db()
    return item


def make_variant(
    *, price_minor: int = 4200, currency: str = "USD", units: int | None = 10, **fields: Any
) -> Variant:
    """Return a variant on sale for `price_minor`, with `units` on hand (None: not counted)."""
    product = fields.pop("product", None) or ProductFactory()
    sku = fields.pop("sku", f"SKU-{product.pk}-{product.variants.count()}")
    fields.setdefault("options", {"Size": f"No. {product.variants.count() + 1}"})
    stock = None if units is None else make_stock(units, sku)
    variant = Variant.objects.create(product=product, sku=sku, stock=stock, **fields)
    Price.objects.create(variant=variant, currency=currency, amount_minor=price_minor)
    return variant


def make_cart(*variants: Variant, quantity: int = 1, **fields: Any) -> Cart:
    """Return a cart in USD for the US with `quantity` of each variant."""
    cart = Cart.objects.create(**{"currency": "USD", "country": "US", **fields})
    for variant in variants:
        CartLine.objects.create(cart=cart, variant=variant, quantity=quantity)
    return cart


def make_shipping(amount_minor: int = 600, currency: str = "USD", **fields: Any) -> ShippingRate:
    """Return the flat rate of a currency."""
    return ShippingRate.objects.create(currency=currency, amount_minor=amount_minor, **fields)


class TaxRateFactory(DjangoModelFactory[TaxRate]):
    class Meta:
        model = TaxRate

    country = "DE"
    percent = "19"


class CouponFactory(DjangoModelFactory[Coupon]):
    class Meta:
        model = Coupon

    code = factory.Sequence(lambda n: f"SAVE{n}")
    kind = Coupon.Kind.PERCENTAGE
    percent = 10
    starts_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))
