"""The way out: one press, one click of a mail program, a bounce, a complaint; and the way back."""

import json
from base64 import b64encode

import pytest
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from accounts.models import User
from config.checks import check_settings
from notifications import bounces
from notifications.models import Suppression
from notifications.suppressing import suppress
from notifications.unsubscribing import unsubscribe_url

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Reason = Suppression.Reason
EMAIL = "ada@example.com"
ADMIN = "/admin/notifications/suppression/"

# As config/urls.py has it where a mail service is set up.
urlpatterns = [path("anymail/", include(bounces))]


@pytest.fixture
def way_out() -> str:
    """The path of the link in mails to ada@example.com."""
    return unsubscribe_url(EMAIL).removeprefix("http://localhost:8000")


def reasons() -> dict[str, str]:
    return dict(Suppression.objects.values_list("email", "reason"))


# --- The page --------------------------------------------------------------------------------
def test_the_link_alone_changes_nothing(client: Client, way_out: str) -> None:
    page = client.get(way_out)

    assert page.status_code == 200
    assert EMAIL in page.content.decode()
    assert '<button type="submit" class="button">Unsubscribe' in page.content.decode()
    assert reasons() == {}


def test_one_press_unsubscribes(client: Client, way_out: str) -> None:
    page = client.post(way_out)

    assert "You are unsubscribed" in page.content.decode()
    assert reasons() == {EMAIL: Reason.UNSUBSCRIBED}


def test_a_mail_program_unsubscribes_with_one_click_and_no_cookie(way_out: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(way_out, {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert reasons() == {EMAIL: Reason.UNSUBSCRIBED}


def test_twice_is_once(client: Client, way_out: str) -> None:
    client.post(way_out)
    client.post(way_out)

    assert reasons() == {EMAIL: Reason.UNSUBSCRIBED}


def test_it_can_be_undone(client: Client, way_out: str) -> None:
    client.post(way_out)

    page = client.post(way_out, {"undo": "yes"})

    assert "You are subscribed again" in page.content.decode()
    assert reasons() == {}


def test_capital_letters_are_the_same_address(client: Client) -> None:
    client.post(unsubscribe_url("Ada@Example.COM"))

    assert reasons() == {EMAIL: Reason.UNSUBSCRIBED}


@pytest.mark.parametrize("data", [{}, {"undo": "yes"}])
@pytest.mark.parametrize("reason", [Reason.BOUNCED, Reason.COMPLAINED])
def test_what_bounced_or_complained_stays_so(
    client: Client, way_out: str, reason: str, data: dict[str, str]
) -> None:
    Suppression.objects.create(email=EMAIL, reason=reason)

    page = client.post(way_out, data)

    assert "Nothing is sent to you" in page.content.decode()
    assert reasons() == {EMAIL: reason}


@pytest.mark.parametrize("wrong", ["x", "ImFkYUBleGFtcGxlLmNvbSI:x", "é", ":"])
def test_a_link_that_is_not_ours_is_not_found(client: Client, wrong: str) -> None:
    for answer in (client.get(f"/unsubscribe/{wrong}/"), client.post(f"/unsubscribe/{wrong}/")):
        assert answer.status_code == 404
    assert reasons() == {}


def test_the_page_is_for_no_search_engine_and_no_cache(client: Client, way_out: str) -> None:
    page = client.get(way_out)

    assert 'content="noindex"' in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]


# --- What the mail service tells ---------------------------------------------------------------
@pytest.fixture
def service(settings: Settings, client: Client) -> Client:
    """Postmark, as a client that knows the secret of our webhook."""
    settings.ROOT_URLCONF = __name__
    settings.ANYMAIL = {"WEBHOOK_SECRET": "postmark:secret"}
    client.defaults["HTTP_AUTHORIZATION"] = "Basic " + b64encode(b"postmark:secret").decode()
    return client


def tell(service: Client, kind: str, **more: object) -> int:
    told = {"RecordType": kind, "MessageID": "1", "Email": "Ada@example.com", **more}
    answer = service.post(
        "/anymail/postmark/tracking/", json.dumps(told), content_type="application/json"
    )
    return answer.status_code


def test_a_bounce_stops_all_mail(service: Client) -> None:
    assert tell(service, "Bounce", Type="HardBounce", ID=1) == 200

    assert reasons() == {EMAIL: Reason.BOUNCED}


def test_a_complaint_stops_all_mail(service: Client) -> None:
    assert tell(service, "SpamComplaint", Type="SpamComplaint", ID=1) == 200

    assert reasons() == {EMAIL: Reason.COMPLAINED}


def test_a_bounce_counts_for_more_than_an_unsubscription(service: Client) -> None:
    suppress(EMAIL, Reason.UNSUBSCRIBED)

    tell(service, "Bounce", Type="HardBounce", ID=1)

    assert reasons() == {EMAIL: Reason.BOUNCED}


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("Delivery", {"Recipient": EMAIL}),
        ("Open", {"Recipient": EMAIL}),
        ("Bounce", {"Type": "Transient", "ID": 1}),
    ],
)
def test_other_news_stops_nothing(service: Client, kind: str, more: dict[str, object]) -> None:
    assert tell(service, kind, **more) == 200

    assert reasons() == {}


def test_whoever_does_not_know_the_secret_stops_nothing(service: Client) -> None:
    service.defaults["HTTP_AUTHORIZATION"] = "Basic " + b64encode(b"postmark:guess").decode()

    assert tell(service, "Bounce", Type="HardBounce", ID=1) == 400
    assert reasons() == {}


def test_a_mail_service_without_a_secret_is_named_at_start(settings: Settings) -> None:
    settings.ANYMAIL_ESP, settings.ANYMAIL = "postmark", {"POSTMARK_SERVER_TOKEN": "x"}

    assert any("WEBHOOK_SECRET" in str(one.msg) for one in check_settings(None))


# --- Staff -----------------------------------------------------------------------------------
def test_staff_allow_an_address_again_by_deleting_it(client: Client, staff: User) -> None:
    client.force_login(staff)
    row = Suppression.objects.create(email=EMAIL, reason=Reason.BOUNCED)
    assert EMAIL in client.get(ADMIN).content.decode()

    client.post(f"{ADMIN}{row.pk}/delete/", {"post": "yes"})

    assert reasons() == {}


def test_staff_neither_add_nor_change_an_address(client: Client, staff: User) -> None:
    client.force_login(staff)
    row = Suppression.objects.create(email=EMAIL, reason=Reason.BOUNCED)

    assert client.get(f"{ADMIN}add/").status_code == 403
    assert client.post(f"{ADMIN}{row.pk}/change/", {"reason": "unsubscribed"}).status_code == 403


def test_staff_without_the_permission_delete_nothing(client: Client, stranger: User) -> None:
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)
    row = Suppression.objects.create(email=EMAIL, reason=Reason.BOUNCED)

    assert client.post(f"{ADMIN}{row.pk}/delete/", {"post": "yes"}).status_code == 403
