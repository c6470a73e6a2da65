"""Plots as shapes, drawn on the server by templates/admin/report/*.svg.html.

Lengths are units of a drawing 400 wide, as text: a template would write 1.5 as "1,5" in German.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from babel.dates import format_date
from babel.numbers import format_compact_currency, format_compact_decimal
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from notifications.report.figures import Report
from notifications.report.tables import Kind, steps_of, written
from notifications.report.winning_back import Group
from shop.money import to_decimal

WIDTH = 400
HEIGHT = 220
# Room for the labels around what goes over time.
TOP, BOTTOM, LEFT = 12, 28, 52
BAR_STEP, BAR_TOP, BAR_HEIGHT = 42, 20, 12
LONGEST_LABEL = 34
MOST_BARS = 8
MOST_DOTS = 31


@dataclass(frozen=True)
class Rect:
    x: str
    y: str
    width: str
    height: str
    css: str


@dataclass(frozen=True)
class Label:
    x: str
    y: str
    text: str
    anchor: str = "start"


@dataclass(frozen=True)
class Series:
    """One line: `css` names its colour and dashes, `points` and `dots` are where it goes."""

    name: str
    css: str
    points: str
    dots: list[tuple[str, str]]


@dataclass(frozen=True)
class Plot:
    """All that the template draws. `table` is the slug of the table with the same figures."""

    slug: str
    title: str
    summary: str
    table: str
    height: int
    rects: list[Rect]
    labels: list[Label]
    grid: list[str]
    series: list[Series]
    # Name and css of what has more than one colour.
    legend: list[tuple[str, str]]


@dataclass(frozen=True)
class Bar:
    """A bar with one part for each colour, and what is written at its end."""

    label: str
    values: Sequence[float]
    text: str


def plots_of(report: Report) -> list[Plot]:
    """Return the plots of the page; those that would be empty are left out."""
    plots = (
        _revenue(report),
        _steps(report),
        _funnel(report),
        _winning_back(report),
        _coupons(report),
        _sellers(report),
    )
    return [plot for plot in plots if plot.rects or plot.series]


# --- Which plots there are ----------------------------------------------------------------------
def _revenue(report: Report) -> Plot:
    values = [part.money.revenue_minor for part in report.parts]
    total = _money(report, report.money.revenue_minor)
    low, high = _scale(values)
    width = _part_width(values)
    zero = _y(0, low, high)
    rects = [
        Rect(
            _text(LEFT + number * width + width * 0.1),
            _text(min(_y(value, low, high), zero)),
            _text(width * 0.8),
            _text(abs(_y(value, low, high) - zero)),
            "plot-a" if value > 0 else "plot-bad",
        )
        for number, value in enumerate(values)
        if value
    ]
    return Plot(
        "revenue",
        _("Revenue"),
        _("%(total)s in all: taken, less refunds and what was lost in disputes.")
        % {"total": total},
        "over-time",
        HEIGHT,
        rects,
        [*_amounts(low, high, report.currency), *_days(report)],
        _grid(low, high),
        [],
        [],
    )


def _steps(report: Report) -> Plot:
    """Carts, checkouts and paid orders over time; visits would press them all to the ground."""
    chosen = [(_("Carts"), "carts"), (_("Checkouts"), "checkouts"), (_("Orders paid"), "paid")]
    counts = {
        field: [int(getattr(part.funnel, field)) for part in report.parts]
        for _name, field in chosen
    }
    low, high = _scale([count for series in counts.values() for count in series])
    series = [
        _line(name, f"line-{css}", counts[field], low, high)
        for (name, field), css in zip(chosen, "abc", strict=True)
    ]
    return Plot(
        "steps",
        _("Carts, checkouts and paid orders"),
        _("%(carts)d carts, %(checkouts)d checkouts, %(paid)d paid orders in all.")
        % vars(report.funnel),
        "over-time",
        HEIGHT,
        [],
        [*_amounts(low, high), *_days(report)],
        _grid(low, high),
        series if any(any(values) for values in counts.values()) else [],
        [(one.name, one.css) for one in series],
    )


def _funnel(report: Report) -> Plot:
    steps = steps_of(report.funnel)
    bars = [Bar(name, [count], written(count, Kind.COUNT, "")) for name, count in steps]
    summary = ", ".join(f"{bar.label}: {bar.text}" for bar in bars)
    return _bars("funnel", _("From visit to paid order"), summary, "funnel", bars, ["plot-a"])


def _winning_back(report: Report) -> Plot:
    all_who_left = report.winning_back[0]
    groups = [(_("Written to"), all_who_left.written), (_("Held out"), all_who_left.held_out)]
    bars = [_rate_bar(name, group) for name, group in groups if group.people]
    summary = ", ".join(f"{bar.label}: {bar.text}" for bar in bars)
    title = _("Of those who left, bought after all")
    return _bars("winning-back", title, summary, "winning-back", bars, ["plot-a"])


def _rate_bar(name: str, group: Group) -> Bar:
    return Bar(name, [group.rate or 0], written(group.rate, Kind.SHARE, ""))


def _coupons(report: Report) -> Plot:
    bars = [
        Bar(
            use.code,
            [use.customers.new_minor, use.customers.returning_minor],
            _money(report, use.customers.captured_minor),
        )
        for use in report.coupons
        if use.code and use.customers.captured_minor
    ]
    summary = _("What was taken with each coupon, from new and from returning buyers.")
    colours = ["plot-a", "plot-b"]
    plot = _bars("coupons", _("Taken by coupon"), summary, "coupons", bars, colours)
    legend = [(_("New buyers"), "plot-a"), (_("Returning buyers"), "plot-b")]
    return Plot(**{**vars(plot), "legend": legend})


def _sellers(report: Report) -> Plot:
    bars = [
        Bar(one.title, [one.amount_minor], _money(report, one.amount_minor))
        for one in report.sellers
    ]
    summary = _("The products for which most was paid.")
    return _bars("sellers", _("Best sellers"), summary, "best-sellers", bars, ["plot-a"])


# --- How they are drawn -------------------------------------------------------------------------
def _bars(
    slug: str, title: str, summary: str, table: str, bars: list[Bar], colours: list[str]
) -> Plot:
    """Return bars that lie below each other, each under its label."""
    bars = bars[:MOST_BARS]
    longest = max((sum(bar.values) for bar in bars), default=0)
    rects, labels = [], []
    for number, bar in enumerate(bars):
        top, x = number * BAR_STEP, 0.0
        labels.append(Label("0", str(top + BAR_TOP - 6), _shortened(bar.label)))
        labels.append(Label(str(WIDTH), str(top + BAR_TOP - 6), bar.text, "end"))
        for value, css in zip(bar.values, colours, strict=True):
            width = value / longest * WIDTH if longest else 0
            if width:
                y, height = str(top + BAR_TOP), str(BAR_HEIGHT)
                rects.append(Rect(_text(x), y, _text(width), height, css))
            x += width
    return Plot(slug, title, summary, table, len(bars) * BAR_STEP, rects, labels, [], [], [])


def _part_width(parts: Sequence[object]) -> float:
    return (WIDTH - LEFT) / len(parts)


def _line(name: str, css: str, values: list[int], low: float, high: float) -> Series:
    step = _part_width(values)
    places = [
        (_text(LEFT + (number + 0.5) * step), _text(_y(value, low, high)))
        for number, value in enumerate(values)
    ]
    points = " ".join(f"{x},{y}" for x, y in places)
    return Series(name, css, points, places if len(places) <= MOST_DOTS else [])


def _scale(values: Sequence[int]) -> tuple[float, float]:
    """Return where the plot begins and ends: round numbers, zero within."""
    return -_round_up(-min(0, *values)), _round_up(max(0, *values)) or 1


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, … that is not below the value; 0 of 0."""
    size = 1
    while value > size * 10:
        size *= 10
    return next((size * step for step in (1, 2, 5, 10) if value <= size * step), 0) if value else 0


