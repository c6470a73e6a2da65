"""Parcels that leave. The only writer of `Shipment` and of `OrderLine.shipped_quantity`."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from orders.fulfilling import PAID_NOT_DONE, is_all_given_back, is_lost, left_of, note_progress
from orders.models import Order, OrderEvent, OrderLine, Shipment, ShipmentLine
from orders.states import Actor, append_event, lock
from shop.models import Product


class ShipRefusedError(Exception):
    """Nothing was sent. `code` says why for machines, `message` for staff."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@transaction.atomic
def ship(
    order_id: int,
    units: Sequence[tuple[int, int]],
    carrier: str,
    tracking_number: str,
    tracking_url: str,
    actor: Actor,
) -> Shipment:
    """Book a parcel with `units` (key of the line, quantity), and move the order on.

    Raises ShipRefusedError, also when a rival has just sent what was left. 14 queries, and one for
    each line.
    """
    order = lock(order_id)
    refuse_unsendable(order)
    chosen = _chosen(order, units)
    shipment = Shipment.objects.create(
        order=order,
        carrier=carrier,
        tracking_number=tracking_number,
        tracking_url=tracking_url,
        staff=actor.staff,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line=line, quantity=quantity) for line, quantity in chosen
    )
    for line, quantity in chosen:
        line.shipped_quantity += quantity
        line.save(update_fields=["shipped_quantity"])
    append_event(
        order,
        OrderEvent.Kind.SHIPPED,
        actor,
        shipment=shipment.pk,
        carrier=carrier,
        tracking_number=tracking_number,
        units=[{"title": line.title, "quantity": quantity} for line, quantity in chosen],
    )
    note_progress(order.pk, actor)
    return shipment


def left_to_send(order: Order) -> list[tuple[OrderLine, int]]:
    """Return the lines that are not sent in full, with the units left of each. 1 query."""
    return [(line, left) for line in order.lines.all() if (left := left_of(line))]


def refuse_unsendable(order: Order) -> None:
    """Raise ShipRefusedError where no parcel of the order may leave. 2 queries."""
    if order.state not in PAID_NOT_DONE:
        said = _("Nothing was sent: the order is “%(state)s”.")
        raise ShipRefusedError("wrong_state", said % {"state": order.get_state_display()})
    if is_all_given_back(order):
        said = _("Nothing was sent: all of its money is back, or on its way to the buyer.")
        raise ShipRefusedError("given_back", said)
    if is_lost(order):
        said = _("Nothing was sent: the bank has taken this money back, as the dispute was lost.")
        raise ShipRefusedError("lost", said)


def _chosen(order: Order, units: Sequence[tuple[int, int]]) -> list[tuple[OrderLine, int]]:
    if not units:
        raise ShipRefusedError("nothing", _("Choose at least one unit to send."))
    lines = {line.pk: line for line in order.lines.all()}
    chosen: dict[int, int] = {}
    for pk, quantity in units:
        line = lines.get(pk)
        if line is None:
            raise ShipRefusedError("no_such_line", _("This line is not of this order."))
        if line.kind != Product.Kind.PARCEL:
            said = _("“%(title)s” is not sent in a parcel.")
            raise ShipRefusedError("no_parcel", said % {"title": line.title})
        if quantity < 1:
            raise ShipRefusedError("no_units", _("Send one unit of a line or more."))
        chosen[pk] = chosen.get(pk, 0) + quantity
        left = left_of(line)
        if chosen[pk] > left:
            said = _("“%(title)s”: %(left)d left to send, not %(quantity)d.")
            words = {"title": line.title, "left": left, "quantity": chosen[pk]}
            raise ShipRefusedError("too_many_units", said % words)
    return [(lines[pk], quantity) for pk, quantity in chosen.items()]
