"""Parcels and receipts in a browser: staff send, the open page turns, paper is printed."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from accounts.models import User
from orders.models import Order
from orders.receipts import issue
from orders.shipping import ship
from orders.states import SCHEDULE
from tests.conftest import NewPage
from tests.orders.factory import make_refund
from tests.orders.paid import make_paid

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Check = Callable[[Page], None]
SignIn = Callable[[Page, User, str], None]
OURS = ["#order-panel", ".tool-buttons", ".refund-page", "#content-main.evidence"]


@pytest.fixture
def order() -> Order:
    """Three mugs, of which one was sent; a receipt, and a part given back."""
    payment = make_paid(quantity=3, email=f"{'very.' * 8}long@example.com")
    payment.intent_id = "pi_" + "x" * 24
    payment.save()
    order = payment.order
    line = order.lines.get()
    ship(order.pk, [(line.pk, 1)], "DHL", "0" * 40, "https://example.com/0", SCHEDULE)
    issue(order)
    make_refund(payment, "succeeded", amount_minor=500)
    return order


def is_narrow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_shoppers_pages_are_legible_on_a_phone(
    new_page: NewPage, shop_server: str, order: Order, assert_accessible: Check, scheme: str
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": 360, "height": 740})

    page.goto(shop_server + order.get_absolute_url())
    assert is_narrow(page)
    assert_accessible(page)
    page.get_by_role("link", name="Receipt 1 to print").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Receipt 1")
    assert is_narrow(page)
    assert_accessible(page)


def assert_ours_accessible(page: Page) -> None:
    """Axe on what we put into Django's admin; `preload` off: it would break the page's CSP."""
    ours = [[part] for part in OURS if page.locator(part).count()]
    found = Axe().run(page, context={"include": ours}, options={"preload": False}).response
    assert [(one["id"], one["nodes"][0]["target"]) for one in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_staffs_pages_are_legible_on_a_phone(
    new_page: NewPage, shop_server: str, staff: User, sign_in: SignIn, order: Order, scheme: str
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": 360, "height": 740})
    sign_in(page, staff, shop_server)

    for name in ("change", "send", "slip", f"slips/{order.shipments.get().pk}"):
        page.goto(f"{shop_server}/admin/orders/order/{order.pk}/{name}/")
        assert is_narrow(page), name
        assert_ours_accessible(page)


def test_staff_send_and_the_shoppers_open_page_turns(
    new_page: NewPage, shop_server: str, staff: User, sign_in: SignIn
) -> None:
    order = make_paid().order
    shopper, page = new_page(), new_page()
    shopper.clock.install()
    shopper.goto(shop_server + order.get_absolute_url())
    sign_in(page, staff, shop_server)
    page.goto(f"{shop_server}/admin/orders/order/{order.pk}/change/")

    page.get_by_role("link", name="Send…").click()
    expect(page.get_by_label("Units of Stoneware mug in this parcel")).to_have_value("2")
    page.get_by_label("Carrier").fill("DHL")
    page.get_by_label("Tracking number").fill("00340")
    page.get_by_role("button", name="Book as sent").click()

    expect(page.locator("#order-parcels + .table-scroll")).to_contain_text("00340")
    shopper.get_by_label("Password").fill("half a pass")
    shopper.clock.run_for(61_000)
    expect(shopper.get_by_role("heading", level=1)).to_have_text("Your order is on its way")
    expect(shopper.locator("#order-goods")).to_contain_text("00340")
    expect(shopper.get_by_label("Password")).to_have_value("half a pass")


@pytest.mark.parametrize("name", ["slip", "receipt"])
def test_paper_gets_dark_letters_and_no_menus(
    new_page: NewPage, shop_server: str, staff: User, sign_in: SignIn, order: Order, name: str
) -> None:
    page = new_page(color_scheme="dark")
    sign_in(page, staff, shop_server)
    page.goto(f"{shop_server}/admin/orders/order/{order.pk}/{name}/")

    page.emulate_media(media="print")

    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_css("color", "rgb(28, 27, 24)")
    for screen_only in ("header.site-header", "#header", ".breadcrumbs", ".evidence-hint"):
        for one in page.locator(screen_only).all():
            expect(one).to_be_hidden()
