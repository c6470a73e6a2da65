"""What staff can do: grant, revoke, tell again; scan tickets; print who comes."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from notifications.models import Delivery
from notifications.tasks import send_due
from orders.granting import grant_line, grants_of
from orders.models import Booking, Grant, Order, OrderEvent
from orders.states import SCHEDULE
from shop.models import Product, Variant
from tests.factories import UserFactory
from tests.grants.goods import a_course, a_repository, an_event, grant_of, sell

pytestmark = [pytest.mark.django_db, pytest.mark.both]
Kind = Product.Kind


@pytest.fixture
def order() -> Order:
    order = sell((a_course(), 1), (an_event(), 2), (a_repository(), 1))
    for grant in grants_of(order):
        if grant.line.kind != Kind.REPOSITORY:
            grant_line(grant, SCHEDULE)
    send_due()
    return order


@pytest.fixture
def office(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def press(client: Client, button: str, grant: Grant) -> str:
    """Press a button of the order's page; return the page that comes then."""
    address = reverse(f"admin:orders_grant_{button}", args=[grant.pk])
    return client.post(address, follow=True).content.decode()


def seat_of(order: Order) -> Booking:
    return grant_of(order, Kind.EVENT).bookings.get(seat=1)


def ticket(booking: Booking) -> str:
    return reverse("admin:orders_booking_admit", args=[booking.code])


def test_the_orders_page_shows_what_is_granted(office: Client, order: Order) -> None:
    page = office.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()

    assert "Throwing for beginners" in page
    assert "Guest of Ada Buyer" in page
    assert "waits for the buyer’s GitHub user name" in page


def test_what_staff_revoke_and_grant_again_is_done(office: Client, order: Order) -> None:
    said = press(office, "revoke", grant_of(order, Kind.COURSE))
    send_due()
    assert "Throwing for beginners is being revoked." in said
    assert grant_of(order, Kind.COURSE).state == Grant.State.REVOKED

    said = press(office, "grant", grant_of(order, Kind.COURSE))
    send_due()

    assert "Throwing for beginners is being granted." in said
    assert grant_of(order, Kind.COURSE).state == Grant.State.GRANTED
    asked = order.events.get(kind=OrderEvent.Kind.REGRANT_ASKED)
    assert str(asked.staff) == "staff@example.com"


def test_an_old_step_does_not_undo_what_was_revoked(office: Client, order: Order) -> None:
    grant = grant_of(order, Kind.COURSE)
    press(office, "revoke", grant)
    send_due()

    Delivery.objects.filter(grant=grant, step="grant").update(
        state=Delivery.State.DUE, due_at=order.placed_at, claimed_until=None
    )
    send_due()

    assert grant_of(order, Kind.COURSE).state == Grant.State.REVOKED
    step = Delivery.objects.get(grant=grant, step="grant")
    assert (step.state, step.result) == (Delivery.State.CANCELED, "revoked meanwhile")


def test_the_buyer_is_told_once_more(office: Client, order: Order) -> None:
    press(office, "resend", grant_of(order, Kind.COURSE))
    send_due()

    asked = order.events.get(kind=OrderEvent.Kind.RESEND_ASKED)
    assert [step.step for step in asked.deliveries.all()] == ["access_granted"]


def test_the_buyer_is_told_once_though_two_ask(office: Client, order: Order) -> None:
    press(office, "resend", grant_of(order, Kind.COURSE))
    said = press(office, "resend", grant_of(order, Kind.COURSE))
    assert "The buyer is being told just now." in said
    assert "is told of Open studio once more" in press(
        office, "resend", grant_of(order, Kind.EVENT)
    )

    an_hour_ago = timezone.now() - timedelta(hours=1)
    order.events.filter(kind=OrderEvent.Kind.RESEND_ASKED).update(created_at=an_hour_ago)
    # Nobody has read it yet: the worker is away.
    assert "just now" in press(office, "resend", grant_of(order, Kind.COURSE))
    send_due()

    assert "once more" in press(office, "resend", grant_of(order, Kind.COURSE))


@pytest.mark.parametrize(
    ("button", "kind", "why"),
    [
        ("grant", Kind.COURSE, "It is granted already"),
        ("resend", Kind.COURSE, "nothing to tell"),
        ("revoke", Kind.COURSE, "It is revoked already"),
    ],
)
def test_what_is_not_possible_is_said(
    office: Client, order: Order, button: str, kind: Product.Kind, why: str
) -> None:
    if button != "grant":
        press(office, "revoke", grant_of(order, kind))
        send_due()

    assert why in press(office, button, grant_of(order, kind))


def test_staff_correct_a_github_name_and_what_is_no_name_is_not_lost(
    office: Client, order: Order
) -> None:
    grant = grant_of(order, Kind.REPOSITORY)
    Grant.objects.filter(pk=grant.pk).update(handle="adda", state=Grant.State.GRANTED)
    address = reverse("admin:orders_grant_user_name", args=[grant.pk])
    page = office.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert address in page

    refused = office.post(address, {"user_name": "ada b"}).content.decode()
    assert "This is no GitHub user name" in refused
    assert 'value="ada b"' in refused

    page = office.post(address, {"user_name": "ada"}, follow=True).content.decode()
    assert "the invitation is on its way" in page
    event = order.events.get(kind=OrderEvent.Kind.HANDLE_GIVEN)
    assert (event.data["user_name"], event.data["former"]) == ("ada", "adda")
    assert str(event.staff) == "staff@example.com"


