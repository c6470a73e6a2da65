"""What an order's page says about its state, in plain words."""

from dataclasses import dataclass
from hashlib import sha256

from django.utils.translation import gettext_lazy as _

from orders.fulfilling import IS_LOST, PAID_NOT_DONE
from orders.goods import Goods
from orders.models import Order, OrderEvent, Payment, Refund
from shop.money import format_money

State = Order.State
Kind = OrderEvent.Kind

UNPAID = (State.PENDING, State.CANCELED, State.FAILED)
# What may become of money that does not pay its order, the worst first.
FATES = ["unmatched", "return_failed", "returning", "returned"]

# How often the page asks for news, in seconds: of a payment, of a grant, of a parcel.
SOON, SHORTLY, IN_DAYS = 2, 5, 60

# Name of the progress, or what is said instead: title, and sentence in which %(email)s is the
# buyer's address.
WORDS = {
    "pending": (
        _("We are confirming your payment"),
        _("This page changes by itself. You do not need to pay again."),
    ),
    "processing": (
        _("Your bank is working on the payment"),
        _(
            "With some banks this takes a few days. There is nothing you need to do: we write to "
            "%(email)s as soon as it is done."
        ),
    ),
    "declined": (
        _("The payment did not go through"),
        _(
            "Nothing was charged. Your items are held for you a little longer: try again, or use "
            "another card."
        ),
    ),
    "unmatched": (
        _("We are looking into your payment"),
        _(
            "We have received a payment that we could not match. We will contact you at %(email)s; "
            "please do not pay again."
        ),
    ),
    "returning": (
        _("Your payment is on its way back to you"),
        _(
            "We return it in full, the way it came. Most banks show it within ten days. There is "
            "nothing you need to do."
        ),
    ),
    "returned": (
        _("We have returned your payment"),
        _(
            "We have returned it in full, the way it came. Most banks show it within ten days. "
            "There is nothing you need to do."
        ),
    ),
    "return_failed": (
        _("We could not return your payment yet"),
        _(
            "Your bank did not take it back at the first try. We see to it and write to "
            "%(email)s; please do not pay again."
        ),
    ),
    "refunding": (
        _("We are refunding this order"),
        _("The money goes back the way it came. Most banks show it within ten days."),
    ),
    "lost": (
        _("Your bank has returned this payment to you"),
        _("So nothing more is sent for this order. If this is a mistake, please write to us."),
    ),
    "goods_refunded": (
        _("Thank you for your order"),
        _("All of its items were refunded, so there is nothing left to send."),
    ),
    "paid": (
        _("Thank you for your order"),
        _("We pack it next. A confirmation is on its way to %(email)s."),
    ),
    "granting": (
        _("Thank you for your order"),
        _("We are making it ready: it appears below by itself, and we write to %(email)s."),
    ),
    "granted": (
        _("Thank you for your order"),
        _("Everything is ready for you below. We have written to %(email)s, too."),
    ),
    "partly_granted": (
        _("Part of your order is ready"),
        _("It is below. The rest follows, and we write to %(email)s."),
    ),
    "partly_sent": (
        _("Part of your order is on its way"),
        _("We have sent a part of it. The rest follows, and we write to %(email)s."),
    ),
    "fulfilling": (
        _("We are packing your order"),
        _("It leaves us soon."),
    ),
    "fulfilled": (
        _("Your order is on its way"),
        _("We have sent it. Thank you for shopping with us."),
    ),
    "canceled": (
        _("This order was canceled"),
        _("Nothing was charged, and the items are free for others again. You can order them anew."),
    ),
    "failed": (
        _("The payment failed"),
        _("Nothing was charged, and this order is closed. You can order anew."),
    ),
    "refunded": (
        _("This order was refunded"),
        _("The money goes back the way it came. Most banks show it within ten days."),
    ),
}


# Why money goes back that came for an order and did not pay it.
WHY_BACK = {
    Payment.Outcome.LATE: _("Your payment of %(amount)s came after this order was closed."),
    Payment.Outcome.MISMATCH: _("Your payment of %(amount)s was not the amount of this order."),
}
# What is said of money that did not pay its order, beside an order that goes on.
NOTICES = {
    "unmatched": _(
        "We have also received a payment that we could not match. We will contact you about it."
    ),
    "returning": _(
        "We have also received a second payment of %(amount)s. It is on its way back to you."
    ),
    "returned": _(
        "We have also received a second payment of %(amount)s, and have returned it in full."
    ),
    "return_failed": _(
        "We have also received a second payment of %(amount)s. Your bank did not take it back at "
        "the first try; we see to it and will contact you."
    ),
}


