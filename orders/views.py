from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from orders.access import SignedInRequest, find_order, orders_of
from orders.fulfilling import EVER_PAID
from orders.goods import goods_of
from orders.models import Order, Payment, Receipt, Refund
from orders.progress import progress_of
from orders.receipt_page import receipt_context

ORDERS_PER_PAGE = 20
# The states in which a guest is offered an account: the purchase is done and went well.
SETTLED_WELL = (Order.State.PAID, Order.State.FULFILLING, Order.State.FULFILLED)
# What went back of the payment that paid the order, in minor units; null when nothing did.
REFUNDED = Sum(
    "payments__refunds__amount_minor",
    filter=Q(
        payments__outcome=Payment.Outcome.ACCEPTED, payments__refunds__state=Refund.State.SUCCEEDED
    ),
)

private = cache_control(private=True, no_store=True)


@require_safe
@private
def order(request: HttpRequest, number: str) -> HttpResponse:
    """Show an order to its account or to whoever has its link; to all others it does not exist."""
    order = _find_or_404(request, number)
    return render(request, "orders/order.html", _context(request, order))


@require_safe
@private
def status(request: HttpRequest, number: str) -> HttpResponse:
    """Answer the order page's question whether anything is new; 204 when it shows it already."""
    context = _context(request, _find_or_404(request, number))
    if context["mark"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "orders/status.html", context)


@require_safe
@private
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Show the receipt of a paid order to those who may see the order."""
    order = _find_or_404(request, number)
    receipt = Receipt.objects.filter(order=order).select_related("order").first()
    if receipt is None:
        raise Http404(_("This order has no receipt yet. It is made once the order is paid."))
    return render(request, "orders/receipt.html", receipt_context(receipt))


@require_safe
@private
@login_required
def my_orders(request: SignedInRequest) -> HttpResponse:
    """List the account's orders, the newest first, with those after `?before=<number>`."""
    orders = orders_of(request.user).annotate(refunded_minor=REFUNDED).prefetch_related("lines")
    orders = orders.order_by("-pk")
    before = request.GET.get("before", "")
    if before:
        orders = orders.filter(pk__lt=Order.objects.filter(number=before).values("pk"))
    page = list(orders[: ORDERS_PER_PAGE + 1])
    shown = page[:ORDERS_PER_PAGE]
    older = shown[-1].number if len(page) > ORDERS_PER_PAGE else ""
    return render(
        request, "orders/my_orders.html", {"orders": shown, "before": before, "older": older}
    )


def _find_or_404(request: HttpRequest, number: str) -> Order:
    order = find_order(number, request.GET.get("key", ""), request.user)
    if order is None:
        raise Http404(_("There is no such order, or the link to it is incomplete."))
    return order


def _context(request: HttpRequest, order: Order) -> dict[str, Any]:
    goods = goods_of(order)
    progress = progress_of(order, goods, request.GET.get("redirect_status", ""))
    receipt = Receipt.objects.filter(order=order).first() if order.state in EVER_PAID else None
    is_guest = order.user_id is None and not request.user.is_authenticated
    return {
        "order": order,
        "goods": goods,
        "progress": progress,
        "receipt": receipt,
        # Changes whenever anything does that the page shows.
        "mark": f"{progress.mark}-{goods.mark}-{receipt.number if receipt else ''}",
        "delivery": order.delivery if goods.left_to_send or goods.shipments else None,
        "offer_account": is_guest and progress.name in SETTLED_WELL,
    }
