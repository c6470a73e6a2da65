"""What a receipt says: who sold what to whom, at which tax, how it was paid and what went back."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from orders.models import OrderLine, Payment, Receipt, Refund


@dataclass(frozen=True)
class ReceiptLine:
    """A line with its amounts in minor units; `net_minor` is after discount and before tax."""

    line: OrderLine
    net_minor: int


def receipt_context(receipt: Receipt) -> dict[str, Any]:
    """Return the context of the receipt's template. 3 queries."""
    order = receipt.order
    payment = order.payments.filter(outcome=Payment.Outcome.ACCEPTED).first()
    refunds = _refunds(payment) if payment else []
    returned = sum(refund.amount_minor for refund in refunds)
    return {
        "receipt": receipt,
        "order": order,
        "shop_address": settings.SHOP_ADDRESS,
        "tax_id": settings.TAX_ID,
        "bill_to": order.billing_address or order.shipping_address,
        "lines": [
            ReceiptLine(line, line.subtotal_minor - line.discount_minor)
            for line in order.lines.all()
        ],
        "shipping_total_minor": order.shipping_minor + order.shipping_tax_minor,
        "net_minor": order.total_minor - order.tax_minor,
        "payment": payment,
        "refunds": refunds,
        "remaining_minor": order.total_minor - returned,
    }


def _refunds(payment: Payment) -> list[Refund]:
    """What has gone back, the first first."""
    return list(payment.refunds.filter(state=Refund.State.SUCCEEDED).order_by("succeeded_at"))
