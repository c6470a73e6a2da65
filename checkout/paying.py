"""Pay: from a cart and a total that was shown to one PENDING order with one PaymentIntent.

Rows are locked in one order everywhere: cart, order, stock items, coupon.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cart import coupons
from cart.leaving import note_at_checkout
from cart.models import Cart
from cart.quoting import PricedCart, price_cart
from checkout import guarding
from checkout.expiring import close_at_stripe, ensure_intent
from checkout.models import PaymentAttempt
from checkout.settling import close_without_intent, settle, settle_free
from checkout.stripe_gateway import Intent, StripeError
from inventory import stock
from orders.models import Order, OrderEvent
from orders.placing import BuyerDetails, is_same_purchase, place_order
from orders.states import SHOPPER, append_event, lock
from shop.money import format_money

# An unpaid order keeps its stock at most this many times RESERVATION_MINUTES, however often the
# shopper asks for more time.
LONGEST_HOLD = 4
# Asking for more time is written down from this much on.
LEAST_EXTENSION = timedelta(minutes=1)
# How often a cart that changes under our hands is looked at again before we give up.
ROUNDS = 4


@dataclass(frozen=True)
class Shown:
    """The total on the button that the shopper pressed."""

    total_minor: int
    currency: str


@dataclass(frozen=True)
class PaymentStart:
    """The order to be paid; `client_secret` is empty when there is nothing to pay."""

    order: Order
    client_secret: str


class PaymentRefusedError(Exception):
    """Nothing was charged. `message` tells the shopper why and what to do."""

    def __init__(self, code: str, message: str, order: Order | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.order = order


def start_payment(cart: Cart, details: BuyerDetails, shown: Shown) -> PaymentStart:
    """Create the cart's order and its intent, or find the ones it has; safe to repeat at any time.

    Raises PaymentRefusedError, guarding.TooManyError, and StripeError when Stripe could not be
    asked (the order then waits for the next try). At most one order of a cart is live: another is
    cancelled at Stripe first. The price is that of the country in `details`, and the cart's from
    now on, whatever becomes of the payment.
    """
    note_at_checkout(cart, details.email)
    for _round in range(ROUNDS):
        attempt, stale = _take_attempt(cart, details, shown)
        for other in stale:
            _close_or_refuse(other)
        if attempt is None:
            continue
        if not attempt.is_open:
            return PaymentStart(attempt.order, "")
        intent = _intent_or_refuse(attempt)
        if intent.status in ("succeeded", "processing", "canceled"):
            order = settle(intent, SHOPPER)
            if intent.status == "canceled" or order is None:
                continue
            raise _under_way(order)
        return PaymentStart(attempt.order, intent.client_secret)
    raise StripeError("The cart kept changing.", permanent=False)


def place_unpaid(cart: Cart, details: BuyerDetails) -> Order:
    """Place the cart's order before Pay is pressed, so that its goods are held from now on.

    Raises like start_payment, and PaymentRefusedError where there is nothing to pay: that order
    would be bought by placing it.
    """
    for _round in range(ROUNDS):
        # The round before may have brought it in line with the address.
        cart.refresh_from_db(fields=["country"])
        quote = price_cart(cart).quote
        if not quote.total_minor:
            raise PaymentRefusedError("nothing_to_pay", _("Your cart costs nothing: press Pay."))
        attempt, stale = _take_attempt(cart, details, Shown(quote.total_minor, quote.currency))
        for other in stale:
            _close_or_refuse(other)
        if attempt is not None:
            return attempt.order
    raise StripeError("The cart kept changing.", permanent=False)


def close_elsewhere(order: Order, cart: Cart) -> None:
    """Close an unpaid order of another cart, so that `cart` can have what it holds.

    Raises PaymentRefusedError when its payment is under way, and StripeError.
    """
    elsewhere = PaymentAttempt.objects.select_related("order").filter(order=order, is_open=True)
    for attempt in elsewhere.exclude(pk__in=_open_attempts(cart).values("pk")):
        _close_or_refuse(attempt)


def extend_hold(cart: Cart) -> datetime | None:
    """Hold the cart's unpaid order for another RESERVATION_MINUTES, up to LONGEST_HOLD of them.

    Returns until when it is held now; None when there is no unpaid order, or its hold has ended.
    """
    with transaction.atomic():
        attempt = _open_attempts(cart).first()
        if attempt is None:
            return None
        order = lock(attempt.order_id)
        if order.state != Order.State.PENDING or order.held_until <= timezone.now():
            return None
        before = order.held_until
        _renew_hold(order)
        if order.held_until != before:
            until = order.held_until.isoformat()
            append_event(order, OrderEvent.Kind.HOLD_EXTENDED, SHOPPER, until=until)
        return order.held_until


@transaction.atomic
def _take_attempt(
    cart: Cart, details: BuyerDetails, shown: Shown
) -> tuple[PaymentAttempt | None, list[PaymentAttempt]]:
    """Return the attempt to pay now, or the open ones that stand in its way and must be closed."""
    cart = Cart.objects.select_for_update().get(pk=cart.pk)
    if cart.country != details.shipping["country"]:
        # Noted before anything is refused, or the new total would be taken back with the refusal.
        cart.country = details.shipping["country"]
        cart.save(update_fields=["country"])
        return None, []
    priced = price_cart(cart)
    attempts = list(_open_attempts(cart))
    _refuse_what_was_not_shown(priced, shown, attempts)
    if priced.quote.needs_delivery and not details.shipping.get("line1"):
        raise PaymentRefusedError(
            "address_needed",
            _not_charged(_("Your cart has something that is sent by post: enter the address.")),
        )
    # A hold that was ended stays ended: the order is closed and placed anew.
    same = [
        one
        for one in attempts
        if one.order.held_until > timezone.now() and is_same_purchase(one.order, priced.quote)
    ][:1]
    stale = [one for one in attempts if one not in same]
    if stale:
        return None, stale
    if same:
        _note_details(lock(same[0].order_id), details)
        return same[0], []
    return _place(priced, details), []


def _refuse_what_was_not_shown(
    priced: PricedCart, shown: Shown, attempts: list[PaymentAttempt]
) -> None:
    quote = priced.quote
    if not priced.lines:
        raise PaymentRefusedError("cart_empty", _("Your cart is empty: there is nothing to pay."))
    if not priced.is_ready:
        faults = " ".join(
            f"{line.variant}: {line.notice}" for line in priced.lines if not line.can_be_bought
        )
        raise PaymentRefusedError("sold_out", _not_charged(faults))
    if (quote.total_minor, quote.currency) != (shown.total_minor, shown.currency):
        raise PaymentRefusedError(
            "total_changed",
            _("The total is now %(new)s; it was %(old)s. Nothing was charged: press Pay to accept.")
            % {
                "new": format_money(quote.total_minor, quote.currency),
                "old": format_money(shown.total_minor, shown.currency),
            },
        )


def _place(priced: PricedCart, details: BuyerDetails) -> PaymentAttempt:
    cart, quote = priced.cart, priced.quote
    guarding.refuse_too_many_holds(cart.user, details.email, details.placed_from)
    held_until = timezone.now() + timedelta(minutes=settings.RESERVATION_MINUTES)
    order = place_order(quote, details, cart.user, priced.delivery, held_until)
    attempt = PaymentAttempt.objects.create(order=order, cart=cart)
    quantities: dict[int, int] = {}
    for line in priced.lines:
        item_id = line.variant.stock_id
        if item_id is not None:
            quantities[item_id] = quantities.get(item_id, 0) + line.line.quantity
    try:
        stock.hold(order.number, cart.token, quantities)
        if quote.coupon_code:
            coupons.hold(quote.coupon_code, order.number, cart.token)
    except stock.NotEnoughStockError as error:
        raise PaymentRefusedError("sold_out", _not_charged(_shortages(priced, error))) from error
    except coupons.CouponRefusedError as error:
        raise PaymentRefusedError(
            "coupon_refused",
            _(
                "The coupon %(code)s has just been used up. Nothing was charged: "
                "the total is shown without it."
            )
            % {"code": quote.coupon_code},
        ) from error
    if quote.total_minor == 0:
        settle_free(attempt)
    return attempt


def _shortages(priced: PricedCart, error: stock.NotEnoughStockError) -> str:
    variants = {line.variant.stock_id: line.variant for line in priced.lines}
    return " ".join(
        _("Only %(count)d of %(name)s left: lower the quantity in your cart.")
        % {"count": shortage.available, "name": variants[shortage.item_id]}
        if shortage.available
        else _("%(name)s has just sold out: remove it from your cart to go on.")
        % {"name": variants[shortage.item_id]}
        for shortage in error.shortages
    )


def _not_charged(problem: str) -> str:
    return problem + " " + _("Nothing was charged.")


def _open_attempts(cart: Cart) -> QuerySet[PaymentAttempt]:
    """The open attempts of the cart, and of visitors' carts that went into it at sign-in."""
    return (
        PaymentAttempt.objects.select_related("order")
        .filter(Q(cart=cart) | Q(cart__merged_into=cart), is_open=True)
        .order_by("pk")
    )


