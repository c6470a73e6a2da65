"""The evidence pack in a browser: legible on a phone, in the dark, and on paper."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from checkout.disputing import settle_dispute
from orders.models import Order, OrderEvent, Payment
from orders.states import SCHEDULE, STRIPE, append_event
from tests.checkout.shopper import dispute_of
from tests.conftest import NewPage
from tests.orders.factory import make_order, make_payment, make_refund

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPack = Callable[[Page], None]


@pytest.fixture
def open_pack(
    shop_server: str, staff: User, sign_in: Callable[[Page, User, str], None]
) -> OpenPack:
    """Return a function that opens the pack of a disputed order that was told of by mail."""
    order = make_order(state=Order.State.FULFILLED, email=f"{'very.' * 8}long@example.com")
    payment = make_payment(order, Payment.Outcome.ACCEPTED, intent_id="pi_" + "x" * 24)
    append_event(
        order, OrderEvent.Kind.MESSAGE_SENT, SCHEDULE, recipient=order.email, subject="Your order"
    )
    make_refund(payment, "succeeded", amount_minor=500)
    settle_dispute(dispute_of(payment), STRIPE)

    def go(page: Page) -> None:
        sign_in(page, staff, shop_server)
        page.goto(f"{shop_server}/admin/orders/order/{order.pk}/evidence/")

    return go


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_sticks_out_on_a_phone(
    new_page: NewPage,
    open_pack: OpenPack,
    assert_accessible: Callable[[Page], None],
    scheme: str,
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": 360, "height": 740})

    open_pack(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert_accessible(page)


def test_paper_gets_dark_letters_and_no_menus(new_page: NewPage, open_pack: OpenPack) -> None:
    page = new_page(color_scheme="dark")
    open_pack(page)

    page.emulate_media(media="print")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_css("color", "rgb(28, 27, 24)")
    for screen_only in ("#header", ".breadcrumbs", ".evidence-hint"):
        expect(page.locator(screen_only)).to_be_hidden()