def test_a_revoked_repository_takes_no_name(office: Client, order: Order) -> None:
    grant = grant_of(order, Kind.REPOSITORY)
    Grant.objects.filter(pk=grant.pk).update(handle="adda", state=Grant.State.REVOKED)
    address = reverse("admin:orders_grant_user_name", args=[grant.pk])

    assert "grant it again first" in office.post(address, {"user_name": "ada"}).content.decode()
    assert grant_of(order, Kind.REPOSITORY).handle == "adda"


def test_staff_who_may_only_look_press_nothing(client: Client, order: Order) -> None:
    client.force_login(UserFactory.create(is_staff=True))
    address = reverse("admin:orders_grant_revoke", args=[grant_of(order, Kind.COURSE).pk])

    assert client.post(address).status_code == 403
    name = reverse("admin:orders_grant_user_name", args=[grant_of(order, Kind.REPOSITORY).pk])
    assert client.post(name, {"user_name": "ada"}).status_code == 403
    assert client.get(ticket(seat_of(order))).status_code == 403
    assert not order.events.filter(kind=OrderEvent.Kind.REVOKE_ASKED).exists()


def test_a_look_at_an_address_changes_nothing(office: Client, order: Order) -> None:
    address = reverse("admin:orders_grant_revoke", args=[grant_of(order, Kind.COURSE).pk])

    assert office.get(address).status_code == 405


def test_a_scanned_ticket_shows_who_it_is_and_admits(office: Client, order: Order) -> None:
    page = office.get(ticket(seat_of(order))).content.decode()
    assert "Ada Buyer" in page
    assert "Valid" in page
    assert seat_of(order).admitted_at is None

    answer = office.post(ticket(seat_of(order)), follow=True)

    assert answer.redirect_chain
    assert "Admitted. Welcome!" in answer.content.decode()
    assert seat_of(order).admitted_at is not None


def test_a_second_press_of_admit_says_admitted(office: Client, order: Order) -> None:
    office.post(ticket(seat_of(order)))

    page = office.post(ticket(seat_of(order)), follow=True).content.decode()

    assert "Admitted. Welcome!" in page
    assert "Used already" not in page


def test_a_second_scan_is_refused_at_once(office: Client, order: Order) -> None:
    office.post(ticket(seat_of(order)))

    assert "Used already" in office.get(ticket(seat_of(order))).content.decode()


def test_the_page_that_welcomed_says_used_from_then_on(office: Client, order: Order) -> None:
    welcomed = office.post(ticket(seat_of(order))).headers["Location"]
    Booking.objects.update(admitted_at=timezone.now() - timedelta(seconds=11))

    for page in (office.get(welcomed), office.post(ticket(seat_of(order)))):
        text = page.content.decode()
        assert "Used already" in text
        assert "ticket-admit" not in text


def test_a_shopper_who_opens_the_tickets_address_is_asked_to_sign_in(
    client: Client, order: Order, buyer: User
) -> None:
    client.force_login(buyer)

    assert client.post(ticket(seat_of(order))).status_code == 302
    assert seat_of(order).admitted_at is None


@pytest.mark.parametrize("code", ["", "/", " // "])
def test_no_code_asks_again(office: Client, code: str) -> None:
    page = office.get(reverse("admin:orders_booking_find"), {"code": code})

    assert "Code of the ticket" in page.content.decode()
    assert "capitals make no difference" in page.content.decode()


@pytest.mark.parametrize("before", ["", "http://localhost:8000/admin/orders/booking/tickets/"])
def test_a_code_can_be_typed(office: Client, order: Order, before: str) -> None:
    typed = {"code": f" {before}{seat_of(order).code.lower()} "}

    page = office.get(reverse("admin:orders_booking_find"), typed, follow=True)

    assert "Ada Buyer" in page.content.decode()


def test_an_unknown_code_is_not_lost(office: Client) -> None:
    page = office.get(reverse("admin:orders_booking_find"), {"code": "gu<ess"}, follow=True)

    assert page.status_code == 404
    assert "No ticket has this code" in page.content.decode()
    assert 'value="GU&lt;ESS"' in page.content.decode()


def test_the_list_of_attendees_has_the_valid_seats(office: Client, order: Order) -> None:
    revoked = grant_of(order, Kind.EVENT).bookings.get(seat=2)
    studio = Variant.objects.get(product__kind=Kind.EVENT)
    grant_line(grant_of(sell((studio, 1)), Kind.EVENT), SCHEDULE)
    Booking.objects.filter(pk=revoked.pk).update(revoked_at=order.placed_at)
    office.post(ticket(seat_of(order)))
    product = Product.objects.get(kind=Kind.EVENT)

    events = office.get(reverse("admin:orders_booking_events")).content.decode()
    page = office.get(reverse("admin:orders_booking_attendees", args=[product.pk]))

    assert "Open studio" in events
    assert "2 tickets, 1 admitted" in page.content.decode()
    assert "Guest of" not in page.content.decode()


@pytest.mark.parametrize("model", ["grant", "booking"])
def test_the_lists_can_be_searched(office: Client, order: Order, model: str) -> None:
    address = reverse(f"admin:orders_{model}_changelist")

    assert order.number in office.get(address, {"q": order.number}).content.decode()
