"""Notice what was left behind: after a declined payment, at the checkout page, in the cart.

One leaving is one row, however many signs of it there are: whatever a cart's owner does within a
day of one that was noted belongs to it, and only a declined payment is noted beside it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest, Lower
from django.utils import timezone

from cart.leaving import Leaving, LeftItem, note_left
from cart.models import Cart, CartLine, LeftBehind
from cart.quoting import price_cart
from checkout.models import PaymentAttempt
from orders.models import Order, OrderEvent

BATCH = 200
# The checkout page is left when nothing was heard of it for so long.
LEFT_AFTER = timedelta(minutes=20)
# What was left longer ago, while no worker ran, is let go.
CHECKOUT_AT_MOST = timedelta(days=3)
CART_AT_MOST = timedelta(days=7)
ONE_LEAVING = timedelta(days=1)


def note_payment_failed(attempt: PaymentAttempt) -> None:
    """Note that the payment of an order was declined, once for each order. At most 3 queries.

    Call it in the transaction that notes the decline. An order that outlived its cart is let go.
    """
    order = attempt.order
    if attempt.cart is None:
        return
    note_left(
        Leaving(
            kind=LeftBehind.Kind.PAYMENT,
            mark=order.number,
            cart=attempt.cart.merged_into or attempt.cart,
            email=order.email,
            language=order.language,
            currency=order.currency,
            items=[
                LeftItem(line.variant_id, str(line.variant), line.quantity)
                for line in order.lines.select_related("variant__product")
                if line.variant_id is not None
            ],
            value_minor=order.total_minor,
            coupon_code=order.coupon_code,
            left_at=timezone.now(),
        )
    )


def note_what_was_left() -> Iterator[None]:
    """Note each purchase that was left, one by one. Safe to repeat, and beside a rival."""
    now = timezone.now()
    for find, kind in (
        (_left_at_checkout, LeftBehind.Kind.CHECKOUT),
        (_carts_left, LeftBehind.Kind.CART),
    ):
        for pk in find(now).values_list("pk", flat=True)[:BATCH]:
            with transaction.atomic():
                # Paying and merging lock the cart as well; once it is ours, it is looked at anew.
                Cart.objects.select_for_update().filter(pk=pk).first()
                cart = find(now).filter(pk=pk).select_related("coupon", "user").first()
                if cart is not None:
                    note_left(_leaving(cart, kind, now))
            yield


def _left_at_checkout(now: datetime) -> QuerySet[Cart]:
    """Carts taken to the checkout, and then left. Whoever went back to shopping still shops."""
    since = now - CHECKOUT_AT_MOST
    carts = Cart.objects.filter(
        checkout_at__gt=since,
        checkout_at__lte=now - LEFT_AFTER,
        changed_at__lte=now - LEFT_AFTER,
    )
    return _wanted(carts, since)


def _carts_left(now: datetime) -> QuerySet[Cart]:
    """Carts that were not touched for settings.CART_LEFT_HOURS."""
    since = now - CART_AT_MOST
    until = now - timedelta(hours=settings.CART_LEFT_HOURS)
    carts = Cart.objects.filter(
        Q(checkout_at=None) | Q(checkout_at__lte=until),
        changed_at__gt=since,
        changed_at__lte=until,
    )
    return _wanted(carts, since)


def _wanted(carts: QuerySet[Cart], since: datetime) -> QuerySet[Cart]:
    """Those of the carts with things in them, of people who can be written to and did not buy.

    Not those of an order that can still be paid, nor those whose leaving is noted. All of them were
    worked on after `since`, which keeps the shop's whole past out of the search.
    """
    noted = LeftBehind.objects.filter(cart=OuterRef("pk"), left_at__gt=OuterRef("day_before"))
    bought = OrderEvent.objects.alias(email=Lower("order__email")).filter(
        kind=OrderEvent.Kind.PAID,
        created_at__gt=since,
        created_at__gte=OuterRef("active_at"),
        email=Lower(OuterRef("address")),
    )
    return (
        carts.annotate(
            # An account's cart goes by the account's address.
            address=Coalesce("user__email", "email"),
            active_at=Greatest("changed_at", Coalesce("checkout_at", "changed_at")),
            day_before=ExpressionWrapper(
                F("active_at") - ONE_LEAVING, output_field=DateTimeField()
            ),
        )
        .filter(Exists(CartLine.objects.filter(cart=OuterRef("pk"))), merged_into=None)
        .exclude(address="")
        .filter(
            ~Exists(noted),
            ~Exists(PaymentAttempt.objects.filter(_of(OuterRef("pk")), is_open=True)),
            ~Exists(bought),
        )
    )


def _leaving(cart: Cart, kind: LeftBehind.Kind, now: datetime) -> Leaving:
    priced = price_cart(cart)
    is_cart = kind == LeftBehind.Kind.CART
    return Leaving(
        kind=kind,
        mark=cart.changed_at.isoformat() if is_cart else _mark_at_checkout(cart),
        cart=cart,
        email=cart.user.email if cart.user else cart.email,
        language=cart.language,
        currency=cart.currency,
        items=[
            LeftItem(line.variant.pk, str(line.variant), line.line.quantity)
            for line in priced.lines
        ],
        value_minor=priced.quote.total_minor,
        coupon_code=cart.coupon.code if cart.coupon else "",
        # A cart is left by not being touched for so long, the checkout page by the last touch.
        left_at=now if is_cart else max(cart.changed_at, cart.checkout_at or cart.changed_at),
    )


def _mark_at_checkout(cart: Cart) -> str:
    """The order that was placed and closed unpaid, if it came to that; else the time."""
    attempts = PaymentAttempt.objects.select_related("order").filter(_of(cart.pk))
    attempt = attempts.order_by("-pk").first()
    if (
        attempt is not None
        and attempt.order.state in (Order.State.CANCELED, Order.State.FAILED)
        and cart.checkout_at is not None
        and attempt.order.held_until >= cart.checkout_at
    ):
        return attempt.order.number
    return str(cart.checkout_at and cart.checkout_at.isoformat())


def _of(cart_id: int | OuterRef) -> Q:
    """The attempts of a cart, and of visitors' carts that went into it at sign-in."""
    return Q(cart=cart_id) | Q(cart__merged_into=cart_id)
