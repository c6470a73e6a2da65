"""Staff correct stock by movements, and by nothing else."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import User
from inventory.models import StockItem, StockMovement
from inventory.stock import confirm, hold
from tests.factories import UserFactory, make_stock

pytestmark = pytest.mark.django_db

Reason = StockMovement.Reason


@pytest.fixture
def mug() -> StockItem:
    return make_stock(5, "MUG")


@pytest.fixture
def stella(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def page_of(item: StockItem) -> str:
    return reverse("admin:inventory_stockitem_change", args=[item.pk])


def correct(client: Client, item: StockItem, reason: str, units: object, **more: Any) -> str:
    """Send the form and return the page that comes back."""
    seen = item.movements.latest("pk").pk
    data = {"reason": reason, "units": units, "note": "", "seen": seen, **more}
    answer = client.post(page_of(item), data, follow=True)
    item.refresh_from_db()
    return answer.content.decode()


@pytest.mark.parametrize(
    ("reason", "units", "left"),
    [(Reason.RECEIVED, 3, 8), (Reason.DAMAGED, 2, 3), (Reason.COUNTED, 4, 4)],
)
def test_a_correction_appends_a_movement(
    stella: Client, mug: StockItem, reason: str, units: int, left: int
) -> None:
    page = correct(stella, mug, reason, units, note="after the move")

    assert "was changed successfully" in page
    assert mug.on_hand == left
    movement = mug.movements.first()
    assert movement is not None
    assert (movement.quantity, movement.reason) == (left - 5, reason)
    assert (movement.actor, movement.note) == ("staff@example.com", "after the move")


def test_a_correction_sent_twice_is_booked_once_unless_it_is_confirmed(
    stella: Client, mug: StockItem
) -> None:
    seen = mug.movements.latest("pk").pk
    correct(stella, mug, Reason.RECEIVED, 3, seen=seen)

    page = correct(stella, mug, Reason.RECEIVED, 3, seen=seen, note="delivery 12")

    assert "staff@example.com has booked +3 (received)" in page
    assert mug.on_hand == 8
    last = mug.movements.latest("pk").pk
    for value in (f'name="seen" value="{last}"', 'name="units" value="3"', 'value="delivery 12"'):
        assert value in page
    correct(stella, mug, Reason.RECEIVED, 3, seen=last)
    assert mug.on_hand == 11


def test_a_sale_meanwhile_is_no_reason_to_refuse(stella: Client, mug: StockItem) -> None:
    seen = mug.movements.latest("pk").pk
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})
    confirm("K7QM-4T9X")

    correct(stella, mug, Reason.RECEIVED, 3, seen=seen)

    assert mug.on_hand == 6


def test_a_count_that_agrees_with_the_book_changes_nothing(stella: Client, mug: StockItem) -> None:
    page = correct(stella, mug, Reason.COUNTED, 5)

    assert "The book says the same: nothing was changed." in page
    assert mug.movements.count() == 1


@pytest.mark.parametrize(("reason", "units"), [(Reason.DAMAGED, 4), (Reason.COUNTED, 1)])
def test_what_is_held_for_orders_cannot_be_taken_away(
    stella: Client, mug: StockItem, reason: str, units: int
) -> None:
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})

    page = correct(stella, mug, reason, units)

    assert "That would leave 1, but 2 units are held for orders" in page
    assert (mug.on_hand, mug.movements.count()) == (5, 1)


def test_more_than_there_is_cannot_be_lost(stella: Client, mug: StockItem) -> None:
    page = correct(stella, mug, Reason.DAMAGED, 6)

    assert "Only 5 are on hand" in page
    assert mug.on_hand == 5


@pytest.mark.parametrize(
    ("reason", "units"), [(Reason.SOLD, 1), (Reason.RECEIVED, -1), (Reason.RECEIVED, "")]
)
def test_a_correction_that_makes_no_sense_is_refused(
    stella: Client, mug: StockItem, reason: str, units: object
) -> None:
    assert "Please correct the error below." in correct(stella, mug, reason, units)
    assert mug.movements.count() == 1


def test_the_numbers_themselves_cannot_be_typed(stella: Client, mug: StockItem) -> None:
    correct(stella, mug, Reason.RECEIVED, 1, on_hand=99, held=3, sku="VASE")

    assert (mug.sku, mug.on_hand, mug.held) == ("MUG", 6, 0)


def test_the_page_shows_movements_and_open_holds(stella: Client, mug: StockItem) -> None:
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})

    page = stella.get(page_of(mug)).content.decode()

    assert "K7QM-4T9X" in page
    assert "+5" in page
    assert "adas-cart" not in page


def test_low_stock_can_be_listed(stella: Client, mug: StockItem) -> None:
    make_stock(50, "BOWL")
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 5})

    for choice in ("low", "none"):
        page = stella.get(reverse("admin:inventory_stockitem_changelist"), {"available": choice})
        assert [item.sku for item in page.context["cl"].result_list] == ["MUG"]


@pytest.mark.parametrize("name", ["stockmovement", "reservation"])
def test_the_book_is_read_only(stella: Client, mug: StockItem, name: str) -> None:
    hold("K7QM-4T9X", "adas-cart", {mug.pk: 2})
    row: Model = mug.movements.get() if name == "stockmovement" else mug.reservations.get()

    assert stella.get(reverse(f"admin:inventory_{name}_changelist")).status_code == 200
    assert stella.get(reverse(f"admin:inventory_{name}_change", args=[row.pk])).status_code == 200
    assert stella.get(reverse(f"admin:inventory_{name}_add")).status_code == 403
    for page in ("change", "delete"):
        address = reverse(f"admin:inventory_{name}_{page}", args=[row.pk])
        assert stella.post(address, {"post": "yes"}).status_code == 403


def test_stock_items_are_neither_made_nor_deleted_by_hand(stella: Client, mug: StockItem) -> None:
    delete = reverse("admin:inventory_stockitem_delete", args=[mug.pk])

    assert stella.get(reverse("admin:inventory_stockitem_add")).status_code == 403
    assert stella.post(delete, {"post": "yes"}).status_code == 403


def test_who_may_only_look_gets_no_form(client: Client, mug: StockItem) -> None:
    looker = UserFactory.create(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_stockitem"))
    client.force_login(looker)

    page = client.get(page_of(mug))

    assert page.status_code == 200
    assert "Correct stock" not in page.content.decode()
    assert client.post(page_of(mug), {"reason": "received", "units": 1}).status_code == 403
