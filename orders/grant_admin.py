"""What staff can do about what was granted; tickets and lists of attendees."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.sites import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inventory.admin import ReadOnlyAdmin
from orders.access import SignedInRequest
from orders.grant_forms import UserNameForm
from orders.granting import ask_to_grant, ask_to_revoke, ask_to_tell, give_handle
from orders.models import Booking, Grant
from orders.refund_admin import require, subpage
from orders.refusals import GrantRefusedError
from orders.seats import admit, event_of, refusal, was_just_admitted
from orders.states import Actor, by_staff
from shop.models import EventDetails, Product

Ask = Callable[[Grant, Actor], None]
# What staff may ask for: part of the address, the verb, and what they are told.
ASKS: dict[str, tuple[Ask, Any]] = {
    "grant": (ask_to_grant, gettext_lazy("%(title)s is being granted.")),
    "revoke": (ask_to_revoke, gettext_lazy("%(title)s is being revoked.")),
    "resend": (ask_to_tell, gettext_lazy("The buyer is told of %(title)s once more.")),
}


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin[Grant]):
    """All grants, to find those that are due; the order's page has the buttons."""

    list_display = ("line", "kind", "order", "state", "handle", "granted_at", "revoked_at")
    list_filter = ("state", "line__kind", "granted_at")
    search_fields = ("line__order__number", "line__order__email", "handle", "line__title")
    search_help_text = gettext_lazy("Order number, email, user name or product")
    show_full_result_count = False
    ordering = ("-pk",)
    fields = ("line", "kind", "order", "state", "handle", "granted_at", "revoked_at")
    readonly_fields = ("kind", "order")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        return super().get_queryset(request).select_related("line__order")

    @admin.display(description=gettext_lazy("kind"))
    def kind(self, grant: Grant) -> str:
        return grant.line.get_kind_display()

    @admin.display(description=gettext_lazy("order"))
    def order(self, grant: Grant) -> SafeString:
        return _link_to_order(grant)

    def get_urls(self) -> list[URLPattern]:
        asks = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(partial(_ask, name=name)),
                name=f"orders_grant_{name}",
            )
            for name in ASKS
        ]
        rename = self.admin_site.admin_view(partial(_rename, site=self.admin_site))
        return [
            *asks,
            path("<int:pk>/user-name/", rename, name="orders_grant_user_name"),
            *super().get_urls(),
        ]


@require_POST
def _ask(request: SignedInRequest, pk: int, name: str) -> HttpResponse:
    """Ask for it, and go back to the order, which says what came of it."""
    require(request, "orders.change_order", _("You may look at orders, but not change them."))
    grant = get_object_or_404(Grant.objects.select_related("line"), pk=pk)
    ask, said = ASKS[name]
    try:
        ask(grant, by_staff(request.user))
    except GrantRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said % {"title": grant.line.title})
    return _back(grant)


@require_http_methods(["GET", "HEAD", "POST"])
def _rename(request: SignedInRequest, pk: int, site: AdminSite) -> HttpResponse:
    """Ask for the buyer's right GitHub user name, and have it invited instead of the wrong one."""
    require(request, "orders.change_order", _("You may look at orders, but not change them."))
    grants = Grant.objects.select_related("line__order")
    grant = get_object_or_404(grants, pk=pk, line__kind=Product.Kind.REPOSITORY)
    form = UserNameForm(grant, request.POST or None)
    if form.is_valid():
        try:
            give_handle(grant, form.cleaned_data["user_name"], by_staff(request.user))
        except GrantRefusedError as error:
            form.add_error("user_name", str(error))
        else:
            said = _("%(title)s: the invitation is on its way.") % {"title": grant.line.title}
            messages.success(request, said)
            return _back(grant)
    order = grant.line.order
    title = _("GitHub user name for order %(number)s") % {"number": order}
    context = {**subpage(site, request, order, title), "form": form, "grant": grant}
    return render(request, "admin/orders/grant/user_name.html", context)


