"""The rules of orders, broken one by one."""

from django.db.models import F

from orders.models import (
    Booking,
    DownloadCount,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    ReceiptCounter,
    Refund,
    RefundLine,
    Shipment,
)
from shop.models import DownloadFile
from tests.constraints.breaking import Breakers
from tests.factories import ProductFactory
from tests.orders.factory import make_grant, make_order, make_payment
from tests.orders.paid import make_dispute

BREAKERS = Breakers()
breaker = BREAKERS.add


@breaker
def orders_total_adds_up() -> None:
    make_order()
    Order.objects.update(total_minor=F("total_minor") + 1)


@breaker
def orders_discount_at_most_lines() -> None:
    make_order(discount_minor=0)
    discount = F("subtotal_minor") + 1
    Order.objects.update(discount_minor=discount, shipping_minor=F("shipping_minor") + discount)


@breaker
def orders_shipping_tax_within_tax() -> None:
    make_order()
    Order.objects.update(shipping_tax_minor=F("tax_minor") + 1)


@breaker
def orders_state_known() -> None:
    make_order()
    Order.objects.update(state="eaten")


@breaker
def orders_line_not_empty() -> None:
    make_order()
    OrderLine.objects.update(quantity=0)


@breaker
def orders_line_discount_at_most_price() -> None:
    make_order()
    OrderLine.objects.update(discount_minor=F("unit_price_minor") * F("quantity") + 1)


@breaker
def orders_line_shipped_at_most_bought() -> None:
    make_order(quantity=2)
    OrderLine.objects.update(shipped_quantity=3)


@breaker
def orders_line_kind_known() -> None:
    make_order()
    OrderLine.objects.update(kind="eaten")


@breaker
def orders_shipment_line_once_per_parcel() -> None:
    line = make_order().lines.get()
    shipment = Shipment.objects.create(order=line.order)
    for _time in range(2):
        shipment.lines.create(line=line, quantity=1)


@breaker
def orders_shipment_line_not_empty() -> None:
    line = make_order().lines.get()
    Shipment.objects.create(order=line.order).lines.create(line=line, quantity=0)


@breaker
def orders_grant_state_known() -> None:
    make_grant(make_order(), "Player", "licence", state="eaten")


@breaker
def orders_one_count_per_granted_file() -> None:
    grant = make_grant(make_order(), "Manual", "download")
    file = DownloadFile.objects.create(product=ProductFactory.create(), name="Manual", file="a")
    for _time in range(2):
        DownloadCount.objects.create(grant=grant, file=file)


@breaker
def orders_seat_once_per_grant() -> None:
    grant = make_grant(make_order(), "Evening class", "event")
    for _time in range(2):
        Booking.objects.create(grant=grant, seat=1, attendee="Ada")


@breaker
def orders_one_receipt_counter() -> None:
    ReceiptCounter.objects.create(pk=2)


@breaker
def orders_event_actor_known() -> None:
    make_order()
    OrderEvent.objects.update(actor="nobody")


@breaker
def orders_one_accepted_payment() -> None:
    order = make_order()
    for intent_id in ("pi_1", "pi_2"):
        make_payment(order, Payment.Outcome.ACCEPTED, intent_id=intent_id)


@breaker
def orders_payment_outcome_known() -> None:
    make_payment(make_order(), Payment.Outcome.ACCEPTED)
    Payment.objects.update(outcome="eaten")


@breaker
def orders_line_refunded_at_most_bought() -> None:
    make_order(quantity=2)
    OrderLine.objects.update(refunded_quantity=3)


@breaker
def orders_line_returned_at_most_refunded() -> None:
    make_order(quantity=2)
    OrderLine.objects.update(returned_quantity=2, refunded_quantity=1, shipped_quantity=2)


@breaker
def orders_line_returned_at_most_sent() -> None:
    make_order(quantity=2)
    OrderLine.objects.update(returned_quantity=2, refunded_quantity=2, shipped_quantity=1)


@breaker
def orders_refunded_at_most_captured() -> None:
    make_payment(make_order(), Payment.Outcome.ACCEPTED)
    Payment.objects.update(refunded_minor=F("amount_minor") + 1)


@breaker
def orders_refund_state_known() -> None:
    make_refund()
    Refund.objects.update(state="eaten")


@breaker
def orders_refund_not_empty() -> None:
    make_refund()
    Refund.objects.update(amount_minor=0)


@breaker
def orders_refund_parts_within_amount() -> None:
    make_refund()
    Refund.objects.update(shipping_minor=60, other_minor=41)


@breaker
def orders_refund_line_once_per_refund() -> None:
    refund = make_refund()
    for _time in range(2):
        make_refund_line(refund)


@breaker
def orders_refund_line_not_empty() -> None:
    make_refund_line(make_refund(), quantity=0)


@breaker
def orders_refund_line_returned_at_most_refunded() -> None:
    make_refund_line(make_refund())
    RefundLine.objects.update(returned_quantity=2)


@breaker
def orders_dispute_status_known() -> None:
    make_dispute(make_payment(make_order(), Payment.Outcome.ACCEPTED), status="eaten")


def make_refund() -> Refund:
    payment = make_payment(make_order(), Payment.Outcome.ACCEPTED)
    return Refund.objects.create(payment=payment, reason=Refund.Reason.GOODWILL, amount_minor=100)


def make_refund_line(refund: Refund, quantity: int = 1) -> RefundLine:
    return refund.lines.create(
        line=refund.payment.order.lines.get(), quantity=quantity, amount_minor=10, restock=False
    )
