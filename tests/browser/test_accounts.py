"""Accounts in a browser: by keyboard, on a phone, without JavaScript, and under axe's eyes."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.conftest import PASSWORD, NewPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Check = Callable[[Page], None]


@pytest.fixture(autouse=True)
def fresh_rate_limits(transactional_db: None) -> None:
    cache.clear()


def mailed_code() -> str:
    """The code in the newest mail."""
    found = re.search(r"^ +(\d{6})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        *("/accounts/login/", "/accounts/login/code/", "/accounts/signup/"),
        "/accounts/password/reset/",
    ],
)
def test_axe_finds_nothing_before_signing_in(
    new_page: NewPage, shop_server: str, assert_accessible: Check, path: str, scheme: str
) -> None:
    page = new_page(color_scheme=scheme)

    page.goto(shop_server + path)

    assert_accessible(page)


def test_axe_finds_nothing_on_the_account_pages(
    page: Page,
    shop_server: str,
    buyer: User,
    sign_in: Callable[[Page, User, str], None],
    assert_accessible: Check,
) -> None:
    sign_in(page, buyer, shop_server)

    for path in (
        *("/account/orders/", "/accounts/email/", "/accounts/password/change/"),
        *("/accounts/logout/", "/accounts/reauthenticate/"),
    ):
        page.goto(shop_server + path)
        assert_accessible(page)


def test_a_refused_sign_in_puts_the_focus_on_what_was_wrong(
    page: Page, shop_server: str, buyer: User, assert_accessible: Check
) -> None:
    page.goto(f"{shop_server}/accounts/login/")
    page.get_by_label("Email").fill(buyer.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("The email or the password is wrong.")
    expect(page.get_by_label("Email")).to_have_value(buyer.email)
    assert_accessible(page)


def test_signing_in_by_code_takes_no_mouse_and_no_memory(
    page: Page, shop_server: str, buyer: User, assert_accessible: Check
) -> None:
    page.goto(f"{shop_server}/accounts/login/?next=/account/orders/")
    page.get_by_label("Email").focus()
    page.keyboard.type(buyer.email)
    button = page.get_by_role("button", name="Email me a sign-in code")
    for _ in range(6):
        page.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_label("Code")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Code").focus()
    page.keyboard.type(mailed_code())
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="My orders")).to_be_visible()


def test_the_enter_key_signs_in_with_the_password(
    page: Page, shop_server: str, buyer: User
) -> None:
    page.goto(f"{shop_server}/accounts/login/")
    page.get_by_label("Email").fill(buyer.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="My orders")).to_be_visible()


def test_signing_up_works_without_javascript_on_a_small_screen(
    new_page: NewPage, shop_server: str
) -> None:
    page = new_page(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page.goto(f"{shop_server}/accounts/signup/")
    page.get_by_label("Email").fill("new@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    code = page.get_by_label("Code")
    expect(code).to_be_visible()
    code.fill(mailed_code())
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("heading", name="My orders")).to_be_visible()
    assert User.objects.filter(email="new@example.com").exists()


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
)
def test_nothing_is_wider_than_a_small_screen(
    new_page: NewPage, shop_server: str, path: str
) -> None:
    page = new_page(viewport={"width": 320, "height": 640})

    page.goto(shop_server + path)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
