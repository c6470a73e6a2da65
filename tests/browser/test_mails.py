"""Every message on a phone, by day and by night; and the pages around messages."""

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from accounts.models import User
from notifications.messages import MESSAGES
from notifications.samples import sample
from notifications.unsubscribing import unsubscribe_url
from notifications.writing import write
from orders.states import STRIPE, State, move
from tests.conftest import NewPage
from tests.orders.factory import make_order

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
SignIn = Callable[[Page, User, str], None]

PAPER: dict[Scheme, str] = {"light": "rgb(253, 252, 250)", "dark": "rgb(20, 20, 18)"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_fits_a_phone_and_axe_finds_nothing_by_day_and_by_night(
    phone: Page, assert_accessible: Callable[[Page], None], name: str
) -> None:
    with sample(name, f"{'very.' * 8}long@example.com") as delivery:
        html = write(delivery).html

    for scheme, paper in PAPER.items():
        phone.emulate_media(color_scheme=scheme)
        phone.set_content(html)

        expect(phone.get_by_role("heading", level=1)).to_be_visible()
        expect(phone.locator("body")).to_have_css("background-color", paper)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
        assert_accessible(phone)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [360, 1280])
def test_staff_see_a_message_and_send_it_to_themselves(
    new_page: NewPage,
    shop_server: str,
    staff: User,
    sign_in: SignIn,
    assert_accessible: Callable[[Page], None],
    width: int,
) -> None:
    page = new_page(viewport={"width": width, "height": 740})
    sign_in(page, staff, shop_server)
    page.goto(f"{shop_server}/admin/notifications/delivery/")
    page.get_by_role("link", name="See all messages").click()
    expect(page.get_by_role("heading", name="Messages")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("link", name="shipped").click()

    mail = page.frame_locator("iframe")
    expect(mail.get_by_role("heading", name="Your parcel is on its way")).to_be_visible()
    expect(mail.get_by_role("link", name="Follow your parcel")).to_have_css(
        "background-color", "rgb(29, 90, 69)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("button", name="Send me this one").click()

    expect(page.get_by_text(f"A sample is on its way to {staff.email}.")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_unsubscribing_takes_one_press_and_can_be_undone(
    phone: Page, shop_server: str, assert_accessible: Callable[[Page], None]
) -> None:
    phone.goto(unsubscribe_url("ada@example.com"))
    assert_accessible(phone)

    phone.get_by_role("button", name="Unsubscribe").click()

    expect(phone.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert_accessible(phone)

    phone.get_by_role("button", name="Undo").click()

    expect(phone.get_by_role("heading", name="You are subscribed again")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_news_by_whatsapp_are_turned_on_in_place_and_an_error_keeps_what_was_typed(
    phone: Page, shop_server: str, settings: Settings, assert_accessible: Callable[[Page], None]
) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC1"
    order = move(make_order().pk, State.PAID, STRIPE)
    phone.goto(shop_server + order.get_absolute_url())
    number = phone.get_by_label("Phone number")

    number.fill("12")
    phone.get_by_role("button", name="Send me news by WhatsApp").click()

    expect(phone.get_by_text("This is no phone number.")).to_be_visible()
    expect(number).to_have_value("12")
    expect(number).to_be_focused()
    assert_accessible(phone)

    number.fill("415 555 2671")
    phone.get_by_role("button", name="Send me news by WhatsApp").click()

    expect(phone.get_by_text("News of this order goes to +14155552671, too.")).to_be_visible()
    phone.get_by_role("button", name="Turn off").click()
    expect(number).to_be_visible()
