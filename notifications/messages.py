"""One function a message: it returns the context of the templates that carry its name."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from notifications.models import Delivery
from orders.models import OrderEvent
from shop.delivery import DeliveryDates


def order_confirmed(event: OrderEvent) -> dict[str, Any]:
    """The receipt of a paid order."""
    order = event.order
    return {
        "order": order,
        "lines": order.lines.all(),
        "delivery": DeliveryDates(order.delivery_from, order.delivery_until),
    }


MESSAGES: dict[str, Callable[[OrderEvent], dict[str, Any]]] = {
    "order_confirmed": order_confirmed,
}


def send(delivery: Delivery) -> None:
    """Render and send one message as text and HTML. Raises what the mail backend raises."""
    context = MESSAGES[delivery.step](delivery.event) | {
        "shop_name": settings.SHOP_NAME,
        "base_url": settings.BASE_URL,
    }
    folder = f"notifications/{delivery.step}"
    mail = EmailMultiAlternatives(
        subject=render_to_string(f"{folder}/subject.txt", context).strip(),
        body=render_to_string(f"{folder}/body.txt", context),
        to=[delivery.recipient],
    )
    mail.attach_alternative(render_to_string(f"{folder}/body.html", context), "text/html")
    mail.send()
