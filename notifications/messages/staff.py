"""What the shop's owner is told."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from notifications.causes import event_of
from notifications.failures import NotWantedError
from notifications.low_stock import low_after
from notifications.models import Delivery
from orders.attention import UNANSWERED
from orders.evidence import reason_in_words
from orders.models import Dispute, Order, Refund


def new_order(delivery: Delivery) -> dict[str, Any]:
    """An order was paid: who bought what, and where it goes."""
    order = event_of(delivery).order
    return {
        "order": order,
        "lines": list(order.lines.all()),
        "has_parcels": order.delivery is not None,
        "order_path": _path_of(order),
    }


def low_stock(delivery: Delivery) -> dict[str, Any]:
    """An order has left only a few of something."""
    order = event_of(delivery).order
    items = low_after(order)
    if not items:
        raise NotWantedError(_("there is enough again"))
    return {
        "order": order,
        "items": items,
        "order_path": _path_of(order),
        "stock_path": reverse("admin:inventory_stockitem_changelist"),
    }


def refund_made(delivery: Delivery) -> dict[str, Any]:
    """Money has gone back to a buyer: how much, why, and at whose wish."""
    event = event_of(delivery)
    refund = Refund.objects.select_related("payment", "staff").get(pk=event.data["refund"])
    return {
        "order": event.order,
        "refund": refund,
        "currency": refund.payment.currency,
        "order_path": _path_of(event.order),
    }


def dispute_opened(delivery: Delivery) -> dict[str, Any]:
    """A bank disputes a payment: what it wants to know, and until when."""
    context = _about_dispute(delivery)
    return context | {"is_unanswered": context["dispute"].status in UNANSWERED}


def dispute_closed(delivery: Delivery) -> dict[str, Any]:
    """A dispute or an inquiry has ended: won, lost, or without loss."""
    status = event_of(delivery).data["status"]
    return _about_dispute(delivery) | {
        "is_lost": status == Dispute.Status.LOST,
        "is_won": status == Dispute.Status.WON,
    }


def _about_dispute(delivery: Delivery) -> dict[str, Any]:
    event = event_of(delivery)
    dispute = Dispute.objects.select_related("payment").get(stripe_id=event.data["dispute"])
    return {
        "order": event.order,
        "dispute": dispute,
        "reason": reason_in_words(dispute.reason),
        "order_path": _path_of(event.order),
        "evidence_path": reverse("admin:orders_order_evidence", args=[event.order_id]),
    }


def _path_of(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])
