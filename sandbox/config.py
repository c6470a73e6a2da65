"""What the stand-in is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

VARIABLES = {
    "STRIPE_PORT": "port to listen on, always on 127.0.0.1 (12111)",
    "STRIPE_SANDBOX_DATA": "path of the SQLite file that holds everything (var/sandbox.sqlite3)",
    "STRIPE_SECRET_KEY": "the only secret key that is let in, sk_test_… (required)",
    "STRIPE_PUBLISHABLE_KEY": "the only publishable key that is let in, pk_test_… (required)",
    "STRIPE_WEBHOOK_SECRET": "what webhooks are signed with, whsec_… (required)",
    "STRIPE_WEBHOOK_URL": "where events are delivered; without it none are (empty)",
    "STRIPE_SANDBOX_MAILBOX": "folder with mails as files, shown at /mailbox/ (empty: no mailbox)",
    "STRIPE_SANDBOX_SETTLE_SECONDS": "until what a card does later happens (5)",
}


class ConfigError(Exception):
    """The environment is not usable; the message names the variable and what to put there."""


@dataclass(frozen=True)
class Config:
    """The settings of one running stand-in; times are in seconds."""

    port: int
    data: Path
    secret_key: str
    publishable_key: str
    webhook_secret: str
    webhook_url: str
    mailbox: Path | None
    settle_seconds: float

    @property
    def origin(self) -> str:
        """Return the address that browsers and the shop use, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"


def read_config(environment: Mapping[str, str]) -> Config:
    """Return the settings; raise ConfigError when one is missing, malformed or a live key."""
    mailbox = environment.get("STRIPE_SANDBOX_MAILBOX", "")
    return Config(
        port=int(_number(environment, "STRIPE_PORT", "12111")),
        data=Path(environment.get("STRIPE_SANDBOX_DATA") or "var/sandbox.sqlite3"),
        secret_key=_secret(environment, "STRIPE_SECRET_KEY", "sk_test_"),
        publishable_key=_secret(environment, "STRIPE_PUBLISHABLE_KEY", "pk_test_"),
        webhook_secret=_secret(environment, "STRIPE_WEBHOOK_SECRET", "whsec_"),
        webhook_url=_url(environment, "STRIPE_WEBHOOK_URL"),
        mailbox=Path(mailbox) if mailbox else None,
        settle_seconds=_number(environment, "STRIPE_SANDBOX_SETTLE_SECONDS", "5"),
    )


def _secret(environment: Mapping[str, str], name: str, prefix: str) -> str:
    value = environment.get(name, "")
    if "_live_" in value:
        raise ConfigError(
            f"{name} is a live key; the stand-in is for test payments: use {prefix}…."
        )
    if not value.startswith(prefix) or value == prefix:
        raise ConfigError(f"{name} must be set and begin with {prefix}.")
    return value


def _number(environment: Mapping[str, str], name: str, default: str) -> float:
    value = environment.get(name) or default
    try:
        number = float(value)
    except ValueError:
        raise ConfigError(f"{name} must be a number, not {value!r}.") from None
    if number < 0:
        raise ConfigError(f"{name} must not be negative.")
    return number


def _url(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise ConfigError(f"{name} must be an address that begins with http:// or https://.")
    return value
