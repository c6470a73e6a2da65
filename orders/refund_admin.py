"""The staff's pages of money that goes back: compose a refund, repeat one, cancel an order.

Each needs its permission, shows what will be booked, and books only that.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.sites import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from inventory.admin import ReadOnlyAdmin
from orders.access import SignedInRequest
from orders.canceling import CancelRefusedError, cancel_order
from orders.fulfilling import PAID_NOT_DONE
from orders.models import Order, Payment, Refund
from orders.refund_forms import Preview, RefundForm, filled_with_all, preview_of
from orders.refund_pricing import PricedRefund, RefundRefusedError, price_all
from orders.refunding import repeat, request_refund
from orders.states import by_staff, lock
from shop.money import format_money


@require_http_methods(["GET", "POST"])
def compose(request: SignedInRequest, pk: int, payment_pk: int, site: AdminSite) -> HttpResponse:
    """Show the composer of a refund with a preview of the books, or book what was previewed."""
    require(request, "orders.add_refund", _("You may look at orders, but not refund them."))
    if request.method == "POST":
        return _composed(request, pk, payment_pk, site)
    payment = _payment(pk, payment_pk)
    if not payment.refundable_minor:
        messages.warning(request, _("All of this payment is back already, or on its way."))
        return redirect("admin:orders_order_change", pk)
    if "all" not in request.GET:
        return _composer(request, RefundForm(payment), None, site)
    form = filled_with_all(payment)
    return _composer(request, form, preview_of(form), site)


@transaction.atomic
def _composed(request: SignedInRequest, pk: int, payment_pk: int, site: AdminSite) -> HttpResponse:
    """Answer what was typed. The order stays locked, so what is compared is what is booked."""
    lock_or_404(pk)
    payment = _payment(pk, payment_pk)
    form = RefundForm(payment, data=request.POST)
    preview = preview_of(form)
    if request.POST.get("step") != "refund":
        return _composer(request, form, preview, site)
    if preview is None or preview.shown != request.POST.get("shown"):
        return _composer(request, form, preview, site, _difference(request, form))
    refund = request_refund(payment.pk, form.wish(), by_staff(request.user))
    messages.success(
        request,
        _("Refund %(number)s of %(amount)s is on its way to Stripe. Its result appears below.")
        % {
            "number": refund.pk,
            "amount": format_money(refund.amount_minor, payment.currency),
        },
    )
    return redirect("admin:orders_order_change", pk)


def _difference(request: HttpRequest, form: RefundForm) -> str:
    if request.POST.get("books") != form.books():
        return _(
            "Nothing was booked: the order's refunds have changed since the preview. "
            "This is how it is now."
        )
    return _("Nothing was booked: the form is not what the preview showed. Look at the new one.")


def _composer(
    request: HttpRequest,
    form: RefundForm,
    preview: Preview | None,
    site: AdminSite,
    notice: str = "",
) -> HttpResponse:
    """The page, or only the parts that change when htmx asks."""
    order = form.payment.order
    context = {
        **subpage(site, request, order, _("Refund of order %(number)s") % {"number": order}),
        "form": form,
        "payment": form.payment,
        "preview": preview,
        "notice": notice,
    }
    name = "refund_changed" if "HX-Request" in request.headers else "refund"
    return render(request, f"admin/orders/order/{name}.html", context)


@require_POST
def try_again(request: SignedInRequest, pk: int, refund_pk: int) -> HttpResponse:
    """Repeat a failed refund and go back to the order, which says what came of it."""
    require(request, "orders.add_refund", _("You may look at orders, but not refund them."))
    failed = get_object_or_404(Refund, pk=refund_pk, payment__order__pk=pk)
    try:
        refund = repeat(failed.pk, by_staff(request.user))
    except RefundRefusedError as error:
        messages.error(request, error.message)
    else:
        words = {"number": refund.pk, "failed": failed.pk}
        said = _("Refund %(number)s repeats refund %(failed)s. Its result appears below.")
        messages.success(request, said % words)
    return redirect("admin:orders_order_change", pk)


@require_http_methods(["GET", "POST"])
def cancel(request: SignedInRequest, pk: int, site: AdminSite) -> HttpResponse:
    """Say what canceling will do, or do what was said. What gives money back is a refund, too."""
    require(request, "orders.change_order", _("You may look at orders, but not change them."))
    if request.method == "POST":
        return _canceled(request, pk, site)
    return _cancel_page(request, get_object_or_404(Order, pk=pk), site)


@transaction.atomic
def _canceled(request: SignedInRequest, pk: int, site: AdminSite) -> HttpResponse:
    order = lock_or_404(pk)
    priced = price_of_cancel(order)
    _require_refund(request, priced)
    if request.POST.get("shown") != _shown(order, priced):
        notice = _("Nothing was done: the order has changed. This is what canceling does now.")
        return _cancel_page(request, order, site, notice)
    try:
        cancel_order(pk, by_staff(request.user))
    except CancelRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The order is being canceled. The result appears below."))
    return redirect("admin:orders_order_change", pk)


def _cancel_page(
    request: HttpRequest, order: Order, site: AdminSite, notice: str = ""
) -> HttpResponse:
    priced = price_of_cancel(order)
    _require_refund(request, priced)
    if order.state != Order.State.PENDING and priced is None:
        messages.warning(
            request, _("There is nothing to cancel: the order is closed, or sent at least in part.")
        )
        return redirect("admin:orders_order_change", order.pk)
    context = {
        **subpage(site, request, order, _("Cancel order %(number)s") % {"number": order}),
        "priced": priced,
        "shown": _shown(order, priced),
        "notice": notice,
        "is_being_packed": order.state == Order.State.FULFILLING,
    }
    return render(request, "admin/orders/order/cancel.html", context)


def price_of_cancel(order: Order) -> PricedRefund | None:
    """Return what canceling gives back of a paid order; None when it gives nothing back."""
    if order.state not in PAID_NOT_DONE or order.shipments.exists():
        return None
    payment = order.payments.filter(outcome=Payment.Outcome.ACCEPTED).first()
    if payment is None or not payment.refundable_minor:
        return None
    return price_all(payment)


def _require_refund(request: HttpRequest, priced: PricedRefund | None) -> None:
    """Raise PermissionDenied when canceling gives money back and the member of staff may not."""
    if priced:
        said = _("This order is paid, so canceling refunds it: you may not refund orders.")
        require(request, "orders.add_refund", said)


def _shown(order: Order, priced: PricedRefund | None) -> str:
    return f"{order.state}-{priced.total_minor if priced else 0}"


def require(request: HttpRequest, permission: str, refusal: str) -> None:
    """Raise PermissionDenied with `refusal` unless the member of staff has `permission`."""
    if not request.user.has_perm(permission):
        raise PermissionDenied(refusal)


def lock_or_404(pk: int) -> Order:
    """Return the order, locked. Raises Http404 when there is none."""
    try:
        return lock(pk)
    except Order.DoesNotExist as error:
        raise Http404(_("There is no such order.")) from error


def _payment(order_pk: int, payment_pk: int) -> Payment:
    payments = Payment.objects.select_related("order")
    # `order__pk` finds nothing by a number that is too large, where SQLite would fail by `order`.
    return get_object_or_404(payments, pk=payment_pk, order__pk=order_pk)


def subpage(site: AdminSite, request: HttpRequest, order: Order, title: str) -> dict[str, Any]:
    """Return what the frame of a page below an order's needs."""
    return {**site.each_context(request), "title": title, "order": order, "opts": Order._meta}


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin[Refund]):
    """All refunds, to find those that failed; the order's page composes and repeats them."""

    list_display = ("__str__", "order", "state", "error", "amount", "requested_at")
    list_filter = ("state", "reason", "requested_at")
    list_select_related = ("payment__order",)
    search_fields = ("payment__order__number", "payment__order__email", "stripe_id")
    search_help_text = gettext_lazy("Order number, email or refund at Stripe")
    show_full_result_count = False
    ordering = ("-pk",)
    fields = (
        *("order", "amount", "state", "reason", "note", "error"),
        *("stripe_id", "staff", "requested_at", "succeeded_at", "tries", "next_try_at"),
    )
    readonly_fields = ("order", "amount")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        return super().get_queryset(request).select_related("payment__order", "staff")

    @admin.display(description=gettext_lazy("order"))
    def order(self, refund: Refund) -> SafeString:
        order = refund.payment.order
        url = reverse("admin:orders_order_change", args=[order.pk])
        return format_html('<a href="{}">{}</a>', url, order.number)

    @admin.display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount(self, refund: Refund) -> str:
        return format_money(refund.amount_minor, refund.payment.currency)
