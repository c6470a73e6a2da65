"""Staff see every message with made-up data, and nothing of it is stored."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from notifications.messages import MESSAGES
from tests.architecture.tree import APPS

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LIST = "/admin/notifications/delivery/messages/"


@pytest.fixture
def desk(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def counts() -> dict[str, int]:
    """How many rows there are of each of our models."""
    return {
        model._meta.label: model._default_manager.count()
        for app in apps.get_app_configs()
        if app.name in APPS
        for model in app.get_models()
    }


def test_the_list_names_every_message_and_says_what_it_is_for(desk: Client) -> None:
    page = desk.get(LIST).content.decode()

    for name in MESSAGES:
        assert f'href="{LIST}{name}/"' in page
    assert "A parcel has left us: what is in it" in page


@pytest.mark.parametrize("name", MESSAGES)
def test_an_empty_shop_shows_a_message_and_stores_nothing(desk: Client, name: str) -> None:
    before = counts()

    page = desk.get(f"{LIST}{name}/")
    html = desk.get(f"{LIST}{name}/html/")

    assert page.status_code == html.status_code == 200
    assert page.context["letter"].subject
    assert "</html>" in html.content.decode()
    assert counts() == before


def test_the_frame_lets_styles_in_and_nothing_else(desk: Client) -> None:
    html = desk.get(f"{LIST}shipped/html/")

    policy = html.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'unsafe-inline'" in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert html.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_page_around_it_keeps_its_own_policy(desk: Client) -> None:
    page = desk.get(f"{LIST}shipped/")

    policy = page.headers["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert page.headers["X-Frame-Options"] == "DENY"


def test_the_text_for_whatsapp_is_shown_where_there_is_one(desk: Client) -> None:
    assert "a parcel of order" in desk.get(f"{LIST}shipped/").context["short"]
    assert desk.get(f"{LIST}cart_left/").context["short"] == ""


def test_a_sample_goes_to_whoever_asks_for_it(desk: Client, staff: User) -> None:
    before = counts()

    answer = desk.post(f"{LIST}booking_confirmed/send/", follow=True)

    assert f"A sample is on its way to {staff.email}." in answer.content.decode()
    (sent,) = mail.outbox
    assert sent.to == [staff.email]
    assert sent.subject.startswith("Sample: Your tickets")
    assert [name for name, _content, _type in sent.attachments] != []
    assert counts() == before


def test_a_sample_that_cannot_be_sent_says_why(desk: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    answer = desk.post(f"{LIST}shipped/send/", follow=True)

    assert answer.status_code == 200
    assert "It could not be sent:" in answer.content.decode()


def test_each_sample_is_a_mail_of_its_own(desk: Client) -> None:
    for _time in range(2):
        desk.post(f"{LIST}shipped/send/")

    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]


def test_a_message_that_is_none_is_not_found(desk: Client) -> None:
    for path in ("nonsense/", "nonsense/html/"):
        assert desk.get(LIST + path).status_code == 404
    assert desk.post(f"{LIST}nonsense/send/").status_code == 404


def test_looking_sends_nothing(desk: Client) -> None:
    assert desk.get(f"{LIST}shipped/send/").status_code == 405
    assert not mail.outbox


def test_staff_without_the_permission_see_no_messages(client: Client, stranger: User) -> None:
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)

    for path in ("", "shipped/", "shipped/html/"):
        assert client.get(LIST + path).status_code == 403
    assert client.post(f"{LIST}shipped/send/").status_code == 403


def test_the_weekly_report_is_for_those_who_may_see_the_report(
    client: Client, stranger: User
) -> None:
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(stranger)

    assert "weekly_report" not in client.get(LIST).content.decode()
    for path in ("weekly_report/", "weekly_report/html/"):
        assert client.get(LIST + path).status_code == 403
    assert client.post(f"{LIST}weekly_report/send/").status_code == 403
    assert not mail.outbox

    stranger.user_permissions.add(Permission.objects.get(codename="view_order"))
    assert "weekly_report" in client.get(LIST).content.decode()
    page = client.get(f"{LIST}weekly_report/").content.decode()
    assert "Shown with the figures of last week." in page
    assert "made-up" not in page


def test_shoppers_are_sent_to_the_sign_in(client: Client, buyer: User) -> None:
    client.force_login(buyer)

    for path in ("", "shipped/", "shipped/html/"):
        assert client.get(LIST + path).status_code in (302, 403)
