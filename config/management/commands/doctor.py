"""One page on whether the shop works: each check in a sentence, with what to do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import db
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from checkout import stripe_gateway
from checkout.inbox import TYPES
from checkout.models import Reconciliation, WebhookEvent
from checkout.reconciling import unread_since
from checkout.stripe_gateway import StripeError, WebhookEndpoint
from config import health
from config.watchdog import is_stalled, look

DAY = timedelta(days=1)
# The sweep reads Stripe's list each minute.
READ_WITHIN = timedelta(minutes=10)
# A webhook may be lost now and then; when more than one in ten is, the endpoint is broken.
MOST_BY_LIST = 0.1
FEW_EVENTS = 5
# Where mail goes to with these, no buyer reads it.
NOT_SENT = {
    "console": "printed on the console",
    "dummy": "thrown away",
    "filebased": "written to files",
    "locmem": "kept in memory",
    "mailbox": "put into a folder",
}


class IllError(Exception):
    """Something does not work; the message says what, and what to do."""


class Command(BaseCommand):
    help = "Check the whole shop, from the database to Stripe and mail, and say what to do."

    def handle(self, *args: Any, **options: Any) -> None:
        ill = 0
        for name, check in CHECKS.items():
            sign, finding = _examine(check)
            ill += sign == "✗"
            self.stdout.write(f"{sign} {name}: {finding}")
        if ill:
            raise CommandError(f"{ill} of {len(CHECKS)} checks failed: each ✗ says what to do.")
        self.stdout.write("The shop is well.")


def _examine(check: Callable[[], str]) -> tuple[str, str]:
    try:
        return "✓", check()
    except IllError as error:
        return "✗", str(error)
    except db.Error as error:
        return "✗", f"the database did not answer: {error}"


# --- The shop itself ---------------------------------------------------------------------------
def database() -> str:
    return _part("database", "check DATABASE_URL, and that the server runs")


def cache() -> str:
    return _part("cache", "check REDIS_URL; without one, run manage.py createcachetable")


def migrations() -> str:
    return _part("migrations", "stop the worker, migrate, and start it again")


def _part(name: str, advice: str) -> str:
    """What /readyz says of a part."""
    try:
        return str(health.CHECKS[name]())
    except Exception as error:
        raise IllError(f"{error}: {advice}.") from error


def worker() -> str:
    seen = look()
    ages = health.ages(seen)
    waiting = ", ".join(f"{name.replace('_', ' ')} {seconds} s" for name, seconds in ages.items())
    if is_stalled(seen):
        raise IllError(
            f"it has stalled or does not run: start manage.py worker. Oldest undone: {waiting}."
        )
    if health.overdue(ages):
        raise IllError(f"work is overdue: see the worker's log. Oldest undone: {waiting}.")
    return f"oldest undone: {waiting}"


# --- Stripe ------------------------------------------------------------------------------------
def stripe_key() -> str:
    try:
        next(stripe_gateway.list_events(timezone.now(), None, TYPES), None)
    except StripeError as error:
        raise IllError(
            f"Stripe does not let us in: {error} Check STRIPE_SECRET_KEY; a restricted key must "
            "be allowed to read events."
        ) from error
    return "Stripe answers"


def stripe_mode() -> str:
    if _is_live():
        return "live: cards are charged"
    return "test: no card is charged; for sales put the live keys into the settings"


def _is_live() -> bool:
    return "_live_" in settings.STRIPE_SECRET_KEY


def webhook_endpoint() -> str:
    address = settings.BASE_URL + reverse("stripe_webhook")
    try:
        endpoints = stripe_gateway.list_webhook_endpoints()
    except StripeError as error:
        raise IllError(
            f"Stripe does not tell its webhook endpoints: {error} A restricted key must be allowed "
            "to read webhook endpoints."
        ) from error
    ours = [endpoint for endpoint in endpoints if endpoint.url == address]
    if not ours:
        raise IllError(_no_endpoint(address, endpoints))
    if not any(endpoint.is_enabled for endpoint in ours):
        raise IllError(f"{address} is disabled at Stripe: enable it in Stripe's dashboard.")
    sent = frozenset().union(*(endpoint.types for endpoint in ours if endpoint.is_enabled))
    if "*" not in sent and (lacking := TYPES - sent):
        raise IllError(
            f"{address} does not get every event: add {', '.join(sorted(lacking))} to it in "
            "Stripe's dashboard."
        )
    return f"Stripe sends every event to {address}"


def _no_endpoint(address: str, endpoints: list[WebhookEndpoint]) -> str:
    others = ", ".join(sorted(endpoint.url for endpoint in endpoints))
    registered = f"only {others} is registered" if others else "none is registered"
    return (
        f"no endpoint at Stripe points at {address}; {registered}. Add it in Stripe's dashboard "
        "and put its signing secret into STRIPE_WEBHOOK_SECRET, or correct BASE_URL. (On your own "
        "machine: stripe listen --forward-to.) Until then the worker reads Stripe's list instead."
    )


def webhook_deliveries() -> str:
    came = WebhookEvent.objects.filter(
        received_at__gte=timezone.now() - DAY, type__in=TYPES
    ).aggregate(all=Count("pk"), by_list=Count("pk", filter=Q(source=WebhookEvent.Source.LIST)))
    said = f"{came['by_list']} of {came['all']} events of the last day were not brought by webhook"
    if came["all"] >= FEW_EVENTS and came["by_list"] > came["all"] * MOST_BY_LIST:
        raise IllError(
            f"{said}: the endpoint is probably broken. Look at its deliveries in Stripe's "
            "dashboard: 400 means that STRIPE_WEBHOOK_SECRET is not this endpoint's."
        )
    return said


def events_read() -> str:
    if unread_since() is None:
        return "nothing to read before the first order"
    last = Reconciliation.objects.first()
    if last is None:
        raise IllError("Stripe's list of events was never read: start manage.py worker.")
    at = f"{timezone.localtime(last.finished_at):%Y-%m-%d %H:%M}"
    if timezone.now() - last.finished_at > READ_WITHIN:
        raise IllError(
            f"Stripe's list of events was last read at {at}: see the worker's log for why not "
            "since, then run manage.py reconcile_payments."
        )
    return f"Stripe's list of events was read at {at}"


def inbox() -> str:
    parked = WebhookEvent.objects.filter(state=WebhookEvent.State.FAILED).count()
    if parked:
        raise IllError(
            f"{parked} events of Stripe could not be applied: the admin shows why under Webhook "
            "events (failed). Then run manage.py replay_webhooks."
        )
    return "no event is parked"


# --- Mail --------------------------------------------------------------------------------------
def mail() -> str:
    backend = settings.EMAIL_BACKEND.split(".")[-2]
    if backend in NOT_SENT:
        said = f"mail is {NOT_SENT[backend]} and reaches nobody"
        if _is_live():
            raise IllError(f"{said}: set EMAIL_URL, or ANYMAIL_ESP and ANYMAIL, and no MAILBOX.")
        return f"{said}, which is fine while cards are not charged"
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"):
        raise IllError("DEFAULT_FROM_EMAIL is not set: mail from localhost is refused as spam.")
    try:
        with get_connection():
            pass
    except (OSError, ImproperlyConfigured) as error:
        raise IllError(f"the mail server does not let us in: {error} Check EMAIL_URL.") from error
    return f"sent as {settings.DEFAULT_FROM_EMAIL}"


def staff_mail() -> str:
    if not settings.ADMIN_EMAIL:
        raise IllError("nobody is told of trouble: set ADMIN_EMAIL.")
    return f"staff are told at {settings.ADMIN_EMAIL}"


CHECKS: dict[str, Callable[[], str]] = {
    "database": database,
    "migrations": migrations,
    "cache": cache,
    "worker": worker,
    "Stripe key": stripe_key,
    "Stripe mode": stripe_mode,
    "webhook endpoint": webhook_endpoint,
    "webhook deliveries": webhook_deliveries,
    "events read": events_read,
    "inbox": inbox,
    "mail": mail,
    "staff mail": staff_mail,
}
