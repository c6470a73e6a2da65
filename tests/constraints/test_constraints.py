"""Every rule that the database keeps is broken here past all validation, and the database refuses.

A function has the name of the constraint that it breaks; its last step is the one refused.
"""

from datetime import UTC, date, datetime

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Model, PositiveBigIntegerField, UniqueConstraint
from django.db.models.constraints import BaseConstraint
from django.utils import timezone

from accounts.models import RateWindow, User
from cart.models import CartLine, Coupon, CouponRedemption, LeftBehind
from checkout.models import PaymentAttempt, PaymentRequest, WebhookEvent
from inventory.models import Reservation, StockItem, StockMovement
from inventory.stock import hold
from notifications.models import Delivery, Suppression
from orders.models import OrderEvent
from shop.models import (
    EventDetails,
    FunnelEvent,
    LicenceKey,
    Price,
    Product,
    ShippingRate,
    StockAlert,
    TaxRate,
    Variant,
)
from tests.constraints import of_orders
from tests.constraints.breaking import Breakers
from tests.factories import (
    CouponFactory,
    ProductFactory,
    TaxRateFactory,
    UserFactory,
    make_cart,
    make_shipping,
    make_stock,
    make_variant,
)
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]

APPS = ("accounts", "cart", "checkout", "inventory", "notifications", "orders", "shop")
CONSTRAINTS: dict[str, tuple[type[Model], BaseConstraint]] = {
    constraint.name: (model, constraint)
    for app in APPS
    for model in apps.get_app_config(app).get_models()
    for constraint in model._meta.constraints
}
BREAKERS = Breakers(of_orders.BREAKERS)
breaker = BREAKERS.add


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
        columns = {field.name: field.column for field in model._meta.fields}
        named = ", ".join(f"{table}.{columns[name]}" for name in constraint.fields)
        return named or constraint.name
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


@breaker
def shop_product_kind_known() -> None:
    ProductFactory.create()
    Product.objects.update(kind="eaten")


@breaker
def shop_repository_is_named() -> None:
    ProductFactory.create(kind=Product.Kind.REPOSITORY, repository="owner/name")
    Product.objects.update(repository="")


@breaker
def shop_licence_key_unique() -> None:
    variant = make_variant()
    for _time in range(2):
        LicenceKey.objects.create(variant=variant, key="AAAA-BBBB")


@breaker
def shop_event_begins_before_end() -> None:
    now = timezone.now()
    EventDetails.objects.create(product=ProductFactory.create(), starts_at=now, ends_at=now)


@breaker
def shop_one_open_alert_per_email() -> None:
    variant = make_variant()
    for _time in range(2):
        StockAlert.objects.create(variant=variant, email="ada@example.com", language="en")


@breaker
def shop_funnel_step_once() -> None:
    for _time in range(2):
        make_funnel_event("paid")


@breaker
def shop_funnel_kind_known() -> None:
    make_funnel_event("eaten")


def make_funnel_event(kind: str) -> FunnelEvent:
    return FunnelEvent.objects.create(kind=kind, key="A", day=date(2026, 11, 24))


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


@breaker
def cart_left_behind_noted_once() -> None:
    cart = make_cart()
    for _time in range(2):
        make_left_behind(cart=cart)


@breaker
def cart_left_behind_kind_known() -> None:
    make_left_behind(kind="eaten")


def make_left_behind(**fields: object) -> LeftBehind:
    return LeftBehind.objects.create(
        **{
            "kind": LeftBehind.Kind.CART,
            "mark": "A",
            "email": "ada@example.com",
            "language": "en",
            "currency": "USD",
            "value_minor": 100,
            "items": [],
            "left_at": timezone.now(),
            **fields,
        }
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


@breaker
def notifications_suppression_reason_known() -> None:
    Suppression.objects.create(email="ada@example.com", reason="eaten")


def make_delivery(event: OrderEvent, state: str = Delivery.State.DUE) -> Delivery:
    return Delivery.objects.create(
        event=event,
        step="order_confirmed",
        recipient="ada@example.com",
        state=state,
        due_at=timezone.now(),
    )
