"""Seats at events: booked, renamed, taken back, and scanned off once."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from orders import seats
from orders.granting import ask_to_grant, grant_line, revoke_line, revoke_units
from orders.models import Booking, Order, OrderEvent
from orders.refusals import GrantRefusedError
from orders.seats import admit, change_attendee
from orders.states import SCHEDULE
from shop.models import Product
from tests.at_once import all_at_once, meet_before
from tests.factories import UserFactory
from tests.grants.goods import an_event, grant_of, refund, sell
from tests.orders.paid import stella

pytestmark = [pytest.mark.django_db, pytest.mark.both]
EVENT = Product.Kind.EVENT
NOON = timezone.now().replace(hour=12)


@pytest.fixture(autouse=True)
def noon() -> Iterator[time_machine.Traveller]:
    """Hold the clock at noon, so that an hour more or less is the same day."""
    with time_machine.travel(NOON) as traveller:
        yield traveller


def booked(units: int = 2, *, in_hours: float = 1) -> Order:
    order = sell((an_event(in_hours=in_hours), units))
    grant_line(grant_of(order, EVENT), SCHEDULE)
    return order


def valid(order: Order) -> list[Booking]:
    """Return the seats that are valid."""
    return list(grant_of(order, EVENT).bookings.filter(revoked_at=None))


def test_the_first_seat_is_the_buyers_and_the_others_his_guests() -> None:
    names = [booking.attendee for booking in valid(booked(3))]

    assert names == ["Ada Buyer", "Guest of Ada Buyer", "Guest of Ada Buyer"]


def test_each_ticket_has_a_code_of_its_own() -> None:
    codes = {booking.code for booking in valid(booked(3))}

    assert len(codes) == 3
    assert all(re.fullmatch("[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", code) for code in codes)


def test_booking_twice_books_once() -> None:
    order = booked(2)

    assert not grant_line(grant_of(order, EVENT), SCHEDULE)

    assert len(valid(order)) == 2


def test_the_last_seat_goes_with_a_unit_that_is_taken_back() -> None:
    order = booked(2)
    refund(order, EVENT, 1, take_back=True)

    for _ in range(2):
        revoke_units(grant_of(order, EVENT), SCHEDULE)

    assert [booking.seat for booking in valid(order)] == [1]


def test_a_seat_that_is_taken_back_is_for_sale_again() -> None:
    event = an_event(seats=20)
    order = sell((event, 2))
    grant_line(grant_of(order, EVENT), SCHEDULE)

    refund(order, EVENT, 1, take_back=True)

    event.refresh_from_db()
    assert event.stock is not None
    assert event.stock.on_hand == 19


def test_seats_that_are_for_sale_again_cannot_be_granted_again() -> None:
    order = booked(1)
    refund(order, EVENT, 1, take_back=True)
    revoke_line(grant_of(order, EVENT), SCHEDULE)

    with pytest.raises(GrantRefusedError, match="for sale again"):
        ask_to_grant(grant_of(order, EVENT), stella())


def test_a_booking_granted_again_has_the_same_tickets() -> None:
    order = booked(2)
    before = [booking.code for booking in valid(order)]
    revoke_line(grant_of(order, EVENT), SCHEDULE)
    assert valid(order) == []

    ask_to_grant(grant_of(order, EVENT), stella())
    grant_line(grant_of(order, EVENT), SCHEDULE)

    assert [booking.code for booking in valid(order)] == before


def test_an_attendee_gets_another_name() -> None:
    seat = valid(booked(2))[1]

    change_attendee(seat, "  Grace \n Hopper ")

    seat.refresh_from_db()
    assert seat.attendee == "Grace Hopper"


@pytest.mark.parametrize(("name", "why"), [("  ", "Write the name"), ("x" * 121, "at most 120")])
def test_no_name_and_a_novel_are_refused(name: str, why: str) -> None:
    with pytest.raises(GrantRefusedError, match=why):
        change_attendee(valid(booked())[0], name)


def test_names_stay_once_the_event_has_begun() -> None:
    seat = valid(booked(in_hours=-0.5))[0]

    with pytest.raises(GrantRefusedError, match="has begun"):
        change_attendee(seat, "Grace Hopper")


def test_the_name_on_a_revoked_ticket_stays() -> None:
    order = booked()
    seat = valid(order)[0]
    revoke_line(grant_of(order, EVENT), SCHEDULE)

    with pytest.raises(GrantRefusedError, match="no longer valid"):
        change_attendee(seat, "Grace Hopper")


def test_a_ticket_admits_and_says_who_let_its_holder_in(staff: User) -> None:
    order = booked()

    seat = admit(valid(order)[0].code, staff)

    assert seat.admitted_by == staff
    event = order.events.get(kind=OrderEvent.Kind.ADMITTED)
    assert event.staff == staff
    assert event.data["attendee"] == "Ada Buyer"


def test_a_second_scan_says_when_and_by_whom(staff: User, noon: time_machine.Traveller) -> None:
    code = valid(booked())[0].code
    admit(code, staff)
    noon.move_to(NOON + timedelta(seconds=11))

    with pytest.raises(GrantRefusedError, match=r"Used already: admitted on .* by Stella Staff"):
        admit(code, staff)


def test_a_second_press_of_the_same_person_admits_no_second_time(staff: User) -> None:
    order = booked()
    first = admit(valid(order)[0].code, staff)

    assert admit(first.code, staff).admitted_at == first.admitted_at
    assert order.events.filter(kind=OrderEvent.Kind.ADMITTED).count() == 1


def test_what_somebody_else_has_just_admitted_is_used(staff: User) -> None:
    code = valid(booked())[0].code
    admit(code, staff)

    with pytest.raises(GrantRefusedError, match="Used already"):
        admit(code, UserFactory.create(is_staff=True))


def test_a_seat_that_was_revoked_since_is_not_admitted_by_a_second_press(staff: User) -> None:
    order = booked()
    code = valid(order)[0].code
    admit(code, staff)
    revoke_line(grant_of(order, EVENT), SCHEDULE)

    with pytest.raises(GrantRefusedError, match="Revoked"):
        admit(code, staff)


def test_a_revoked_ticket_admits_nobody(staff: User) -> None:
    order = booked()
    code = valid(order)[0].code
    revoke_line(grant_of(order, EVENT), SCHEDULE)

    with pytest.raises(GrantRefusedError, match="Revoked"):
        admit(code, staff)


def test_an_unknown_code_admits_nobody(staff: User) -> None:
    with pytest.raises(GrantRefusedError, match="No ticket has this code"):
        admit("guessed", staff)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_ticket_for_another_day_admits_nobody(staff: User, days: int) -> None:
    code = valid(booked(in_hours=24 * days))[0].code

    with pytest.raises(GrantRefusedError, match="Another day"):
        admit(code, staff)


def test_a_ticket_admits_early_on_its_day(staff: User, noon: time_machine.Traveller) -> None:
    code = valid(booked(in_hours=24))[0].code
    noon.move_to(NOON + timedelta(hours=20))

    assert admit(code, staff).admitted_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_scans_at_once_admit_once(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    order = booked()
    code = valid(order)[0].code
    both = (staff, UserFactory.create(is_staff=True))
    meet_before(monkeypatch, seats, "_locked", 2)

    def scan(number: int) -> bool:
        try:
            return admit(code, both[number]) is not None
        except GrantRefusedError:
            return False

    assert sorted(all_at_once(2, scan)) == [False, True]
    assert order.events.filter(kind=OrderEvent.Kind.ADMITTED).count() == 1
