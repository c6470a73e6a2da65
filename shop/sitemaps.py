from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import Max, Q, QuerySet

from shop.listing import published
from shop.models import Category, Product


class ProductSitemap(Sitemap[Product]):
    def items(self) -> QuerySet[Product]:
        return published()

    def lastmod(self, product: Product) -> datetime:
        return product.updated_at


class CategorySitemap(Sitemap[Category]):
    def items(self) -> QuerySet[Category]:
        is_published = Q(products__is_published=True)
        return Category.objects.order_by("pk").annotate(
            changed_at=Max("products__updated_at", filter=is_published)
        )

    def lastmod(self, category: Category) -> datetime | None:
        changed_at: datetime | None = getattr(category, "changed_at", None)
        return changed_at


SITEMAPS = {"categories": CategorySitemap, "products": ProductSitemap}
