"""Which currencies and amounts Stripe takes."""

from sandbox.errors import NotBegunError

KNOWN = """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp
    byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip
    gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt
    lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr
    nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd
    std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer
    zar zmw
"""
CURRENCIES = frozenset(KNOWN.split())
WITHOUT_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
NO_DECIMALS = frozenset(WITHOUT_DECIMALS.split())
THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# The smallest charge, in minor units; currencies that are not here have no limit of their own.
SMALLEST = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
LARGEST = 99_999_999
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def check_currency(currency: str) -> str:
    """Return the currency in lower case; raise NotBegunError when Stripe does not know it."""
    lower = currency.lower()
    if lower not in CURRENCIES:
        raise NotBegunError(
            f"Invalid currency: {currency}. Stripe does not take payments in it.", param="currency"
        )
    return lower


def check_amount(amount: int, currency: str) -> None:
    """Raise NotBegunError for an amount of minor units that Stripe would not charge."""
    if amount < 1:
        raise NotBegunError(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if amount < SMALLEST.get(currency, 1):
        raise NotBegunError(
            f"Amount must be at least {SMALLEST[currency]} in the minor unit of {currency}.",
            code="amount_too_small",
            param="amount",
        )
    if amount > LARGEST:
        raise NotBegunError(
            f"Amount must be no more than {LARGEST} in the minor unit of {currency}.",
            code="amount_too_large",
            param="amount",
        )
    if currency in THREE_DECIMALS and amount % 10:
        raise NotBegunError(
            f"Invalid amount: the last digit of an amount in {currency} must be 0.",
            code="parameter_invalid_integer",
            param="amount",
        )


def as_price(amount: int, currency: str) -> str:
    """Return an amount of minor units as Stripe's messages have it, such as "$42.00"."""
    number, code = as_money(amount, currency).split()
    return f"{SYMBOLS[code]}{number}" if code in SYMBOLS else f"{number} {code}"


def as_money(amount: int, currency: str) -> str:
    """Return an amount of minor units as a person reads it, such as "42.00 USD"."""
    decimals = 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    return f"{amount / 10**decimals:,.{decimals}f} {currency.upper()}"
