"""Amounts of money: whole minor units in, text for people out.

Minor units are Stripe's (docs.stripe.com/currencies): those of ISO 4217, but for a few currencies.
Babel's own places are how a currency is commonly written, which may leave its hundredths out.
"""

from copy import copy
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language, to_locale

_WITHOUT_DECIMALS = (
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_THREE_DECIMALS = ("BHD", "JOD", "KWD", "OMR", "TND")
# Counted in hundredths, and paid in whole units.
_WHOLE = ("ISK", "UGX")


def exponent(currency: str) -> int:
    """Return how many decimal places the minor unit of `currency` has: JPY 0, USD 2, KWD 3."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def step(currency: str) -> int:
    """Return the smallest amount that can be paid, in minor units: USD 1, KWD 10, ISK 100.

    Every amount is a multiple of it.
    """
    if currency in _WHOLE:
        return 100
    return 10 if currency in _THREE_DECIMALS else 1


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """Return `amount_minor` in major units: 4200 USD is Decimal("42.00")."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """Return `amount` in minor units. Raises ValueError when it cannot be paid in `currency`."""
    minor = amount.scaleb(exponent(currency))
    if minor % step(currency):
        raise ValueError(f"{amount} has more decimal places than can be paid in {currency}.")
    return int(minor)


def format_money(amount_minor: int, currency: str) -> str:
    """Return the amount as the shopper's language writes it: "$42.00", "¥4,200"."""
    locale = to_locale(get_language() or "en")
    amount = to_decimal(amount_minor, currency)
    places = 0 if currency in _WHOLE else exponent(currency)
    if places == get_currency_precision(currency):
        return format_currency(amount, currency, locale=locale)
    pattern = copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (places, places)
    return str(pattern.apply(amount, locale, currency=currency, currency_digits=False))


def split(amount: int, weights: dict[int, int], step: int = 1) -> dict[int, int]:
    """Split `amount` in proportion to `weights`, by largest remainder; equal remainders by key.

    The parts are multiples of `step`, and add up to `amount`; what that is no multiple by goes to
    one of them. Where all weights are 0 the amount must be 0, too.
    """
    whole = sum(weights.values())
    if whole == 0:
        return dict.fromkeys(weights, 0)
    steps = amount // step
    parts = {key: steps * weight // whole * step for key, weight in weights.items()}
    left = amount - sum(parts.values())
    for key in sorted(weights, key=lambda key: (-(steps * weights[key] % whole), key)):
        piece = min(step, left)
        parts[key] += piece
        left -= piece
    return parts
