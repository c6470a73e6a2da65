"""The state machine of an order. `move` is the only writer of `Order.state`."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from orders.models import Order, OrderEvent
from shop.doorbells import ring

State = Order.State
Kind = OrderEvent.Kind

MOVES: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.PAID, State.CANCELED, State.FAILED}),
    State.PAID: frozenset({State.FULFILLING, State.FULFILLED, State.REFUNDED}),
    State.FULFILLING: frozenset({State.FULFILLED, State.REFUNDED}),
    # A refund of units that were not sent fails after the rest was: they are owed again.
    State.FULFILLED: frozenset({State.FULFILLING, State.REFUNDED}),
    # Money that arrives after all, while the goods are still there, revives the order.
    State.CANCELED: frozenset({State.PAID}),
    State.FAILED: frozenset({State.PAID}),
    # A refund that the bank sends back later undoes the move.
    State.REFUNDED: frozenset({State.PAID, State.FULFILLING, State.FULFILLED}),
}


@dataclass(frozen=True)
class Actor:
    """Who did it; `staff` names the member of staff."""

    kind: OrderEvent.Actor
    staff: User | None = None


SHOPPER = Actor(OrderEvent.Actor.SHOPPER)
STRIPE = Actor(OrderEvent.Actor.STRIPE)
SCHEDULE = Actor(OrderEvent.Actor.SCHEDULE)


def by_staff(user: User) -> Actor:
    """Return the actor for a member of staff."""
    return Actor(OrderEvent.Actor.STAFF, user)


class MoveRefusedError(Exception):
    """The order is in a state that does not allow the move."""

    def __init__(self, order: Order, to: State) -> None:
        super().__init__(f"Order {order.number} is {order.state}; it cannot become {to}.")
        self.order = order


def lock(order_id: int) -> Order:
    """Return the order with its row locked until the transaction ends."""
    return Order.objects.select_for_update().get(pk=order_id)


@transaction.atomic
def move(order_id: int, to: State, actor: Actor, **data: Any) -> Order:
    """Lock the order, check the move, save it and append its event, in one transaction.

    Returns the order. Raises MoveRefusedError when the table of moves forbids it. `data` goes into
    the event. 3 queries.
    """
    order = lock(order_id)
    if to not in MOVES[State(order.state)]:
        raise MoveRefusedError(order, to)
    data["from"] = order.state
    order.state = to
    order.save(update_fields=["state"])
    append_event(order, Kind(to.value), actor, order.total_minor, **data)
    return order


def append_event(
    order: Order, kind: Kind, actor: Actor, amount_minor: int | None = None, **data: Any
) -> OrderEvent:
    """Append to the audit trail, and ring for the outbox's reader once the transaction commits."""
    event = OrderEvent.objects.create(
        order=order,
        kind=kind,
        actor=actor.kind,
        staff=actor.staff,
        amount_minor=amount_minor,
        data=data,
    )
    ring(settings.ORDER_EVENT_DOORBELL)
    return event
