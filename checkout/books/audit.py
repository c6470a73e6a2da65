"""Is every cent and every unit accounted for? One check of the books, kept as an `Audit` row."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cart.models import Coupon, CouponRedemption
from checkout.books import coupons, fulfilment, goods, licences, money, trail
from checkout.books.at_stripe import compare, money_figures
from checkout.books.findings import (
    PAID_STATES,
    Break,
    Figures,
    Repair,
    by_currency,
    sums_that_differ,
)
from checkout.books.pairing import Lists, Rows, pair_up, read_lists, read_rows
from checkout.models import Audit
from checkout.stripe_gateway import StripeError
from inventory.models import Reservation, StockItem, StockMovement
from orders.models import Dispute, Order, Payment, Refund
from orders.refund_pricing import LIVE

logger = logging.getLogger(__name__)

# Longer than Stripe keeps events and tries webhooks. What is still open is looked up at any age.
LOOK_BACK = timedelta(days=35)
# A webhook may bring what differs while we look: what differs after this, too, is told.
LOOK_AGAIN_AFTER = timedelta(seconds=10)
# An audit row keeps so many breaks; it counts them all.
MOST_KEPT = 500

RULES: tuple[Callable[[], Iterator[Break]], ...] = (
    *money.RULES,
    *goods.RULES,
    *coupons.RULES,
    *fulfilment.RULES,
    *licences.RULES,
    *trail.RULES,
)


@dataclass(frozen=True)
class Result:
    """What a check found; `error` says why Stripe could not be asked, when that is so."""

    figures: list[Figures]
    breaks: list[Break]
    since: datetime | None
    error: str = ""


def check(since: datetime | None) -> Result:
    """Check all books; those with Stripe for what was made there since then, or not without.

    About 50 queries and a call for each 100 of Stripe's objects. Takes ten seconds more when
    something differs from Stripe. When Stripe cannot be asked, `error` says so and the rest holds.
    """
    error, lists = "", None
    try:
        lists = read_lists(since) if since else None
    except StripeError as refused:
        error = str(refused)
    with _snapshot():
        figures = [*_money(), *_units()]
        breaks = [one for rule in RULES for one in rule()]
        breaks += sums_that_differ(figures)
        rows = read_rows(lists) if lists else None
    if since and lists and rows:
        try:
            at_stripe, differences = _hold_against_stripe(since, lists, rows)
            figures, breaks = [*at_stripe, *figures], [*differences, *breaks]
        except StripeError as refused:
            error = str(refused)
    # Sums that differ follow from the breaks before them.
    breaks.sort(key=lambda one: one.rule == "sums_differ")
    return Result(figures, breaks, since, error)


def keep(result: Result) -> Audit:
    """Store a result as an audit row, as plain data. 1 query."""
    data = as_data(result)
    return Audit.objects.create(breaks=data.pop("breaks")[:MOST_KEPT], sums=data)


def as_data(result: Result) -> dict[str, Any]:
    """Return a result as plain data; `count` is the number of breaks."""
    return {
        "figures": [one.as_data() for one in result.figures],
        "since": result.since.isoformat() if result.since else None,
        "error": result.error,
        "count": len(result.breaks),
        "breaks": [one.as_data() for one in result.breaks],
    }


def verdict(count: int, with_stripe: bool, error: str) -> str:
    """Say in a sentence or two what an audit with so many breaks says."""
    if count:
        said = ngettext(
            "The books do not close: %(count)d break was found.",
            "The books do not close: %(count)d breaks were found.",
            count,
        ) % {"count": count}
    elif with_stripe and not error:
        said = _("Yes: every cent and every unit is accounted for.")
    else:
        said = _("Orders, stock and coupons close among themselves.")
    if error:
        said += " " + _("Stripe could not be asked: %(error)s") % {"error": error}
    elif not with_stripe:
        said += " " + _("Stripe was left out.")
    return said


def verdict_of(audit: Audit) -> str:
    """Say what a kept audit says."""
    sums = audit.sums
    return verdict(sums["count"], sums["since"] is not None, sums["error"])


def do(repair: Repair) -> str:
    """Do a repair; return what was done, or why it could not be."""
    try:
        repair.run()
    except Exception as error:
        logger.exception("could not %s", repair.words)
        return _("could not %(words)s: %(error)s") % {"words": repair.words, "error": error}
    return _("done: %(words)s") % {"words": repair.words}


@contextmanager
def _snapshot() -> Iterator[None]:
    """Let all queries inside see the books at one moment, and none of them write.

    Inside somebody's transaction its own isolation holds. SQLite has no other kind.
    """
    is_first = not connection.in_atomic_block
    with transaction.atomic():
        if is_first and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _hold_against_stripe(
    since: datetime, lists: Lists, rows: Rows
) -> tuple[list[Figures], list[Break]]:
    """Compare with Stripe; look again before anything is told that differs."""
    figures, breaks = compare(pair_up(lists, rows), since)
    if not breaks:
        return figures, breaks
    time.sleep(LOOK_AGAIN_AFTER.total_seconds())
    lists = read_lists(since)
    with _snapshot():
        rows = read_rows(lists)
    figures, still = compare(pair_up(lists, rows), since)
    return figures, [one for one in still if one in breaks]


# --- Our own sums -------------------------------------------------------------------------------
def _money() -> list[Figures]:
    """Return what payments, refunds and disputes say, beside orders and their timelines."""
    paid = Order.objects.filter(state__in=PAID_STATES)
    ordered = Counter(by_currency(paid, "currency", "total_minor"))
    ordered.update(trail.ODD_MONEY.by_currency())
    live = Refund.objects.filter(state__in=LIVE)
    return money_figures(
        _("All orders"),
        (_("Payments, refunds, disputes"), _("Orders and timelines")),
        captured=(by_currency(Payment.objects.all(), "currency", "amount_minor"), ordered),
        refunded=(
            by_currency(live, "payment__currency", "amount_minor"),
            trail.REFUNDED.by_currency(),
        ),
        lost=(
            by_currency(Dispute.objects.all(), "payment__currency", "withdrawn_minor"),
            trail.WITHDRAWN.by_currency(),
        ),
    )


def _units() -> list[Figures]:
    """Return what counters of stock and coupons say, beside the rows that they count."""
    items = StockItem.objects.aggregate(on_hand=Sum("on_hand"), held=Sum("held"))
    moved = StockMovement.objects.aggregate(
        all=Sum("quantity"), sold=Sum("quantity", filter=Q(reason=StockMovement.Reason.SOLD))
    )
    reserved = Reservation.objects.aggregate(
        held=Sum("quantity", filter=Q(state=Reservation.State.HELD)),
        sold=Sum("quantity", filter=Q(state=Reservation.State.CONFIRMED)),
    )
    uses = Coupon.objects.aggregate(uses=Sum("uses"))["uses"]
    live = CouponRedemption.objects.exclude(state=CouponRedemption.State.RELEASED).count()
    rows = (
        (_("Stock on hand"), items["on_hand"], moved["all"]),
        (_("Stock held for orders"), items["held"], reserved["held"]),
        (_("Stock sold"), reserved["sold"], -(moved["sold"] or 0)),
        (_("Coupon uses"), uses, live),
    )
    sources = (_("By the counters"), _("Added up again"))
    return [
        Figures(_("Units"), name, "", sources, (counted or 0, added or 0))
        for name, counted, added in rows
    ]
