"""The buyer's pages of what was bought: keys, user names, tickets, courses.

All are opened by the order's account or by its link (`?key=`), like the order's own page.
"""

from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.access import SignedInRequest, find_order, orders_of
from orders.calendar import calendar_file
from orders.grant_forms import AttendeeForm, UserNameForm
from orders.granting import give_handle, grants_of
from orders.models import Booking, Grant, LicenceGrant, Order, OrderLine
from orders.purchases import SHOWN, purchases_of
from orders.refusals import GrantRefusedError
from orders.seats import change_attendee, event_of
from orders.states import SHOPPER
from shop.models import Product

ORDERS_PER_PAGE = 20

private = cache_control(private=True, no_store=True)


@require_safe
@private
def purchases(request: HttpRequest, number: str) -> HttpResponse:
    """Answer the order page's question what is granted by now."""
    return render(request, "orders/purchases.html", {"order": _order_or_404(request, number)})


@require_safe
@private
@login_required
def my_purchases(request: SignedInRequest) -> HttpResponse:
    """List what was bought on all orders of the account, newest first, after `?before=<number>`."""
    granted = OrderLine.objects.filter(order=OuterRef("pk")).exclude(kind=Product.Kind.PARCEL)
    orders = orders_of(request.user).filter(Exists(granted), state__in=SHOWN).order_by("-pk")
    before = request.GET.get("before", "")
    if before:
        orders = orders.filter(pk__lt=Order.objects.filter(number=before).values("pk"))
    page = list(orders[: ORDERS_PER_PAGE + 1])
    shown = page[:ORDERS_PER_PAGE]
    found = purchases_of(shown)
    return render(
        request,
        "orders/my_purchases.html",
        {
            "rows": [(order, found.get(order.pk, [])) for order in shown],
            "before": before,
            "older": shown[-1].number if len(page) > ORDERS_PER_PAGE else "",
        },
    )


@require_POST
@private
def show_key(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Note that a licence key was looked at, and go back to where it is shown now."""
    order = _order_or_404(request, number)
    licence = get_object_or_404(LicenceGrant, pk=pk, grant__line__order=order)
    LicenceGrant.objects.filter(pk=licence.pk, shown_at=None).update(shown_at=timezone.now())
    return _back(request, order, f"licence-{licence.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@private
def user_name(request: HttpRequest, number: str, line: int) -> HttpResponse:
    """Ask for the GitHub user name, and store it."""
    order = _order_or_404(request, number)
    grant = _grant_or_404(order, line, Product.Kind.REPOSITORY)
    form = UserNameForm(grant, request.POST or None)
    if form.is_valid():
        try:
            give_handle(grant, form.cleaned_data["user_name"], SHOPPER)
        except GrantRefusedError as error:
            form.add_error("user_name", str(error))
        else:
            messages.success(request, _("Thank you. The invitation is on its way to you."))
            return _back(request, order, f"purchase-{line}")
    context = {"order": order, "form": form, "purchase": grant.line, "title": grant.line.title}
    return render(request, "orders/user_name.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def attendee(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Ask for the name of whoever comes, and write it on the ticket."""
    order = _order_or_404(request, number)
    booking = _booking_or_404(order, pk)
    form = AttendeeForm(booking, request.POST or None)
    if form.is_valid():
        try:
            change_attendee(booking, form.cleaned_data["attendee"])
        except GrantRefusedError as error:
            form.add_error("attendee", str(error))
        else:
            messages.success(request, _("The name on the ticket was changed."))
            return _back(request, order, f"seat-{pk}")
    context = {"order": order, "booking": booking, "form": form}
    return render(request, "orders/attendee.html", context)


@require_safe
@private
def ticket(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Show a ticket, to be printed or held up at the door."""
    order = _order_or_404(request, number)
    booking = _booking_or_404(order, pk)
    context = {
        "order": order,
        "booking": booking,
        "line": booking.grant.line,
        "event": event_of(booking.grant),
    }
    return render(request, "orders/ticket.html", context)


@require_safe
@private
def ticket_qr(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Return the picture that staff scan: it leads them to the page that admits."""
    booking = _booking_or_404(_order_or_404(request, number), pk)
    if booking.revoked_at is not None:
        raise Http404(_("This ticket is no longer valid."))
    address = settings.BASE_URL + reverse("admin:orders_booking_admit", args=[booking.code])
    picture = BytesIO()
    segno.make(address, error="m", micro=False).save(
        picture, kind="svg", scale=8, border=4, light="#fff", svgclass=None, lineclass=None
    )
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")


@require_safe
@private
def calendar(request: HttpRequest, number: str, line: int) -> HttpResponse:
    """Return the calendar file of an event."""
    order = _order_or_404(request, number)
    grant = _grant_or_404(order, line, Product.Kind.EVENT)
    event = event_of(grant)
    if event is None:
        raise Http404(_("This event is no longer in the shop."))
    name = f"{event.product.slug}.ics"
    return HttpResponse(
        calendar_file(order, event),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_safe
@private
def course(request: HttpRequest, number: str, line: int, lesson: int | None = None) -> HttpResponse:
    """Show a course: what it has, or one of its lessons. 403 once it was revoked."""
    order = _order_or_404(request, number)
    grant = _grant_or_404(order, line, Product.Kind.COURSE)
    context: dict[str, Any] = {"order": order, "line": grant.line}
    if grant.state != Grant.State.GRANTED:
        return render(request, "orders/course_closed.html", context | {"grant": grant}, status=403)
    lessons = list(grant.line.variant.product.lessons.all()) if grant.line.variant else []
    context |= {"lessons": lessons}
    if lesson is None:
        return render(request, "orders/course.html", context)
    at = next((at for at, one in enumerate(lessons) if one.pk == lesson), None)
    if at is None:
        raise Http404(_("This course has no such lesson."))
    context |= {
        "lesson": lessons[at],
        "number": at + 1,
        "before": lessons[at - 1] if at else None,
        "after": lessons[at + 1] if at + 1 < len(lessons) else None,
    }
    return render(request, "orders/lesson.html", context)


def _order_or_404(request: HttpRequest, number: str) -> Order:
    order = find_order(number, request.GET.get("key", ""), request.user)
    if order is None or order.state not in SHOWN:
        raise Http404(_("There is no such order, or the link to it is incomplete."))
    return order


def _grant_or_404(order: Order, line: int, kind: Product.Kind) -> Grant:
    for grant in grants_of(order):
        if grant.line_id == line and grant.line.kind == kind:
            return grant
    raise Http404(_("This order has no such line."))


def _booking_or_404(order: Order, pk: int) -> Booking:
    bookings = Booking.objects.select_related("grant__line__order", "grant__line__variant__product")
    return get_object_or_404(bookings, pk=pk, grant__line__order=order)


def _back(request: HttpRequest, order: Order, anchor: str) -> HttpResponse:
    key = request.GET.get("key", "")
    query = f"?{urlencode({'key': key})}" if key else ""
    return redirect(f"{reverse('orders:order', args=[order.number])}{query}#{anchor}")
