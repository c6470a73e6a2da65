"""The days that a report is about, in the shop's zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Case, IntegerField, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

DAY = timedelta(days=1)
PRESETS = {"7": 7, "30": 30, "90": 90, "365": 365}
USUAL = "30"
LONGEST_DAYS = 3 * 366
# Plots stay legible with so many parts: longer periods are divided into weeks, then months.
DAYS_BY_DAY = 31
DAYS_BY_WEEK = 120


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class PeriodError(Exception):
    """The asked days make no period; the message says why and what to do."""


@dataclass(frozen=True)
class Period:
    """From the day `first` to the day `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The midnight after the last day."""
        return _midnight(self.last + DAY)

    @property
    def unit(self) -> Unit:
        """Into what plots divide the period."""
        if self.days <= DAYS_BY_DAY:
            return Unit.DAY
        return Unit.WEEK if self.days <= DAYS_BY_WEEK else Unit.MONTH

    @property
    def parts(self) -> list[date]:
        """The first day of each part: a day, a week from Monday, or a month; cut at both ends."""
        starts, unit = [self.first], self.unit
        while (following := _following(starts[-1], unit)) <= self.last:
            starts.append(following)
        return starts

    def has(self, field: str) -> dict[str, datetime]:
        """Return the filter for rows whose time `field` lies within."""
        return {f"{field}__gte": self.start, f"{field}__lt": self.end}

    def part_of(self, field: str) -> Case:
        """Return the expression for the number of the part in which the time `field` lies.

        It compares with midnights: a database's own truncation would know the zone's rules anew.
        """
        ends = [_midnight(day) for day in self.parts[1:]]
        whens = [
            When(**{f"{field}__lt": end, "then": Value(part)}) for part, end in enumerate(ends)
        ]
        return Case(*whens, default=Value(len(ends)), output_field=IntegerField())


def ending_today(days: int) -> Period:
    """Return the last `days` days, today among them."""
    today = timezone.localdate()
    return Period(today - (days - 1) * DAY, today)


def week_before(day: date) -> Period:
    """Return the last whole week, Monday to Sunday, before `day`."""
    monday = day - day.weekday() * DAY
    return Period(monday - 7 * DAY, monday - DAY)


def asked_period(query: Mapping[str, Any]) -> Period:
    """Return the period that a page's address asks for: `from` and `to`, or so many `days`.

    Raises PeriodError.
    """
    if not query.get("from") and not query.get("to"):
        days = query.get("days", USUAL)
        if days not in PRESETS:
            raise PeriodError(_("Choose one of the periods, or give the first and the last day."))
        return ending_today(PRESETS[days])
    period = Period(_day(query.get("from", "")), _day(query.get("to", "")))
    if period.first > period.last:
        raise PeriodError(_("The first day is after the last. Exchange them."))
    if period.days > LONGEST_DAYS:
        raise PeriodError(_("That is more than three years. Choose a shorter period."))
    return period


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise PeriodError(
            _("Give the first and the last day as year-month-day, such as 2026-11-21.")
        ) from None
    # Earlier and later days have no midnight in some zones' tables, and no orders.
    if not 2000 <= day.year <= 2100:
        raise PeriodError(_("Choose days between the years 2000 and 2100."))
    return day


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def _following(day: date, unit: Unit) -> date:
    if unit == Unit.DAY:
        return day + DAY
    if unit == Unit.WEEK:
        return day + (7 - day.weekday()) * DAY
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
