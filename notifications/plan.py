"""Which message follows which event of an order, and to whom."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from orders.models import Order, OrderEvent

Kind = OrderEvent.Kind


@dataclass(frozen=True)
class Step:
    """One message: its name is its function's in messages.py and its templates'.

    `recipient` returns an address, or "" when there is nobody to tell.
    """

    message: str
    recipient: Callable[[Order], str]


def buyer(order: Order) -> str:
    return order.email


def staff(order: Order) -> str:
    return str(settings.ADMIN_EMAIL)


PLAN: dict[Kind, list[Step]] = {
    Kind.PAID: [Step("order_confirmed", buyer)],
    Kind.PAYMENT_LATE: [Step("payment_returned", buyer)],
    Kind.DISPUTE_OPENED: [Step("dispute_opened", staff)],
    Kind.DISPUTE_WON: [Step("dispute_closed", staff)],
    Kind.DISPUTE_LOST: [Step("dispute_closed", staff)],
}


def steps_after(event: OrderEvent) -> list[Step]:
    """Return the messages that follow an event."""
    if event.data.get("from") == Order.State.REFUNDED:
        # A refund that failed late put the order back into a state of which all were told before.
        return []
    return PLAN.get(Kind(event.kind), [])
