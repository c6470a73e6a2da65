"""The pages of what was bought in a browser: no fault for axe, and they work by hand."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from orders.granting import grant_line, grants_of, revoke_line
from orders.models import Booking, LicenceGrant, Order
from orders.states import SCHEDULE
from shop.models import Lesson, Product
from tests.conftest import PHONE, NewPage
from tests.grants.goods import (
    a_book,
    a_course,
    a_licence,
    a_repository,
    an_event,
    grant_of,
    sell,
)
from tests.grants.test_pages import address, line_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Check = Callable[[Page], None]
SignIn = Callable[[Page, User, str], None]
Kind = Product.Kind


@pytest.fixture
def order() -> Order:
    """Everything that can be granted, and all but the repository is."""
    order = sell(
        (a_book(), 1),
        (a_licence(["A-1"]), 1),
        (a_repository(), 1),
        (a_course(), 1),
        (an_event(), 1),
    )
    for grant in grants_of(order):
        if grant.line.kind != Kind.REPOSITORY:
            grant_line(grant, SCHEDULE)
    return order


def assert_not_wider_than_its_window(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_buyers_pages(
    order: Order, new_page: NewPage, shop_server: str, assert_accessible: Check, scheme: str
) -> None:
    page = new_page(**PHONE, color_scheme=scheme)
    seat, lesson = Booking.objects.get(), Lesson.objects.get(title="Centring")
    course = line_of(order, Kind.COURSE)
    pages = [
        order.get_absolute_url(),
        address(order, "ticket", seat.pk),
        address(order, "attendee", seat.pk),
        address(order, "user_name", line_of(order, Kind.REPOSITORY)),
        address(order, "course", course),
        address(order, "lesson", course, lesson.pk),
    ]

    for path in pages:
        page.goto(shop_server + path)
        assert_accessible(page)
        assert_not_wider_than_its_window(page)


def test_axe_finds_nothing_where_all_was_revoked(
    order: Order, phone: Page, shop_server: str, assert_accessible: Check
) -> None:
    for grant in grants_of(order):
        revoke_line(grant, SCHEDULE)

    for path in (
        order.get_absolute_url(),
        address(order, "ticket", Booking.objects.get().pk),
        address(order, "course", line_of(order, Kind.COURSE)),
    ):
        phone.goto(shop_server + path)
        assert_accessible(phone)


def test_axe_finds_nothing_on_the_pages_of_staff(
    order: Order,
    phone: Page,
    shop_server: str,
    sign_in: SignIn,
    staff: User,
) -> None:
    sign_in(phone, staff, shop_server)
    event = grant_of(order, Kind.EVENT).line.variant
    assert event is not None

    for name, args, ours in (
        ("orders_order_change", [order.pk], "#order-grants"),
        ("orders_booking_find", [], "#content-main"),
        ("orders_booking_events", [], "#content-main"),
        ("orders_booking_attendees", [event.product_id], "#content-main"),
        ("orders_booking_admit", [Booking.objects.get().code], "#content-main"),
    ):
        phone.goto(shop_server + reverse(f"admin:{name}", args=args))
        found = Axe().run(phone, context={"include": ours}, options={"preload": False}).response
        assert [violation["id"] for violation in found["violations"]] == []


def test_a_key_is_shown_without_a_script(order: Order, new_page: NewPage, shop_server: str) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(shop_server + order.get_absolute_url())

    page.get_by_role("button", name="Show key").click()

    expect(page.get_by_label("Your key")).to_have_value("A-1")
    assert LicenceGrant.objects.get().shown_at is not None


def test_what_is_granted_appears_by_itself(page: Page, shop_server: str) -> None:
    order = sell((a_book(), 1))
    page.goto(shop_server + order.get_absolute_url())
    expect(page.get_by_text("We are preparing this")).to_be_visible()

    grant_line(grant_of(order, Kind.DOWNLOAD), SCHEDULE)

    expect(page.get_by_role("link", name="Download Clay.pdf")).to_be_visible()


def test_a_wrong_user_name_is_corrected_in_place(
    order: Order, page: Page, shop_server: str
) -> None:
    page.goto(shop_server + order.get_absolute_url())
    page.get_by_label("GitHub user name").fill("ada buyer")
    page.get_by_role("button", name="Invite me").click()
    expect(page.get_by_text("This is no GitHub user name")).to_be_visible()
    expect(page.get_by_label("GitHub user name")).to_have_value("ada buyer")

    page.get_by_label("GitHub user name").fill("ada-buyer")
    page.get_by_role("button", name="Invite me").click()

    expect(page.get_by_text("The invitation is on its way to you")).to_be_visible()


def test_a_ticket_is_scanned_off_without_a_script(
    order: Order, new_page: NewPage, shop_server: str, sign_in: SignIn, staff: User
) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, staff, shop_server)
    page.goto(
        shop_server + reverse("admin:orders_booking_admit", args=[Booking.objects.get().code])
    )

    page.get_by_role("button", name="Admit").click()

    expect(page.get_by_text("Admitted. Welcome!")).to_be_visible()
    page.goto(page.url.partition("?")[0])
    expect(page.get_by_text("Used already")).to_be_visible()
