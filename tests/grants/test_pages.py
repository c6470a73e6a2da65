"""What the buyer sees of what he bought, and that nobody else sees it."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.granting import grant_line, grants_of, revoke_line
from orders.models import Booking, Grant, LicenceGrant, Order, OrderEvent
from orders.states import SCHEDULE
from shop.models import DownloadFile, Lesson, Product
from tests.factories import make_variant
from tests.grants.goods import (
    a_book,
    a_course,
    a_licence,
    a_repository,
    an_event,
    grant_of,
    sell,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both]
Kind = Product.Kind


@pytest.fixture
def order() -> Order:
    """Everything that can be granted, and all but the repository is."""
    order = sell(
        (a_book(), 1),
        (a_licence(["A-1", "A-2"]), 2),
        (a_repository(), 1),
        (a_course(), 1),
        (an_event(in_hours=48), 2),
    )
    for grant in grants_of(order):
        if grant.line.kind != Kind.REPOSITORY:
            grant_line(grant, SCHEDULE)
    return order


def address(order: Order, page: str, *args: object) -> str:
    """Return the address of a page of the order, with the order's key."""
    return f"{reverse(f'orders:{page}', args=[order.number, *args])}?key={order.access_key}"


def page_of(client: Client, order: Order) -> str:
    return client.get(order.get_absolute_url()).content.decode()


def line_of(order: Order, kind: Product.Kind) -> int:
    return grant_of(order, kind).line_id


def test_the_order_page_shows_all_that_is_granted(client: Client, order: Order) -> None:
    page = page_of(client, order)

    for words in ("Clay.pdf", "10 downloads left", "Show key", "Invite me", "Open the course"):
        assert words in page
    assert "Guest of Ada Buyer" in page
    assert "Add to your calendar" in page


def test_an_order_without_such_goods_shows_nothing_of_them(client: Client) -> None:
    assert "What you bought" not in page_of(client, sell())


def test_what_is_about_to_be_granted_is_asked_for_until_it_is(client: Client) -> None:
    order = sell((a_book(), 1))
    assert "hx-get" in client.get(address(order, "purchases")).content.decode()

    grant_line(grant_of(order, Kind.DOWNLOAD), SCHEDULE)

    assert "hx-get" not in client.get(address(order, "purchases")).content.decode()


def test_only_what_is_under_way_is_renewed_so_that_no_typed_name_is_lost(client: Client) -> None:
    order = sell((a_repository(), 1), (a_book(), 1))

    page = client.get(address(order, "purchases")).content.decode()

    assert page.count("hx-get") == 1
    assert f'hx-select="#purchase-{line_of(order, Kind.DOWNLOAD)}"' in page


def test_a_lost_file_says_so_instead_of_failing(client: Client, order: Order) -> None:
    file = DownloadFile.objects.get()
    file.file.storage.delete(file.file.name or "")

    assert "not there at the moment" in page_of(client, order)


def test_what_was_revoked_says_so(client: Client, order: Order) -> None:
    for grant in grants_of(order):
        revoke_line(grant, SCHEDULE)

    page = page_of(client, order)

    assert page.count("Access was taken back") == 5
    for words in ("Show key", "Clay.pdf", "Open the course", "Ticket 1"):
        assert words not in page


def test_a_key_is_shown_when_the_buyer_asks_and_stays(client: Client, order: Order) -> None:
    licence = LicenceGrant.objects.get(key="A-1")
    assert "A-1" not in page_of(client, order)

    response = client.post(address(order, "show_key", licence.pk))

    assert response.headers["Location"].endswith(f"?key={order.access_key}#licence-{licence.pk}")
    licence.refresh_from_db()
    assert licence.shown_at is not None
    page = page_of(client, order)
    assert 'value="A-1"' in page
    assert "A-2" not in page


def test_the_user_name_is_stored_and_granting_asked_for(client: Client, order: Order) -> None:
    line = line_of(order, Kind.REPOSITORY)

    client.post(address(order, "user_name", line), {"user_name": " @ada-b "})

    assert grant_of(order, Kind.REPOSITORY).handle == "ada-b"
    assert order.events.get(kind=OrderEvent.Kind.HANDLE_GIVEN).data["user_name"] == "ada-b"
    assert "We are preparing this" in page_of(client, order)


