"""Orders whose money has come, and what is wished of it back."""

from typing import Any

from django.utils import timezone

from orders.models import Dispute, Order, Payment, Refund
from orders.refund_pricing import RefundWish, Units
from orders.states import Actor, by_staff
from tests.factories import UserFactory, make_variant
from tests.orders.factory import make_order, make_payment


def make_paid(*, units: int | None = 5, **fields: Any) -> Payment:
    """Return the payment of $49.68 for two mugs ($43.20) and shipping ($6.48).

    `units` more mugs are on the shelf; None: nobody counts them.
    """
    order = make_order(**{"state": Order.State.PAID, **fields})
    order.lines.update(variant=make_variant(units=units))
    return make_payment(order, Payment.Outcome.ACCEPTED)


def mugs(payment: Payment, quantity: int, *, restock: bool = True) -> Units:
    """Return units of the order's first line."""
    return Units(payment.order.lines.order_by("pk")[0].pk, quantity, restock)


def wish(*units: Units, shipping: int = 0, other: int = 0, **fields: Any) -> RefundWish:
    """Return a wish for units and amounts in minor units."""
    return RefundWish(units, shipping, other, **{"reason": Refund.Reason.GOODWILL, **fields})


def stella() -> Actor:
    """Return a member of staff."""
    return by_staff(UserFactory.create(is_staff=True))


def make_dispute(payment: Payment, **fields: Any) -> Dispute:
    """Return a dispute of the whole payment; what Stripe has withdrawn is a field."""
    return Dispute.objects.create(
        **{
            "payment": payment,
            "stripe_id": f"dp_{payment.pk}",
            "status": Dispute.Status.NEEDS_RESPONSE,
            "reason": "fraudulent",
            "amount_minor": payment.amount_minor,
            "opened_at": timezone.now(),
            **fields,
        }
    )
