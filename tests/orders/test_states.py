"""The state machine: `move` is the only way, and it says no."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from orders.models import Order, OrderEvent
from orders.states import MOVES, SCHEDULE, STRIPE, MoveRefusedError, State, by_staff, move
from tests.factories import UserFactory
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_a_pending_order_becomes_paid_with_its_event() -> None:
    order = make_order()

    move(order.pk, State.PAID, STRIPE)

    order.refresh_from_db()
    event = order.events.last()
    assert order.state == State.PAID
    assert event is not None
    assert (event.kind, event.actor) == (OrderEvent.Kind.PAID, OrderEvent.Actor.STRIPE)
    assert event.amount_minor == order.total_minor
    assert event.data == {"from": "pending"}


def test_the_event_names_the_member_of_staff() -> None:
    staff = UserFactory(is_staff=True)
    order = make_order(state=State.PAID)

    move(order.pk, State.FULFILLING, by_staff(staff))

    event = order.events.last()
    assert event is not None
    assert event.staff == staff


@pytest.mark.parametrize(
    ("before", "after"),
    [(a, b) for a in State for b in State if b not in MOVES[a]],
)
def test_a_move_outside_the_table_is_refused_and_leaves_no_trace(
    before: Order.State, after: Order.State
) -> None:
    order = make_order(state=before)

    with pytest.raises(MoveRefusedError, match=f"is {before}; it cannot become {after}"):
        move(order.pk, after, SCHEDULE)

    order.refresh_from_db()
    assert order.state == before
    assert order.events.count() == 1  # that it was placed


def test_every_state_has_a_row_in_the_table() -> None:
    assert set(MOVES) == set(State)


def test_the_outbox_rings_only_after_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    order = make_order()

    with django_capture_on_commit_callbacks() as rung:
        move(order.pk, State.CANCELED, SCHEDULE)

    assert len(rung) == 1