@pytest.mark.parametrize("name", ["ada b", "-ada", "ada--b", "a" * 40, "ada@example.com", ""])
def test_what_is_no_user_name_is_refused_and_not_lost(
    client: Client, order: Order, name: str
) -> None:
    line = line_of(order, Kind.REPOSITORY)

    response = client.post(address(order, "user_name", line), {"user_name": name})

    assert response.status_code == 200
    page = response.content.decode()
    assert f'value="{name}"' in page or not name
    assert 'aria-invalid="true"' in page
    assert grant_of(order, Kind.REPOSITORY).handle == ""


def test_a_user_name_comes_too_late_once_access_was_revoked(client: Client, order: Order) -> None:
    revoke_line(grant_of(order, Kind.REPOSITORY), SCHEDULE)
    line = line_of(order, Kind.REPOSITORY)

    response = client.post(address(order, "user_name", line), {"user_name": "ada-b"})

    assert "can no longer be changed" in response.content.decode()


def test_the_invitation_can_be_accepted_from_the_page(client: Client, order: Order) -> None:
    Grant.objects.filter(line__kind=Kind.REPOSITORY).update(handle="ada-b")
    grant_line(grant_of(order, Kind.REPOSITORY), SCHEDULE)

    page = page_of(client, order)

    assert "https://github.com/clay/glazes/invitations" in page
    assert "ada-b" in page


def test_a_guest_gets_his_own_name_on_the_ticket(client: Client, order: Order) -> None:
    seat = Booking.objects.get(seat=2)

    client.post(address(order, "attendee", seat.pk), {"attendee": "Grace <Hopper>"})

    seat.refresh_from_db()
    assert seat.attendee == "Grace <Hopper>"
    assert "Grace &lt;Hopper&gt;" in page_of(client, order)


def test_a_refused_name_is_not_lost(client: Client, order: Order) -> None:
    seat = Booking.objects.get(seat=2)
    event = grant_of(order, Kind.EVENT).line.variant.product.event  # type: ignore[union-attr]
    event.starts_at = timezone.now() - timedelta(minutes=1)
    event.save()

    response = client.post(address(order, "attendee", seat.pk), {"attendee": "Grace"})

    page = response.content.decode()
    assert "The event has begun" in page
    assert 'value="Grace"' in page


def test_a_ticket_has_a_picture_that_leads_staff_to_it(client: Client, order: Order) -> None:
    seat = Booking.objects.get(seat=1)

    page = client.get(address(order, "ticket", seat.pk)).content.decode()
    picture = client.get(address(order, "ticket_qr", seat.pk))

    assert seat.code in page
    assert picture["Content-Type"] == "image/svg+xml"
    assert b"style=" not in picture.content


def test_a_revoked_ticket_has_no_picture(client: Client, order: Order) -> None:
    seat = Booking.objects.get(seat=1)
    revoke_line(grant_of(order, Kind.EVENT), SCHEDULE)

    page = client.get(address(order, "ticket", seat.pk)).content.decode()

    assert "no longer valid" in page
    assert seat.code not in page
    assert client.get(address(order, "ticket_qr", seat.pk)).status_code == 404


def test_the_calendar_file_says_when_and_where(client: Client, order: Order) -> None:
    response = client.get(address(order, "calendar", line_of(order, Kind.EVENT)))

    (entry,) = Calendar.from_ical(response.content).walk("VEVENT")
    event = grant_of(order, Kind.EVENT).line.variant.product.event  # type: ignore[union-attr]
    assert entry["SUMMARY"] == "Open studio"
    assert entry["LOCATION"] == "1 Kiln Lane"
    assert entry.decoded("DTSTART") == event.starts_at.replace(microsecond=0)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"


