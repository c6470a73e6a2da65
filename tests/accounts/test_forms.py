"""The account pages: what a browser, a password manager and a screen reader need of them."""

import re

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> None:
    cache.clear()


def inputs(html: str) -> dict[str, str]:
    """The visible fields of the main part by name."""
    tags = re.findall(r"<input[^>]*>", html[html.index("<main") :])
    return {
        name[1]: tag
        for tag in tags
        if 'type="hidden"' not in tag and (name := re.search(r'name="(\w+)"', tag))
    }


@pytest.mark.parametrize(
    ("address", "tokens"),
    [
        ("/accounts/login/", {"login": "email", "password": "current-password"}),
        ("/accounts/login/code/", {"email": "email"}),
        ("/accounts/signup/", {"email": "email", "password1": "new-password"}),
        ("/accounts/password/reset/", {"email": "email"}),
    ],
)
def test_fields_tell_the_browser_what_they_are(
    client: Client, address: str, tokens: dict[str, str]
) -> None:
    fields = inputs(client.get(address).content.decode())

    assert fields.keys() == tokens.keys()
    for name, token in tokens.items():
        assert f'autocomplete="{token}"' in fields[name]


def test_a_code_field_opens_the_number_keyboard_and_takes_the_code_from_the_mail(
    client: Client, buyer: User
) -> None:
    html = client.post("/accounts/login/code/", {"email": buyer.email}, follow=True).content

    field = inputs(html.decode())["code"]
    assert 'inputmode="numeric"' in field
    assert 'autocomplete="one-time-code"' in field
    assert 'type="text"' in field


def test_a_code_is_offered_beside_the_password(client: Client) -> None:
    html = client.get("/accounts/login/?next=/checkout/").content.decode()

    assert 'formaction="/accounts/login/code/"' in html
    assert "Email me a sign-in code" in html
    assert 'name="next" value="/checkout/"' in html


def test_faults_are_summed_up_first_and_named_at_their_field(client: Client) -> None:
    html = client.post("/accounts/login/", {"login": "ada", "password": ""}).content.decode()

    html = html[html.index("<main") :]
    summary = html[html.index('role="alert"') : html.index("<label")]
    assert '<a href="#id_login">Email: Enter a valid email address.</a>' in summary
    assert '<a href="#id_password">Password: This field is required.</a>' in summary
    assert "autofocus" in summary
    assert 'aria-describedby="id_login-error"' in inputs(html)["login"]
    assert 'aria-describedby="id_password-error id_password-hint"' in inputs(html)["password"]
    assert 'value="ada"' in html


@pytest.mark.parametrize(
    "address",
    [
        *("/accounts/login/", "/accounts/login/code/", "/accounts/signup/"),
        *("/accounts/password/reset/", "/accounts/inactive/"),
    ],
)
def test_a_visitors_account_pages_hold_no_inline_code(client: Client, address: str) -> None:
    assert_no_inline_code(client.get(address).content.decode())


@pytest.mark.parametrize(
    "address",
    [
        *("/accounts/logout/", "/accounts/email/", "/accounts/password/change/"),
        *("/accounts/reauthenticate/", "/account/orders/"),
    ],
)
def test_a_buyers_account_pages_hold_no_inline_code(
    client: Client, buyer: User, address: str
) -> None:
    client.force_login(buyer)
    html = client.get(address).content.decode()

    assert_no_inline_code(html)
    assert 'aria-label="Your account"' in html or address == "/accounts/reauthenticate/"


def assert_no_inline_code(html: str) -> None:
    assert '<meta name="robots" content="noindex">' in html
    for forbidden in (r"<style", r"\sstyle=", r"\son[a-z]+=", r"<script(?![^>]*src=)"):
        assert not re.search(forbidden, html), forbidden
