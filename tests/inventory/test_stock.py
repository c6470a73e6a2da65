"""The verbs of stock: what is held, sold, freed and corrected, and what is refused."""

import pytest
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from inventory.models import Reservation, StockItem, StockMovement
from inventory.stock import (
    NotEnoughStockError,
    Shortage,
    StockWouldBeNegativeError,
    adjust,
    available_to,
    confirm,
    hand_over,
    hold,
    release,
)
from tests.factories import make_stock

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Reason = StockMovement.Reason


def counts(item: StockItem) -> tuple[int, int]:
    """Return the units on hand and those of them that are held."""
    item.refresh_from_db()
    return item.on_hand, item.held


def test_a_hold_takes_units_from_what_others_can_buy() -> None:
    mug = make_stock(5, "MUG")

    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})

    assert counts(mug) == (5, 2)
    assert available_to("another-cart", [mug.pk]) == {mug.pk: 3}


def test_a_shopper_counts_his_own_hold_as_free() -> None:
    mug = make_stock(5, "MUG")

    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})

    assert available_to("adas-cart", [mug.pk]) == {mug.pk: 5}


def test_a_hold_that_is_handed_over_counts_for_the_other_cart() -> None:
    mug = make_stock(5, "MUG")
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})

    hand_over("adas-cart", "adas-account")

    assert available_to("adas-cart", [mug.pk]) == {mug.pk: 3}
    assert available_to("adas-account", [mug.pk]) == {mug.pk: 5}


def test_a_sold_unit_is_free_to_nobody() -> None:
    mug = make_stock(5, "MUG")
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})

    confirm("K7QM-4T9X")

    assert available_to("adas-cart", [mug.pk]) == {mug.pk: 3}


def test_a_hold_is_all_or_nothing_and_names_every_shortage() -> None:
    mug, bowl, vase = make_stock(5, "MUG"), make_stock(1, "BOWL"), make_stock(0, "VASE")

    with pytest.raises(NotEnoughStockError) as refusal:
        hold("K7QM-4T9X", "adas-cart", {mug.pk: 2, bowl.pk: 2, vase.pk: 1})

    assert refusal.value.shortages == [Shortage(bowl.pk, 2, 1), Shortage(vase.pk, 1, 0)]
    assert [counts(item) for item in (mug, bowl, vase)] == [(5, 0), (1, 0), (0, 0)]
    assert not Reservation.objects.exists()


def test_the_last_unit_can_be_held() -> None:
    mug = make_stock(1, "MUG")

    hold("K7QM-4T9X", "adas-cart", {mug.pk: 1})

    assert counts(mug) == (1, 1)


def test_confirming_sells_what_was_held() -> None:
    mug = make_stock(5, "MUG")
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})

    confirm("K7QM-4T9X")

    assert counts(mug) == (3, 0)
    sale = mug.movements.get(reason=Reason.SOLD)
    assert (sale.quantity, sale.reference) == (-2, "K7QM-4T9X")
    assert Reservation.objects.get().state == Reservation.State.CONFIRMED


def test_confirming_twice_sells_once() -> None:
    mug = make_stock(5, "MUG")
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})

    confirm("K7QM-4T9X")
    confirm("K7QM-4T9X")

    assert counts(mug) == (3, 0)
    assert mug.movements.filter(reason=Reason.SOLD).count() == 1


def test_releasing_twice_frees_once() -> None:
    mug = make_stock(5, "MUG")
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})
    hold("ZZZZ-0000", "sams-cart", {mug.pk: 1})

    release("K7QM-4T9X")
    release("K7QM-4T9X")

    assert counts(mug) == (5, 1)


def test_what_was_sold_is_not_released() -> None:
    mug = make_stock(5, "MUG")
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})
    confirm("K7QM-4T9X")

    release("K7QM-4T9X")

    assert counts(mug) == (3, 0)


def test_what_was_released_can_be_held_again_for_the_same_order() -> None:
    mug = make_stock(5, "MUG")
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})
    release("K7QM-4T9X")

    hold("K7QM-4T9X", "adas-cart", {mug.pk: 3})

    assert counts(mug) == (5, 3)


def test_a_correction_is_written_down_with_its_author() -> None:
    mug = make_stock(5, "MUG")

    movement = adjust(mug, -2, Reason.DAMAGED, actor="stella@example.com", note="fell")

    assert counts(mug) == (3, 0)
    assert (movement.quantity, movement.actor, movement.note) == (-2, "stella@example.com", "fell")


def test_a_correction_leaves_what_is_held_for_orders() -> None:
    mug = make_stock(5, "MUG")
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})

    adjust(mug, -3, Reason.DAMAGED, actor="stella@example.com")
    with pytest.raises(StockWouldBeNegativeError):
        adjust(mug, -1, Reason.DAMAGED, actor="stella@example.com")

    assert counts(mug) == (2, 2)
    assert mug.movements.filter(reason=Reason.DAMAGED).count() == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "confirm", "release", "adjust"]),
        st.sampled_from(["A", "B", "C"]),
        st.integers(1, 6),
    ),
    max_size=20,
)


class TestAnyHistory(TestCase):
    """Hypothesis needs a transaction for each example, which its TestCase gives."""

    @settings(max_examples=60, deadline=None)
    @given(STEPS)
    def test_the_book_agrees_with_itself(self, steps: list[tuple[str, str, int]]) -> None:
        mug = make_stock(10, "MUG")

        for verb, order, units in steps:
            take(mug, verb, order, units)
            on_hand, held = counts(mug)
            moved = mug.movements.aggregate(sum=Sum("quantity"))["sum"]
            open_holds = mug.reservations.filter(state=Reservation.State.HELD)
            assert on_hand == moved
            assert held == (open_holds.aggregate(sum=Sum("quantity"))["sum"] or 0)
            assert 0 <= held <= on_hand


def take(item: StockItem, verb: str, order: str, units: int) -> None:
    """Take one step of a history; a refused one changes nothing."""
    try:
        if verb == "hold":
            # One order holds an item once: orders/placing.py makes a new number for each order.
            if not item.reservations.exclude(state="released").filter(reference=order).exists():
                hold(order, f"cart-{order}", {item.pk: units})
        elif verb == "adjust":
            adjust(item, 3 - units, Reason.COUNTED, actor="test") if units != 3 else None
        else:
            {"confirm": confirm, "release": release}[verb](order)
    except (NotEnoughStockError, StockWouldBeNegativeError):
        pass
