"""Products as a list shows them: a picture, a name, and from what price."""

from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from shop.models import Category, Price, Product, ProductImage, Variant

PAGE_SIZE = 24


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product in a list. The prices are None where it is not sold in the currency asked for."""

    product: Product
    image: ProductImage | None
    lowest_minor: int | None
    highest_minor: int | None
    can_be_bought: bool

    @property
    def price_varies(self) -> bool:
        return self.lowest_minor != self.highest_minor


@dataclass(frozen=True, slots=True)
class ListPage:
    """A part of a list; `next_after` is where the next part starts, None at the end."""

    cards: list[ProductCard]
    next_after: int | None


def published() -> QuerySet[Product]:
    """Return all products on sale, newest first."""
    return Product.objects.filter(is_published=True)


def product_cards(products: QuerySet[Product], currency: str) -> list[ProductCard]:
    """Return `products`, which may be a slice, with prices in `currency`. 2 queries."""
    prices = Price.objects.filter(
        variant__product=OuterRef("pk"), variant__is_active=True, currency=currency
    )
    in_stock = Variant.objects.filter(
        Q(stock=None) | Q(stock__on_hand__gt=F("stock__held")),
        product=OuterRef("pk"),
        is_active=True,
        prices__currency=currency,
    )
    rows = products.annotate(
        lowest_minor=Subquery(prices.order_by("amount_minor").values("amount_minor")[:1]),
        highest_minor=Subquery(prices.order_by("-amount_minor").values("amount_minor")[:1]),
        # Not Exists: PostgreSQL would look at every variant of the shop to answer it.
        in_stock=Subquery(in_stock.values("pk")[:1]),
    ).prefetch_related("images")
    return [
        ProductCard(
            product=row,
            image=next(iter(row.images.all()), None),
            lowest_minor=row.lowest_minor,
            highest_minor=row.highest_minor,
            can_be_bought=row.in_stock is not None,
        )
        for row in rows
    ]


def category_page(category: Category, currency: str, after: int | None) -> ListPage:
    """Return the products of a category that follow the one with key `after`. 2 queries."""
    products = published().filter(category=category)
    if after is not None:
        products = products.filter(pk__lt=after)
    cards = product_cards(products[: PAGE_SIZE + 1], currency)
    shown = cards[:PAGE_SIZE]
    return ListPage(shown, shown[-1].product.pk if len(cards) > PAGE_SIZE else None)


def covers() -> dict[int, ProductImage]:
    """Return for each category (by key) the picture that stands for it. 1 query."""
    pictures = ProductImage.objects.filter(
        product__category=OuterRef("pk"), product__is_published=True
    ).order_by("product_id", "position", "pk")
    chosen = Category.objects.order_by().values_list(Subquery(pictures.values("pk")[:1]))
    images = ProductImage.objects.filter(pk__in=chosen).select_related("product")
    return {image.product.category_id: image for image in images}
