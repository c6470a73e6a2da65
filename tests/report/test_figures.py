"""The report's figures are those that an independent count of the raw rows finds."""

import os
from dataclasses import astuple
from datetime import date, timedelta

import pytest
from pytest_django import Settings

from notifications.report.figures import Funnel, Report, make_report
from notifications.report.period import Period
from orders.models import Order
from tests.report.count import Count, Raw
from tests.report.year import COUPONS, SOURCES, make_year

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LAST = date(2026, 11, 21)
ORDERS = int(os.environ.get("REPORT_ORDERS", "1500"))
RANGES = [
    (date(2025, 11, 22), LAST),
    (date(2026, 3, 1), date(2026, 5, 29)),
    # The night in which Berlin's clocks are set back has 25 hours.
    (date(2026, 10, 25), date(2026, 10, 25)),
    (date(2026, 10, 1), date(2026, 10, 31)),
    (date(2020, 1, 1), date(2020, 1, 31)),
]


def assert_equal(report: Report, count: Count) -> None:
    steps = count.funnel()
    assert astuple(report.funnel) == funnel_of(steps)
    refunds = count.refunds()
    refunded = sum(row["amount_minor"] for row in refunds)
    assert astuple(report.money) == (count.captured(), refunded, count.lost())
    assert report.money.revenue_minor == count.captured() - refunded - count.lost()
    assert astuple(report.declined) == count.declined()
    assert report.refund_count == len(refunds)
    reasons = {row["reason"] for row in refunds}
    assert {(one.reason, one.count, one.amount_minor) for one in report.refunds} == {
        (
            reason,
            sum(row["reason"] == reason for row in refunds),
            sum(row["amount_minor"] for row in refunds if row["reason"] == reason),
        )
        for reason in reasons
    }
    assert {
        one.title: (one.units, one.returned, one.amount_minor) for one in report.sellers
    } == count.sellers()
    for one in report.winning_back:
        assert astuple(one.written) == count.left(one.kind, False), one.kind
        assert astuple(one.held_out) == count.left(one.kind, True), one.kind
    assert_split_equal(report, count)


def assert_split_equal(report: Report, count: Count) -> None:
    """Compare what is counted by coupon, by source, and by part of the period."""
    coupons = {use.code: use for use in report.coupons}
    for code in set(COUPONS) & coupons.keys():
        assert (coupons[code].placed, coupons[code].were_paid) == count.placed(code), code
        assert astuple(coupons[code].customers) == count.customers("coupon_code", code), code
    sources = {source.name: source for source in report.sources}
    for name in set(SOURCES) & sources.keys():
        assert astuple(sources[name].customers) == count.customers("source", name), name
        assert astuple(sources[name].funnel) == funnel_of(count.funnel(source=name)), name
    assert report.customers.captured_minor == report.money.captured_minor
    ends = [part.first - timedelta(days=1) for part in report.parts[1:]]
    for part, last in zip(report.parts, [*ends, count.last], strict=True):
        of_part = Count(count.raw, part.first, last, count.currency)
        assert part.money.captured_minor == of_part.captured(), part.first
        assert part.money.lost_minor == of_part.lost(), part.first
        assert astuple(part.funnel) == funnel_of(of_part.funnel()), part.first


def funnel_of(steps: dict[str, int]) -> tuple[int, ...]:
    kinds = ("visit", "cart", "checkout", "attempt", "paid", "recovered")
    return tuple(steps.get(kind, 0) for kind in kinds)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_every_figure_is_that_of_an_independent_count(settings: Settings, zone: str) -> None:
    settings.TIME_ZONE = zone
    make_year(ORDERS, LAST)
    raw = Raw()

    for first, last in RANGES:
        for currency in ("USD", "EUR"):
            report = make_report(Period(first, last), currency)
            assert_equal(report, Count(raw, first, last, currency))
    assert report.funnel == Funnel()


def test_the_year_has_something_of_everything() -> None:
    make_year(ORDERS, LAST)

    report = make_report(Period(*RANGES[0]), "EUR")

    assert set(Order.objects.values_list("state", flat=True)) == set(Order.State.values)
    assert all(astuple(report.funnel))
    assert all(astuple(report.money))
    assert all(astuple(report.customers))
    assert all(astuple(report.declined))
    assert all(one.written.bought and one.held_out.people for one in report.winning_back)
    assert {use.code for use in report.coupons} == set(COUPONS)
    assert {source.name for source in report.sources} == set(SOURCES)
    assert len(report.refunds) > 3
    assert len(report.sellers) > 10
