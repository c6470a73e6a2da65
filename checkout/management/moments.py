"""Points in time, as an operator types them."""

from argparse import ArgumentTypeError
from datetime import datetime

from django.utils import timezone


def moment(text: str) -> datetime:
    """Return the date or time, in the shop's zone where it names none.

    Raises ArgumentTypeError, whose sentence the command shows.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is no date: write 2026-11-20 or 2026-11-20T14:30"
        ) from None
    return at if timezone.is_aware(at) else timezone.make_aware(at)
