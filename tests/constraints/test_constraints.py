"""Every rule that the database keeps is broken here past all validation, and the database refuses.

A function has the name of the constraint that it breaks; its last step is the one refused.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Model, PositiveBigIntegerField, UniqueConstraint
from django.db.models.constraints import BaseConstraint
from django.utils import timezone

from accounts.models import RateWindow, User
from cart.models import CartLine, Coupon, CouponRedemption
from checkout.models import PaymentAttempt, PaymentRequest, WebhookEvent
from inventory.models import Reservation, StockItem, StockMovement
from inventory.stock import hold
from notifications.models import Delivery
from orders.models import Order, OrderEvent, OrderLine, Payment, Refund, RefundLine
from shop.models import Price, ShippingRate, TaxRate, Variant
from tests.factories import (
    CouponFactory,
    TaxRateFactory,
    UserFactory,
    make_cart,
    make_shipping,
    make_stock,
    make_variant,
)
from tests.orders.factory import make_order, make_payment
from tests.orders.paid import make_dispute

pytestmark = [pytest.mark.django_db, pytest.mark.both]

APPS = ("accounts", "cart", "checkout", "inventory", "notifications", "orders", "shop")
CONSTRAINTS: dict[str, tuple[type[Model], BaseConstraint]] = {
    constraint.name: (model, constraint)
    for app in APPS
    for model in apps.get_app_config(app).get_models()
    for constraint in model._meta.constraints
}
BREAKERS: dict[str, Callable[[], object]] = {}


def breaker(function: Callable[[], object]) -> Callable[[], object]:
    BREAKERS[function.__name__] = function
    return function


def test_each_constraint_has_its_breaker() -> None:
    assert BREAKERS.keys() == CONSTRAINTS.keys()


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(name: str) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        BREAKERS[name]()

    assert expected_message(*CONSTRAINTS[name]) in str(refusal.value)


AMOUNTS = [
    pytest.param(model, field.name, id=f"{model.__name__}.{field.name}")
    for app in APPS
    for model in apps.get_app_config(app).get_models()
    for field in model._meta.fields
    if field.name.endswith("_minor")
]


@pytest.mark.parametrize(("model", "name"), AMOUNTS)
def test_every_amount_is_a_column_that_refuses_what_is_below_zero(
    model: type[Model], name: str
) -> None:
    assert isinstance(model._meta.get_field(name), PositiveBigIntegerField)


def test_no_price_is_below_zero() -> None:
    make_variant()
    with pytest.raises(IntegrityError, match="amount_minor"), transaction.atomic():
        Price.objects.update(amount_minor=-1)


def expected_message(model: type[Model], constraint: BaseConstraint) -> str:
    """SQLite names the columns of a unique constraint; everything else is named by its name."""
    if connection.vendor == "sqlite" and isinstance(constraint, UniqueConstraint):
        table = model._meta.db_table
        columns = [field.column for field in model._meta.fields if field.name in constraint.fields]
        return ", ".join(f"{table}.{column}" for column in columns) or constraint.name
    return constraint.name


# --- inventory -------------------------------------------------------------------------------
@breaker
def inventory_held_not_negative() -> None:
    make_stock(3, "MUG")
    StockItem.objects.update(held=-1)


@breaker
def inventory_held_at_most_on_hand() -> None:
    make_stock(3, "MUG")
    StockItem.objects.update(held=4)


@breaker
def inventory_hold_not_empty() -> None:
    Reservation.objects.create(item=make_stock(3, "MUG"), reference="A", quantity=0)


@breaker
def inventory_hold_state_known() -> None:
    hold("A", "cart", {make_stock(3, "MUG").pk: 1})
    Reservation.objects.update(state="eaten")


@breaker
def inventory_one_live_hold_per_reference() -> None:
    item = make_stock(3, "MUG")
    hold("A", "cart", {item.pk: 1})
    hold("A", "cart", {item.pk: 1})


@breaker
def inventory_movement_not_zero() -> None:
    make_stock(3, "MUG")
    StockMovement.objects.update(quantity=0)


@breaker
def inventory_movement_reason_known() -> None:
    make_stock(3, "MUG")
    StockMovement.objects.update(reason="eaten")


@breaker
def inventory_one_sale_per_reference() -> None:
    item = make_stock(3, "MUG")
    for _time in range(2):
        StockMovement.objects.create(
            item=item, quantity=-1, reason=StockMovement.Reason.SOLD, reference="A"
        )


@breaker
def inventory_one_return_per_reference() -> None:
    item = make_stock(3, "MUG")
    for _time in range(2):
        StockMovement.objects.create(
            item=item, quantity=1, reason=StockMovement.Reason.RETURNED, reference="refund 1"
        )


# --- shop ------------------------------------------------------------------------------------
@breaker
def shop_variant_options_unique() -> None:
    variant = make_variant(options={"Size": "M"})
    Variant.objects.create(product=variant.product, sku="ANOTHER", options={"Size": "M"})


@breaker
def shop_one_price_per_currency() -> None:
    Price.objects.create(variant=make_variant(currency="USD"), currency="USD", amount_minor=1)


@breaker
def shop_shipping_days_in_order() -> None:
    make_shipping()
    ShippingRate.objects.update(days_min=F("days_max") + 1)


@breaker
def shop_tax_percent_in_range() -> None:
    TaxRateFactory.create()
    TaxRate.objects.update(percent=101)


# --- accounts --------------------------------------------------------------------------------
@breaker
def accounts_user_email_unique() -> None:
    UserFactory.create(email="ada@example.com")
    User.objects.create(email="ADA@example.com")


@breaker
def accounts_ratewindow_unique() -> None:
    started_at = datetime(2026, 1, 1, tzinfo=UTC)
    for _time in range(2):
        RateWindow.objects.create(key="sign-in:1.2.3.4", started_at=started_at)


# --- cart ------------------------------------------------------------------------------------
@breaker
def cart_coupon_code_unique() -> None:
    CouponFactory.create(code="SPRING")
    CouponFactory.create(code="spring")


@breaker
def cart_coupon_uses_within_limit() -> None:
    CouponFactory.create(max_uses=1)
    Coupon.objects.update(uses=2)


@breaker
def cart_coupon_percent_or_amount() -> None:
    CouponFactory.create(percent=10)
    Coupon.objects.update(amount_minor=500, currency="USD")


@breaker
def cart_one_line_per_variant() -> None:
    variant = make_variant()
    make_cart(variant, variant)


@breaker
def cart_line_quantity_1_to_99() -> None:
    make_cart(make_variant())
    CartLine.objects.update(quantity=100)


@breaker
def cart_one_coupon_per_order() -> None:
    for _time in range(2):
        CouponRedemption.objects.create(coupon=CouponFactory.create(), reference="A")


@breaker
def cart_redemption_state_known() -> None:
    CouponRedemption.objects.create(coupon=CouponFactory.create(), reference="A", state="eaten")


# --- orders ----------------------------------------------------------------------------------
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
def orders_dispute_status_known() -> None:
    make_dispute(make_payment(make_order(), Payment.Outcome.ACCEPTED), status="eaten")


def make_refund() -> Refund:
    payment = make_payment(make_order(), Payment.Outcome.ACCEPTED)
    return Refund.objects.create(payment=payment, reason=Refund.Reason.GOODWILL, amount_minor=100)


def make_refund_line(refund: Refund, quantity: int = 1) -> RefundLine:
    return refund.lines.create(
        line=refund.payment.order.lines.get(), quantity=quantity, amount_minor=10, restock=False
    )


# --- checkout --------------------------------------------------------------------------------
@breaker
def checkout_one_open_attempt_per_cart() -> None:
    cart = make_cart()
    for _time in range(2):
        PaymentAttempt.objects.create(order=make_order(), cart=cart)


@breaker
def checkout_request_key_unique() -> None:
    cart = make_cart()
    for _time in range(2):
        PaymentRequest.objects.create(cart=cart, key="again", body_sha256="0" * 64)


@breaker
def checkout_event_state_known() -> None:
    WebhookEvent.objects.create(event_id="evt_1", payload={}, state="eaten")


@breaker
def checkout_event_source_known() -> None:
    WebhookEvent.objects.create(event_id="evt_1", payload={}, source="pigeon")


# --- notifications ---------------------------------------------------------------------------
@breaker
def notifications_each_step_once() -> None:
    event = make_order().events.get()
    for _time in range(2):
        make_delivery(event)


@breaker
def notifications_delivery_state_known() -> None:
    make_delivery(make_order().events.get(), state="lost")


def make_delivery(event: OrderEvent, state: str = Delivery.State.DUE) -> Delivery:
    return Delivery.objects.create(
        event=event,
        step="order_confirmed",
        recipient="ada@example.com",
        state=state,
        due_at=timezone.now(),
    )
