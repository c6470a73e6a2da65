"""What a bank is told of a disputed order: one page for staff to print or to save as PDF."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from orders.models import (
    Dispute,
    DownloadCount,
    Grant,
    Order,
    OrderEvent,
    Payment,
    Refund,
    ShipmentLine,
)
from orders.timeline import PHRASES
from shop.models import Product
from shop.money import format_money

Kind = OrderEvent.Kind

# Stripe's reason codes, as a person would say them.
REASONS = {
    "bank_cannot_process": gettext_lazy("the bank could not process the payment"),
    "check_returned": gettext_lazy("the cheque was returned"),
    "credit_not_processed": gettext_lazy("the buyer says that a promised refund did not come"),
    "customer_initiated": gettext_lazy("the buyer asked the bank for the money back"),
    "debit_not_authorized": gettext_lazy("the buyer says that they did not allow the debit"),
    "duplicate": gettext_lazy("the buyer says that they were charged twice"),
    "fraudulent": gettext_lazy("the cardholder says that they did not make this payment"),
    "general": gettext_lazy("the bank names no particular reason"),
    "incorrect_account_details": gettext_lazy("the account details were wrong"),
    "insufficient_funds": gettext_lazy("there was not enough money in the account"),
    "noncompliant": gettext_lazy("the card network says that its rules were broken"),
    "product_not_received": gettext_lazy("the buyer says that the goods did not arrive"),
    "product_unacceptable": gettext_lazy("the buyer says that the goods were not as described"),
    "subscription_canceled": gettext_lazy("the buyer says that they had canceled"),
    "unrecognized": gettext_lazy("the cardholder does not recognise the payment"),
}
SHIPPING = (Kind.FULFILLING, Kind.FULFILLED)
# Details of an event that are the bank's business. Notes of staff are not.
TOLD = (
    *("code", "status", "from", "intent", "stripe_id", "subject"),
    *("units", "carrier", "tracking_number"),
)


@dataclass(frozen=True)
class Fact:
    """One thing that happened; `amount` and `details` may be empty."""

    at: datetime
    what: str
    by: str
    amount: str
    details: str


def reason_in_words(code: str) -> str:
    """Say why a dispute was opened; a code that we do not know is said as it is."""
    return str(REASONS.get(code, code.replace("_", " ")))


@require_safe
def evidence(request: HttpRequest, pk: int, site: AdminSite) -> HttpResponse:
    """Show staff everything that speaks for an order, as one page without the shop's own notes."""
    if not request.user.has_perm("orders.view_order"):
        raise PermissionDenied(_("You may not look at orders."))
    order = get_object_or_404(Order.objects.select_related("user"), pk=pk)
    context = {
        **site.each_context(request),
        "is_nav_sidebar_enabled": False,
        "title": _("Order %(number)s: evidence") % {"number": order.number},
        **evidence_of(order),
    }
    return render(request, "admin/orders/order/evidence.html", context)


def evidence_of(order: Order) -> dict[str, Any]:
    """Return the context of the page's template.

    At most 11 queries, however long the order's history.
    """
    events = list(order.events.all())
    by_age = Prefetch("refunds", Refund.objects.order_by("pk"))
    contents = Prefetch("lines", ShipmentLine.objects.select_related("line"))
    payments = list(order.payments.order_by("pk").prefetch_related(by_age, "disputes"))
    lines = list(order.lines.all())
    shipments = list(order.shipments.prefetch_related(contents))
    # Parcels have their own times, and what is granted moves an order on as well.
    is_told_by_moves = not shipments and all(line.kind == Product.Kind.PARCEL for line in lines)
    moves = [event for event in events if event.kind in SHIPPING]
    return {
        "order": order,
        "now": timezone.now(),
        "lines": lines,
        "shipments": shipments,
        "grants": _grants(order),
        "shipping_events": moves if is_told_by_moves else [],
        "messages_sent": [event for event in events if _is_message_to_buyer(event, order)],
        "payments": payments,
        "disputes": list(_disputes(payments)),
        "timeline": [_fact(event, order) for event in events if _is_the_banks(event, order)],
    }


def _grants(order: Order) -> QuerySet[Grant]:
    """What was granted, with what the buyer has made of it."""
    fetched = Prefetch("downloads", DownloadCount.objects.select_related("file").order_by("pk"))
    grants = Grant.objects.filter(line__order=order).select_related("line")
    return grants.prefetch_related(fetched, "licences", "bookings")


def _disputes(payments: Iterable[Payment]) -> Iterable[tuple[Dispute, str, str]]:
    """Each dispute with the currency of its payment and its reason in words."""
    for payment in payments:
        for dispute in payment.disputes.all():
            yield dispute, payment.currency, reason_in_words(dispute.reason)


def _is_message_to_buyer(event: OrderEvent, order: Order) -> bool:
    return event.kind == Kind.MESSAGE_SENT and event.data.get("recipient") == order.email


def _is_the_banks(event: OrderEvent, order: Order) -> bool:
    """Leave out what the shop wrote to its own staff."""
    return event.kind != Kind.MESSAGE_SENT or _is_message_to_buyer(event, order)


def _fact(event: OrderEvent, order: Order) -> Fact:
    currency = event.data.get("currency", order.currency)
    amount = event.amount_minor
    said = [PHRASES[key](event.data[key]) for key in TOLD if event.data.get(key)]
    return Fact(
        at=event.created_at,
        what=event.get_kind_display(),
        by=event.get_actor_display(),
        amount="" if amount is None else format_money(amount, currency),
        details=" · ".join(said),
    )
