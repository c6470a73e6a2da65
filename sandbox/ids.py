"""Random names in Stripe's style."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """Return a fresh, unguessable id such as pi_3kq…."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(24))
