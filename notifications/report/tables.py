"""The report as tables: the page shows them, and each can be had as CSV."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from io import StringIO

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from cart.models import LeftBehind
from notifications.report.figures import Funnel, Report, share
from notifications.report.period import Unit
from orders.models import Refund
from shop.money import format_money, to_decimal

# What a spreadsheet takes for the begin of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Kind(Enum):
    TEXT = auto()
    DAY = auto()
    COUNT = auto()
    SHARE = auto()
    MONEY = auto()


Value = str | date | int | float | None


@dataclass(frozen=True)
class Column:
    title: str
    kind: Kind = Kind.COUNT

    @property
    def is_number(self) -> bool:
        return self.kind not in (Kind.TEXT, Kind.DAY)


@dataclass(frozen=True)
class Table:
    """Money is in minor units of `currency`, shares are fractions; None is what cannot be told."""

    slug: str
    title: str
    columns: list[Column]
    rows: list[list[Value]]
    currency: str
    note: str = ""

    def written(self, most: int | None = None) -> list[list[str]]:
        """Return the rows as people read them; at most so many."""
        kinds = [column.kind for column in self.columns]
        return [
            [written(value, kind, self.currency) for value, kind in zip(row, kinds, strict=True)]
            for row in self.rows[:most]
        ]

    def as_csv(self) -> str:
        """Return the table for a spreadsheet: plain numbers, and no text that is a formula."""
        text = StringIO()
        writer = csv.writer(text)
        writer.writerow([self._heading(column) for column in self.columns])
        for row in self.rows:
            writer.writerow(
                self._cell(value, column) for value, column in zip(row, self.columns, strict=True)
            )
        return text.getvalue()

    def _heading(self, column: Column) -> str:
        return f"{column.title} ({self.currency})" if column.kind == Kind.MONEY else column.title

    def _cell(self, value: Value, column: Column) -> str:
        if value is None:
            return ""
        if column.kind == Kind.MONEY and isinstance(value, int):
            return str(to_decimal(value, self.currency))
        if column.kind == Kind.SHARE:
            return f"{value:.4f}"
        text = str(value)
        is_formula = column.kind == Kind.TEXT and text.startswith(FORMULA_STARTS)
        return f"'{text}" if is_formula else text


def written(value: Value, kind: Kind, currency: str) -> str:
    """Return a value as people read it; a dash where there is none."""
    locale = to_locale(get_language() or "en")
    if value is None:
        return "–"
    if isinstance(value, date):
        return str(format_date(value, "medium", locale=locale))
    if isinstance(value, str):
        return value
    if kind == Kind.MONEY:
        return format_money(int(value), currency)
    if kind == Kind.SHARE:
        return str(format_percent(Decimal(str(value)), "#,##0.0%", locale=locale))
    return str(format_decimal(value, locale=locale))


def tables_of(report: Report) -> dict[str, Table]:
    """Return all tables by their slug, in the order of the page."""
    makers = (funnel, over_time, winning_back, coupons, refunds, sellers, sources)
    return {table.slug: table for table in (maker(report) for maker in makers)}


def funnel(report: Report) -> Table:
    """From a visit to a paid order."""
    steps = steps_of(report.funnel)
    before = [None, *(count for _name, count in steps)]
    return Table(
        "funnel",
        _("From visit to paid order"),
        [
            Column(_("Step"), Kind.TEXT),
            Column(_("Number")),
            Column(_("Of the visits"), Kind.SHARE),
            Column(_("Of the step before"), Kind.SHARE),
        ],
        [
            [name, count, share(count, report.funnel.visits), share(count, last or 0)]
            for (name, count), last in zip(steps, before, strict=False)
        ],
        report.currency,
        _("In all currencies. Each step is counted on the day on which it was taken."),
    )


def steps_of(funnel: Funnel) -> list[tuple[str, int]]:
    """Return the steps of a funnel by their names."""
    return [
        (_("Visits"), funnel.visits),
        (_("Carts"), funnel.carts),
        (_("Checkouts"), funnel.checkouts),
        (_("Orders placed"), funnel.attempts),
        (_("Orders paid"), funnel.paid),
    ]


def over_time(report: Report) -> Table:
    """The funnel and the money of each day, week or month."""
    names = {Unit.DAY: _("Day"), Unit.WEEK: _("Week from"), Unit.MONTH: _("Month from")}
    titles = [_("Taken"), _("Refunded"), _("Lost in disputes"), _("Revenue")]
    return Table(
        "over-time",
        _("Over time"),
        [
            Column(names[report.period.unit], Kind.DAY),
            *(Column(name) for name, _count in steps_of(report.funnel)),
            *(Column(title, Kind.MONEY) for title in titles),
        ],
        [
            [
                part.first,
                *(count for _name, count in steps_of(part.funnel)),
                part.money.captured_minor,
                -part.money.refunded_minor,
                -part.money.lost_minor,
                part.money.revenue_minor,
            ]
            for part in report.parts
        ],
        report.currency,
        _("Money counts on the day on which it moved, the loss of a dispute when it was opened."),
    )


def winning_back(report: Report) -> Table:
    """The written to against the held out."""
    names = {**dict(LeftBehind.Kind.choices), "": _("in any way")}
    return Table(
        "winning-back",
        _("Winning back: the written to against the held out"),
        [
            Column(_("Left"), Kind.TEXT),
            Column(_("Written to")),
            Column(_("Bought")),
            Column(_("Rate"), Kind.SHARE),
            Column(_("Paid"), Kind.MONEY),
            Column(_("Held out")),
            Column(_("Bought")),
            Column(_("Rate"), Kind.SHARE),
            Column(_("Difference"), Kind.SHARE),
            Column(_("Give or take"), Kind.SHARE),
            Column(_("Earned by messages"), Kind.MONEY),
            Column(_("To be minded"), Kind.TEXT),
        ],
        [
            [
                str(names[one.kind]),
                one.written.people,
                one.written.bought,
                one.written.rate,
                one.written.bought_minor,
                one.held_out.people,
                one.held_out.bought,
                one.held_out.rate,
                one.difference,
                one.margin,
                one.earned_minor,
                one.remark,
            ]
            for one in report.winning_back
        ],
        report.currency,
        _(
            "People who left a purchase in these days, and those of them who bought after all. "
            "Earned: how many more bought than without messages, at what they paid on average."
        ),
    )


def coupons(report: Report) -> Table:
    """Orders with each coupon, of new and returning buyers."""
    return Table(
        "coupons",
        _("Coupons: new and returning buyers"),
        [
            Column(_("Coupon"), Kind.TEXT),
            Column(_("Orders placed")),
            Column(_("Of these paid"), Kind.SHARE),
            Column(_("New buyers’ orders")),
            Column(_("Taken from new"), Kind.MONEY),
            Column(_("Returning buyers’ orders")),
            Column(_("Taken from returning"), Kind.MONEY),
            Column(_("Taken"), Kind.MONEY),
        ],
        [
            [
                use.code or _("without a coupon"),
                use.placed,
                share(use.were_paid, use.placed),
                use.customers.new,
                use.customers.new_minor,
                use.customers.returning,
                use.customers.returning_minor,
                use.customers.captured_minor,
            ]
            for use in report.coupons
        ],
        report.currency,
        _("A buyer returns who has paid an earlier order with the same e-mail address."),
    )


def refunds(report: Report) -> Table:
    """What went back, and why."""
    names = dict(Refund.Reason.choices)
    return Table(
        "refunds",
        _("Refunds"),
        [
            Column(_("Reason"), Kind.TEXT),
            Column(_("Refunds")),
            Column(_("Amount"), Kind.MONEY),
            Column(_("Of what was taken"), Kind.SHARE),
        ],
        [
            [
                str(names[one.reason]),
                one.count,
                one.amount_minor,
                share(one.amount_minor, report.money.captured_minor),
            ]
            for one in report.refunds
        ],
        report.currency,
    )


def sellers(report: Report) -> Table:
    """What was sold, by what was paid for it."""
    return Table(
        "best-sellers",
        _("Best sellers"),
        [
            Column(_("Product"), Kind.TEXT),
            Column(_("Units sold")),
            Column(_("Of these refunded")),
            Column(_("Paid for it, with tax"), Kind.MONEY),
        ],
        [[one.title, one.units, one.returned, one.amount_minor] for one in report.sellers],
        report.currency,
    )


def sources(report: Report) -> Table:
    """Where visitors came from and what became of them."""
    return Table(
        "sources",
        _("Where visits came from"),
        [
            Column(_("Source"), Kind.TEXT),
            Column(_("Visits")),
            Column(_("Carts")),
            Column(_("Orders paid")),
            Column(_("Of the visits"), Kind.SHARE),
            Column(_("Paid orders in this currency")),
            Column(_("Taken"), Kind.MONEY),
        ],
        [
            [
                one.name or _("not known"),
                one.funnel.visits,
                one.funnel.carts,
                one.funnel.paid,
                share(one.funnel.paid, one.funnel.visits),
                one.customers.orders,
                one.customers.captured_minor,
            ]
            for one in report.sources
        ],
        report.currency,
        _("The last campaign or site within 30 days before the purchase."),
    )
