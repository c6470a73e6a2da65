"""Accounts: getting one, getting in, and being kept out."""

import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from accounts.forms import NewAccountForm
from accounts.models import User
from orders.models import Order
from tests.at_once import Meeting, all_at_once
from tests.conftest import PASSWORD
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LOGIN, CODE, CONFIRM = "/accounts/login/", "/accounts/login/code/", "/accounts/login/code/confirm/"
SIGNUP, VERIFY = "/accounts/signup/", "/accounts/confirm-email/"
RESET = "/accounts/password/reset/"


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> None:
    cache.clear()


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> str:
    """Send the sign-in form; returns where it leads, or the page that refuses."""
    answer = client.post(LOGIN, {"login": email, "password": password, **more})
    return answer.headers.get("Location") or answer.content.decode()


def mailed_code() -> str:
    """The code in the newest mail."""
    found = re.search(r"^ +(\d{6})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[1]


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# --- Sign in by password ---------------------------------------------------------------------
@pytest.mark.parametrize("email", ["buyer@example.com", "Buyer@EXAMPLE.com"])
def test_a_buyer_signs_in_with_a_password(client: Client, buyer: User, email: str) -> None:
    assert sign_in(client, email) == "/account/orders/"
    assert is_signed_in(client)


def test_a_wrong_password_says_what_to_do(client: Client, buyer: User) -> None:
    html = sign_in(client, buyer.email, "wrong")

    assert not is_signed_in(client)
    assert "The email or the password is wrong. Try again, or let us email you" in html
    assert 'value="buyer@example.com"' in html
    assert "wrong" not in re.sub(r"password is wrong", "", html)


def test_signing_in_gives_the_session_a_new_key(client: Client, buyer: User) -> None:
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = session.session_key

    sign_in(client, buyer.email)

    assert client.session.session_key != before
    assert not client.session.exists(before or "")


def test_sign_in_leads_back_to_where_it_was_asked_for(client: Client, buyer: User) -> None:
    assert sign_in(client, buyer.email, next="/checkout/") == "/checkout/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_sign_in_never_leads_to_another_site(client: Client, buyer: User, target: str) -> None:
    assert sign_in(client, buyer.email, next=target) == "/account/orders/"
    assert is_signed_in(client)


@pytest.mark.parametrize("address", [LOGIN, CODE, SIGNUP, RESET, "/accounts/logout/"])
def test_every_form_wants_its_csrf_token(buyer: User, address: str) -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post(address, {"login": buyer.email, "email": buyer.email}).status_code == 403


def test_signing_out_takes_a_press_of_the_button(client: Client, buyer: User) -> None:
    client.force_login(buyer)

    assert "Are you sure" in client.get("/accounts/logout/").content.decode()
    assert is_signed_in(client)
    assert client.post("/accounts/logout/")["Location"] == "/"
    assert not is_signed_in(client)


# --- Sign in by code -------------------------------------------------------------------------
@pytest.mark.parametrize("field", ["email", "login"])
def test_a_buyer_signs_in_with_an_emailed_code(client: Client, buyer: User, field: str) -> None:
    assert client.post(CODE, {field: buyer.email})["Location"] == CONFIRM
    assert mail.outbox[-1].subject == "Your sign-in code for Cartwright Goods"
    assert mail.outbox[-1].to == [buyer.email]
    assert not is_signed_in(client)

    answer = client.post(CONFIRM, {"code": mailed_code()})

    assert answer["Location"] == "/account/orders/"
    assert is_signed_in(client)


def test_the_code_request_keeps_where_to_go(client: Client, buyer: User) -> None:
    there = client.post(CODE, {"login": buyer.email, "next": "/checkout/"})["Location"]
    html = client.get(there).content.decode()

    assert '<input type="hidden" name="next" value="/checkout/"' in html
    answer = client.post(CONFIRM, {"code": mailed_code(), "next": "/checkout/"})
    assert answer["Location"] == "/checkout/"


def test_a_wrong_code_is_refused_and_the_third_ends_it(client: Client, buyer: User) -> None:
    client.post(CODE, {"email": buyer.email})
    code = mailed_code()
    wrong = "000000" if code != "000000" else "111111"

    first = client.post(CONFIRM, {"code": wrong})
    client.post(CONFIRM, {"code": wrong})
    third = client.post(CONFIRM, {"code": wrong})

    assert "This is not the code that we sent" in first.content.decode()
    assert third["Location"] == CODE
    client.post(CONFIRM, {"code": code})
    assert not is_signed_in(client)


def test_a_code_works_only_in_the_browser_that_asked(client: Client, buyer: User) -> None:
    client.post(CODE, {"email": buyer.email})
    elsewhere = Client()

    elsewhere.post(CONFIRM, {"code": mailed_code()})

    assert not is_signed_in(elsewhere)


def test_an_unknown_address_looks_the_same_and_is_told_by_mail(client: Client, buyer: User) -> None:
    unknown = client.post(CODE, {"email": "nobody@example.com"})

    assert unknown["Location"] == CONFIRM
    assert mail.outbox[-1].subject == "No account at Cartwright Goods yet"
    assert "/accounts/signup/" in str(mail.outbox[-1].body)


# --- Sign up ---------------------------------------------------------------------------------
def test_a_new_account_must_confirm_its_address_by_code(client: Client, db: None) -> None:
    order = make_order(email="New@example.com", state=Order.State.PAID)
    form = {"email": "New@Example.com", "password1": PASSWORD, "next": order.get_absolute_url()}

    assert client.post(SIGNUP, form)["Location"].startswith(VERIFY)
    assert not is_signed_in(client)
    assert mail.outbox[-1].subject == "Confirm your email address for Cartwright Goods"
    answer = client.post(VERIFY, {"code": mailed_code()})

    assert is_signed_in(client)
    assert answer["Location"] == order.get_absolute_url()
    user = User.objects.get()
    address = EmailAddress.objects.get()
    assert user.email == address.email == "new@example.com"
    assert (address.verified, address.primary) == (True, True)
    assert order.number in client.get("/account/orders/").content.decode()


def test_an_account_without_confirmation_sees_no_order_of_that_address(
    client: Client, db: None
) -> None:
    order = make_order(email="victim@example.com")
    client.post(SIGNUP, {"email": "victim@example.com", "password1": PASSWORD})

    sign_in(client, "victim@example.com")

    assert not is_signed_in(client)
    assert client.get(f"/orders/{order.number}/").status_code == 404


@pytest.mark.parametrize("email", ["buyer@example.com", "BUYER@example.com"])
def test_an_address_has_one_account_whatever_its_case(
    client: Client, buyer: User, email: str
) -> None:
    answer = client.post(SIGNUP, {"email": email, "password1": "another good password"})

    assert answer["Location"] == VERIFY
    assert mail.outbox[-1].subject == "You have an account at Cartwright Goods"
    assert User.objects.count() == 1
    buyer.refresh_from_db()
    assert buyer.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_the_button_pressed_twice_makes_one_account(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    # Two mails to one address within ten seconds are otherwise one too many.
    settings.ACCOUNT_RATE_LIMITS = False
    both = Meeting(2)
    save = NewAccountForm.save

    def meet_then_save(form: NewAccountForm, request: HttpRequest) -> User:
        both.wait()
        return save(form, request)

    monkeypatch.setattr(NewAccountForm, "save", meet_then_save)

    def press(_number: int) -> str:
        form = {"email": "new@example.com", "password1": PASSWORD}
        return Client().post(SIGNUP, form)["Location"]

    assert all_at_once(2, press) == [VERIFY, VERIFY]
    assert sorted(message.subject for message in mail.outbox) == [
        "Confirm your email address for Cartwright Goods",
        "You have an account at Cartwright Goods",
    ]
    assert (User.objects.count(), EmailAddress.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("password", "fault"),
    [("short", "too short"), ("password123", "too common"), ("4815162342", "entirely numeric")],
)
def test_a_weak_password_is_named(client: Client, db: None, password: str, fault: str) -> None:
    html = client.post(SIGNUP, {"email": "a@example.com", "password1": password}).content.decode()

    assert fault in html
    assert 'aria-invalid="true"' in html
    assert not User.objects.exists()


def test_an_account_made_by_staff_confirms_its_address_at_the_first_sign_in(
    client: Client, db: None
) -> None:
    user = User.objects.create_user("Made@example.com", PASSWORD)

    assert sign_in(client, "made@example.com") == VERIFY
    assert not is_signed_in(client)
    client.post(VERIFY, {"code": mailed_code()})

    user.refresh_from_db()
    assert is_signed_in(client)
    assert user.email == EmailAddress.objects.get(user=user, verified=True).email


# --- Forgotten and changed -------------------------------------------------------------------
def test_a_forgotten_password_is_replaced_by_code(client: Client, buyer: User) -> None:
    there = client.post(RESET, {"email": buyer.email})["Location"]
    assert mail.outbox[-1].subject == "Your code for a new password at Cartwright Goods"
    complete = client.post(there, {"code": mailed_code()})["Location"]
    new = "a wholly new password"

    client.post(complete, {"password1": new, "password2": new})

    buyer.refresh_from_db()
    assert buyer.check_password(new)
    assert is_signed_in(client)
    assert "Choose a new password at once" in str(mail.outbox[-1].body)


def test_a_wrong_reset_code_changes_nothing(client: Client, buyer: User) -> None:
    there = client.post(RESET, {"email": buyer.email})["Location"]
    wrong = "000000" if mailed_code() != "000000" else "111111"

    client.post(there, {"code": wrong})
    new = "a wholly new password"
    client.post(RESET + "complete/", {"password1": new, "password2": new})

    buyer.refresh_from_db()
    assert buyer.check_password(PASSWORD)


def test_a_new_address_takes_over_once_confirmed_and_the_old_one_is_told(
    client: Client, buyer: User
) -> None:
    sign_in(client, buyer.email)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", {"email": "Next@example.com", "action_add": ""})
    buyer.refresh_from_db()
    assert buyer.email == "buyer@example.com"

    client.post(VERIFY, {"code": mailed_code()})

    buyer.refresh_from_db()
    assert buyer.email == "next@example.com"
    assert [a.email for a in EmailAddress.objects.filter(user=buyer)] == ["next@example.com"]
    assert mail.outbox[-1].to == ["buyer@example.com"]


def test_an_open_window_is_not_enough_to_take_an_account_over(client: Client, buyer: User) -> None:
    sign_in(client, buyer.email)

    answer = client.post("/accounts/email/", {"email": "thief@example.com", "action_add": ""})

    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert mail.outbox == []


def test_a_password_is_changed_only_by_who_knows_it(client: Client, buyer: User) -> None:
    client.force_login(buyer)
    new = "a wholly new password"
    form = {"oldpassword": "wrong", "password1": new, "password2": new}

    html = client.post("/accounts/password/change/", form).content.decode()
    assert "This is not your current password" in html
    client.post("/accounts/password/change/", {**form, "oldpassword": PASSWORD})

    buyer.refresh_from_db()
    assert buyer.check_password(new)


# --- Rate limits -----------------------------------------------------------------------------
def test_the_sixth_wrong_password_is_not_even_tried(client: Client, buyer: User) -> None:
    for _ in range(5):
        assert "is wrong" in sign_in(client, buyer.email, "wrong")

    html = sign_in(client, buyer.email)

    assert "There were too many tries. Wait five minutes" in html
    assert not is_signed_in(client)


def test_a_flood_of_other_addresses_does_not_push_the_limit_out(
    client: Client, buyer: User
) -> None:
    for _ in range(5):
        sign_in(client, buyer.email, "wrong")
    for number in range(400):
        cache.set(f"zz{number}", 1)

    assert "too many tries" in sign_in(client, buyer.email)


def test_the_thirty_first_sign_in_of_a_minute_gets_a_friendly_page(client: Client) -> None:
    for _ in range(30):
        assert client.post(LOGIN, {}).status_code == 200

    answer = client.post(LOGIN, {})

    assert answer.status_code == 429
    assert "Wait a few minutes, then try again." in answer.content.decode()


def test_codes_are_not_mailed_without_end(buyer: User) -> None:
    for _ in range(3):
        Client().post(CODE, {"email": buyer.email})

    html = Client().post(CODE, {"email": buyer.email}).content.decode()

    assert "There were too many tries" in html
    assert len(mail.outbox) == 3


def test_codes_of_a_whole_hour_are_too_few_to_guess(buyer: User) -> None:
    with time_machine.travel("2026-11-01 12:00", tick=False) as clock:
        for _ in range(12):
            Client().post(CODE, {"email": buyer.email})
            clock.shift(61)

    assert len(mail.outbox) == 10
