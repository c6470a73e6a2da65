"""The books in the admin: one sentence, the figures, each break with its order, and a button."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from playwright.sync_api import Page, expect

from accounts.models import User
from checkout.books import audit, tasks
from checkout.models import Audit
from inventory.models import StockItem
from orders.models import Order, OrderEvent, Payment
from orders.states import STRIPE, append_event, move
from tests.orders.factory import make_order, make_payment

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LIST = "/admin/checkout/audit/"
CHECK = "/admin/checkout/audit/check/"


@pytest.fixture
def order(db: None) -> Order:
    """One mug that was paid."""
    order = make_order()
    make_payment(order, Payment.Outcome.ACCEPTED)
    return move(order.pk, Order.State.PAID, STRIPE)


def checked() -> Audit:
    """Check what the shop itself knows."""
    return audit.keep(audit.check(None))


def page_of(made: Audit) -> str:
    return reverse("admin:checkout_audit_change", args=[made.pk])


def test_the_page_says_in_a_sentence_that_the_books_close_with_the_figures(
    client: Client, staff: User, order: Order
) -> None:
    checked()
    client.force_login(staff)

    html = client.get(LIST).content.decode()

    assert "Orders, stock and coupons close among themselves. Stripe was left out." in html
    assert '<td class="number">$49.68</td>' in html
    assert "What does not close" not in html
    assert "Check the books now" in html


def test_a_break_is_told_with_a_link_to_its_order(
    client: Client, staff: User, order: Order
) -> None:
    Payment.objects.update(amount_minor=4900)
    made = checked()
    client.force_login(staff)

    html = client.get(page_of(made)).content.decode()

    assert "The books do not close: 2 breaks were found." in html
    assert "An order was paid with another amount than its total" in html
    link = reverse("admin:orders_order_change", args=[order.pk])
    assert f'<a href="{link}">Order {order.number}</a>' in html
    assert "<dd>$49.00</dd>" in html
    assert "<dd>$49.68</dd>" in html


def test_what_can_be_repaired_safely_is_said(client: Client, staff: User) -> None:
    StockItem.objects.create(sku="MUG", on_hand=2, held=1)
    made = checked()
    client.force_login(staff)

    html = client.get(page_of(made)).content.decode()

    assert "can do this: count the held units from the open holds." in html


def test_the_list_keeps_what_was_found_before(client: Client, staff: User, order: Order) -> None:
    Payment.objects.update(amount_minor=4900)
    checked()
    Payment.objects.update(amount_minor=4968)
    checked()
    client.force_login(staff)

    html = client.get(LIST).content.decode()

    assert html.count("The books do not close: 2 breaks were found.") == 1
    assert html.count("Orders, stock and coupons close among themselves.") == 2


def test_before_the_first_check_the_page_says_so(client: Client, staff: User) -> None:
    client.force_login(staff)

    assert "The books have not been checked yet." in client.get(LIST).content.decode()


def test_the_button_has_the_worker_check_and_shows_the_result_when_it_is_there(
    client: Client, staff: User
) -> None:
    before = checked()
    client.force_login(staff)

    waiting = client.post(CHECK, follow=True)

    task = SignedPackage.loads(OrmQ.objects.get().payload)
    assert (import_string(task["func"]), task["timeout"]) == (tasks.check_books, 140)
    assert waiting.redirect_chain == [(f"{CHECK}?after={before.pk}", 302)]
    assert '<meta http-equiv="refresh" content="2">' in waiting.content.decode()
    after = checked()
    arrived = client.get(waiting.redirect_chain[0][0])
    assert arrived.headers["Location"] == page_of(after)


@pytest.mark.parametrize("after", ["", "soon", "-1"])
def test_waiting_for_nothing_leads_to_the_list(client: Client, staff: User, after: str) -> None:
    client.force_login(staff)

    assert client.get(CHECK, {"after": after}).headers["Location"] == LIST


def test_staff_without_the_permission_see_and_start_nothing(client: Client, stranger: User) -> None:
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)

    assert client.get(LIST).status_code == 403
    assert client.post(CHECK).status_code == 403
    stranger.user_permissions.add(Permission.objects.get(codename="view_audit"))
    assert client.get(LIST).status_code == 200
    assert client.post(CHECK).status_code == 302


def test_nobody_can_change_an_audit(client: Client, staff: User) -> None:
    made = checked()
    client.force_login(staff)

    assert client.post(page_of(made), {"sums": "{}"}).status_code == 403
    assert client.post(f"{LIST}{made.pk}/delete/").status_code == 403


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_and_can_be_read_by_everybody(
    shop_server: str,
    new_page: Callable[..., Page],
    sign_in: Callable[[Page, User, str], None],
    staff: User,
    assert_accessible: Callable[[Page], None],
    width: int,
) -> None:
    order = make_order()
    make_payment(order, Payment.Outcome.ACCEPTED, amount_minor=1)
    append_event(order, OrderEvent.Kind.PAYMENT_LATE, STRIPE, 5)
    checked()
    for scheme in ("light", "dark"):
        page = new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        sign_in(page, staff, shop_server)
        page.goto(shop_server + LIST)

        expect(page.get_by_role("button", name="Check the books now")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert_accessible(page)
