"""The tables of orders: what was agreed, the money of it, and what became of its lines."""

from orders.models.fulfilment import (
    Booking,
    DownloadCount,
    Grant,
    LicenceGrant,
    Receipt,
    ReceiptCounter,
    Shipment,
    ShipmentLine,
)
from orders.models.money import Dispute, Payment, Refund, RefundLine, new_refund_key
from orders.models.order import Order, OrderEvent, OrderLine, new_access_key, new_number

__all__ = [
    "Booking",
    "Dispute",
    "DownloadCount",
    "Grant",
    "LicenceGrant",
    "Order",
    "OrderEvent",
    "OrderLine",
    "Payment",
    "Receipt",
    "ReceiptCounter",
    "Refund",
    "RefundLine",
    "Shipment",
    "ShipmentLine",
    "new_access_key",
    "new_number",
    "new_refund_key",
]
