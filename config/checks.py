"""System checks: a setting that is missing or contradicts another is named at start."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from babel.numbers import is_currency
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, run_checks
from django.core.exceptions import ImproperlyConfigured
from django_countries import countries

TAG = "cartwright"


def refuse_to_start_when_misconfigured() -> None:
    """Raise ImproperlyConfigured with the sentences of all failed checks of ours."""
    errors = [message for message in run_checks(tags=[TAG]) if message.is_serious()]
    if errors:
        raise ImproperlyConfigured(" ".join(str(error.msg) for error in errors))


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check Stripe's keys and addresses, the shop's own address, its currencies, country, mail."""
    return [*_stripe_keys(), *_addresses(), *_currencies(), *_country(), *_mail_service()]


def _stripe_keys() -> Iterator[CheckMessage]:
    prefixes = {
        "STRIPE_SECRET_KEY": ("sk_", "rk_"),
        "STRIPE_PUBLISHABLE_KEY": ("pk_",),
        "STRIPE_WEBHOOK_SECRET": ("whsec_",),
    }
    for name, allowed in prefixes.items():
        value = getattr(settings, name)
        if not value:
            yield Error(
                f"{name} is missing: set it in the environment or in .env "
                f"(Stripe's dashboard shows it; it begins with {allowed[0]}).",
                id=f"{TAG}.E001",
            )
        elif not value.startswith(allowed):
            yield Error(
                f"{name} should begin with {' or '.join(allowed)}: another value was pasted there.",
                id=f"{TAG}.E002",
            )
    live = ["_live_" in settings.STRIPE_SECRET_KEY, "_live_" in settings.STRIPE_PUBLISHABLE_KEY]
    if live[0] != live[1]:
        yield Error(
            "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are mixed: one is a live key and the "
            "other a test key. Take both from the same mode of Stripe's dashboard.",
            id=f"{TAG}.E003",
        )
    if any(live) and not settings.SECURE:
        yield Error(
            "Stripe's live keys need https: set BASE_URL to the shop's https:// address.",
            id=f"{TAG}.E004",
        )


def _addresses() -> Iterator[CheckMessage]:
    for name in ("BASE_URL", "STRIPE_API_BASE", "STRIPE_JS_URL"):
        parts = urlsplit(getattr(settings, name))
        if parts.scheme not in ("http", "https") or not parts.netloc:
            yield Error(
                f"{name} should be a full address that begins with http:// or https://.",
                id=f"{TAG}.E005",
            )


def _currencies() -> Iterator[CheckMessage]:
    for currency in settings.CURRENCIES or [""]:
        if not is_currency(currency):
            yield Error(
                f"CURRENCIES holds {currency!r}: list ISO codes in capitals, such as USD,EUR.",
                id=f"{TAG}.E006",
            )


def _country() -> Iterator[CheckMessage]:
    if settings.DEFAULT_COUNTRY not in dict(countries):
        yield Error(
            f"DEFAULT_COUNTRY is {settings.DEFAULT_COUNTRY!r}: set it to a country's ISO code of "
            "two capitals, such as US or DE.",
            id=f"{TAG}.E008",
        )


def _mail_service() -> Iterator[CheckMessage]:
    if settings.ANYMAIL_ESP and not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        yield Error(
            "ANYMAIL has no WEBHOOK_SECRET, so anybody could tell us that an address bounced: add "
            '"WEBHOOK_SECRET": "user:password" with a user and a password of your own.',
            id=f"{TAG}.E007",
        )
