"""Orders for staff: everything to read, and what to press: pack, send, cancel, refund."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

import orders.grant_admin  # noqa: F401
from orders.access import SignedInRequest
from orders.addresses import address_lines
from orders.attention import NeedsAttention, reasons, with_attention
from orders.evidence import evidence
from orders.fulfilling import PAID_NOT_DONE
from orders.models import Order, OrderLine, Receipt
from orders.order_panel import Panel, mark_of, panel_of
from orders.receipt_page import receipt_context
from orders.refund_admin import cancel, compose, lock_or_404, require, try_again
from orders.ship_admin import LeftToSend, packing_slip, packing_slip_of_the_rest, send
from orders.states import State, by_staff, move
from shop.money import format_money


class ReadOnlyInline(admin.TabularInline[Any, Order]):
    """Rows that are seen with their order, by whoever may see the order."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("orders.view_order")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("order")


class LineInline(ReadOnlyInline):
    model = OrderLine
    verbose_name_plural = gettext_lazy("lines")
    fields = (
        *("title", "options", "sku", "quantity"),
        *("shipped_quantity", "refunded_quantity", "returned_quantity"),
        *("price", "subtotal", "discount", "tax", "total"),
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("price"))
    def price(self, line: OrderLine) -> str:
        return format_money(line.unit_price_minor, line.order.currency)

    @admin.display(description=gettext_lazy("subtotal"))
    def subtotal(self, line: OrderLine) -> str:
        return format_money(line.subtotal_minor, line.order.currency)

    @admin.display(description=gettext_lazy("discount"))
    def discount(self, line: OrderLine) -> str:
        return format_money(line.discount_minor, line.order.currency)

    @admin.display(description=gettext_lazy("tax"))
    def tax(self, line: OrderLine) -> str:
        return format_money(line.tax_minor, line.order.currency)

    @admin.display(description=gettext_lazy("total"))
    def total(self, line: OrderLine) -> str:
        return format_money(line.total_minor, line.order.currency)


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin[Order]):
    list_display = ("number", "state", "attention", "total", "placed_at", "email")
    list_filter = ("state", "placed_at", NeedsAttention, LeftToSend)
    search_fields = ("number", "email", "payments__intent_id")
    search_help_text = gettext_lazy("Order number, email or payment intent")
    show_full_result_count = False
    inlines = (LineInline,)
    change_form_template = "admin/orders/order/change_form.html"
    fieldsets = (
        (None, {"fields": ("number", "state_now", "waits_for", "placed_at", "held_until")}),
        (
            gettext_lazy("Buyer"),
            {"fields": ("email", "user", "deliver_to", "bill_to", "delivery")},
        ),
        (
            gettext_lazy("Amounts"),
            {"fields": ("subtotal", "discount", "shipping", "tax", "total")},
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        """Nothing is edited by hand; permission to change allows pressing the buttons."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return with_attention(super().get_queryset(request).select_related("user", "receipt"))

    @admin.display(description=gettext_lazy("total"), ordering="total_minor")
    def total(self, order: Order) -> str:
        return format_money(order.total_minor, order.currency)

    @admin.display(description=gettext_lazy("needs attention"))
    def attention(self, order: Order) -> str:
        return "; ".join(reasons(order))

    @admin.display(description=gettext_lazy("needs attention"))
    def waits_for(self, order: Order) -> SafeString:
        return render_to_string("admin/orders/order/attention.html", {"reasons": reasons(order)})

    @admin.display(description=gettext_lazy("state"))
    def state_now(self, order: Order) -> SafeString:
        return render_to_string("admin/orders/order/state.html", {"order": order})

    @admin.display(description=gettext_lazy("lines"))
    def subtotal(self, order: Order) -> str:
        return format_money(order.subtotal_minor, order.currency)

    @admin.display(description=gettext_lazy("discount"))
    def discount(self, order: Order) -> str:
        amount = format_money(order.discount_minor, order.currency)
        return f"{amount} ({order.coupon_code})" if order.coupon_code else amount

    @admin.display(description=gettext_lazy("shipping"))
    def shipping(self, order: Order) -> str:
        return format_money(order.shipping_minor, order.currency)

    @admin.display(description=gettext_lazy("tax"))
    def tax(self, order: Order) -> str:
        return (
            f"{format_money(order.tax_minor, order.currency)} ({order.tax_percent.normalize():f} %)"
        )

    @admin.display(description=gettext_lazy("delivery to"))
    def deliver_to(self, order: Order) -> SafeString:
        return _in_lines(order.shipping_address)

    @admin.display(description=gettext_lazy("bill to"))
    def bill_to(self, order: Order) -> SafeString | str:
        return _in_lines(order.billing_address) if order.billing_address else _("The same address")

    @admin.display(description=gettext_lazy("delivery"))
    def delivery(self, order: Order) -> str:
        return str(order.delivery or _("nothing is sent"))

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        pages: list[tuple[str, str, Callable[..., HttpResponse]]] = [
            ("<int:pk>/panel/", "panel", self.panel_view),
            ("<int:pk>/refund/<int:payment_pk>/", "refund", partial(compose, site=site)),
            ("<int:pk>/refunds/<int:refund_pk>/repeat/", "repeat", try_again),
            ("<int:pk>/cancel/", "cancel", partial(cancel, site=site)),
            ("<int:pk>/evidence/", "evidence", partial(evidence, site=site)),
            ("<int:pk>/receipt/", "receipt", receipt_for_staff),
            ("<int:pk>/start-packing/", "start_packing", start_packing),
            ("<int:pk>/send/", "send", partial(send, site=site)),
            ("<int:pk>/slip/", "slip_of_the_rest", partial(packing_slip_of_the_rest, site=site)),
            ("<int:pk>/slips/<int:shipment_pk>/", "slip", partial(packing_slip, site=site)),
        ]
        return [
            *(
                path(route, site.admin_view(view), name=f"orders_order_{name}")
                for route, name, view in pages
            ),
            *super().get_urls(),
        ]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Order | None = None,
    ) -> HttpResponse:
        if obj:
            context |= _shown(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def panel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer the order page's question for news; 204 when it shows them already."""
        require(request, "orders.view_order", _("You may not look at orders."))
        order = get_object_or_404(self.get_queryset(request), pk=pk)
        seen = request.GET.get("seen", "")
        if mark_of(order) == seen:
            return HttpResponse(status=204)
        context = _shown(request, order) | {"reasons": reasons(order)}
        context["news"] = context["panel"].since(seen)
        return render(request, "admin/orders/order/panel_changed.html", context)


def _shown(request: HttpRequest, order: Order) -> dict[str, Any]:
    """What the templates read of an order's buttons, parcels and money."""
    panel = panel_of(order)
    may_move = request.user.has_perm("orders.change_order")
    may_refund = request.user.has_perm("orders.add_refund")
    # Canceling a paid order refunds it.
    is_cancelable = order.state in PAID_NOT_DONE and panel.is_cancelable and may_refund
    to_send = _to_send(order, panel)
    return {
        "order": order,
        "panel": panel,
        "to_send": to_send,
        "may_pack": may_move and _may_pack(order, panel),
        "may_send": may_move and bool(to_send),
        "may_cancel": may_move and (order.state == State.PENDING or is_cancelable),
        "may_refund": may_refund,
    }


def _to_send(order: Order, panel: Panel) -> tuple[tuple[OrderLine, int], ...]:
    """Units that may leave: none when the money is gone, whatever the table of moves allows."""
    is_gone = panel.is_all_given_back or panel.is_lost
    return panel.left_to_send if order.state in PAID_NOT_DONE and not is_gone else ()


def _may_pack(order: Order, panel: Panel) -> bool:
    return order.state == State.PAID and bool(_to_send(order, panel))


@require_POST
@transaction.atomic
def start_packing(request: SignedInRequest, pk: int) -> HttpResponse:
    """Move the order and go back to its page, which says what came of it. POST only."""
    require(request, "orders.change_order", _("You may look at orders, but not change them."))
    order = lock_or_404(pk)
    panel = panel_of(order)
    words = {"number": order.number, "state": order.get_state_display()}
    if _may_pack(order, panel):
        move(pk, State.FULFILLING, by_staff(request.user))
        messages.success(request, _("Order %(number)s is being packed.") % words)
    elif panel.is_all_given_back:
        said = _("Nothing was changed: all of its money is back, or on its way to the buyer.")
        messages.error(request, said)
    elif panel.is_lost:
        messages.error(request, _("Nothing was changed: the bank has taken this money back."))
    else:
        said = _("Nothing was changed: the order is “%(state)s”, so packing cannot begin.")
        messages.error(request, said % words)
    return redirect("admin:orders_order_change", pk)


@require_safe
def receipt_for_staff(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the receipt as the buyer sees it."""
    require(request, "orders.view_order", _("You may not look at orders."))
    receipt = get_object_or_404(Receipt.objects.select_related("order"), order__pk=pk)
    return render(request, "orders/receipt.html", receipt_context(receipt))


def _in_lines(address: dict[str, str]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((line,) for line in address_lines(address)))