def _back(grant: Grant) -> HttpResponse:
    address = reverse("admin:orders_order_change", args=[grant.line.order_id])
    return redirect(f"{address}#order-grants")


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin[Booking]):
    """All seats, the page that admits, and the list of an event's attendees to print."""

    change_list_template = "admin/orders/booking/change_list.html"
    list_display = ("ticket", "event", "seat", "order", "admitted_at", "revoked_at")
    list_display_links = None
    list_filter = ("admitted_at",)
    search_fields = ("attendee", "code", "grant__line__order__number", "grant__line__title")
    search_help_text = gettext_lazy("Name, code, order number or event")
    show_full_result_count = False
    ordering = ("-pk",)
    fields = (
        *("attendee", "event", "seat", "order", "code"),
        *("admitted_at", "admitted_by", "revoked_at"),
    )
    readonly_fields = ("event", "order")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        return super().get_queryset(request).select_related("grant__line__order", "admitted_by")

    @admin.display(description=gettext_lazy("attendee"), ordering="attendee")
    def ticket(self, booking: Booking) -> SafeString:
        url = reverse("admin:orders_booking_admit", args=[booking.code])
        return format_html('<a href="{}">{}</a>', url, booking.attendee)

    @admin.display(description=gettext_lazy("event"))
    def event(self, booking: Booking) -> str:
        return booking.grant.line.title

    @admin.display(description=gettext_lazy("order"))
    def order(self, booking: Booking) -> SafeString:
        return _link_to_order(booking.grant)

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        pages: list[tuple[str, str, Callable[..., HttpResponse]]] = [
            ("tickets/", "find", _find),
            ("tickets/<str:code>/", "admit", _admit),
            ("events/", "events", _events),
            ("events/<int:pk>/", "attendees", _attendees),
        ]
        return [
            *(
                path(
                    route,
                    site.admin_view(never_cache(partial(view, site=site))),
                    name=f"orders_booking_{name}",
                )
                for route, name, view in pages
            ),
            *super().get_urls(),
        ]


@require_safe
def _find(request: SignedInRequest, site: AdminSite) -> HttpResponse:
    """Ask for the code of a ticket that cannot be scanned, and lead to its page."""
    require(request, "orders.view_booking", _("You may not look at tickets."))
    # Somebody may have copied the whole address.
    code = request.GET.get("code", "").strip().rstrip("/").rpartition("/")[2].upper()
    if code:
        return redirect("admin:orders_booking_admit", code)
    return render(request, "admin/orders/booking/find.html", _page(site, request, _("Ticket")))


@require_http_methods(["GET", "HEAD", "POST"])
def _admit(request: SignedInRequest, code: str, site: AdminSite) -> HttpResponse:
    """Show whose ticket it is and whether it is valid; a POST admits, and leads to what came of it.

    Only that address says that the holder is admitted: a ticket that is scanned again is used.
    """
    require(request, "orders.view_booking", _("You may not look at tickets."))
    context = _page(site, request, _("Ticket"))
    error = ""
    if request.method == "POST":
        require(request, "orders.change_booking", _("You may look at tickets, but not admit."))
        try:
            admit(code, request.user)
        except GrantRefusedError as refused:
            error = str(refused)
        else:
            return redirect(f"{request.path}?admitted=1")
    booking = (
        Booking.objects.select_related(
            "grant__line__order", "grant__line__variant__product__event", "admitted_by"
        )
        .filter(code=code)
        .first()
    )
    if booking is None:
        context |= {"code": code, "error": _("No ticket has this code. Check the letters.")}
        return render(request, "admin/orders/booking/find.html", context, status=404)
    is_admitted = "admitted" in request.GET and was_just_admitted(booking, request.user)
    context |= {
        "booking": booking,
        "line": booking.grant.line,
        "event": event_of(booking.grant),
        "is_admitted": is_admitted,
        "why_not": error or ("" if is_admitted else refusal(booking)),
    }
    return render(request, "admin/orders/booking/admit.html", context)


@require_safe
def _events(request: SignedInRequest, site: AdminSite) -> HttpResponse:
    """List the events, those to come first, each with its list of attendees."""
    require(request, "orders.view_booking", _("You may not look at tickets."))
    events = EventDetails.objects.select_related("product").order_by("-starts_at")[:100]
    context = _page(site, request, _("Events")) | {"events": events}
    return render(request, "admin/orders/booking/events.html", context)


@require_safe
def _attendees(request: SignedInRequest, pk: int, site: AdminSite) -> HttpResponse:
    """List who comes to an event, by name, to be printed for the door."""
    require(request, "orders.view_booking", _("You may not look at tickets."))
    product = get_object_or_404(Product.objects.select_related("event"), pk=pk, event__isnull=False)
    bookings = Booking.objects.filter(grant__line__variant__product=product, revoked_at=None)
    seats = list(bookings.select_related("grant__line__order").order_by("attendee", "pk"))
    context = _page(site, request, product.name) | {
        "product": product,
        "event": product.event,
        "seats": seats,
        "admitted": sum(seat.admitted_at is not None for seat in seats),
    }
    return render(request, "admin/orders/booking/attendees.html", context)


def _page(site: AdminSite, request: HttpRequest, title: str) -> dict[str, Any]:
    return {**site.each_context(request), "title": title, "opts": Booking._meta}


def _link_to_order(grant: Grant) -> SafeString:
    order = grant.line.order
    url = reverse("admin:orders_order_change", args=[order.pk])
    return format_html('<a href="{}">{}</a>', url, order.number)
