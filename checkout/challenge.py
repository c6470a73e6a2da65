"""Work for the browser before it may try to pay, asked while too many cards are declined.

The browser has to find a number that only counting finds (a second on a laptop). It is altcha's
format, version 2 with PBKDF2; static/challenge.js solves it, and so does any of altcha's libraries.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from altcha import Payload, create_challenge, verify_solution
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import RateWindow
from cart.models import Cart

# Rounds of PBKDF2 for one number, and how many numbers an effort of 1 counts through at most.
ROUNDS = 5_000
NUMBERS = 400
LASTS = timedelta(minutes=5)


def make_challenge(cart: Cart, effort: int) -> dict[str, Any]:
    """Return a challenge for this cart alone, good for LASTS; `effort` multiplies the work."""
    most = effort * NUMBERS
    challenge: dict[str, Any] = create_challenge(
        "PBKDF2/SHA-256",
        ROUNDS,
        # No shopper is unlucky: at least half of the work, never more than all of it.
        counter=most // 2 + secrets.randbelow(most // 2),
        expires_at=timezone.now() + LASTS,
        hmac_secret=_secret(cart),
        hmac_key_secret=_secret(cart),
    ).to_dict()
    return challenge


def accept_solution(cart: Cart, solution: str) -> bool:
    """Say whether `solution` (base64, as altcha writes it) solves a challenge of this cart.

    Each is accepted once, and only before it expires. One query when it is right.
    """
    secret = _secret(cart)
    if not verify_solution(solution, secret, hmac_key_secret=secret).verified:
        return False
    parameters = Payload.from_base64(solution).challenge.parameters
    # Kept past its expiry, like every window that is counted.
    _used, is_first = RateWindow.objects.get_or_create(
        key=f"challenge:{parameters.nonce}",
        started_at=datetime.fromtimestamp(parameters.expires_at or 0, tz=UTC),
    )
    return is_first


def _secret(cart: Cart) -> str:
    return salted_hmac("checkout.challenge", cart.token, algorithm="sha256").hexdigest()
