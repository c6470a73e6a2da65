"""Wishes to be told when something that is sold out is back; notifications tells them."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from shop.models import StockAlert, Variant

# So many open wishes of one address: nobody can fill another's mailbox.
MOST_OPEN = 20
LONGEST_EMAIL = 254


class AlertRefusedError(Exception):
    """Nothing was noted; the message tells the shopper why and what to do."""


def ask_to_be_told(variant: Variant, email: str, language: str) -> None:
    """Note that `email` waits for `variant`, which came with its stock; once, however often asked.

    Raises AlertRefusedError. 2 queries.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise AlertRefusedError(
            _("This email is not complete: write it like name@example.com.")
        ) from error
    if len(address) > LONGEST_EMAIL:
        raise AlertRefusedError(_("This email is too long: check it."))
    if variant.stock is None or variant.stock.available > 0:
        raise AlertRefusedError(_("It is back already: reload the page and put it in your cart."))
    waiting = StockAlert.objects.filter(email=address, planned_at=None)
    if waiting.exclude(variant=variant).count() >= MOST_OPEN:
        raise AlertRefusedError(
            _("This address waits for %(most)d things already: we note no more until one is back.")
            % {"most": MOST_OPEN}
        )
    alert = StockAlert(variant=variant, email=address, language=language)
    StockAlert.objects.bulk_create([alert], ignore_conflicts=True)
