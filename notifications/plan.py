"""Which message follows which event of an order, and to whom."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.models import Order, OrderEvent

Kind = OrderEvent.Kind


@dataclass(frozen=True)
class Step:
    """One message: its name is its function's in messages.py and its templates'."""

    message: str
    recipient: Callable[[Order], str]


def buyer(order: Order) -> str:
    return order.email


PLAN: dict[Kind, list[Step]] = {
    Kind.PAID: [Step("order_confirmed", buyer)],
}
