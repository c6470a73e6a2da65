"""What follows what. Read it from top to bottom: it is the whole story after the payment.

Each line is one step, named after its function in messages/ or deeds.py: done once, on its own, for
each of those whom `to` names. `wait` is how long after the event it is due. `after` names the step
that has to be done first, for the same line of the order. `unless` says what cancels it, looked at
right before it is done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from cart.models import LeftBehind
from notifications.models import Delivery
from notifications.reasons import (
    being_paid,
    bought_after_all,
    bought_the_variant,
    granted_again,
    had_enough,
    held_out,
    left_again,
    refunded,
    told_when_it_came,
    unsubscribed,
)
from notifications.targets import (
    Target,
    accesses,
    all_grants,
    bookings,
    buyer,
    buyer_who_waits,
    downloads,
    grants,
    licences,
    nameless,
    phone,
    renamed,
    shop,
    shop_with_posthog,
    staff,
    staff_of_low_stock,
    taken_back,
    who_left,
    who_waits,
)
from orders.models import Order, OrderEvent
from shop.models import StockAlert

Kind = OrderEvent.Kind
Left = LeftBehind.Kind
Cause = TypeVar("Cause")
# Says why a step is not wanted any more; "" when it is.
Reason = Callable[[Delivery], str]

MINUTES = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAYS = timedelta(days=1)


@dataclass(frozen=True)
class Step(Generic[Cause]):
    """One line of the plan."""

    name: str
    to: Callable[[Cause], list[Target]]
    wait: timedelta = timedelta(0)
    after: str = ""
    unless: tuple[Reason, ...] = ()


PLAN: dict[Kind, list[Step[OrderEvent]]] = {
    Kind.ATTEMPT: [
        Step("count_attempt", shop),
    ],
    Kind.PAID: [
        Step("count_paid", shop),
        Step("tell_posthog", shop_with_posthog),
        Step("issue_receipt", shop),
        Step("order_confirmed", buyer, after="issue_receipt"),
        Step("order_confirmed", phone, after="issue_receipt"),
        Step("new_order", staff),
        Step("low_stock", staff_of_low_stock),
        Step("grant", grants, unless=(refunded,)),
        Step("download_ready", downloads, after="grant", unless=(refunded,)),
        Step("licence_ready", licences, after="grant", unless=(refunded,)),
        Step("access_granted", accesses, after="grant", unless=(refunded,)),
        Step("booking_confirmed", bookings, after="grant", unless=(refunded,)),
        Step("user_name_wanted", nameless, unless=(refunded,)),
        Step("follow_up_first", buyer, wait=7 * DAYS, unless=(refunded, unsubscribed)),
        Step("follow_up_second", buyer, wait=14 * DAYS, unless=(refunded, unsubscribed)),
        Step("follow_up_third", buyer, wait=30 * DAYS, unless=(refunded, unsubscribed)),
    ],
    Kind.HANDLE_GIVEN: [
        Step("withdraw_former", renamed),
        Step("grant", grants, unless=(refunded,)),
        Step("access_granted", accesses, after="grant", unless=(refunded,)),
    ],
    Kind.WHATSAPP_ON: [
        Step("order_confirmed", phone),
    ],
    Kind.SHIPPED: [
        Step("shipped", buyer),
        Step("shipped", phone),
    ],
    Kind.REFUND_SUCCEEDED: [
        Step("revoke_units", taken_back, unless=(granted_again,)),
        Step("refunded", buyer, unless=(told_when_it_came,)),
        Step("refunded", phone, unless=(told_when_it_came,)),
        Step("refund_made", staff),
    ],
    Kind.REFUNDED: [
        Step("revoke", all_grants, unless=(granted_again,)),
        Step("stop_follow_ups", shop),
    ],
    Kind.PAYMENT_LATE: [
        Step("payment_returned", buyer),
    ],
    Kind.CANCELED: [
        Step("order_expired", buyer_who_waits, unless=(bought_after_all,)),
    ],
    Kind.FAILED: [
        Step("order_expired", buyer_who_waits, unless=(bought_after_all,)),
    ],
    Kind.DISPUTE_OPENED: [
        Step("dispute_opened", staff),
    ],
    Kind.DISPUTE_WON: [
        Step("dispute_closed", staff),
    ],
    Kind.DISPUTE_LOST: [
        Step("dispute_closed", staff),
        Step("revoke", all_grants, unless=(granted_again,)),
        Step("stop_follow_ups", shop),
    ],
    # What staff ask for with a button, for one line.
    Kind.REGRANT_ASKED: [
        Step("grant", grants),
    ],
    Kind.REVOKE_ASKED: [
        Step("revoke", all_grants, unless=(granted_again,)),
    ],
    Kind.RESEND_ASKED: [
        Step("download_ready", downloads),
        Step("licence_ready", licences),
        Step("access_granted", accesses),
        Step("booking_confirmed", bookings),
        Step("user_name_wanted", nameless),
    ],
}

_winning_back = (held_out, bought_after_all, being_paid, left_again, unsubscribed, had_enough)

AFTER_LEAVING: dict[Left, list[Step[LeftBehind]]] = {
    Left.PAYMENT: [
        Step("payment_failed", who_left, wait=10 * MINUTES, unless=_winning_back),
        Step("last_call", who_left, wait=3 * DAYS, unless=_winning_back),
    ],
    Left.CHECKOUT: [
        Step("left_at_checkout", who_left, wait=HOUR, unless=_winning_back),
        Step("last_call", who_left, wait=3 * DAYS, unless=_winning_back),
    ],
    Left.CART: [
        Step("cart_left", who_left, unless=_winning_back),
        Step("last_call", who_left, wait=3 * DAYS, unless=_winning_back),
    ],
}

AFTER_RETURN: list[Step[StockAlert]] = [
    Step("back_in_stock", who_waits, unless=(bought_the_variant, unsubscribed)),
]


def steps_after(event: OrderEvent) -> list[Step[OrderEvent]]:
    """Return the steps that follow an event."""
    if event.data.get("from") == Order.State.REFUNDED:
        # A refund that failed late put the order back into a state of which all were told before.
        return []
    return PLAN.get(Kind(event.kind), [])


def reasons_against(delivery: Delivery) -> tuple[Reason, ...]:
    """Return what would cancel the step; nothing for one that the plan has no more."""
    steps: list[Step[OrderEvent]] | list[Step[LeftBehind]] | list[Step[StockAlert]] = []
    if delivery.event is not None:
        steps = steps_after(delivery.event)
    elif delivery.left is not None:
        steps = AFTER_LEAVING[Left(delivery.left.kind)]
    elif delivery.alert is not None:
        steps = AFTER_RETURN
    return next((step.unless for step in steps if step.name == delivery.step), ())
