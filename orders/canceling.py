"""Cancel an order, on a member of staff's word: before its payment, or after it by a refund."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.fulfilling import PAID_NOT_DONE
from orders.models import Order, OrderEvent, Payment, Refund
from orders.refund_pricing import RefundRefusedError
from orders.refunding import request_all
from orders.states import Actor, append_event, lock
from shop.doorbells import ring


class CancelRefusedError(Exception):
    """Nothing was changed. The message tells staff why and what to do."""


@transaction.atomic
def cancel_order(order_id: int, actor: Actor) -> Order:
    """Cancel an unpaid order, or refund all of a paid one that was not sent; returns it.

    An unpaid order's hold ends now: checkout cancels at Stripe first and closes the order then, if
    no money was faster. Raises CancelRefusedError.
    """
    order = lock(order_id)
    if order.state == Order.State.PENDING:
        order.held_until = timezone.now()
        order.save(update_fields=["held_until"])
        append_event(order, OrderEvent.Kind.CANCEL_REQUESTED, actor)
        ring(settings.CLOSE_DOORBELL)
    elif order.state in PAID_NOT_DONE:
        if order.shipments.exists():
            raise CancelRefusedError(
                _("Part of this order was sent: it cannot be canceled, only refunded.")
            )
        payment = order.payments.filter(outcome=Payment.Outcome.ACCEPTED).first()
        if payment is None:
            raise CancelRefusedError(_("This order cost nothing: there is nothing to give back."))
        try:
            request_all(payment.pk, Refund.Reason.CANCELED, actor)
        except RefundRefusedError as error:
            raise CancelRefusedError(error.message) from error
        append_event(order, OrderEvent.Kind.CANCEL_REQUESTED, actor)
    elif order.state == Order.State.FULFILLED:
        raise CancelRefusedError(_("This order was sent: it cannot be canceled, only refunded."))
    else:
        words = {"state": order.get_state_display()}
        raise CancelRefusedError(
            _("This order is “%(state)s” already: there is nothing to cancel.") % words
        )
    return order
