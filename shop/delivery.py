"""How and when what is bought reaches the buyer."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from babel.dates import format_date, format_interval, format_time
from django.utils import timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from shop.models import Product, ShippingRate

SATURDAY = 5

# How each kind of goods that is no parcel reaches the buyer.
HANDED_OVER = {
    Product.Kind.DOWNLOAD: _("Download at once: the link comes by email when you have paid"),
    Product.Kind.LICENCE: _("The licence key comes by email when you have paid"),
    Product.Kind.REPOSITORY: _("GitHub invites you when you have paid: you need an account there"),
    Product.Kind.COURSE: _("Read at once: the link comes by email when you have paid"),
    Product.Kind.EVENT: _("Tickets come by email when you have paid"),
}


class DeliveryDates(NamedTuple):
    """The first and the last day on which a parcel is to be expected."""

    from_date: date
    until_date: date

    def __str__(self) -> str:
        """Return the days as the shopper's language writes them, such as "Tue, Nov 24"."""
        locale = to_locale(get_language() or "en")
        return format_interval(self.from_date, self.until_date, "MMMEd", locale=locale)


def event_time(starts_at: datetime, ends_at: datetime) -> str:
    """Return the time of an event as the shopper's language writes it, in the shop's zone.

    It names the day, and both times; the last day, too, where that is another one.
    """
    locale = to_locale(get_language() or "en")
    first, last = (timezone.localtime(at) for at in (starts_at, ends_at))
    begins, ends = (
        f"{format_date(at.date(), 'full', locale)}, {format_time(at, 'short', locale=locale)}"
        for at in (first, last)
    )
    if first.date() == last.date():
        ends = format_time(last, "short", locale=locale)
    # The narrow space before AM and PM is too narrow in many fonts.
    return f"{begins} – {ends}".replace("\u202f", "\xa0")


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
