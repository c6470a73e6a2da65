"""Refunds in a browser: the composer's live preview, the way without scripts, the order's news."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from orders.models import Order, Payment, Refund
from orders.refunding import fail, note_sent, request_all, request_refund, succeed
from orders.states import SCHEDULE, STRIPE
from tests.conftest import PHONE, NewPage
from tests.orders.paid import make_dispute, make_paid, wish

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[Page, User, str], None]
OURS = ["#order-panel", ".tool-buttons", "#refund-form", "#content-main > p", ".submit-row"]


@pytest.fixture
def go(shop_server: str, sign_in: SignIn, staff: User) -> Callable[[Page, Payment, str], None]:
    """Return a function that opens a page of an order as staff: "change", "refund/1", "cancel"."""

    def open_page(page: Page, payment: Payment, name: str) -> None:
        sign_in(page, staff, shop_server)
        page.goto(f"{shop_server}/admin/orders/order/{payment.order_id}/{name}/")

    return open_page


Go = Callable[[Page, Payment, str], None]


def assert_ours_accessible(page: Page) -> None:
    """Axe on what we put into Django's admin; `preload` off: it would break the page's CSP."""
    there = [[part] for part in OURS if page.locator(part).count()]
    found = Axe().run(page, context={"include": there}, options={"preload": False}).response
    assert [(one["id"], one["nodes"][0]["target"]) for one in found["violations"]] == []


def money_table(page: Page) -> str:
    return page.get_by_role("table", name="This payment").inner_text().replace("\t", " ")


def test_the_preview_follows_what_is_typed_and_the_button_names_the_amount(
    page: Page, go: Go
) -> None:
    payment = make_paid()
    go(page, payment, f"refund/{payment.pk}")
    url = page.url

    page.get_by_label("Units of Stoneware mug to refund").fill("1")
    page.get_by_label("Another amount").fill("x")
    page.get_by_label("Note").fill("chipped")
    expect(page.get_by_text("Enter a number.")).to_be_visible()
    page.get_by_label("Another amount").fill("5")
    page.get_by_label("All of it: $6.48").check()

    button = page.get_by_role("button", name="Refund $33.08")
    expect(button).to_be_visible()
    expect(page.get_by_text("Enter a number.")).to_have_count(0)
    expect(page.locator("#refund-news")).to_contain_text("$33.08 back to the buyer, $16.60 kept")
    assert "Kept $49.68 $16.60" in money_table(page)
    assert page.url == url
    expect(page.get_by_label("Note")).to_have_value("chipped")
    assert not Refund.objects.exists()
    assert_ours_accessible(page)
    button.click()

    expect(page.get_by_text("is on its way to Stripe")).to_be_visible()
    assert (Refund.objects.get().amount_minor, Refund.objects.get().note) == (3308, "chipped")


def test_a_rivals_refund_is_seen_before_anything_is_booked(page: Page, go: Go) -> None:
    payment = make_paid()
    go(page, payment, f"refund/{payment.pk}")
    page.get_by_label("Another amount").fill("5")
    page.get_by_label("Another amount").press("Tab")
    expect(page.get_by_role("button", name="Refund $5.00")).to_be_visible()

    request_refund(payment.pk, wish(other=1000), SCHEDULE)
    page.get_by_role("button", name="Refund $5.00").click()

    expect(page.get_by_text("the order's refunds have changed since the preview")).to_be_visible()
    assert "Refunded $10.00 $15.00" in money_table(page)
    assert Refund.objects.count() == 1


def test_without_javascript_the_preview_is_a_page(new_page: NewPage, go: Go) -> None:
    page = new_page(java_script_enabled=False)
    payment = make_paid()
    go(page, payment, f"refund/{payment.pk}")

    page.get_by_role("link", name="Everything that is left").click()
    expect(page.get_by_role("button", name="Refund $49.68")).to_be_visible()
    page.get_by_label("Units of Stoneware mug to refund").fill("1")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Refund $28.08").click()

    expect(page.get_by_text("is on its way to Stripe")).to_be_visible()
    assert Refund.objects.get().amount_minor == 2808


def test_the_result_comes_by_itself_and_then_the_page_stops_asking(page: Page, go: Go) -> None:
    payment = make_paid()
    refund = request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE)
    go(page, payment, "change")
    expect(page.get_by_text("waits to be sent to Stripe")).to_be_visible()

    note_sent(refund.pk, "re_1", STRIPE)
    expect(page.get_by_text("Stripe is working on it")).to_be_visible()
    fail(refund.pk, "The account of the card is closed.", STRIPE)

    expect(page.locator("#order-news")).to_have_text("Refund failed, $49.68.")
    expect(page.locator("#order-attention")).to_have_text("Refund failed")
    assert page.locator("#order-panel[hx-trigger]").count() == 0
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("waits to be sent to Stripe")).to_be_visible()
    succeed(Refund.objects.get(repeats=refund).pk, STRIPE)
    expect(page.locator("#order-state")).to_have_text("refunded")
    expect(page.get_by_role("button", name="Start packing")).to_have_count(0)


def test_cancel_asks_first(page: Page, go: Go) -> None:
    payment = make_paid()
    go(page, payment, "change")

    page.get_by_role("link", name="Cancel order…").click()
    expect(page).to_have_url(re.compile("/cancel/"))
    assert_ours_accessible(page)
    page.get_by_role("button", name="Cancel the order and refund $49.68").click()

    expect(page.get_by_text("The order is being canceled.")).to_be_visible()
    assert Refund.objects.get().reason == Refund.Reason.CANCELED


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(
    new_page: NewPage, go: Go, scheme: str
) -> None:
    page = new_page(**{**PHONE, "color_scheme": scheme})
    payment = make_paid(state=Order.State.FULFILLING, email="a" * 50 + "@example.com")
    fail(request_refund(payment.pk, wish(other=1000), SCHEDULE).pk, "w" * 60, STRIPE)
    request_refund(payment.pk, wish(shipping=648), SCHEDULE)
    make_dispute(payment, evidence_due_at=timezone.now())

    for name in ("change", f"refund/{payment.pk}", "cancel"):
        go(page, payment, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert_ours_accessible(page)
