"""Paid orders for what is granted instead of sent."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from inventory.stock import confirm, hold
from orders.granting import grants_of
from orders.models import Grant, Order, OrderLine, Payment, Refund
from orders.refund_pricing import RefundWish, Units
from orders.refunding import request_refund, succeed
from orders.states import STRIPE, State, move
from shop.models import DownloadFile, EventDetails, Lesson, LicenceKey, Product, Variant
from tests.factories import ProductFactory, make_variant
from tests.orders.factory import make_order, make_payment

Kind = Product.Kind
BOOK = b"%PDF " + bytes(range(256)) * 4


def sell(*wanted: tuple[Variant, int], **fields: Any) -> Order:
    """Return a paid order for these variants and quantities at $10.00 each, stock taken.

    Like every order of `make_order` it has two mugs on top, which nobody counts.
    """
    order = make_order(**fields)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            variant=variant,
            kind=variant.product.kind,
            sku=variant.sku,
            title=variant.product.name,
            quantity=quantity,
            unit_price_minor=1000,
            discount_minor=0,
            tax_minor=0,
        )
        for variant, quantity in wanted
    )
    added = 1000 * sum(quantity for _variant, quantity in wanted)
    order.subtotal_minor += added
    order.total_minor += added
    order.save()
    counted = {one.stock_id: units for one, units in wanted if one.stock_id is not None}
    hold(order.number, "cart", counted)
    confirm(order.number)
    make_payment(order, Payment.Outcome.ACCEPTED)
    return move(order.pk, State.PAID, STRIPE)


def grant_of(order: Order, kind: Product.Kind) -> Grant:
    """Return the grant of the order's line of that kind."""
    (grant,) = [grant for grant in grants_of(order) if grant.line.kind == kind]
    return grant


def refund(order: Order, kind: Product.Kind, quantity: int, *, take_back: bool) -> Refund:
    """Give the money for units of a line back, with or without what was granted for them."""
    units = (Units(order.lines.get(kind=kind).pk, quantity, restock=take_back),)
    wish = RefundWish(units, 0, 0, Refund.Reason.GOODWILL)
    booked = request_refund(order.payments.get().pk, wish, STRIPE)
    succeed(booked.pk, STRIPE)
    return booked


def a_book() -> Variant:
    """Return a download with one file."""
    product = ProductFactory(kind=Kind.DOWNLOAD, name="Clay, a book")
    file = DownloadFile(product=product, name="Clay.pdf")
    file.file.save("clay.pdf", ContentFile(BOOK))
    return make_variant(product=product, units=None)


def a_licence(keys: Sequence[str] | None = None) -> Variant:
    """Return a licence sold from a pool of these keys; None: its keys are made."""
    product = ProductFactory(kind=Kind.LICENCE, name="Kiln planner")
    variant = make_variant(product=product, units=None if keys is None else len(keys))
    LicenceKey.objects.bulk_create(LicenceKey(variant=variant, key=key) for key in keys or ())
    return variant


def a_repository() -> Variant:
    """Return access to a repository."""
    product = ProductFactory(kind=Kind.REPOSITORY, name="Glazes", repository="clay/glazes")
    return make_variant(product=product, units=None)


def a_course() -> Variant:
    """Return a course of two lessons."""
    product = ProductFactory(kind=Kind.COURSE, name="Throwing for beginners")
    Lesson.objects.create(
        product=product,
        title="Centring",
        text="Wet hands.\n\nSee https://example.com/centring for a film.",
    )
    Lesson.objects.create(product=product, title="Pulling", text="Slowly.", position=1)
    return make_variant(product=product, units=None)


def an_event(*, in_hours: float = 0, seats: int = 20) -> Variant:
    """Return an event that begins so many hours from now and lasts two."""
    product = ProductFactory(kind=Kind.EVENT, name="Open studio")
    starts_at = timezone.now() + timedelta(hours=in_hours)
    EventDetails.objects.create(
        product=product,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        place="1 Kiln Lane",
    )
    return make_variant(product=product, units=seats)
