"""What a step follows. Each raises ValueError for a step that follows something else."""

from cart.models import LeftBehind
from notifications.models import Delivery
from orders.models import Grant, OrderEvent
from shop.models import StockAlert


def event_of(delivery: Delivery) -> OrderEvent:
    """Return the event of an order that the step follows."""
    if delivery.event is None:
        raise ValueError(f"{delivery.step} follows an event of an order.")
    return delivery.event


def grant_of(delivery: Delivery) -> Grant:
    """Return the granted line that the step is about."""
    if delivery.grant is None:
        raise ValueError(f"{delivery.step} is about one line of an order.")
    return delivery.grant


def left_of(delivery: Delivery) -> LeftBehind:
    """Return the unfinished purchase that the step follows."""
    if delivery.left is None:
        raise ValueError(f"{delivery.step} follows an unfinished purchase.")
    return delivery.left


def alert_of(delivery: Delivery) -> StockAlert:
    """Return the wish to be told that the step fulfils."""
    if delivery.alert is None:
        raise ValueError(f"{delivery.step} follows a wish to be told.")
    return delivery.alert
