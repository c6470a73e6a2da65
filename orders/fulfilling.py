"""How far an order is: the moves that follow when parcels leave and things are granted."""

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from orders.models import Dispute, Grant, Order, OrderLine, Payment
from orders.states import Actor, State, lock, move
from shop.models import Product

PAID_NOT_DONE = (State.PAID, State.FULFILLING)
EVER_PAID = (*PAID_NOT_DONE, State.FULFILLED, State.REFUNDED)
# Of a payment: the bank has taken it back for good. While a dispute is open it may come back.
IS_LOST = Exists(
    Dispute.objects.filter(
        payment=OuterRef("pk"), status=Dispute.Status.LOST, withdrawn_minor__gt=0
    )
)


@transaction.atomic
def note_progress(order_id: int, actor: Actor) -> Order:
    """Move the order to where its lines are, and return it; nothing is left to do the second time.

    FULFILLING once something was sent or granted, FULFILLED once every line is done. An order whose
    money is all on its way back stays where it is. At most 6 queries.
    """
    order = lock(order_id)
    if order.state not in PAID_NOT_DONE or is_all_given_back(order):
        return order
    lines = list(order.lines.select_related("grant"))
    if not any(_is_begun(line) for line in lines):
        return order
    to = State.FULFILLED if all(is_done(line) for line in lines) else State.FULFILLING
    return order if order.state == to else move(order.pk, to, actor)


@transaction.atomic
def note_owed(order_id: int, actor: Actor) -> Order:
    """Move the order to where its lines are, also back: units may be owed again. At most 8 queries.

    Returns the order. Nothing is left to do the second time.
    """
    order = lock(order_id)
    lines = order.lines.select_related("grant")
    if order.state == State.FULFILLED and not all(is_done(line) for line in lines):
        return move(order.pk, State.FULFILLING, actor)
    return note_progress(order.pk, actor)


def is_all_given_back(order: Order) -> bool:
    """Whether the money that paid the order is back, or on its way to the buyer. 1 query."""
    return order.payments.filter(
        outcome=Payment.Outcome.ACCEPTED, refunded_minor=F("amount_minor")
    ).exists()


def is_lost(order: Order) -> bool:
    """Whether the bank has taken back the money that paid the order, for good. 1 query."""
    return order.payments.filter(IS_LOST, outcome=Payment.Outcome.ACCEPTED).exists()


def left_of(line: OrderLine) -> int:
    """Return how many units of a line are still to be sent in parcels.

    A refund of units that had been sent leaves the others owed.
    """
    if line.kind != Product.Kind.PARCEL:
        return 0
    refunded_unsent = line.refunded_quantity - line.returned_quantity
    return max(0, line.quantity - line.shipped_quantity - refunded_unsent)


def is_done(line: OrderLine) -> bool:
    """Whether nothing of a line is still to come. 1 query unless its grant was read with it."""
    if line.kind == Product.Kind.PARCEL:
        return not left_of(line)
    if line.refunded_quantity >= line.quantity:
        return True
    grant = grant_of(line)
    return grant is not None and grant.state != Grant.State.DUE


def grant_of(line: OrderLine) -> Grant | None:
    """Return what a line entitles to, if it was made already."""
    return getattr(line, "grant", None)


def _is_begun(line: OrderLine) -> bool:
    grant = grant_of(line)
    is_granted = grant is not None and grant.state == Grant.State.GRANTED
    return line.shipped_quantity > 0 or is_granted