def _note_details(order: Order, details: BuyerDetails) -> None:
    """Take over what the shopper corrected since the last try, and renew the hold."""
    order.email = details.email
    order.shipping_address = details.shipping
    order.billing_address = details.billing
    order.save(update_fields=["email", "shipping_address", "billing_address"])
    _renew_hold(order)


def _renew_hold(order: Order) -> None:
    minutes = timedelta(minutes=settings.RESERVATION_MINUTES)
    now = timezone.now()
    until = min(now + minutes, order.placed_at + LONGEST_HOLD * minutes)
    if order.held_until > now and until - order.held_until >= LEAST_EXTENSION:
        order.held_until = until
        order.save(update_fields=["held_until"])


def _intent_or_refuse(attempt: PaymentAttempt) -> Intent:
    try:
        return ensure_intent(attempt)
    except StripeError as error:
        if not error.permanent or attempt.intent_id is not None:
            raise
        close_without_intent(attempt, SHOPPER)
        order = attempt.order
        raise PaymentRefusedError(
            "not_payable",
            _("A payment of %(total)s cannot be taken by card. Nothing was charged: contact us.")
            % {"total": format_money(order.total_minor, order.currency)},
        ) from error


def _close_or_refuse(attempt: PaymentAttempt) -> None:
    """Close an order that the cart no longer wants; PaymentRefusedError when it is too late."""
    order = close_at_stripe(attempt, SHOPPER)
    if order.state not in (Order.State.CANCELED, Order.State.FAILED):
        raise _under_way(order)


def _under_way(order: Order) -> PaymentRefusedError:
    return PaymentRefusedError(
        "payment_under_way",
        _("Your payment for order %(number)s is already under way: you are not charged twice.")
        % {"number": order.number},
        order,
    )