@dataclass(frozen=True)
class Progress:
    """Where an order stands. `is_open`: its payment may still change without anybody's doing.

    The page asks for news `asks_every` so many seconds; 0: there will be none. `notices` tell of
    further payments. What went back of the payment that paid the order, and what is on its way
    back, is in minor units of the order's currency.
    """

    name: str
    title: str
    text: str
    is_open: bool
    asks_every: int
    notices: list[str]
    refunded_minor: int
    refunding_minor: int

    @property
    def mark(self) -> str:
        """Changes whenever anything does that is said."""
        return sha256(repr(self).encode()).hexdigest()[:16]


def progress_of(order: Order, goods: Goods, redirect_status: str) -> Progress:
    """Return what to say of `order`; `redirect_status` is what Stripe's redirect said, or "".

    At most 3 queries.
    """
    payments = list(
        order.payments.order_by("pk").annotate(is_lost=IS_LOST).prefetch_related("refunds")
    )
    accepted = [payment for payment in payments if payment.outcome == Payment.Outcome.ACCEPTED]
    odd = [payment for payment in payments if payment.outcome != Payment.Outcome.ACCEPTED]
    refunded_minor = sum(_is_back_minor(payment) for payment in accepted)
    refunding_minor = sum(payment.refunded_minor for payment in accepted) - refunded_minor
    if odd and order.state in UNPAID:
        worst = min(odd, key=lambda payment: FATES.index(_fate(payment)))
        name, why, odd = _fate(worst), _why_back(worst), []
    elif refunding_minor and not any(payment.refundable_minor for payment in accepted):
        name, why = "refunding", ""
    elif (
        order.state in PAID_NOT_DONE
        and goods.left_to_send
        and any(payment.is_lost for payment in accepted)
    ):
        name, why = "lost", ""
    else:
        name, why = _name(order, redirect_status), ""
    title, text = WORDS[_said_with(name, goods)]
    return Progress(
        name=name,
        title=str(title),
        text=why + str(text) % {"email": order.email},
        is_open=order.state == State.PENDING,
        asks_every=_asks_every(name, order, goods),
        notices=[_notice(payment) for payment in odd],
        refunded_minor=refunded_minor,
        refunding_minor=refunding_minor,
    )


def _name(order: Order, redirect_status: str) -> str:
    if order.state != State.PENDING:
        return order.state
    tries = order.events.filter(kind__in=[Kind.DECLINED, Kind.PROCESSING]).order_by("-pk")
    latest = tries.values_list("kind", flat=True).first()
    if latest == Kind.PROCESSING:
        return "processing"
    # A decline says nothing about the try after it, from which Stripe sent the shopper here.
    if redirect_status == "failed" or (latest and redirect_status != "succeeded"):
        return "declined"
    return "pending"


def _said_with(name: str, goods: Goods) -> str:
    """Return the key of the words: an order has its own where no parcel, or but a part, leaves."""
    if name in PAID_NOT_DONE and goods.is_all_refunded:
        return "goods_refunded"
    if name == State.PAID and not goods.left_to_send:
        return "granting" if goods.has_due else "granted"
    if name == State.FULFILLING and goods.shipments:
        return "partly_sent"
    if name == State.FULFILLING and (goods.granted or not goods.left_to_send):
        return "partly_granted"
    if name == State.FULFILLED and goods.has_grants and not goods.shipments:
        return "granted"
    return name


def _asks_every(name: str, order: Order, goods: Goods) -> int:
    if order.state == State.PENDING:
        return SOON
    if name not in PAID_NOT_DONE:
        return 0
    if goods.is_being_granted:
        return SHORTLY
    return IN_DAYS if goods.left_to_send else 0


def _fate(payment: Payment) -> str:
    """What becomes of money that does not pay its order."""
    if _is_back_minor(payment) == payment.amount_minor:
        return "returned"
    if not payment.refundable_minor:
        return "returning"
    if any(refund.state == Refund.State.FAILED for refund in payment.refunds.all()):
        return "return_failed"
    return "returning" if payment.outcome == Payment.Outcome.LATE else "unmatched"


def _why_back(payment: Payment) -> str:
    """A sentence to begin with, or "" where we do not know yet what the money is about."""
    if _fate(payment) == "unmatched":
        return ""
    amount = format_money(payment.amount_minor, payment.currency)
    return str(WHY_BACK[Payment.Outcome(payment.outcome)]) % {"amount": amount} + " "


def _is_back_minor(payment: Payment) -> int:
    done = Refund.State.SUCCEEDED
    return sum(refund.amount_minor for refund in payment.refunds.all() if refund.state == done)


def _notice(payment: Payment) -> str:
    amount = format_money(payment.amount_minor, payment.currency)
    return str(NOTICES[_fate(payment)]) % {"amount": amount}
