"""What must hold between stock, orders and refunds, and between coupons and orders."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from checkout.books import repairs
from checkout.books.findings import PAID_STATES, Break, Repair, State, order_named, sum_of
from inventory.models import Reservation, StockItem, StockMovement
from orders.models import Order, OrderLine, RefundLine
from shop.models import Product

Reason = StockMovement.Reason


@dataclass(frozen=True)
class UnitsUnlike:
    """An order that wants other units of an item than stock has booked for it."""

    number: str
    sku: str
    units: int
    booked: int


def units_on_hand() -> Iterator[Break]:
    """Yield each stock item whose units are not the sum of its movements. 1 query."""
    movements = StockMovement.objects.filter(item=OuterRef("pk"))
    items = StockItem.objects.annotate(moved=sum_of(movements, "item", "quantity"))
    for item in items.exclude(on_hand=F("moved")):
        yield Break(
            rule="on_hand_differs",
            title=_("The units on hand are not the sum of the item's movements"),
            subject=item.sku,
            found=str(item.on_hand),
            expected=str(item.moved),
            hint=_(
                "A movement was deleted or changed by hand. Count the shelf; then restore the "
                "movement from a backup, or add one that says what was found."
            ),
        )


def units_held() -> Iterator[Break]:
    """Yield each stock item whose held units are not the sum of its open holds. 1 query."""
    held = Reservation.objects.filter(item=OuterRef("pk"), state=Reservation.State.HELD)
    items = StockItem.objects.annotate(reserved=sum_of(held, "item", "quantity"))
    for item in items.exclude(held=F("reserved")):
        yield Break(
            rule="held_differs",
            title=_("The units held are not the sum of the item's open holds"),
            subject=item.sku,
            found=str(item.held),
            expected=str(item.reserved),
            hint=_("Count again from the open holds."),
            repair=Repair(
                _("count the held units from the open holds"),
                partial(repairs.recount_held, item.pk),
            ),
        )


def holds_of_closed_orders() -> Iterator[Break]:
    """Yield each open hold whose order does not wait for its payment. 1 query."""
    order = Order.objects.filter(number=OuterRef("reference"))
    holds = Reservation.objects.filter(state=Reservation.State.HELD).select_related("item")
    holds = holds.annotate(order_state=Subquery(order.values("state")))
    for hold in holds.filter(Q(order_state=None) | ~Q(order_state=State.PENDING)):
        yield Break(
            rule="hold_without_pending_order",
            title=_("Units are held for an order that does not wait for its payment"),
            subject=f"{order_named(hold.reference)}: {hold.quantity} × {hold.item}",
            order=hold.reference if hold.order_state else "",
            found=_("held, and the order is: %(state)s") % {"state": _state(hold.order_state)},
            expected=_("released, or sold"),
            hint=_("Its stock can be sold no more: release it; for a paid order, count the shelf."),
            repair=None
            if hold.order_state in PAID_STATES
            else Repair(_("release the hold"), partial(repairs.release_hold, hold.reference)),
        )


def units_of_waiting_orders() -> Iterator[Break]:
    """Yield what an unpaid order wants and does not hold, or holds in another number. 1 query."""
    held = Reservation.objects.filter(
        item=OuterRef("variant__stock"),
        reference=OuterRef("order__number"),
        state=Reservation.State.HELD,
    )
    for line in _lines_unlike(Q(order__state=State.PENDING), held, F("quantity")):
        yield Break(
            rule="waiting_order_not_held",
            title=_("An order waits for its payment, but its units are not held"),
            subject=f"{order_named(line.number)}: {line.sku}",
            order=line.number,
            found=_("%(units)d held") % {"units": line.booked},
            expected=_("%(units)d held") % {"units": line.units},
            hint=_("Its goods may be sold to somebody else: cancel the order on its page."),
        )


def units_of_paid_orders() -> Iterator[Break]:
    """Yield what a paid order bought and no sale, or one of other units, is booked for. 1 query."""
    sold = StockMovement.objects.filter(
        item=OuterRef("variant__stock"), reference=OuterRef("order__number"), reason=Reason.SOLD
    )
    for line in _lines_unlike(Q(order__state__in=PAID_STATES), sold, -F("quantity")):
        yield Break(
            rule="sale_differs_from_order",
            title=_("A paid order's units are not what stock says was sold for it"),
            subject=f"{order_named(line.number)}: {line.sku}",
            order=line.number,
            found=_("%(units)d sold") % {"units": line.booked},
            expected=_("%(units)d sold") % {"units": line.units},
            hint=_(
                "A sale was not booked, or was changed or deleted by hand. Count the shelf, and "
                "compare with the item's movements."
            ),
        )


def sales_without_order() -> Iterator[Break]:
    """Yield each sale for which no paid order has a line. 1 query."""
    # A line whose variant is gone may be the one.
    lines = OrderLine.objects.filter(
        Q(variant__stock=OuterRef("item")) | Q(variant=None),
        order__number=OuterRef("reference"),
        order__state__in=PAID_STATES,
    )
    sales = StockMovement.objects.filter(reason=Reason.SOLD).select_related("item")
    order = Order.objects.filter(number=OuterRef("reference"))
    sales = sales.filter(~Exists(lines)).annotate(order_state=Subquery(order.values("state")))
    for sale in sales:
        yield Break(
            rule="sale_without_order",
            title=_("Stock was sold for an order that did not buy it"),
            subject=f"{order_named(sale.reference)}: {sale.item}",
            order=sale.reference if sale.order_state else "",
            found=_("%(units)d sold, and the order is: %(state)s")
            % {"units": -sale.quantity, "state": _state(sale.order_state)},
            expected=_("a paid order that bought it"),
            hint=_("Count the shelf, and correct the stock if the units are still there."),
        )


def returned_units() -> Iterator[Break]:
    """Yield what refunds put back on the shelf and stock does not say, or not so. 1 query."""
    name = Concat(Value("refund "), Cast(OuterRef("refund"), CharField()))
    returned = StockMovement.objects.filter(
        item=OuterRef("line__variant__stock"), reference=name, reason=Reason.RETURNED
    )
    counted = StockMovement.objects.filter(
        item=OuterRef("line__variant__stock"), created_at__lt=OuterRef("refund__succeeded_at")
    )
    parts = (
        RefundLine.objects.filter(
            restock=True, refund__succeeded_at__isnull=False, line__variant__stock__isnull=False
        )
        # The key of a licence is taken back, but not sold again.
        .exclude(line__kind=Product.Kind.LICENCE)
        .order_by()
        .values(
            "refund",
            "line__order__number",
            "line__variant__stock",
            "line__variant__stock__sku",
            "refund__succeeded_at",
        )
        .annotate(
            units=Sum("quantity"),
            booked=sum_of(returned, "item", "quantity"),
            was_counted=Exists(counted),
        )
    )
    for part in parts.exclude(units=F("booked")).exclude(booked=0, was_counted=False):
        number = part["line__order__number"]
        yield Break(
            rule="return_differs_from_refund",
            title=_("A refund put units back on the shelf that stock does not have"),
            subject=f"{order_named(number)}: {part['line__variant__stock__sku']}",
            order=number,
            found=_("%(units)d returned") % {"units": part["booked"]},
            expected=_("%(units)d returned") % {"units": part["units"]},
            hint=_("Count the shelf, and correct the stock to what is there."),
        )


def returns_without_refund() -> Iterator[Break]:
    """Yield each return for which no refund that went through has units to put back. 1 query."""
    names = RefundLine.objects.filter(restock=True, refund__succeeded_at__isnull=False).annotate(
        name=Concat(Value("refund "), Cast("refund", CharField()))
    )
    returns = StockMovement.objects.filter(reason=Reason.RETURNED).select_related("item")
    for movement in returns.exclude(reference__in=names.values("name")):
        yield Break(
            rule="return_without_refund",
            title=_("Units came back to stock, but no refund says so"),
            subject=f"{movement.item}: {movement.reference}",
            found=_("%(units)d returned") % {"units": movement.quantity},
            expected=_("a refund with these units to put back"),
            hint=_("Count the shelf, and correct the stock to what is there."),
        )


def _lines_unlike(
    orders: Q, booked: QuerySet[Reservation] | QuerySet[StockMovement], units: Combinable
) -> list[UnitsUnlike]:
    """Return order and item where the counted lines differ from what stock has `booked`.

    An item that was not counted yet when the order was placed has nothing booked, rightly.
    """
    counted = StockMovement.objects.filter(
        item=OuterRef("variant__stock"), created_at__lt=OuterRef("order__placed_at")
    )
    held_once = Reservation.objects.filter(
        item=OuterRef("variant__stock"), reference=OuterRef("order__number")
    )
    gone = OrderLine.objects.filter(order=OuterRef("order"), variant=None)
    lines = (
        OrderLine.objects.filter(orders, variant__stock__isnull=False)
        .order_by()
        .values(
            "order", "order__number", "order__placed_at", "variant__stock", "variant__stock__sku"
        )
        .annotate(
            units=Sum("quantity"),
            booked=sum_of(booked, "item", units),
            was_counted=Exists(counted),
            was_held=Exists(held_once),
            has_gone=Exists(gone),
        )
    )
    # More was booked than the lines say: those whose variant is gone may be the rest.
    not_counted = Q(booked=0, was_counted=False, was_held=False)
    explained = not_counted | Q(booked__gt=F("units"), has_gone=True)
    unlike = lines.exclude(units=F("booked")).exclude(explained)
    return [
        UnitsUnlike(number, sku, wanted, found)
        for number, sku, wanted, found in unlike.values_list(
            "order__number", "variant__stock__sku", "units", "booked"
        )
    ]


def _state(state: str | None) -> str:
    return str(State(state).label) if state else _("not there")


RULES = (
    units_on_hand,
    units_held,
    holds_of_closed_orders,
    units_of_waiting_orders,
    units_of_paid_orders,
    sales_without_order,
    returned_units,
    returns_without_refund,
)
