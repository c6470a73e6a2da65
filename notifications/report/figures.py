"""What the report says of a period, in one currency: queries in, frozen values out.

docs/numbers.md says what each figure means. All of them are counted from the rows themselves.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Lower

from notifications.report.period import Period
from notifications.report.winning_back import Comparison, compare
from orders.models import Dispute, Order, OrderEvent, OrderLine, Payment, Refund
from shop.models import FunnelEvent

Kind = FunnelEvent.Kind
ACCEPTED = Payment.Outcome.ACCEPTED
WERE_PAID = (Order.State.PAID, Order.State.FULFILLING, Order.State.FULFILLED, Order.State.REFUNDED)


def share(part: int, whole: int) -> float | None:
    """Return `part` of `whole` as a fraction; None of nothing."""
    return part / whole if whole else None


@dataclass(frozen=True)
class Funnel:
    """How many came how far. Whatever the currency: a visitor has none yet."""

    visits: int = 0
    carts: int = 0
    checkouts: int = 0
    attempts: int = 0
    paid: int = 0
    recovered: int = 0

    @property
    def carts_abandoned(self) -> float | None:
        """The share of carts that were not paid; bought from an older cart, it is at least 0."""
        return share(max(self.carts - self.paid, 0), self.carts)

    @property
    def checkouts_abandoned(self) -> float | None:
        return share(max(self.checkouts - self.paid, 0), self.checkouts)


@dataclass(frozen=True)
class Money:
    """Amounts in minor units: taken, given back, lost in disputes."""

    captured_minor: int = 0
    refunded_minor: int = 0
    lost_minor: int = 0

    @property
    def revenue_minor(self) -> int:
        return self.captured_minor - self.refunded_minor - self.lost_minor


@dataclass(frozen=True)
class Part:
    """One day, week or month."""

    first: date
    funnel: Funnel
    money: Money


@dataclass(frozen=True)
class Declined:
    """Orders with at least one declined payment, and those of them that were paid after all."""

    orders: int
    paid: int
    paid_minor: int


@dataclass(frozen=True)
class Customers:
    """Paid orders and their money, of buyers new and returning."""

    new: int = 0
    new_minor: int = 0
    returning: int = 0
    returning_minor: int = 0

    @property
    def orders(self) -> int:
        return self.new + self.returning

    @property
    def captured_minor(self) -> int:
        return self.new_minor + self.returning_minor


@dataclass(frozen=True)
class CouponUse:
    """`placed` orders with a coupon, how many of these `were_paid`, and what was paid with it."""

    code: str
    placed: int
    were_paid: int
    customers: Customers


@dataclass(frozen=True)
class Source:
    """Where visits came from, how far they got, and what they paid."""

    name: str
    funnel: Funnel
    customers: Customers


@dataclass(frozen=True)
class Refunds:
    """Refunds of one reason that have succeeded."""

    reason: str
    count: int
    amount_minor: int


@dataclass(frozen=True)
class Seller:
    """A product in paid orders, also those that cost nothing.

    `amount_minor` is what was paid for it, tax counted.
    """

    title: str
    units: int
    returned: int
    amount_minor: int


@dataclass(frozen=True)
class Report:
    period: Period
    currency: str
    funnel: Funnel
    money: Money
    customers: Customers
    parts: list[Part]
    declined: Declined
    winning_back: list[Comparison]
    coupons: list[CouponUse]
    refunds: list[Refunds]
    sellers: list[Seller]
    sources: list[Source]

    @property
    def refund_count(self) -> int:
        return sum(one.count for one in self.refunds)

    @property
    def refund_share(self) -> float | None:
        """The share of what was taken in the period that was given back in it."""
        return share(self.money.refunded_minor, self.money.captured_minor)


def make_report(period: Period, currency: str) -> Report:
    """Count everything about a period. 10 queries; they grow with the period's rows."""
    steps = _steps(period)
    money = _money_by_part(period, currency)
    paid = _paid(period, currency)
    return Report(
        period=period,
        currency=currency,
        funnel=_funnel(steps.total()),
        money=_sum(money),
        customers=paid.total(),
        parts=[
            Part(first, _funnel(steps.by_part.get(number, {})), money[number])
            for number, first in enumerate(period.parts)
        ],
        declined=_declined(period, currency),
        winning_back=compare(period, currency),
        coupons=_coupons(period, currency, paid),
        refunds=_refunds(period, currency),
        sellers=_sellers(period, currency),
        sources=_sources(steps, paid),
    )