def _y(value: float, low: float, high: float) -> float:
    room = HEIGHT - TOP - BOTTOM
    return TOP + (high - value) / (high - low) * room


def _ticks(low: float, high: float) -> list[float]:
    return [low, 0, high / 2, high] if low else [0, high / 2, high]


def _grid(low: float, high: float) -> list[str]:
    return [_text(_y(tick, low, high)) for tick in _ticks(low, high)]


def _amounts(low: float, high: float, currency: str = "") -> list[Label]:
    """Return what is written to the left of the lines of the grid."""
    return [
        Label(str(LEFT - 6), _text(_y(tick, low, high) + 4), _compact(tick, currency), "end")
        for tick in _ticks(low, high)
    ]


def _days(report: Report) -> list[Label]:
    """Return the first, the middle and the last day of the parts, below the plot."""
    parts = report.parts
    step = _part_width(parts)
    locale = to_locale(get_language() or "en")
    chosen = sorted({0, len(parts) // 2, len(parts) - 1})
    anchors = {0: "start", len(parts) - 1: "end"} if len(parts) > 1 else {}
    sides = {"start": 0.0, "middle": 0.5, "end": 1.0}
    labels = []
    for number in chosen:
        anchor = anchors.get(number, "middle")
        day = format_date(parts[number].first, "d MMM", locale=locale)
        x = _text(LEFT + (number + sides[anchor]) * step)
        labels.append(Label(x, str(HEIGHT - 8), str(day), anchor))
    return labels


def _compact(value: float, currency: str) -> str:
    locale = to_locale(get_language() or "en")
    if currency:
        amount = to_decimal(int(value), currency)
        text = format_compact_currency(amount, currency, locale=locale, fraction_digits=1)
    else:
        text = format_compact_decimal(value, locale=locale, fraction_digits=1)
    return str(text)


def _money(report: Report, amount_minor: int) -> str:
    return written(amount_minor, Kind.MONEY, report.currency)


def _shortened(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def _text(length: float) -> str:
    return f"{length:.1f}"
