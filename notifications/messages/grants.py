"""What a buyer is told of goods that are no parcels, one message for each line of the order.

Keys and links to files are not in the mail: the order's page has them.
"""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from notifications.causes import event_of, grant_of
from notifications.failures import NotWantedError
from notifications.models import Delivery
from orders.calendar import calendar_file
from orders.models import Booking, Grant, Order
from orders.seats import event_of as event_details
from shop.models import EventDetails, Product, Variant


def download_ready(delivery: Delivery) -> dict[str, Any]:
    """Files that were bought can be fetched."""
    context = _granted(delivery)
    product = _product(context)
    return context | {"files": list(product.downloads.all()) if product is not None else []}


def licence_ready(delivery: Delivery) -> dict[str, Any]:
    """Licence keys that were bought can be looked at."""
    context = _granted(delivery)
    return context | {"count": context["grant"].licences.filter(revoked_at=None).count()}


def access_granted(delivery: Delivery) -> dict[str, Any]:
    """A course is open, or a repository's invitation was sent."""
    context = _granted(delivery)
    return context | {
        "is_repository": context["line"].kind == Product.Kind.REPOSITORY,
        "product": _product(context),
    }


def booking_confirmed(delivery: Delivery) -> dict[str, Any]:
    """Seats are booked: who comes when and where, with tickets and a calendar file."""
    context = _granted(delivery)
    seats = list(context["grant"].bookings.filter(revoked_at=None))
    if not seats:
        raise NotWantedError(_("the booking was canceled"))
    details = event_details(context["grant"])
    return context | {
        "seats": [(seat, _ticket_path(context["order"], seat)) for seat in seats],
        "details": details,
        "attachments": [_calendar(context["order"], details)] if details is not None else [],
    }


def user_name_wanted(delivery: Delivery) -> dict[str, Any]:
    """A repository was bought, and we need the buyer's GitHub user name to open it."""
    context = _about_line(delivery)
    grant = context["grant"]
    if grant.handle:
        raise NotWantedError(_("the user name was given"))
    if grant.state == Grant.State.REVOKED:
        raise NotWantedError(_("the access was taken back"))
    return context


def _ticket_path(order: Order, seat: Booking) -> str:
    path = reverse("orders:ticket", args=[order.number, seat.pk])
    return f"{path}?key={order.access_key}"


def _calendar(order: Order, details: EventDetails) -> tuple[str, bytes, str]:
    """The calendar file, as it is attached."""
    return f"{details.product.slug}.ics", calendar_file(order, details), "text/calendar"


def _granted(delivery: Delivery) -> dict[str, Any]:
    """The context of a line that is granted now."""
    context = _about_line(delivery)
    state = context["grant"].state
    if state == Grant.State.REVOKED:
        raise NotWantedError(_("the access was taken back"))
    if state == Grant.State.DUE:
        raise NotWantedError(_("nothing is granted yet"))
    return context


def _about_line(delivery: Delivery) -> dict[str, Any]:
    grant = grant_of(delivery)
    return {"order": event_of(delivery).order, "line": grant.line, "grant": grant}


def _product(context: dict[str, Any]) -> Product | None:
    """What was bought; None when the shop has it no more."""
    variant: Variant | None = context["line"].variant
    return variant.product if variant is not None else None
