"""Orders that add up, made without a checkout."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from orders.models import Grant, Order, OrderEvent, OrderLine, Payment, Refund
from orders.states import SHOPPER, append_event

ADDRESS = {
    "name": "Ada Buyer",
    "line1": "1 Main Street",
    "line2": "Apt 2",
    "city": "Springfield",
    "region": "IL",
    "postcode": "62701",
    "country": "US",
}


def make_order(*, quantity: int = 2, price_minor: int = 2000, **fields: Any) -> Order:
    """Return a guest's order for `quantity` mugs, with $6.00 shipping and 8 % tax.

    Without other fields it waits for the payment of $49.68, and its first event is recorded.
    """
    subtotal = quantity * price_minor
    amounts = {
        "subtotal_minor": subtotal,
        "discount_minor": 0,
        "shipping_minor": 600,
        "shipping_tax_minor": 48,
        "tax_minor": subtotal * 8 // 100 + 48,
    }
    amounts["total_minor"] = subtotal + 600 + amounts["tax_minor"]
    order = Order.objects.create(
        **{
            "email": "guest@example.com",
            "shipping_address": ADDRESS,
            "delivery_from": date(2026, 12, 1),
            "delivery_until": date(2026, 12, 4),
            "currency": "USD",
            "country": "US",
            "tax_percent": 8,
            "held_until": timezone.now() + timedelta(minutes=15),
            **amounts,
            **fields,
        }
    )
    OrderLine.objects.create(
        order=order,
        sku="MUG-1",
        title="Stoneware mug",
        options="Colour: Moss",
        quantity=quantity,
        unit_price_minor=price_minor,
        discount_minor=0,
        tax_minor=amounts["tax_minor"] - amounts["shipping_tax_minor"],
    )
    append_event(order, OrderEvent.Kind.PLACED, SHOPPER, order.total_minor)
    return order


def make_payment(order: Order, outcome: Payment.Outcome, **fields: Any) -> Payment:
    """Return a payment of the order's total that ended as `outcome`."""
    return Payment.objects.create(
        **{
            "order": order,
            "intent_id": f"pi_{order.number}_{outcome}",
            "amount_minor": order.total_minor,
            "currency": order.currency,
            "outcome": outcome,
            **fields,
        }
    )


def make_refund(payment: Payment, state: str, **fields: Any) -> Refund:
    """Return a refund of the whole payment in that state, counted in what the payment gives back.

    One that Stripe has got bears an id of Stripe's.
    """
    amounts = {"amount_minor": payment.amount_minor, **fields}
    if state != Refund.State.FAILED:
        payment.refunded_minor += amounts["amount_minor"]
        payment.save(update_fields=["refunded_minor"])
    refund = Refund.objects.create(
        payment=payment, state=state, reason=Refund.Reason.GOODWILL, **amounts
    )
    if state != Refund.State.REQUESTED:
        refund.stripe_id = f"re_{refund.pk}"
    if state == Refund.State.SUCCEEDED:
        refund.succeeded_at = timezone.now()
    refund.save()
    return refund


def add_line(order: Order, title: str, kind: str, quantity: int = 1) -> OrderLine:
    """Return one more line of an order, which costs nothing."""
    return OrderLine.objects.create(
        order=order,
        sku="MORE",
        title=title,
        kind=kind,
        quantity=quantity,
        unit_price_minor=0,
        discount_minor=0,
        tax_minor=0,
    )


def make_grant(order: Order, title: str, kind: str, **fields: Any) -> Grant:
    """Return what one more line of an order entitles to; it is granted."""
    line = add_line(order, title, kind)
    return Grant.objects.create(**{"line": line, "state": Grant.State.GRANTED, **fields})
