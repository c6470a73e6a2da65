"""Events as calendar files (iCalendar), for the order page and for mails."""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar
from icalendar import Event as Entry

from orders.models import Order
from shop.models import EventDetails


def calendar_file(order: Order, event: EventDetails) -> bytes:
    """Return the calendar file of an event that was booked with an order."""
    link = f"{settings.BASE_URL}{order.get_absolute_url()}"
    entry = Entry()
    # The same for each seat of the order: a calendar shows the event once.
    entry.add("uid", f"{order.number}-{event.pk}@{urlsplit(settings.BASE_URL).hostname}")
    entry.add("dtstamp", order.placed_at)
    entry.add("dtstart", event.starts_at)
    entry.add("dtend", event.ends_at)
    entry.add("summary", event.product.name)
    entry.add("location", event.place)
    entry.add("url", link)
    entry.add("description", _("Your tickets: %(link)s") % {"link": link})
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//{settings.SHOP_NAME}//Cartwright//")
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    return bytes(calendar.to_ical())
