"""Seats at events: booked, renamed, and scanned off at the door."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from orders.models import Booking, Grant, Order, OrderEvent
from orders.refusals import GrantRefusedError
from orders.states import append_event, by_staff, lock
from shop.models import EventDetails

NAME_LENGTH = 120
# The button may be pressed again while the answer is slow.
SECOND_PRESS = timedelta(seconds=10)


def event_of(grant: Grant) -> EventDetails | None:
    """Return when and where the line's event is; None when it is no longer in the shop."""
    if grant.line.variant is None:
        return None
    return getattr(grant.line.variant.product, "event", None)


def book_seats(grant: Grant, units: int) -> None:
    """Bring the grant to `units` seats, under the order's lock: those it had before, then new ones.

    The first seat is the buyer's own until he says otherwise.
    """
    grant.bookings.filter(seat__lte=units).update(revoked_at=None)
    buyer = _buyer(grant.line.order)
    guest = _("Guest of %(name)s") % {"name": buyer}
    Booking.objects.bulk_create(
        Booking(grant=grant, seat=seat, attendee=(buyer if seat == 1 else guest)[:NAME_LENGTH])
        for seat in range(grant.bookings.count() + 1, units + 1)
    )


def revoke_seats(grant: Grant, keep: int) -> int:
    """Revoke the last seats but `keep`, under the order's lock; returns how many."""
    return grant.bookings.filter(revoked_at=None, seat__gt=keep).update(revoked_at=timezone.now())


@transaction.atomic
def change_attendee(booking: Booking, name: str) -> None:
    """Write another name on a ticket. Raises GrantRefusedError, also once the event has begun."""
    name = " ".join(name.split())
    if not name:
        raise GrantRefusedError(_("Write the name of whoever comes."))
    if len(name) > NAME_LENGTH:
        raise GrantRefusedError(_("Write at most %(count)d letters.") % {"count": NAME_LENGTH})
    booking = _locked(booking)
    if booking.revoked_at is not None:
        raise GrantRefusedError(_("This ticket is no longer valid."))
    if booking.admitted_at is not None:
        raise GrantRefusedError(_("This ticket has been used, so its name stays."))
    event = event_of(booking.grant)
    if event is not None and event.starts_at <= timezone.now():
        raise GrantRefusedError(_("The event has begun, so names can no longer be changed."))
    booking.attendee = name
    booking.save(update_fields=["attendee"])


@transaction.atomic
def admit(code: str, staff: User) -> Booking:
    """Let the holder of a ticket in, once; a second press of the same person changes nothing.

    Raises GrantRefusedError with what to tell the holder.
    """
    booking = Booking.objects.filter(code=code).select_related("grant__line").first()
    if booking is None:
        raise GrantRefusedError(_("No ticket has this code. Check the letters."))
    booking = _locked(booking)
    if was_just_admitted(booking, staff):
        return booking
    if why := refusal(booking):
        raise GrantRefusedError(why)
    booking.admitted_at = timezone.now()
    booking.admitted_by = staff
    booking.save(update_fields=["admitted_at", "admitted_by"])
    append_event(
        booking.grant.line.order,
        OrderEvent.Kind.ADMITTED,
        by_staff(staff),
        grant=booking.grant_id,
        attendee=booking.attendee,
        seat=booking.seat,
    )
    return booking


def was_just_admitted(booking: Booking, staff: User) -> bool:
    """Tell whether this person admitted it so lately that it may have been one press."""
    return (
        booking.revoked_at is None
        and booking.admitted_at is not None
        and booking.admitted_by == staff
        and timezone.now() - booking.admitted_at < SECOND_PRESS
    )


def refusal(booking: Booking) -> str:
    """Say why a ticket does not let its holder in now; "" when it does."""
    if booking.revoked_at is not None:
        return _("Revoked: this seat was refunded or taken back. Do not admit.")
    if booking.admitted_at is not None:
        by = booking.admitted_by.get_full_name() if booking.admitted_by else _("somebody")
        at = date_format(timezone.localtime(booking.admitted_at), "DATETIME_FORMAT")
        return _("Used already: admitted on %(at)s by %(by)s.") % {"at": at, "by": by}
    event = event_of(booking.grant)
    if event is None:
        return ""
    first, last = (timezone.localdate(at) for at in (event.starts_at, event.ends_at))
    if not first <= timezone.localdate() <= last:
        day = date_format(first, "DATE_FORMAT")
        return _("Another day: this ticket is for %(day)s.") % {"day": day}
    return ""


def _locked(booking: Booking) -> Booking:
    """Lock the order and return the booking as it is now."""
    lock(booking.grant.line.order_id)
    return Booking.objects.select_related(
        "grant__line__order", "grant__line__variant__product__event", "admitted_by"
    ).get(pk=booking.pk)


def _buyer(order: Order) -> str:
    for address in (order.shipping_address, order.billing_address):
        if name := str((address or {}).get("name", "")).strip():
            return name
    return order.email
