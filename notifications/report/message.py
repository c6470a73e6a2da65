"""The mail about last week."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from notifications.models import Delivery
from notifications.report.figures import Money, make_report
from notifications.report.headlines import headlines_of
from notifications.report.period import DAY, Period, week_before
from notifications.report.tables import sellers

# The cause of the step, such as "week 2026-47"; its years are those of the weeks.
WEEK = "week %G-%V"
MOST_SELLERS = 5


def weekly_report(delivery: Delivery) -> dict[str, Any]:
    """Last week in figures, each Monday: sales, what was left and won back."""
    week = _week_of(delivery)
    before = week_before(week.first)
    return {
        "week": week,
        "parts": [
            part
            for currency in settings.CURRENCIES
            if (part := _part(week, before, currency))["has_news"]
            or currency == settings.CURRENCIES[0]
        ],
    }


def _week_of(delivery: Delivery) -> Period:
    """The week that the step is about; of a sample, the last one."""
    try:
        monday = datetime.strptime(f"{delivery.cause}-1", f"{WEEK}-%u").date()  # noqa: DTZ007
    except ValueError:
        return week_before(timezone.localdate())
    return Period(monday, monday + 6 * DAY)


def _part(week: Period, before: Period, currency: str) -> dict[str, Any]:
    report, earlier = make_report(week, currency), make_report(before, currency)
    query = urlencode({"from": str(week.first), "to": str(week.last), "currency": currency})
    return {
        "currency": currency,
        "has_news": bool(report.sellers) or report.money != Money(),
        "headlines": list(zip(headlines_of(report), headlines_of(earlier), strict=True)),
        "sellers": sellers(report).written(MOST_SELLERS),
        "path": f"{reverse('admin:report')}?{query}",
    }
