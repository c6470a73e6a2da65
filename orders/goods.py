"""What has become of the goods of an order: what was sent, what was granted, what is to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch

from orders.fulfilling import EVER_PAID, grant_of, is_done, left_of
from orders.models import Grant, Order, OrderLine, Shipment, ShipmentLine
from shop.models import Product


@dataclass(frozen=True)
class Goods:
    """The lines of an order with their grants, and its parcels, the first first."""

    lines: Sequence[OrderLine]
    shipments: Sequence[Shipment]

    @cached_property
    def left_to_send(self) -> list[tuple[OrderLine, int]]:
        """The lines that are not sent in full, with the units left of each."""
        return [(line, left) for line in self.lines if (left := left_of(line))]

    @cached_property
    def is_all_refunded(self) -> bool:
        """Whether the money for each unit is back, or on its way."""
        return all(line.refunded_quantity >= line.quantity for line in self.lines)

    @cached_property
    def has_grants(self) -> bool:
        """Whether anything of it needs no parcel."""
        return any(line.kind != Product.Kind.PARCEL for line in self.lines)

    @cached_property
    def granted(self) -> int:
        """How many lines are granted."""
        return sum(_is_granted(line) for line in self.lines)

    @cached_property
    def has_due(self) -> bool:
        """Whether something that is no parcel is not yet granted."""
        return any(_is_due(line) for line in self.lines)

    @cached_property
    def is_being_granted(self) -> bool:
        """Whether something will be granted without a parcel, and without the buyer's doing."""
        return any(_is_due(line) and not _waits_for_buyer(line) for line in self.lines)

    @property
    def mark(self) -> str:
        """Changes whenever a parcel leaves, or something is granted or taken back."""
        taken = sum(grant_of(line) is not None and is_done(line) for line in self.lines)
        return f"{len(self.shipments)}.{self.granted}.{taken}"


def goods_of(order: Order) -> Goods:
    """Return the goods of `order`. At most 3 queries, 1 for one that was never paid."""
    lines = list(order.lines.select_related("grant"))
    if order.state not in EVER_PAID:
        return Goods(lines, [])
    contents = Prefetch("lines", ShipmentLine.objects.select_related("line"))
    return Goods(lines, list(order.shipments.prefetch_related(contents)))


def _is_due(line: OrderLine) -> bool:
    return line.kind != Product.Kind.PARCEL and not is_done(line)


def _waits_for_buyer(line: OrderLine) -> bool:
    """Access to a repository needs the buyer's name there."""
    grant = grant_of(line)
    return line.kind == Product.Kind.REPOSITORY and grant is not None and not grant.handle


def _is_granted(line: OrderLine) -> bool:
    grant = grant_of(line)
    return grant is not None and grant.state == Grant.State.GRANTED
