"""A made-up purchase for each message, so that staff can look at it before anybody gets it."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cart.models import LeftBehind
from inventory import stock
from inventory.models import StockItem, StockMovement
from notifications.models import Delivery
from orders.models import (
    Booking,
    Dispute,
    Grant,
    LicenceGrant,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    Refund,
    RefundLine,
    Shipment,
    ShipmentLine,
)
from orders.states import SCHEDULE, move
from shop.models import Category, DownloadFile, EventDetails, Product, StockAlert, Variant

Kind = Product.Kind
Event = OrderEvent.Kind
SHIPPING_MINOR, TAX_MINOR, DISCOUNT_MINOR = 600, 1992, 1500

Builder = Callable[[str], Delivery]


@contextmanager
def sample(step: str, email: str) -> Iterator[Delivery]:
    """Give a step for `email` whose message has everything to say; nothing of it stays."""
    with transaction.atomic():
        delivery = BUILDERS[step](email)
        delivery.step = step
        delivery.recipient = email
        # A mail of its own each time.
        delivery.cause = f"sample {secrets.token_hex(8)}"
        yield delivery
        transaction.set_rollback(True)


# --- What was bought -------------------------------------------------------------------------
def _variant(kind: Kind, name: str) -> Variant:
    mark = secrets.token_hex(6)
    category = Category.objects.create(name=_("Sample"), slug=f"sample-{mark}")
    product = Product.objects.create(
        category=category,
        name=name,
        slug=f"sample-{mark}",
        description=_("A sample."),
        kind=kind,
        repository="example/field-notes" if kind == Kind.REPOSITORY else "",
    )
    return Variant.objects.create(product=product, sku=f"SAMPLE-{mark}")


def _order(email: str) -> Order:
    """An order that waits for its payment, with a line of each kind."""
    goods = (
        (Kind.PARCEL, _("Stoneware mug"), 2, 4200),
        (Kind.DOWNLOAD, _("Field guide, PDF"), 1, 1900),
        (Kind.LICENCE, _("Drawing program"), 2, 2900),
        (Kind.REPOSITORY, _("Source code of the field notes"), 1, 4900),
        (Kind.COURSE, _("Glazing for beginners"), 1, 3900),
        (Kind.EVENT, _("An evening at the wheel"), 2, 3500),
    )
    subtotal = sum(quantity * price for _kind, _name, quantity, price in goods)
    today = timezone.localdate()
    order = Order.objects.create(
        email=email,
        shipping_address={
            "name": "Ada Buyer",
            "line1": "1 Main Street",
            "city": "Springfield",
            "region": "IL",
            "postcode": "62701",
            "country": "US",
        },
        delivery_from=today + timedelta(days=2),
        delivery_until=today + timedelta(days=5),
        language=translation.get_language() or settings.LANGUAGE_CODE,
        currency=settings.CURRENCIES[0],
        country="US",
        coupon_code="WELCOME",
        tax_percent=8,
        subtotal_minor=subtotal,
        discount_minor=DISCOUNT_MINOR,
        shipping_minor=SHIPPING_MINOR,
        shipping_tax_minor=0,
        tax_minor=TAX_MINOR,
        total_minor=subtotal - DISCOUNT_MINOR + SHIPPING_MINOR + TAX_MINOR,
        held_until=timezone.now(),
    )
    for kind, name, quantity, price in goods:
        variant = _variant(kind, name)
        OrderLine.objects.create(
            order=order,
            variant=variant,
            sku=variant.sku,
            title=name,
            kind=kind,
            quantity=quantity,
            unit_price_minor=price,
            discount_minor=0,
            tax_minor=0,
        )
    return order


def _paid(email: str) -> Order:
    return move(_order(email).pk, Order.State.PAID, SCHEDULE)


def _payment(order: Order) -> Payment:
    return Payment.objects.create(
        order=order,
        intent_id=f"pi_sample_{secrets.token_hex(8)}",
        amount_minor=order.total_minor,
        currency=order.currency,
        outcome=Payment.Outcome.ACCEPTED,
    )


def _line(order: Order, kind: Kind) -> OrderLine:
    return order.lines.get(kind=kind)


def _told(order: Order, kind: OrderEvent.Kind, **data: object) -> Delivery:
    """A step that follows such an event of the order."""
    event = OrderEvent.objects.create(
        order=order, kind=kind, actor=SCHEDULE.kind, amount_minor=order.total_minor, data=data
    )
    return Delivery(event=event)


# --- One builder for each message, or for those that need the same ----------------------------
def _after_payment(email: str) -> Delivery:
    _variant(Kind.PARCEL, _("Linen apron"))
    return _told(_paid(email), Event.PAID)


def _after_closing(email: str) -> Delivery:
    return _told(move(_order(email).pk, Order.State.CANCELED, SCHEDULE), Event.CANCELED)


def _after_late_money(email: str) -> Delivery:
    return _told(move(_order(email).pk, Order.State.CANCELED, SCHEDULE), Event.PAYMENT_LATE)


def _after_shipping(email: str) -> Delivery:
    order = _paid(email)
    shipment = Shipment.objects.create(
        order=order,
        carrier="UPS",
        tracking_number="1Z999AA10123456784",
        tracking_url="https://www.ups.com/track?tracknum=1Z999AA10123456784",
    )
    line = _line(order, Kind.PARCEL)
    ShipmentLine.objects.create(shipment=shipment, line=line, quantity=1)
    return _told(order, Event.SHIPPED, shipment=shipment.pk)


def _after_refund(email: str) -> Delivery:
    order = _paid(email)
    refund = Refund.objects.create(
        payment=_payment(order),
        state=Refund.State.SUCCEEDED,
        reason=Refund.Reason.RETURNED,
        note=_("One of the mugs arrived broken."),
        amount_minor=4200 + 3500,
        succeeded_at=timezone.now(),
    )
    for kind, amount_minor in ((Kind.PARCEL, 4200), (Kind.EVENT, 3500)):
        RefundLine.objects.create(
            refund=refund,
            line=_line(order, kind),
            quantity=1,
            amount_minor=amount_minor,
            restock=True,
        )
    return _told(order, Event.REFUND_SUCCEEDED, refund=refund.pk)


def _after_low_stock(email: str) -> Delivery:
    order = _paid(email)
    line = _line(order, Kind.PARCEL)
    item = StockItem.objects.create(sku=line.sku)
    stock.adjust(item, settings.LOW_STOCK + 2, StockMovement.Reason.RECEIVED, actor="sample")
    stock.hold(order.number, "sample", {item.pk: 2})
    stock.confirm(order.number)
    Variant.objects.filter(sku=line.sku).update(stock=item)
    return _told(order, Event.PAID)


def _of_dispute(kind: OrderEvent.Kind, status: Dispute.Status) -> Builder:
    def build(email: str) -> Delivery:
        order = _paid(email)
        dispute = Dispute.objects.create(
            payment=_payment(order),
            stripe_id=f"dp_sample_{secrets.token_hex(8)}",
            status=status,
            reason="product_not_received",
            amount_minor=order.total_minor,
            evidence_due_at=timezone.now() + timedelta(days=7),
            opened_at=timezone.now(),
        )
        return _told(order, kind, dispute=dispute.stripe_id, status=status)

    return build


def _of_grant(kind: Kind, state: Grant.State) -> Builder:
    def build(email: str) -> Delivery:
        order = _paid(email)
        line = _line(order, kind)
        grant = Grant.objects.create(line=line, state=state)
        _fill(grant)
        delivery = _told(order, Event.PAID)
        delivery.grant = grant
        return delivery

    return build


def _fill(grant: Grant) -> None:
    """Give the line what its kind gives."""
    variant = grant.line.variant
    if variant is None:
        return
    if grant.line.kind == Kind.DOWNLOAD:
        names = (_("Field guide (A4).pdf"), _("Field guide (for phones).epub"))
        DownloadFile.objects.bulk_create(
            DownloadFile(product=variant.product, name=name) for name in names
        )
    elif grant.line.kind == Kind.LICENCE:
        for _unit in range(grant.line.quantity):
            LicenceGrant.objects.create(grant=grant, key=secrets.token_hex(12))
    elif grant.line.kind == Kind.EVENT:
        begins = timezone.now().replace(minute=0) + timedelta(days=14)
        EventDetails.objects.create(
            product=variant.product,
            starts_at=begins,
            ends_at=begins + timedelta(hours=3),
            place=_("The workshop, 5 Kiln Lane, Springfield"),
        )
        for seat, attendee in enumerate(("Ada Buyer", "Sam Guest"), start=1):
            Booking.objects.create(grant=grant, seat=seat, attendee=attendee)


def _of_left(kind: LeftBehind.Kind) -> Builder:
    def build(email: str) -> Delivery:
        order = _order(email)
        if kind == LeftBehind.Kind.PAYMENT:
            _told(order, Event.DECLINED, code="insufficient_funds")
        left = LeftBehind(
            kind=kind,
            mark=order.number,
            email=email,
            currency=order.currency,
            value_minor=12_300,
            items=[
                {"title": _("Stoneware mug"), "quantity": 2},
                {"title": _("Glazing for beginners"), "quantity": 1},
            ],
            left_at=timezone.now(),
        )
        return Delivery(left=left)

    return build


def _after_return(email: str) -> Delivery:
    variant = _variant(Kind.PARCEL, _("Stoneware mug"))
    return Delivery(alert=StockAlert(variant=variant, email=email))


def _of_last_week(_email: str) -> Delivery:
    return Delivery()


BUILDERS: dict[str, Builder] = {
    "order_confirmed": _after_payment,
    "shipped": _after_shipping,
    "download_ready": _of_grant(Kind.DOWNLOAD, Grant.State.GRANTED),
    "licence_ready": _of_grant(Kind.LICENCE, Grant.State.GRANTED),
    "access_granted": _of_grant(Kind.COURSE, Grant.State.GRANTED),
    "booking_confirmed": _of_grant(Kind.EVENT, Grant.State.GRANTED),
    "user_name_wanted": _of_grant(Kind.REPOSITORY, Grant.State.DUE),
    "refunded": _after_refund,
    "payment_returned": _after_late_money,
    "order_expired": _after_closing,
    "payment_failed": _of_left(LeftBehind.Kind.PAYMENT),
    "left_at_checkout": _of_left(LeftBehind.Kind.CHECKOUT),
    "cart_left": _of_left(LeftBehind.Kind.CART),
    "last_call": _of_left(LeftBehind.Kind.CHECKOUT),
    "back_in_stock": _after_return,
    "follow_up_first": _after_payment,
    "follow_up_second": _after_payment,
    "follow_up_third": _after_payment,
    "new_order": _after_payment,
    "low_stock": _after_low_stock,
    "refund_made": _after_refund,
    "dispute_opened": _of_dispute(Event.DISPUTE_OPENED, Dispute.Status.NEEDS_RESPONSE),
    "dispute_closed": _of_dispute(Event.DISPUTE_WON, Dispute.Status.WON),
    "weekly_report": _of_last_week,
}
