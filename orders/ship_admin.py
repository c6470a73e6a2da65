"""The staff's pages of parcels: find what is to be sent, compose a parcel, print its slip."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.sites import AdminSite
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.forms.boundfield import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from orders.access import SignedInRequest
from orders.fulfilling import IS_LOST, PAID_NOT_DONE, left_of
from orders.models import Order, OrderLine, Payment, Shipment
from orders.refund_admin import lock_or_404, require, subpage
from orders.shipping import ShipRefusedError, left_to_send, refuse_unsendable, ship
from orders.states import by_staff
from shop.models import Product

WIDE = {"class": "vTextField"}


class LeftToSend(admin.SimpleListFilter):
    """Paid orders of which parcels have yet to leave."""

    title = gettext_lazy("left to send")
    parameter_name = "to_send"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, orders: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() != "yes":
            return orders
        left = OrderLine.objects.filter(
            order=OuterRef("pk"),
            kind=Product.Kind.PARCEL,
            quantity__gt=F("shipped_quantity") + F("refunded_quantity") - F("returned_quantity"),
        )
        gone = Payment.objects.filter(
            Q(refunded_minor=F("amount_minor")) | Q(IS_LOST),
            order=OuterRef("pk"),
            outcome=Payment.Outcome.ACCEPTED,
        )
        return orders.filter(Exists(left), ~Exists(gone), state__in=PAID_NOT_DONE)


@dataclass(frozen=True)
class ParcelRow:
    """A line with its field; None where nothing is left to send."""

    line: OrderLine
    left: int
    quantity: BoundField | None


class ParcelForm(forms.Form):
    """What goes into a parcel, and how it travels. Begins with all that is left. 1 query."""

    carrier = forms.CharField(
        label=gettext_lazy("Carrier"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={**WIDE, "list": "carriers", "autocomplete": "off"}),
    )
    tracking_number = forms.CharField(
        label=gettext_lazy("Tracking number"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={**WIDE, "autocomplete": "off", "spellcheck": "false"}),
    )
    tracking_url = forms.URLField(
        label=gettext_lazy("Tracking page"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=gettext_lazy("The carrier's page about this parcel, for the buyer to open."),
        widget=forms.URLInput(attrs={**WIDE, "autocomplete": "off"}),
    )

    def __init__(self, order: Order, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines = list(order.lines.filter(kind=Product.Kind.PARCEL))
        for line in self.lines:
            self._add_line(line)
        for name, field in self.fields.items():
            help_id = f"id_{name}_helptext " if field.help_text else ""
            field.widget.attrs["aria-describedby"] = f"{help_id}id_{name}_error"

    def _add_line(self, line: OrderLine) -> None:
        left = left_of(line)
        if not left:
            return
        self.fields[f"quantity_{line.pk}"] = forms.IntegerField(
            label=_("Units of %(title)s in this parcel") % {"title": line.title},
            required=False,
            min_value=0,
            max_value=left,
            initial=left,
            error_messages={
                "invalid": _("Write a whole number."),
                "min_value": _("Write 0 or more."),
                "max_value": _("At most %(left)d can still be sent.") % {"left": left},
            },
            widget=forms.NumberInput(attrs={"class": "units"}),
        )

    def rows(self) -> list[ParcelRow]:
        """Return the lines with their fields."""
        names = [f"quantity_{line.pk}" for line in self.lines]
        return [
            ParcelRow(line, left_of(line), self[name] if name in self.fields else None)
            for line, name in zip(self.lines, names, strict=True)
        ]

    def plain_fields(self) -> list[BoundField]:
        """Return the fields below the lines, each for a row of its own."""
        return [self[name] for name in ("carrier", "tracking_number", "tracking_url")]

    def units(self) -> list[tuple[int, int]]:
        """Return the keys of the lines that were chosen, with their quantities."""
        typed = [(line.pk, self.cleaned_data.get(f"quantity_{line.pk}")) for line in self.lines]
        return [(pk, quantity) for pk, quantity in typed if quantity]

    def mark(self) -> str:
        """Return what changes whenever another parcel or refund leaves less to send."""
        return "-".join(f"{line.pk}.{left_of(line)}" for line in self.lines)


@require_http_methods(["GET", "POST"])
def send(request: SignedInRequest, pk: int, site: AdminSite) -> HttpResponse:
    """Show the composer of a parcel, or book the parcel that was composed."""
    require(request, "orders.change_order", _("You may look at orders, but not change them."))
    if request.method == "POST":
        return _sent(request, pk, site)
    order = get_object_or_404(Order, pk=pk)
    if not _to_send(request, order):
        return redirect("admin:orders_order_change", pk)
    return _composer(request, order, ParcelForm(order), site)


def _to_send(request: HttpRequest, order: Order) -> list[tuple[OrderLine, int]]:
    """Return what may be sent of an order; when that is nothing, say why on the next page."""
    try:
        refuse_unsendable(order)
    except ShipRefusedError as error:
        messages.error(request, error.message)
        return []
    rows = left_to_send(order)
    if not rows:
        messages.warning(request, _("Nothing is left to send."))
    return rows


@transaction.atomic
def _sent(request: SignedInRequest, pk: int, site: AdminSite) -> HttpResponse:
    """Answer what was typed. The order stays locked, so what was shown is what is left."""
    order = lock_or_404(pk)
    form = ParcelForm(order, data=request.POST)
    if request.POST.get("shown") != form.mark():
        notice = _("Nothing was sent: what is left to send has changed. This is how it is now.")
        return _composer(request, order, form, site, notice)
    if not form.is_valid():
        return _composer(request, order, form, site)
    said = form.cleaned_data
    try:
        parcel = ship(
            order.pk,
            form.units(),
            said["carrier"],
            said["tracking_number"],
            said["tracking_url"],
            by_staff(request.user),
        )
    except ShipRefusedError as error:
        return _composer(request, order, form, site, error.message)
    messages.success(request, _("Parcel %(number)s is booked as sent.") % {"number": parcel.pk})
    return redirect("admin:orders_order_change", pk)


def _composer(
    request: HttpRequest, order: Order, form: ParcelForm, site: AdminSite, notice: str = ""
) -> HttpResponse:
    context = {
        **subpage(site, request, order, _("Parcel of order %(number)s") % {"number": order}),
        "form": form,
        "carriers": settings.CARRIERS,
        "notice": notice,
    }
    return render(request, "admin/orders/order/send.html", context)


@require_safe
def packing_slip(request: HttpRequest, pk: int, shipment_pk: int, site: AdminSite) -> HttpResponse:
    """Show what is in a parcel, to be printed and put into it."""
    require(request, "orders.view_order", _("You may not look at orders."))
    shipments = Shipment.objects.select_related("order")
    shipment = get_object_or_404(shipments, pk=shipment_pk, order__pk=pk)
    rows = [(one.line, one.quantity) for one in shipment.lines.select_related("line")]
    return _slip(request, shipment.order, rows, shipment, site)


@require_safe
def packing_slip_of_the_rest(request: HttpRequest, pk: int, site: AdminSite) -> HttpResponse:
    """Show what is left to send, to pack by."""
    require(request, "orders.view_order", _("You may not look at orders."))
    order = get_object_or_404(Order, pk=pk)
    rows = _to_send(request, order)
    if not rows:
        return redirect("admin:orders_order_change", pk)
    return _slip(request, order, rows, None, site)


def _slip(
    request: HttpRequest,
    order: Order,
    rows: Sequence[tuple[OrderLine, int]],
    shipment: Shipment | None,
    site: AdminSite,
) -> HttpResponse:
    context = {
        **subpage(site, request, order, _("Packing slip")),
        "is_nav_sidebar_enabled": False,
        "rows": rows,
        "shipment": shipment,
        "shop_address": settings.SHOP_ADDRESS,
    }
    return render(request, "admin/orders/order/packing_slip.html", context)