# --- The funnel ---------------------------------------------------------------------------------
@dataclass
class _Steps:
    """Counts of funnel events by kind, for each part of the period and each source."""

    by_part: dict[int, Counter[str]] = field(default_factory=dict)
    by_source: dict[str, Counter[str]] = field(default_factory=dict)

    def total(self) -> Counter[str]:
        return sum(self.by_part.values(), Counter())


def _steps(period: Period) -> _Steps:
    """Count by day, kind and source: in the order of the index, which is all that is read."""
    steps = _Steps()
    rows = (
        FunnelEvent.objects.filter(day__gte=period.first, day__lte=period.last)
        .values_list("day", "kind", "source")
        .annotate(count=Count("*"))
        .order_by()
    )
    starts = period.parts
    for day, kind, source, count in rows:
        part = bisect_right(starts, day) - 1
        steps.by_part.setdefault(part, Counter())[kind] += count
        steps.by_source.setdefault(source, Counter())[kind] += count
    return steps


def _funnel(counts: dict[str, int]) -> Funnel:
    return Funnel(
        visits=counts.get(Kind.VISIT, 0),
        carts=counts.get(Kind.CART, 0),
        checkouts=counts.get(Kind.CHECKOUT, 0),
        attempts=counts.get(Kind.ATTEMPT, 0),
        paid=counts.get(Kind.PAID, 0),
        recovered=counts.get(Kind.RECOVERED, 0),
    )


# --- Money --------------------------------------------------------------------------------------
def _money_by_part(period: Period, currency: str) -> list[Money]:
    captured = _by_part(_payments(period, currency), period, "received_at")
    refunded = _by_part(_succeeded(period, currency), period, "succeeded_at")
    lost = _by_part(_disputes(period, currency), period, "opened_at", "withdrawn_minor")
    return [
        Money(captured.get(part, 0), refunded.get(part, 0), lost.get(part, 0))
        for part in range(len(period.parts))
    ]


def _by_part(
    rows: QuerySet[Any], period: Period, time: str, amount: str = "amount_minor"
) -> dict[int, int]:
    parts = rows.values_list(period.part_of(time)).annotate(sum=Sum(amount, default=0)).order_by()
    return dict(parts)


def _sum(money: list[Money]) -> Money:
    return Money(
        sum(one.captured_minor for one in money),
        sum(one.refunded_minor for one in money),
        sum(one.lost_minor for one in money),
    )


def _payments(period: Period, currency: str) -> QuerySet[Payment]:
    return Payment.objects.filter(outcome=ACCEPTED, currency=currency, **period.has("received_at"))


def _succeeded(period: Period, currency: str) -> QuerySet[Refund]:
    """Refunds of what was revenue: late and wrong payments go back without ever having been it."""
    return Refund.objects.filter(
        state=Refund.State.SUCCEEDED,
        payment__outcome=ACCEPTED,
        payment__currency=currency,
        **period.has("succeeded_at"),
    )


def _disputes(period: Period, currency: str) -> QuerySet[Dispute]:
    return Dispute.objects.filter(
        payment__outcome=ACCEPTED, payment__currency=currency, **period.has("opened_at")
    )


# --- Paid orders, by coupon and source ----------------------------------------------------------
@dataclass
class _Paid:
    """New and returning buyers' orders and money, by coupon and by source."""

    by_coupon: dict[str, Customers] = field(default_factory=dict)
    by_source: dict[str, Customers] = field(default_factory=dict)

    def total(self) -> Customers:
        total = Customers()
        for customers in self.by_coupon.values():
            total = _add(total, customers)
        return total


