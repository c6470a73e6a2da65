"""One function a message: it returns the context of the templates that carry its name."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from notifications.models import Delivery
from orders.attention import UNANSWERED
from orders.evidence import reason_in_words
from orders.models import Dispute, OrderEvent, Payment
from shop.delivery import DeliveryDates


def order_confirmed(event: OrderEvent) -> dict[str, Any]:
    """The receipt of a paid order."""
    order = event.order
    return {
        "order": order,
        "lines": order.lines.all(),
        "delivery": DeliveryDates(order.delivery_from, order.delivery_until),
    }


def payment_returned(event: OrderEvent) -> dict[str, Any]:
    """Tells the buyer of money that came too late, or a second time, and goes back in full."""
    order = event.order
    return {
        "order": order,
        "amount_minor": event.amount_minor,
        "is_second": order.payments.filter(outcome=Payment.Outcome.ACCEPTED).exists(),
    }


def dispute_opened(event: OrderEvent) -> dict[str, Any]:
    """Tells staff what the bank wants to know, and until when."""
    context = _about_dispute(event)
    return context | {"is_unanswered": context["dispute"].status in UNANSWERED}


def dispute_closed(event: OrderEvent) -> dict[str, Any]:
    """Tells staff how a dispute or an inquiry ended."""
    status = event.data["status"]
    return _about_dispute(event) | {
        "is_lost": status == Dispute.Status.LOST,
        "is_won": status == Dispute.Status.WON,
    }


MESSAGES: dict[str, Callable[[OrderEvent], dict[str, Any]]] = {
    message.__name__: message
    for message in (order_confirmed, payment_returned, dispute_opened, dispute_closed)
}


def send(delivery: Delivery) -> str:
    """Render and send one message as text and HTML; returns its subject.

    Raises what the mail backend raises.
    """
    context = MESSAGES[delivery.step](delivery.event) | {
        "shop_name": settings.SHOP_NAME,
        "base_url": settings.BASE_URL,
    }
    folder = f"notifications/{delivery.step}"
    subject = render_to_string(f"{folder}/subject.txt", context).strip()
    mail = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"{folder}/body.txt", context),
        to=[delivery.recipient],
    )
    mail.attach_alternative(render_to_string(f"{folder}/body.html", context), "text/html")
    mail.send()
    return subject


def _about_dispute(event: OrderEvent) -> dict[str, Any]:
    dispute = Dispute.objects.select_related("payment").get(stripe_id=event.data["dispute"])
    return {
        "order": event.order,
        "dispute": dispute,
        "reason": reason_in_words(dispute.reason),
        "order_path": reverse("admin:orders_order_change", args=[event.order_id]),
        "evidence_path": reverse("admin:orders_order_evidence", args=[event.order_id]),
    }
