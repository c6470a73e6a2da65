"""`manage.py doctor` says in one page what works, and what to do about what does not."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django import db
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from checkout import stripe_gateway
from checkout.inbox import TYPES
from checkout.models import Reconciliation, WebhookEvent
from checkout.stripe_gateway import StripeError, WebhookEndpoint
from config import health
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]

URL = "https://shop.example.com/api/webhooks/stripe"
ALL = frozenset(TYPES)


@pytest.fixture(autouse=True)
def settings_of_a_shop(settings: Settings) -> None:
    settings.BASE_URL = "https://shop.example.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Goods <shop@example.com>"
    settings.ADMIN_EMAIL = "owner@example.com"


@pytest.fixture(autouse=True)
def endpoints(monkeypatch: pytest.MonkeyPatch) -> list[WebhookEndpoint]:
    """What is registered at Stripe; Stripe answers everything."""
    registered = [WebhookEndpoint(URL, is_enabled=True, types=ALL)]
    monkeypatch.setattr(stripe_gateway, "list_webhook_endpoints", lambda: registered)
    monkeypatch.setattr(stripe_gateway, "list_events", lambda *_args: iter([]))
    return registered


def examine() -> tuple[dict[str, str], str]:
    """Run the doctor; return each line by its sign and name, and how it ended."""
    out = StringIO()
    try:
        call_command("doctor", stdout=out)
    except CommandError as error:
        ended = str(error)
    else:
        ended = ""
    lines = [line.partition(": ") for line in out.getvalue().splitlines() if ": " in line]
    return {name: finding for name, _colon, finding in lines}, ended


def ill() -> str:
    """The finding of the only check that fails."""
    lines, ended = examine()
    (finding,) = [said for name, said in lines.items() if name.startswith("✗")]
    assert ended == f"1 of {len(lines)} checks failed: each ✗ says what to do."
    return finding


def test_a_shop_that_is_well() -> None:
    lines, ended = examine()

    assert ended == ""
    assert all(name.startswith("✓") for name in lines), lines
    assert lines["✓ Stripe mode"].startswith("test: no card is charged")
    assert lines["✓ webhook endpoint"] == f"Stripe sends every event to {URL}"
    assert lines["✓ events read"] == "nothing to read before the first order"
    assert "reaches nobody" in lines["✓ mail"]


# --- The endpoint ------------------------------------------------------------------------------
def test_endpoints_that_point_elsewhere(endpoints: list[WebhookEndpoint]) -> None:
    endpoints[:] = [
        WebhookEndpoint("https://staging.example.com/api/webhooks/stripe", True, ALL),
        WebhookEndpoint(URL + "/", True, ALL),
    ]

    said = ill()

    assert said.startswith(
        f"no endpoint at Stripe points at {URL}; only {URL}/, "
        "https://staging.example.com/api/webhooks/stripe is registered. Add it"
    )


def test_no_endpoint_at_all(endpoints: list[WebhookEndpoint]) -> None:
    endpoints.clear()

    assert "none is registered" in ill()


def test_a_disabled_endpoint(endpoints: list[WebhookEndpoint]) -> None:
    endpoints[:] = [WebhookEndpoint(URL, is_enabled=False, types=ALL)]

    assert ill() == f"{URL} is disabled at Stripe: enable it in Stripe's dashboard."


def test_an_endpoint_that_lacks_types(endpoints: list[WebhookEndpoint]) -> None:
    lacking = {"refund.failed", "charge.dispute.closed"}
    endpoints[:] = [
        WebhookEndpoint(URL, is_enabled=True, types=ALL - lacking),
        WebhookEndpoint(URL, is_enabled=False, types=ALL),
    ]

    assert "add charge.dispute.closed, refund.failed to it" in ill()


@pytest.mark.parametrize(
    "types", [[frozenset({"*"})], [ALL - {"refund.failed"}, frozenset({"refund.failed"})]]
)
def test_endpoints_that_get_everything_together(
    endpoints: list[WebhookEndpoint], types: list[frozenset[str]]
) -> None:
    endpoints[:] = [WebhookEndpoint(URL, is_enabled=True, types=some) for some in types]

    assert examine()[1] == ""


def test_a_key_that_stripe_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any) -> Iterator[Any]:
        raise StripeError("Invalid API Key provided.", permanent=False)

    monkeypatch.setattr(stripe_gateway, "list_events", refuse)
    monkeypatch.setattr(stripe_gateway, "list_webhook_endpoints", refuse)

    lines, ended = examine()

    assert "Check STRIPE_SECRET_KEY" in lines["✗ Stripe key"]
    assert "allowed to read webhook endpoints" in lines["✗ webhook endpoint"]
    assert ended.startswith("2 of ")


# --- Events ------------------------------------------------------------------------------------
def receive(count: int, source: str, **fields: Any) -> None:
    for _event in range(count):
        number = WebhookEvent.objects.count()
        wanted = {"type": "refund.created", "state": "applied", **fields}
        WebhookEvent.objects.create(event_id=f"evt_{number}", payload={}, source=source, **wanted)


def test_many_events_that_no_webhook_brought() -> None:
    receive(8, "webhook")
    receive(2, "list")

    said = ill()

    assert said.startswith("2 of 10 events of the last day were not brought by webhook: ")
    assert "400 means that STRIPE_WEBHOOK_SECRET is not this endpoint's" in said


def test_a_few_events_that_no_webhook_brought_are_no_alarm() -> None:
    receive(30, "list")
    WebhookEvent.objects.update(received_at=timezone.now() - timedelta(days=1, hours=1))
    receive(30, "webhook", type="customer.created")
    receive(20, "webhook")
    receive(2, "list")

    lines, ended = examine()

    assert ended == ""
    assert lines["✓ webhook deliveries"].startswith("2 of 22 events")


def test_parked_events() -> None:
    receive(1, "webhook", state="failed")

    assert "Then run manage.py replay_webhooks" in ill()


def test_events_that_were_never_read() -> None:
    make_order()

    assert ill() == "Stripe's list of events was never read: start manage.py worker."


def test_events_that_were_not_read_for_long() -> None:
    make_order()
    at = timezone.now() - timedelta(minutes=11)
    Reconciliation.objects.create(read_from=at, read_until=at, finished_at=at)
    assert "run manage.py reconcile_payments" in ill()

    Reconciliation.objects.update(finished_at=timezone.now())

    assert examine()[1] == ""


# --- The shop itself, and mail -----------------------------------------------------------------
def test_a_worker_that_does_not_run() -> None:
    OrmQ.objects.create(key="x", payload="", lock=timezone.now() - timedelta(hours=1))

    assert "start manage.py worker" in ill()


def test_work_that_is_overdue() -> None:
    receive(1, "webhook", state="received")
    WebhookEvent.objects.update(next_try_at=timezone.now() - timedelta(hours=1))

    assert ill().startswith("work is overdue: see the worker's log. Oldest undone: ")


@pytest.mark.parametrize(
    ("part", "advice"),
    [
        ("database", "check DATABASE_URL"),
        ("cache", "check REDIS_URL"),
        ("migrations", "migrate, and start it again"),
    ],
)
def test_a_part_that_does_not_work(monkeypatch: pytest.MonkeyPatch, part: str, advice: str) -> None:
    def fail() -> str:
        raise db.OperationalError("it is gone")

    monkeypatch.setitem(health.CHECKS, part, fail)

    said = ill()

    assert said.startswith("it is gone: ")
    assert advice in said


def test_the_checks_after_one_that_the_database_did_not_answer_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise db.OperationalError("it is gone")

    monkeypatch.setattr("config.management.commands.doctor.look", fail)

    assert ill() == "the database did not answer: it is gone"


@pytest.mark.parametrize("backend", ["django.core.mail.backends.locmem", "notifications.mailbox"])
def test_live_mode_needs_mail_that_is_sent(settings: Settings, backend: str) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_" + "x" * 24
    settings.EMAIL_BACKEND = f"{backend}.EmailBackend"

    lines, _ended = examine()

    assert lines["✓ Stripe mode"] == "live: cards are charged"
    assert "set EMAIL_URL" in lines["✗ mail"]


def test_mail_that_nobody_takes(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    assert ill().startswith("the mail server does not let us in: ")

    settings.DEFAULT_FROM_EMAIL = "Goods <shop@localhost>"
    assert ill().startswith("DEFAULT_FROM_EMAIL is not set")


def test_nobody_who_is_told(settings: Settings) -> None:
    settings.ADMIN_EMAIL = ""

    assert ill() == "nobody is told of trouble: set ADMIN_EMAIL."
