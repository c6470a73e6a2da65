"""What an order's page says about its state, in plain words."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from orders.models import Order, OrderEvent, Payment

State = Order.State
Kind = OrderEvent.Kind

# Name of the progress: title, and sentence in which %(email)s is the buyer's address.
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
    "paid": (
        _("Thank you for your order"),
        _("We pack it next. A confirmation is on its way to %(email)s."),
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


@dataclass(frozen=True)
class Progress:
    """Where an order stands. `is_open`: it may still change without anybody's doing."""

    name: str
    title: str
    text: str
    is_open: bool
    has_unmatched_payment: bool


def progress_of(order: Order, redirect_status: str) -> Progress:
    """Return what to say of `order`; `redirect_status` is what Stripe's redirect said, or "".

    At most 2 queries.
    """
    unmatched = order.payments.exclude(outcome=Payment.Outcome.ACCEPTED).exists()
    name = _name(order, redirect_status, unmatched)
    title, text = WORDS[name]
    return Progress(
        name=name,
        title=str(title),
        text=str(text) % {"email": order.email},
        is_open=order.state == State.PENDING,
        has_unmatched_payment=unmatched,
    )


def _name(order: Order, redirect_status: str, unmatched: bool) -> str:
    if unmatched and order.state in (State.PENDING, State.CANCELED, State.FAILED):
        return "unmatched"
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
