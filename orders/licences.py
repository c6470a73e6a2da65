"""Licence keys, taken from a variant's pool or made. Each function runs under the order's lock."""

import secrets
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import StockItem, StockMovement
from inventory.stock import StockWouldBeNegativeError, adjust
from orders.models import Grant, LicenceGrant
from orders.models.order import ALPHABET
from orders.refusals import GrantRefusedError
from shop.models import LicenceKey, Product

# 28 letters of 5 bits each: 140 bits.
GROUPS, LETTERS = 7, 4
Reason = StockMovement.Reason


def new_key() -> str:
    """Return a random key that people can read aloud, with more than 128 bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(GROUPS))
    return "-".join(groups)


def give_keys(grant: Grant, units: int) -> None:
    """Bring the grant to `units` keys: first those it had before, then new ones.

    Raises GrantRefusedError when the pool has too few.
    """
    missing = units - _live(grant).count()
    revived = list(grant.licences.exclude(revoked_at=None)[: max(missing, 0)])
    LicenceGrant.objects.filter(pk__in=[licence.pk for licence in revived]).update(revoked_at=None)
    missing -= len(revived)
    if missing <= 0:
        return
    variant = grant.line.variant
    if variant is None:
        raise GrantRefusedError(
            _("%(title)s is no longer in the shop: refund it, or send a key by mail.")
            % {"title": grant.line.title}
        )
    keys = [new_key() for _ in range(missing)]
    if variant.stock is not None:
        keys = _taken(grant, variant.pk, missing)
        _pay_for_later_keys(grant, variant.stock, missing)
    if LicenceGrant.objects.filter(key__in=keys).exists():
        raise GrantRefusedError(
            _("The next key of %(title)s was given to somebody before: take it out of the pool.")
            % {"title": grant.line.title}
        )
    LicenceGrant.objects.bulk_create(LicenceGrant(grant=grant, key=key) for key in keys)


def revoke_keys(grant: Grant, keep: int) -> int:
    """Revoke the newest keys but `keep`; returns how many."""
    newest = list(_live(grant).order_by("pk").values_list("pk", flat=True)[keep:])
    return LicenceGrant.objects.filter(pk__in=newest).update(revoked_at=timezone.now())


def put_back_unclaimed(grant: Grant) -> None:
    """Sell those units again for which no key left the pool; before anything is noted of the grant.

    A counted licence's stock is the number of its free keys: a unit that was refunded before it
    got its key leaves one free, and a key that somebody may have seen is never sold again.
    """
    stock = _pool_stock(grant)
    unclaimed = grant.line.quantity - grant.licences.count()
    if stock is None or unclaimed <= 0 or not _is_paid_from(grant, stock):
        return
    order = grant.line.order
    adjust(stock, unclaimed, Reason.COUNTED, f"order {order}", _("its keys were never given"))


def _pay_for_later_keys(grant: Grant, stock: StockItem, units: int) -> None:
    """Take from stock what the sale did not.

    Keys given after unclaimed units were put back, and those of a sale from before there were keys.
    """
    if _is_paid_from(grant, stock):
        return
    order = grant.line.order
    try:
        adjust(stock, -units, Reason.COUNTED, f"order {order}", _("keys the sale did not take"))
    except StockWouldBeNegativeError as error:
        raise GrantRefusedError(_too_few(grant, units, 0)) from error


def _taken(grant: Grant, variant_id: int, units: int) -> list[str]:
    """Take so many free keys; rivals take others."""
    free = LicenceKey.objects.select_for_update(skip_locked=True).filter(
        variant=variant_id, taken_by=""
    )
    keys = list(free.order_by("pk")[:units])
    if len(keys) < units:
        raise GrantRefusedError(_too_few(grant, units, len(keys)))
    _note_taken(keys, grant.line.order.number)
    return [key.key for key in keys]


def _note_taken(keys: Iterable[LicenceKey], number: str) -> None:
    LicenceKey.objects.filter(pk__in=[key.pk for key in keys]).update(taken_by=number)


def _too_few(grant: Grant, wanted: int, free: int) -> str:
    return _("%(title)s: %(wanted)d keys are due, %(free)d are free. Add keys, then try again.") % {
        "title": grant.line.title,
        "wanted": wanted,
        "free": free,
    }


def _live(grant: Grant) -> QuerySet[LicenceGrant]:
    return grant.licences.filter(revoked_at=None)


def _pool_stock(grant: Grant) -> StockItem | None:
    variant = grant.line.variant
    if grant.line.kind != Product.Kind.LICENCE or variant is None:
        return None
    return variant.stock


def _is_paid_from(grant: Grant, stock: StockItem) -> bool:
    """Whether the sale's own units of `stock` are still to be settled with this grant."""
    if grant.granted_at is not None or grant.revoked_at is not None:
        return False
    number = grant.line.order.number
    return stock.movements.filter(reason=Reason.SOLD, reference=number).exists()
