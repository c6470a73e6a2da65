"""Orders for staff: everything to read, and two moves to press: packing begun, and sent."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from orders.access import SignedInRequest
from orders.addresses import address_lines
from orders.models import Order, OrderEvent, OrderLine, Payment
from orders.states import MOVES, MoveRefusedError, State, by_staff, move
from shop.delivery import DeliveryDates
from shop.money import format_money

# What staff may press: part of the address, the state it leads to, and the words on the button.
BUTTONS = (
    ("start-packing", State.FULFILLING, gettext_lazy("Start packing")),
    ("mark-as-sent", State.FULFILLED, gettext_lazy("Mark as sent")),
)


def has_odd_payment() -> Exists:
    """The condition that money came for an order which does not pay it: somebody must decide."""
    payments = Payment.objects.filter(order=OuterRef("pk"))
    return Exists(payments.exclude(outcome=Payment.Outcome.ACCEPTED))


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
    fields = ("title", "options", "sku", "quantity", "price", "subtotal", "discount", "tax")
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


class PaymentInline(ReadOnlyInline):
    model = Payment
    verbose_name_plural = gettext_lazy("payments")
    fields = ("intent_id", "amount", "outcome", "received_at")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("amount"))
    def amount(self, payment: Payment) -> str:
        return format_money(payment.amount_minor, payment.currency)


class EventInline(ReadOnlyInline):
    model = OrderEvent
    verbose_name_plural = gettext_lazy("timeline")
    fields = ("created_at", "kind", "by", "amount", "details")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("staff")

    @admin.display(description=gettext_lazy("by"))
    def by(self, event: OrderEvent) -> str:
        return str(event.staff or event.get_actor_display())

    @admin.display(description=gettext_lazy("amount"))
    def amount(self, event: OrderEvent) -> str | None:
        if event.amount_minor is None:
            return None
        return format_money(event.amount_minor, _currency_of(event))

    @admin.display(description=gettext_lazy("details"))
    def details(self, event: OrderEvent) -> SafeString:
        return format_html_join(
            " · ", "{}: {}", (_readable(event, key) for key in sorted(event.data))
        )


def _currency_of(event: OrderEvent) -> str:
    """The currency of an event's amounts: its own when money came in another one."""
    return str(event.data.get("currency", event.order.currency))


def _readable(event: OrderEvent, key: str) -> tuple[str, str]:
    value = event.data[key]
    if key == "expected_minor":
        return _("expected"), format_money(value, event.order.currency)
    if key == "from":
        return _("from"), str(State(value).label)
    return key.replace("_", " "), str(value)


class NeedsAttention(admin.SimpleListFilter):
    """Orders with money of which somebody has to decide what becomes."""

    title = gettext_lazy("needs attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, orders: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() == "yes":
            return orders.filter(has_odd_payment())
        if self.value() == "no":
            return orders.filter(~has_odd_payment())
        return orders


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin[Order]):
    list_display = ("number", "placed_at", "state", "email", "total", "attention")
    list_filter = ("state", "placed_at", NeedsAttention)
    search_fields = ("number", "email", "payments__intent_id")
    search_help_text = gettext_lazy("Order number, email or payment intent")
    show_full_result_count = False
    inlines = (LineInline, PaymentInline, EventInline)
    change_form_template = "admin/orders/order/change_form.html"
    fieldsets = (
        (None, {"fields": ("number", "state", "attention", "placed_at", "held_until")}),
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
        odd = Payment.objects.filter(order=OuterRef("pk")).exclude(outcome=Payment.Outcome.ACCEPTED)
        orders = super().get_queryset(request)
        return orders.select_related("user").annotate(needs_attention=Exists(odd))

    @admin.display(description=gettext_lazy("total"), ordering="total_minor")
    def total(self, order: Order) -> str:
        return format_money(order.total_minor, order.currency)

    @admin.display(description=gettext_lazy("needs attention"), ordering="needs_attention")
    def attention(self, order: Any) -> str:
        return _("Payment does not match") if order.needs_attention else ""

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
        return str(DeliveryDates(order.delivery_from, order.delivery_until))

    def get_urls(self) -> list[URLPattern]:
        buttons = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(partial(self.move_view, to=to)),
                name=f"orders_order_{name}",
            )
            for name, to, _label in BUTTONS
        ]
        return buttons + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        buttons = self._buttons(request, object_id)
        return super().change_view(request, object_id, form_url, {"moves": buttons})

    def _buttons(self, request: HttpRequest, object_id: str) -> list[dict[str, str]]:
        """The moves that this member of staff can make now, as address and words."""
        order = self.get_object(request, object_id)
        if order is None or not request.user.has_perm("orders.change_order"):
            return []
        return [
            {"url": reverse(f"admin:orders_order_{name}", args=[order.pk]), "label": str(label)}
            for name, to, label in BUTTONS
            if to in MOVES[State(order.state)]
        ]

    def move_view(self, request: SignedInRequest, pk: int, to: State) -> HttpResponse:
        """Move the order and go back to its page, which says what came of it. POST only."""
        return _move(request, pk, to)


@require_POST
def _move(request: SignedInRequest, pk: int, to: State) -> HttpResponse:
    if not request.user.has_perm("orders.change_order"):
        raise PermissionDenied(_("You may look at orders, but not change them."))
    try:
        order = move(pk, to, by_staff(request.user))
    except Order.DoesNotExist as error:
        raise Http404(_("There is no such order.")) from error
    except MoveRefusedError as error:
        words = {"state": str(State(error.order.state).label), "to": str(to.label)}
        messages.error(
            request,
            _("Nothing was changed: the order is “%(state)s”, so it cannot become “%(to)s”.")
            % words,
        )
    else:
        words = {"number": order.number, "to": str(to.label)}
        messages.success(request, _("Order %(number)s is now “%(to)s”.") % words)
    return redirect("admin:orders_order_change", pk)


def _in_lines(address: dict[str, str]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((line,) for line in address_lines(address)))
