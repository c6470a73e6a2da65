"""When an order that is placed today arrives."""

from datetime import date, timedelta
from typing import NamedTuple

from babel.dates import format_interval
from django.utils.translation import get_language, to_locale

from shop.models import ShippingRate

SATURDAY = 5


class DeliveryDates(NamedTuple):
    """The first and the last day on which a parcel is to be expected."""

    from_date: date
    until_date: date

    def __str__(self) -> str:
        """Return the days as the shopper's language writes them, such as "Tue, Nov 24"."""
        locale = to_locale(get_language() or "en")
        return format_interval(self.from_date, self.until_date, "MMMEd", locale=locale)


def delivery_dates(rate: ShippingRate, today: date) -> DeliveryDates:
    """Return when a parcel that is ordered `today` arrives at this rate. No query."""
    return DeliveryDates(
        _add_working_days(today, rate.days_min), _add_working_days(today, rate.days_max)
    )


def _add_working_days(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY:
            count -= 1
    return day
