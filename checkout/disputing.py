"""Bring our record of a dispute in line with the dispute as it stands at Stripe."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout.models import PaymentAttempt
from checkout.settling import NotYetError
from checkout.stripe_gateway import DisputeAtStripe
from orders.models import Dispute, Order, OrderEvent, Payment
from orders.states import Actor, append_event, lock

Kind = OrderEvent.Kind
Status = Dispute.Status

# The way of a dispute, which is never gone back. A closed inquiry may still become a chargeback.
STAGES = {
    Status.WARNING_NEEDS_RESPONSE: 1,
    Status.WARNING_UNDER_REVIEW: 2,
    Status.WARNING_CLOSED: 3,
    Status.NEEDS_RESPONSE: 4,
    Status.UNDER_REVIEW: 5,
    Status.WON: 6,
    Status.LOST: 6,
    Status.PREVENTED: 6,
}
ENDS = {
    Status.WON: Kind.DISPUTE_WON,
    Status.WARNING_CLOSED: Kind.DISPUTE_WON,
    Status.PREVENTED: Kind.DISPUTE_WON,
    Status.LOST: Kind.DISPUTE_LOST,
}


@transaction.atomic
def settle_dispute(at_stripe: DisputeAtStripe, actor: Actor) -> Order | None:
    """Apply what `at_stripe` says to our record and the order's timeline, each change once.

    Returns the order, or None when the payment is not one of ours. Raises NotYetError when it is,
    and has not been booked yet. A lost dispute leaves the order's state and the stock as they are:
    what it costs is a sum (captured - refunded - lost), and the goods may well be with the buyer.
    """
    payment = Payment.objects.filter(intent_id=at_stripe.intent_id).first()
    if payment is None:
        if PaymentAttempt.objects.filter(intent_id=at_stripe.intent_id).exists():
            raise NotYetError(_("The disputed payment is not booked yet: it has to be first."))
        return None
    payment.order = lock(payment.order_id)
    known = Dispute.objects.filter(stripe_id=at_stripe.id).first()
    if known is None or not _is_older(at_stripe, known):
        _bring_in_line(known or Dispute(payment=payment), payment, at_stripe, actor)
    return payment.order


def _is_older(at_stripe: DisputeAtStripe, known: Dispute) -> bool:
    """Tell whether a rival, who asked Stripe after us, has booked something newer already.

    Money is withdrawn while a dispute is open or lost, and comes back once it has ended well.
    """
    status = Status(at_stripe.status)
    ahead = STAGES[status] - STAGES[Status(known.status)]
    if ahead or status != known.status:
        return ahead < 0
    if ENDS.get(status) == Kind.DISPUTE_WON:
        return at_stripe.withdrawn_minor > known.withdrawn_minor
    return at_stripe.withdrawn_minor < known.withdrawn_minor


def _bring_in_line(
    dispute: Dispute, payment: Payment, at_stripe: DisputeAtStripe, actor: Actor
) -> None:
    is_new = dispute.pk is None
    status, was = Status(at_stripe.status), dispute.status
    withdrawn_minor = at_stripe.withdrawn_minor - dispute.withdrawn_minor
    dispute.stripe_id = at_stripe.id
    dispute.status = status
    dispute.reason = at_stripe.reason
    dispute.amount_minor = at_stripe.amount_minor
    dispute.withdrawn_minor = at_stripe.withdrawn_minor
    dispute.evidence_due_at = at_stripe.evidence_due_at
    dispute.opened_at = at_stripe.opened_at
    dispute.closed_at = (dispute.closed_at or timezone.now()) if status in ENDS else None
    dispute.save()

    said = {"dispute": dispute.stripe_id, "status": status.value}
    if payment.currency != payment.order.currency:
        said["currency"] = payment.currency
    if is_new:
        due = at_stripe.evidence_due_at
        details = {"reason": dispute.reason, "evidence_due_at": due.isoformat() if due else ""}
        append_event(
            payment.order, Kind.DISPUTE_OPENED, actor, dispute.amount_minor, **said, **details
        )
    if withdrawn_minor:
        kind = Kind.DISPUTE_WITHDRAWN if withdrawn_minor > 0 else Kind.DISPUTE_REINSTATED
        append_event(payment.order, kind, actor, abs(withdrawn_minor), **said)
    if status != was and (status in ENDS or not is_new):
        kind = ENDS.get(status, Kind.DISPUTE_UPDATED)
        append_event(payment.order, kind, actor, dispute.amount_minor, **said)
