"""The safe repairs: counters counted again from their ledgers, and the ordinary verbs once more.

None edits a ledger (movements, payments, refunds, events) or an amount that was agreed.
"""

from django.db import transaction
from django.db.models import OuterRef
from django.utils.translation import gettext as _

from cart import coupons
from cart.models import Coupon, CouponRedemption
from checkout import stripe_gateway
from checkout.books.findings import CLOSED_STATES, PAID_STATES, sum_of
from checkout.disputing import settle_dispute
from checkout.expiring import close_at_stripe
from checkout.models import PaymentAttempt
from checkout.refunding import settle_refund
from checkout.settling import settle
from inventory import stock
from inventory.models import Reservation, StockItem
from orders.models import Order, OrderLine, Payment, Refund, RefundLine
from orders.refund_pricing import LIVE
from orders.states import SCHEDULE, lock


class NotRepairedError(Exception):
    """Nothing was changed: what is so by now does not allow the repair."""


@transaction.atomic
def recount_held(item_id: int) -> None:
    """Set the held units of a stock item to the sum of its open reservations."""
    items = StockItem.objects.filter(pk=item_id)
    items.select_for_update().get()
    held = Reservation.objects.filter(item=OuterRef("pk"), state=Reservation.State.HELD)
    items.update(held=sum_of(held, "item", "quantity"))


@transaction.atomic
def recount_uses(coupon_id: int) -> None:
    """Set the uses of a coupon to the number of its live redemptions."""
    coupon = Coupon.objects.select_for_update().get(pk=coupon_id)
    live = coupon.redemptions.exclude(state=CouponRedemption.State.RELEASED)
    Coupon.objects.filter(pk=coupon_id).update(uses=live.count())


@transaction.atomic
def recount_refunded(payment_id: int) -> None:
    """Set the refunded amount of a payment to the sum of its live refunds."""
    lock(Payment.objects.values_list("order_id", flat=True).get(pk=payment_id))
    payments = Payment.objects.filter(pk=payment_id)
    payments.select_for_update().get()
    live = Refund.objects.filter(payment=OuterRef("pk"), state__in=LIVE)
    payments.update(refunded_minor=sum_of(live, "payment", "amount_minor"))


@transaction.atomic
def recount_refunded_units(line_id: int) -> None:
    """Set the refunded units of an order line to the sum of its live refunds."""
    lock(OrderLine.objects.values_list("order_id", flat=True).get(pk=line_id))
    live = RefundLine.objects.filter(line=OuterRef("pk"), refund__state__in=LIVE)
    OrderLine.objects.filter(pk=line_id).update(
        refunded_quantity=sum_of(live, "line", "quantity"),
        returned_quantity=sum_of(live, "line", "returned_quantity"),
    )


@transaction.atomic
def release_hold(reference: str) -> None:
    """Release the open holds of an order that was closed or is not there.

    Raises NotRepairedError for any other order: its units are needed, or were sold.
    """
    order = Order.objects.select_for_update().filter(number=reference).first()
    if order is not None and order.state not in CLOSED_STATES:
        raise NotRepairedError(_("The order is open or paid by now: its hold was kept."))
    stock.release(reference)


@transaction.atomic
def give_back_redemption(reference: str) -> None:
    """Give back the coupon use of an order that was closed or refunded, or is not there.

    Raises NotRepairedError for any other order: its discount was promised.
    """
    order = Order.objects.select_for_update().filter(number=reference).first()
    if order is not None and order.state not in (*CLOSED_STATES, Order.State.REFUNDED):
        raise NotRepairedError(_("The order is open or paid by now: its coupon use was kept."))
    coupons.release(reference)
    coupons.give_back(reference)


def close_overdue(order_id: int) -> None:
    """Close an unpaid order whose hold has ended, at Stripe first. Raises StripeError."""
    attempt = PaymentAttempt.objects.select_related("order").get(order=order_id)
    if attempt.order.state != Order.State.PENDING:
        return
    order = close_at_stripe(attempt, SCHEDULE)
    if order.state == Order.State.PENDING:
        raise NotRepairedError(_("The bank still works on its payment: its hold was kept."))


def settle_intent(intent_id: str) -> None:
    """Book a payment that Stripe has and we have not, as the sweep would. Raises StripeError.

    Raises NotRepairedError for an order that is paid already: booked once more, the money would
    count as late and be sent back.
    """
    intent = stripe_gateway.retrieve_intent(intent_id)
    order = Order.objects.filter(number=intent.order_number).first()
    if order is not None and order.state in PAID_STATES:
        raise NotRepairedError(_("The order is paid already: decide by hand what this money is."))
    if settle(intent, SCHEDULE) is None:
        raise NotRepairedError(_("No order of this shop was placed for it: decide by hand."))


def settle_refund_of(stripe_id: str) -> None:
    """Book a refund as it stands at Stripe. Raises StripeError, and NotYetError while it must wait.

    Raises NotRepairedError for a refund of a payment that is not ours.
    """
    if settle_refund(stripe_gateway.retrieve_refund(stripe_id), SCHEDULE) is None:
        raise NotRepairedError(_("Its payment is not recorded: book that first."))


def settle_dispute_of(stripe_id: str) -> None:
    """Book a dispute as it stands at Stripe. Raises StripeError, and NotYetError as above.

    Raises NotRepairedError for a dispute of a payment that is not ours.
    """
    if settle_dispute(stripe_gateway.retrieve_dispute(stripe_id), SCHEDULE) is None:
        raise NotRepairedError(_("Its payment is not recorded: book that first."))
