"""What must hold between orders, the parcels that left for them, and their receipts."""

from collections.abc import Iterator

from django.db.models import Count, F, Max, OuterRef
from django.utils.translation import gettext as _

from checkout.books.findings import Break, order_named, sum_of
from orders.models import OrderLine, Receipt, ReceiptCounter, ShipmentLine


def sent_units() -> Iterator[Break]:
    """Yield each order line that counts other units as sent than its parcels hold. 1 query."""
    packed = sum_of(ShipmentLine.objects.filter(line=OuterRef("pk")), "line", "quantity")
    lines = OrderLine.objects.annotate(packed=packed).exclude(shipped_quantity=F("packed"))
    for line in lines.select_related("order"):
        yield Break(
            rule="sent_units_differ",
            title=_("A line counts other units as sent than its parcels hold"),
            subject=f"{order_named(line.order.number)}: {line.title}",
            order=line.order.number,
            found=str(line.shipped_quantity),
            expected=str(line.packed),
            hint=_("A parcel or the line was changed by hand: set the line's number right."),
        )


def receipt_numbers() -> Iterator[Break]:
    """Yield a break where the numbers of the receipts are not 1, 2, 3 … 2 queries."""
    given = ReceiptCounter.objects.aggregate(last=Max("last"))["last"] or 0
    there = Receipt.objects.aggregate(count=Count("pk"), last=Max("number"))
    if not there["count"] == (there["last"] or 0) == given:
        yield Break(
            rule="receipt_numbers_have_gaps",
            title=_("The numbers of the receipts have a gap"),
            subject=_("receipts"),
            found=_("%(count)d receipts up to number %(last)d")
            % {"count": there["count"], "last": there["last"] or 0},
            expected=_("%(count)d receipts up to number %(count)d") % {"count": given},
            hint=_("A receipt was deleted, or the counter changed by hand: restore it."),
        )


RULES = (sent_units, receipt_numbers)
