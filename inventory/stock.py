"""The verbs of stock: hold, confirm, release, adjust. Each runs inside the caller's transaction.

Items are always touched in the order of their keys, so two orders for the same cannot deadlock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, FilteredRelation, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from inventory.models import Reservation, StockItem, StockMovement


@dataclass(frozen=True)
class Shortage:
    """Item `item_id` was asked for `wanted` times and only `available` are free."""

    item_id: int
    wanted: int
    available: int


class NotEnoughStockError(Exception):
    """Nothing was held: `shortages` says which items fall short, and by how much."""

    def __init__(self, shortages: list[Shortage]) -> None:
        super().__init__(f"not enough stock of {len(shortages)} item(s)")
        self.shortages = shortages


class StockWouldBeNegativeError(Exception):
    """The correction would leave less on hand than is held for orders."""


def available_to(holder: str, item_ids: Iterable[int]) -> dict[int, int]:
    """Return how many units of each item `holder` could buy: free and his own. 1 query."""
    own = FilteredRelation(
        "reservations",
        condition=Q(reservations__holder=holder, reservations__state=Reservation.State.HELD),
    )
    return dict(
        StockItem.objects.filter(pk__in=list(item_ids))
        .annotate(own=own)
        .annotate(available_to=F("on_hand") - F("held") + Coalesce(Sum("own__quantity"), 0))
        .values_list("pk", "available_to")
    )


def hand_over(holder: str, successor: str) -> None:
    """Let `successor` count the open holds of `holder` as his own. 1 query."""
    Reservation.objects.filter(holder=holder, state=Reservation.State.HELD).update(holder=successor)


def ran_low(reference: str, item_ids: Iterable[int], threshold: int) -> list[StockItem]:
    """Return those of the items of which the sale `reference` left `threshold` or fewer.

    Not those of which there were as few before. A query, and one for each item that is low now.
    """
    sales = StockMovement.objects.select_related("item").filter(
        item__in=item_ids,
        reference=reference,
        reason=StockMovement.Reason.SOLD,
        item__on_hand__lte=threshold,
    )
    return [sale.item for sale in sales if _crossed(sale, threshold)]


def _crossed(movement: StockMovement, threshold: int) -> bool:
    upto = StockMovement.objects.filter(item=movement.item_id, pk__lte=movement.pk)
    left = upto.aggregate(sum=Sum("quantity"))["sum"]
    return bool(left <= threshold < left - movement.quantity)


@transaction.atomic
def hold(reference: str, holder: str, quantities: Mapping[int, int]) -> None:
    """Hold `quantities` (item key → units) for `reference`, all or nothing. 2 queries an item.

    Raises NotEnoughStockError, naming every item that falls short, and then holds nothing.
    """
    shortages = []
    for item_id, quantity in sorted(quantities.items()):
        item = StockItem.objects.filter(pk=item_id)
        if item.filter(on_hand__gte=F("held") + quantity).update(held=F("held") + quantity):
            Reservation.objects.create(
                item_id=item_id, reference=reference, holder=holder, quantity=quantity
            )
        else:
            shortages.append(Shortage(item_id, quantity, item.get().available))
    if shortages:
        raise NotEnoughStockError(shortages)


@transaction.atomic
def confirm(reference: str) -> None:
    """Turn the open holds of `reference` into sales. Nothing is left to do the second time."""
    for reservation in _open_holds(reference):
        StockItem.objects.filter(pk=reservation.item_id).update(
            held=F("held") - reservation.quantity, on_hand=F("on_hand") - reservation.quantity
        )
        StockMovement.objects.create(
            item_id=reservation.item_id,
            quantity=-reservation.quantity,
            reason=StockMovement.Reason.SOLD,
            reference=reference,
            actor=f"order {reference}",
        )
        _settle(reservation, Reservation.State.CONFIRMED)


@transaction.atomic
def release(reference: str) -> None:
    """Free the open holds of `reference`. Nothing is left to do the second time."""
    for reservation in _open_holds(reference):
        StockItem.objects.filter(pk=reservation.item_id).update(
            held=F("held") - reservation.quantity
        )
        _settle(reservation, Reservation.State.RELEASED)


@transaction.atomic
def take_back(reference: str, quantities: Mapping[int, int], actor: str) -> None:
    """Put returned units (item key → units) back for `reference`, once. 3 queries an item.

    Nothing is left to do the second time.
    """
    for item_id, quantity in sorted(quantities.items()):
        item = StockItem.objects.select_for_update().get(pk=item_id)
        _movement, is_new = StockMovement.objects.get_or_create(
            item=item,
            reference=reference,
            reason=StockMovement.Reason.RETURNED,
            defaults={"quantity": quantity, "actor": actor},
        )
        if is_new:
            StockItem.objects.filter(pk=item_id).update(on_hand=F("on_hand") + quantity)


@transaction.atomic
def adjust(
    item: StockItem, change: int, reason: StockMovement.Reason, actor: str, note: str = ""
) -> StockMovement:
    """Add `change` units (negative: take away) to what is on hand and append the movement.

    Raises StockWouldBeNegativeError when fewer would be left than are held for orders.
    """
    moved = StockItem.objects.filter(pk=item.pk, on_hand__gte=F("held") - change).update(
        on_hand=F("on_hand") + change
    )
    if not moved:
        raise StockWouldBeNegativeError
    return StockMovement.objects.create(
        item=item, quantity=change, reason=reason, actor=actor, note=note
    )


def _open_holds(reference: str) -> list[Reservation]:
    return list(
        Reservation.objects.select_for_update()
        .filter(reference=reference, state=Reservation.State.HELD)
        .order_by("item_id")
    )


def _settle(reservation: Reservation, state: Reservation.State) -> None:
    reservation.state = state
    reservation.settled_at = timezone.now()
    reservation.save(update_fields=["state", "settled_at"])
