"""Purchases that were begun and not finished. The only writer of LeftBehind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.crypto import salted_hmac

from cart.funnel import record_cart
from cart.models import Cart, LeftBehind
from shop.funnel import record
from shop.models import FunnelEvent

# While the checkout page is worked on, its time is written this often at most.
NOTED_EVERY = timedelta(minutes=5)
# A purchase made as long after it was left is a new one. The links in mails end then, too.
WON_BACK_WITHIN = timedelta(days=30)
# How often the link of one unfinished purchase holds its goods: the scanners of mail providers
# follow links as well, and must not keep goods from others for ever.
MOST_HOLDS = 3


@dataclass(frozen=True)
class LeftItem:
    """`quantity` units of a variant, by its key, under the name that the shopper saw."""

    variant: int
    title: str
    quantity: int


@dataclass(frozen=True)
class Leaving:
    """A purchase as it was left. `value_minor` is its total in minor units of `currency`."""

    kind: LeftBehind.Kind
    mark: str
    cart: Cart
    email: str
    language: str
    currency: str
    items: Sequence[LeftItem]
    value_minor: int
    coupon_code: str
    left_at: datetime


def note_at_checkout(cart: Cart, email: str) -> None:
    """Note that the checkout page is being worked on, and the address that is typed there or "".

    Counts for the report as well. At most 3 queries, none while there is nothing new.
    """
    now = timezone.now()
    is_noted = cart.checkout_at is not None and now - cart.checkout_at < NOTED_EVERY
    if is_noted and cart.email == email:
        return
    if not is_noted:
        record_cart(FunnelEvent.Kind.CHECKOUT, cart)
    cart.checkout_at = now
    cart.email = email
    cart.save(update_fields=["checkout_at", "email"])


def note_left(leaving: Leaving) -> None:
    """Note an unfinished purchase; nothing is left to do the second time. 2 queries.

    Its mark counts whatever the kind: an order that was left is noted once.
    """
    if LeftBehind.objects.filter(cart=leaving.cart, mark=leaving.mark).exists():
        return
    row = LeftBehind(
        kind=leaving.kind,
        mark=leaving.mark,
        cart=leaving.cart,
        # In small letters, so that the purchase is found by the address.
        email=leaving.email.lower(),
        language=leaving.language,
        currency=leaving.currency,
        value_minor=leaving.value_minor,
        items=[vars(item) for item in leaving.items],
        coupon_code=leaving.coupon_code,
        left_at=leaving.left_at,
        is_held_out=is_held_out(leaving.email),
    )
    LeftBehind.objects.bulk_create([row], ignore_conflicts=True)


def is_held_out(email: str) -> bool:
    """Say whether a person is in the group that gets no messages: always the same, by chance."""
    digest = salted_hmac("cart.leaving.hold_out", email.lower(), algorithm="sha256").digest()
    percent: int = settings.HOLD_OUT_PERCENT
    return int.from_bytes(digest[:8], "big") % 100 < percent


def note_recovered(
    cart_id: int | None, email: str, reference: str, paid_minor: int, currency: str
) -> None:
    """Note that whoever left this cart, or left with this address, has bought after all.

    The order `reference` counts for all that the person left in 30 days; the first one does. What
    was left in another currency counts as bought, for nothing: amounts of two currencies have no
    sum. Counts for the report as well. One query, one more when something was left.
    """
    now = timezone.now()
    whose = Q(email=email.lower())
    if cart_id is not None:
        whose |= Q(cart=cart_id)
    still_open = LeftBehind.objects.filter(
        whose, recovered_at=None, left_at__gt=now - WON_BACK_WITHIN
    )
    paid = Case(When(currency=currency, then=Value(paid_minor)), default=Value(0))
    if still_open.update(recovered_at=now, recovered_by=reference, recovered_minor=paid):
        record(FunnelEvent.Kind.RECOVERED, reference, now)


def hand_over(cart: Cart, successor: Cart) -> None:
    """Let what was left in `cart` count as left in the cart that it went into. 1 query."""
    LeftBehind.objects.filter(cart=cart).update(cart=successor)


def find_left(token: str) -> LeftBehind | None:
    """Return the unfinished purchase that a mail's link leads to; None once it is too old."""
    since = timezone.now() - WON_BACK_WITHIN
    return LeftBehind.objects.filter(token=token, left_at__gt=since).first()


def may_hold(left: LeftBehind) -> bool:
    """Count one more hold by the link, and say whether it may: MOST_HOLDS times. 1 query."""
    again = LeftBehind.objects.filter(pk=left.pk, holds__lt=MOST_HOLDS)
    return bool(again.update(holds=F("holds") + 1))
