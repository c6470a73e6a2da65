"""A missing or contradictory setting is named in a sentence before the shop starts."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from config.checks import check_settings, refuse_to_start_when_misconfigured

LIVE = {"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_PUBLISHABLE_KEY": "pk_live_1"}


def messages() -> list[str]:
    return [str(message.msg) for message in check_settings(None)]


def change(settings: Settings, **values: object) -> None:
    for name, value in values.items():
        setattr(settings, name, value)


def test_good_settings_have_no_message() -> None:
    assert messages() == []
    refuse_to_start_when_misconfigured()


def test_live_keys_over_https_have_no_message(settings: Settings) -> None:
    change(settings, **LIVE, SECURE=True)
    assert messages() == []


def test_a_restricted_key_has_no_message(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = "rk_test_1"
    assert messages() == []


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("STRIPE_SECRET_KEY", "sk_"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_"),
    ],
)
def test_a_missing_key_is_named(settings: Settings, name: str, prefix: str) -> None:
    setattr(settings, name, "")
    (message,) = messages()
    assert message.startswith(f"{name} is missing: set it in the environment or in .env")
    assert message.endswith(f"it begins with {prefix}).")


@pytest.mark.parametrize(
    ("name", "prefixes"),
    [
        ("STRIPE_SECRET_KEY", "sk_ or rk_"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_"),
    ],
)
def test_another_value_in_a_keys_place_is_named(
    settings: Settings, name: str, prefixes: str
) -> None:
    setattr(settings, name, "hunter2")
    assert messages() == [f"{name} should begin with {prefixes}: another value was pasted there."]


@pytest.mark.parametrize("name", LIVE)
def test_a_live_key_beside_a_test_key_is_named(settings: Settings, name: str) -> None:
    change(settings, **{name: LIVE[name]}, SECURE=True)
    (message,) = messages()
    assert message.startswith("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are mixed")
    assert message.endswith("Take both from the same mode of Stripe's dashboard.")


def test_live_keys_without_https_are_named(settings: Settings) -> None:
    change(settings, **LIVE, SECURE=False)
    assert messages() == [
        "Stripe's live keys need https: set BASE_URL to the shop's https:// address."
    ]


@pytest.mark.parametrize("name", ["BASE_URL", "STRIPE_API_BASE", "STRIPE_JS_URL"])
@pytest.mark.parametrize("value", ["shop.example.com", "ftp://shop.example.com", "https://", ""])
def test_half_an_address_is_named(settings: Settings, name: str, value: str) -> None:
    setattr(settings, name, value)
    assert messages() == [f"{name} should be a full address that begins with http:// or https://."]


@pytest.mark.parametrize("currencies", [["usd"], ["US"], ["U5D"], ["UDS"], [""], []])
def test_an_unreadable_currency_is_named(settings: Settings, currencies: list[str]) -> None:
    settings.CURRENCIES = currencies
    shown = (currencies or [""])[0]
    assert messages() == [
        f"CURRENCIES holds {shown!r}: list ISO codes in capitals, such as USD,EUR."
    ]


@pytest.mark.parametrize("country", ["Germany", "de", "XX", ""])
def test_a_country_that_is_no_code_is_named(settings: Settings, country: str) -> None:
    settings.DEFAULT_COUNTRY = country
    (message,) = messages()
    assert message == (
        f"DEFAULT_COUNTRY is {country!r}: set it to a country's ISO code of two capitals, "
        "such as US or DE."
    )


def test_the_shop_does_not_start_with_a_message(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(ImproperlyConfigured, match="STRIPE_SECRET_KEY is missing"):
        refuse_to_start_when_misconfigured()