def _paid(period: Period, currency: str) -> _Paid:
    """Go through the period's payments as they came; 2 queries."""
    payments = Payment.objects.filter(outcome=ACCEPTED).annotate(buyer=Lower("order__email"))
    of_period = payments.filter(**period.has("received_at"))
    # One pass over all payments: a join of the period with the past is at the planner's mercy.
    ever = payments.values("buyer").annotate(first=Min("received_at"), last=Max("received_at"))
    before = ever.filter(first__lt=period.start, last__gte=period.start).order_by()
    known = set(before.values_list("buyer", flat=True))
    # Plain lists: of a busy year these are many rows.
    sums: dict[tuple[str, str, bool], list[int]] = defaultdict(lambda: [0, 0])
    for buyer, of_currency, amount, coupon, source in of_period.order_by(
        "received_at", "pk"
    ).values_list("buyer", "currency", "amount_minor", "order__coupon_code", "order__source"):
        if of_currency == currency:
            some = sums[coupon, source, buyer in known]
            some[0] += 1
            some[1] += amount
        known.add(buyer)
    return _split(sums)


def _split(sums: dict[tuple[str, str, bool], list[int]]) -> _Paid:
    paid = _Paid()
    for (coupon, source, is_returning), (orders, amount) in sums.items():
        some = Customers(0, 0, orders, amount) if is_returning else Customers(orders, amount)
        paid.by_coupon[coupon] = _add(paid.by_coupon.get(coupon, Customers()), some)
        paid.by_source[source] = _add(paid.by_source.get(source, Customers()), some)
    return paid


def _add(one: Customers, other: Customers) -> Customers:
    return Customers(
        one.new + other.new,
        one.new_minor + other.new_minor,
        one.returning + other.returning,
        one.returning_minor + other.returning_minor,
    )


def _coupons(period: Period, currency: str, paid: _Paid) -> list[CouponUse]:
    placed = {
        code: (count, were_paid)
        for code, count, were_paid in Order.objects.filter(
            currency=currency, **period.has("placed_at")
        )
        .values_list("coupon_code")
        .annotate(count=Count("pk"), were_paid=Count("pk", filter=Q(state__in=WERE_PAID)))
        .order_by()
    }
    uses = [
        CouponUse(code, *placed.get(code, (0, 0)), paid.by_coupon.get(code, Customers()))
        for code in placed.keys() | paid.by_coupon.keys()
    ]
    return sorted(uses, key=lambda use: (-use.customers.captured_minor, use.code))


def _sources(steps: _Steps, paid: _Paid) -> list[Source]:
    sources = [
        Source(name, _funnel(steps.by_source.get(name, {})), paid.by_source.get(name, Customers()))
        for name in steps.by_source.keys() | paid.by_source.keys()
    ]
    return sorted(
        sources, key=lambda one: (-one.customers.captured_minor, -one.funnel.visits, one.name)
    )


# --- What went wrong, what went back, what sold -------------------------------------------------
def _declined(period: Period, currency: str) -> Declined:
    declines = OrderEvent.objects.filter(
        kind=OrderEvent.Kind.DECLINED, **period.has("created_at")
    ).values("order")
    paid = Payment.objects.filter(
        outcome=ACCEPTED, currency=currency, order__in=declines
    ).aggregate(count=Count("pk"), sum=Sum("amount_minor", default=0))
    orders = Order.objects.filter(currency=currency, pk__in=declines).count()
    return Declined(orders, paid["count"], paid["sum"])


def _refunds(period: Period, currency: str) -> list[Refunds]:
    reasons = (
        _succeeded(period, currency)
        .values_list("reason")
        .annotate(count=Count("pk"), sum=Sum("amount_minor"))
        .order_by("-sum", "reason")
    )
    return [Refunds(*row) for row in reasons]


def _sellers(period: Period, currency: str) -> list[Seller]:
    free = OrderEvent.objects.filter(
        kind=OrderEvent.Kind.PAID,
        order__total_minor=0,
        order__currency=currency,
        **period.has("created_at"),
    )
    paid = _payments(period, currency)
    paid_for = F("unit_price_minor") * F("quantity") - F("discount_minor") + F("tax_minor")
    titles = (
        OrderLine.objects.filter(
            Q(order__in=paid.values("order")) | Q(order__in=free.values("order"))
        )
        .values_list("title")
        .annotate(units=Sum("quantity"), returned=Sum("refunded_quantity"), sum=Sum(paid_for))
        .order_by("-sum", "title")
    )
    return [Seller(*row) for row in titles]
