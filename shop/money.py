"""Amounts of money: whole minor units in, text for people out. Minor units follow ISO 4217."""

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language, to_locale


def exponent(currency: str) -> int:
    """Return how many decimal places `currency` has: JPY 0, USD 2, KWD 3."""
    return get_currency_precision(currency)


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """Return `amount_minor` in major units: 4200 USD is Decimal("42.00")."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """Return `amount` in minor units. Raises ValueError when it has more places than `currency`."""
    minor = amount.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} has more decimal places than {currency} knows.")
    return int(minor)


def format_money(amount_minor: int, currency: str) -> str:
    """Return the amount as the shopper's language writes it: "$42.00", "¥4,200"."""
    locale = to_locale(get_language() or "en")
    return format_currency(to_decimal(amount_minor, currency), currency, locale=locale)


def split(amount: int, weights: dict[int, int]) -> dict[int, int]:
    """Split `amount` in proportion to `weights`, by largest remainder; equal remainders by key.

    The parts add up to `amount`. Where all weights are 0 the amount must be 0, too.
    """
    whole = sum(weights.values())
    if whole == 0:
        return dict.fromkeys(weights, 0)
    parts = {key: amount * weight // whole for key, weight in weights.items()}
    left = amount - sum(parts.values())
    by_remainder = sorted(weights, key=lambda key: (-(amount * weights[key] % whole), key))
    for key in by_remainder[:left]:
        parts[key] += 1
    return parts