def test_a_lesson_has_paragraphs_and_links(client: Client, order: Order) -> None:
    lesson = Lesson.objects.get(title="Centring")
    line = line_of(order, Kind.COURSE)

    page = client.get(address(order, "lesson", line, lesson.pk)).content.decode()

    assert "<p>Wet hands.</p>" in page
    assert 'href="https://example.com/centring"' in page
    assert "Next: Pulling" in page.replace("\n", " ")


def test_a_course_that_was_revoked_is_closed(client: Client, order: Order) -> None:
    lesson = Lesson.objects.get(title="Centring")
    line = line_of(order, Kind.COURSE)
    revoke_line(grant_of(order, Kind.COURSE), SCHEDULE)

    response = client.get(address(order, "lesson", line, lesson.pk))

    assert response.status_code == 403
    assert "Wet hands" not in response.content.decode()


def test_a_lesson_of_another_course_is_not_there(client: Client, order: Order) -> None:
    a_course()
    other = Lesson.objects.filter(title="Centring").latest("pk")

    page = address(order, "lesson", line_of(order, Kind.COURSE), other.pk)

    assert client.get(page).status_code == 404


def test_what_left_the_shop_says_so_instead_of_failing(client: Client, order: Order) -> None:
    order.lines.update(variant=None)

    page = page_of(client, order)

    assert "no longer in the shop" in page
    course = address(order, "course", line_of(order, Kind.COURSE))
    assert "no longer in the shop" in client.get(course).content.decode()
    assert client.get(address(order, "calendar", line_of(order, Kind.EVENT))).status_code == 404


def test_my_purchases_has_those_of_all_my_orders(
    client: Client, buyer: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    event = an_event(in_hours=5)
    for _ in range(5):
        order = sell((event, 1), user=buyer)
        grant_line(grant_of(order, Kind.EVENT), SCHEDULE)
    sell(user=buyer)
    client.force_login(buyer)

    with django_assert_max_num_queries(16):
        page = client.get("/account/purchases/").content.decode()

    assert page.count("Ticket 1") == 5
    assert page.count("<h2") == 5


def test_my_purchases_has_nothing_of_others(client: Client, order: Order, stranger: User) -> None:
    client.force_login(stranger)

    assert "appear here" in client.get("/account/purchases/").content.decode()


def test_my_purchases_asks_who_it_is(client: Client) -> None:
    assert client.get("/account/purchases/").status_code == 302


def test_without_key_or_account_nothing_is_there(
    client: Client, order: Order, stranger: User
) -> None:
    client.force_login(stranger)
    seat, licence = Booking.objects.first(), LicenceGrant.objects.first()
    assert seat is not None
    assert licence is not None
    pages = [
        ("purchases", ()),
        ("ticket", (seat.pk,)),
        ("ticket_qr", (seat.pk,)),
        ("attendee", (seat.pk,)),
        ("user_name", (line_of(order, Kind.REPOSITORY),)),
        ("calendar", (line_of(order, Kind.EVENT),)),
        ("course", (line_of(order, Kind.COURSE),)),
    ]

    for page, args in pages:
        assert client.get(reverse(f"orders:{page}", args=[order.number, *args])).status_code == 404
    post = client.post(reverse("orders:show_key", args=[order.number, licence.pk]))
    assert post.status_code == 404


def test_ones_own_order_does_not_open_anothers_tickets(client: Client, order: Order) -> None:
    other = sell((make_variant(), 1))
    seat, licence = Booking.objects.first(), LicenceGrant.objects.first()
    assert seat is not None
    assert licence is not None

    assert client.get(address(other, "ticket", seat.pk)).status_code == 404
    assert client.post(address(other, "attendee", seat.pk), {"attendee": "X"}).status_code == 404
    assert client.post(address(other, "show_key", licence.pk)).status_code == 404


def test_an_order_that_is_not_paid_opens_nothing(client: Client, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(state=Order.State.CANCELED)

    assert client.get(address(order, "course", line_of(order, Kind.COURSE))).status_code == 404


def test_a_link_that_was_signed_for_something_else_opens_no_file(client: Client) -> None:
    signed = signing.dumps([1, 1, "x"], salt="another")

    assert client.get(reverse("orders:download", args=[signed])).status_code == 404
