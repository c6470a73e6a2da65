"""Send what staff or the schedule asked to give back, and book what became of it at Stripe."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cart import coupons
from checkout import stripe_gateway
from checkout.settling import NotYetError
from checkout.stripe_gateway import RefundAtStripe, StripeError
from orders.models import Order, Payment, Refund
from orders.refunding import fail, note_sent, record_from_stripe, succeed
from orders.states import STRIPE, Actor

logger = logging.getLogger(__name__)

# A sender that died gives its refund back after this long: more than a call to Stripe can take.
LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
MOST_DOUBLINGS = 12
# Stripe knows only these; every other reason of ours is the buyer's wish.
REASONS = {
    Refund.Reason.DUPLICATE: "duplicate",
    Refund.Reason.FRAUDULENT: "fraudulent",
}


def due_refunds() -> QuerySet[Refund]:
    """The refunds to send or to look up now, the longest waiting first."""
    return Refund.objects.filter(
        state__in=[Refund.State.REQUESTED, Refund.State.SENT], next_try_at__lte=timezone.now()
    ).order_by("next_try_at")


def send_refund(refund_id: int) -> None:
    """Send a due refund, or look it up if Stripe works on it, and book the answer.

    It is claimed first: a rival leaves it alone. What failed waits for its next try.
    """
    claim = due_refunds().filter(pk=refund_id).order_by()
    if not claim.update(next_try_at=timezone.now() + LEASE, tries=F("tries") + 1):
        return
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    try:
        _send(refund)
        _try_later(refund, "")
    except StripeError as error:
        logger.warning("%s could not be sent: %s", refund, error)
        _try_later(refund, str(error))
    except Exception as error:
        logger.exception("%s could not be booked", refund)
        _try_later(refund, f"{type(error).__name__}: {error}")


@transaction.atomic
def settle_refund(at_stripe: RefundAtStripe, actor: Actor) -> Order | None:
    """Bring our refund in line with Stripe's; the second time changes nothing.

    One that was made in Stripe's dashboard is booked first. A full refund gives the use of the
    coupon back. Returns the order, or None when the payment is not ours. Raises NotYetError while
    another refund stands in its way.
    """
    refund = _find(at_stripe)
    if refund is None:
        payment = Payment.objects.filter(intent_id=at_stripe.intent_id).first()
        if payment is None:
            return None
        # One that has failed is booked as well: an older answer may still be on its way to us.
        refund = record_from_stripe(payment.pk, at_stripe.id, at_stripe.amount_minor, actor)
        if refund is None and at_stripe.has_failed:
            return payment.order
    if refund is None:
        raise NotYetError(_("A refund of ours is in its way and has to fail first."))
    note_sent(refund.pk, at_stripe.id, actor)
    order = refund.payment.order
    if at_stripe.status == "succeeded":
        order = succeed(refund.pk, actor)
    elif at_stripe.has_failed:
        order = fail(refund.pk, at_stripe.failure or at_stripe.status, actor)
    if order.state == Order.State.REFUNDED:
        coupons.give_back(order.number)
    return order


def _send(refund: Refund) -> None:
    try:
        at_stripe = _at_stripe(refund)
    except StripeError as error:
        if not error.permanent:
            raise
        fail(refund.pk, str(error), STRIPE)
    else:
        settle_refund(at_stripe, STRIPE)


def _find(at_stripe: RefundAtStripe) -> Refund | None:
    """Our row of a refund, by Stripe's id, or by our key when Stripe was faster than our note."""
    ours = Q(stripe_id=at_stripe.id)
    if at_stripe.key:
        ours |= Q(idempotency_key=at_stripe.key)
    return Refund.objects.select_related("payment__order").filter(ours).first()


def _at_stripe(refund: Refund) -> RefundAtStripe:
    """Return the refund as it stands at Stripe, making it first where that is missing."""
    if refund.stripe_id is not None:
        return stripe_gateway.retrieve_refund(refund.stripe_id)
    # The answer to an earlier call may have been lost, and Stripe forgets our key after a day.
    if refund.tries > 1 and (made := _made_before(refund)):
        return made
    try:
        return stripe_gateway.create_refund(
            idempotency_key=refund.idempotency_key,
            intent_id=refund.payment.intent_id,
            amount_minor=refund.amount_minor,
            reason=REASONS.get(Refund.Reason(refund.reason), "requested_by_customer"),
        )
    except StripeError:
        # It may have been made all the same: "already refunded" can speak of our own refund.
        if made := _made_before(refund):
            return made
        raise


def _made_before(refund: Refund) -> RefundAtStripe | None:
    made = stripe_gateway.refunds_of(refund.payment.intent_id)
    return next((one for one in made if one.key == refund.idempotency_key), None)


def _try_later(refund: Refund, error: str) -> None:
    """Set the time of the next try or look, unless the refund is settled by now."""
    # A bank may take days: the doubling ends before its sum is too large for a time.
    wait = min(timedelta(seconds=2 ** min(refund.tries, MOST_DOUBLINGS)), LONGEST_WAIT)
    undone = Refund.objects.filter(
        pk=refund.pk, state__in=[Refund.State.REQUESTED, Refund.State.SENT]
    )
    undone.update(next_try_at=timezone.now() + wait, error=error)
