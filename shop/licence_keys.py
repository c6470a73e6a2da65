"""The pools that counted licences are sold from: a free key for each unit of stock."""

from collections.abc import Sequence

from django.db import transaction

from inventory.models import StockItem, StockMovement
from inventory.stock import adjust
from shop.models import LicenceKey, Variant


def known_keys(keys: Sequence[str]) -> list[str]:
    """Return those of `keys` that are in a pool already, free or sold. 1 query."""
    return list(LicenceKey.objects.filter(key__in=keys).values_list("key", flat=True))


def free_keys(variant: Variant) -> int:
    """Return how many keys of the variant's pool nobody has. 1 query."""
    return variant.licence_keys.filter(taken_by="").count()


@transaction.atomic
def add_keys(variant: Variant, keys: Sequence[str], actor: str) -> None:
    """Add `keys`, none of them known, to the pool, and as many units to the stock. 4 queries.

    A variant that was not counted is from now on.
    """
    if variant.stock is None:
        variant.stock, _created = StockItem.objects.get_or_create(sku=variant.sku)
        variant.save(update_fields=["stock"])
    LicenceKey.objects.bulk_create(LicenceKey(variant=variant, key=key) for key in keys)
    adjust(variant.stock, len(keys), StockMovement.Reason.RECEIVED, actor)
