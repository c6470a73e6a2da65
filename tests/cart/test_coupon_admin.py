"""Staff make coupons: what a kind needs, and what it cannot have, is said beside the field."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cart import coupons
from cart.models import Coupon, CouponRedemption
from tests.factories import CouponFactory

pytestmark = pytest.mark.django_db

NEW = "/admin/cart/coupon/add/"
PERCENTAGE = {"code": "SPRING", "kind": "percentage", "percent": "10", "is_active": "on"}
FIXED = {"code": "FIVE", "kind": "fixed", "amount_minor": "5.00", "currency": "USD"}


@pytest.fixture
def stella(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def send(client: Client, address: str = NEW, **fields: Any) -> str:
    """Send the form; return the sentences of the error lists on the page that comes back."""
    page = client.post(address, fields, follow=True).content.decode()
    lists = re.findall(r'<ul class="errorlist[^"]*"[^>]*>(.*?)</ul>', page, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", " ".join(lists))


def test_a_percentage_coupon_is_made(stella: Client) -> None:
    assert send(stella, **PERCENTAGE) == ""

    coupon = Coupon.objects.get()
    assert (coupon.kind, coupon.percent) == ("percentage", Decimal(10))
    assert coupon.amount_minor is None


def test_a_fixed_coupon_is_typed_as_money(stella: Client) -> None:
    assert send(stella, **FIXED) == ""

    assert Coupon.objects.get().amount_minor == 500
    page = stella.get(reverse("admin:cart_coupon_changelist")).content.decode()
    assert "$5.00" in page


def test_a_code_is_kept_in_capitals(stella: Client) -> None:
    send(stella, **{**PERCENTAGE, "code": "spring-10"})

    assert Coupon.objects.get().code == "SPRING-10"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({**PERCENTAGE, "percent": ""}, "A percentage coupon needs a percentage above 0."),
        ({**PERCENTAGE, "percent": "0"}, "greater than or equal to 0.01"),
        ({**PERCENTAGE, "percent": "100.01"}, "less than or equal to 100"),
        (
            {**PERCENTAGE, "amount_minor": "5"},
            "A percentage coupon has no amount: empty this field.",
        ),
        (
            {**PERCENTAGE, "currency": "USD"},
            "A percentage coupon holds in every currency: choose none.",
        ),
        ({**FIXED, "amount_minor": ""}, "A fixed coupon needs an amount above 0."),
        ({**FIXED, "amount_minor": "0"}, "A fixed coupon needs an amount above 0."),
        ({**FIXED, "amount_minor": "5.001"}, "USD has 2 decimal places"),
        ({**FIXED, "currency": ""}, "Choose the currency of the amount."),
        ({**FIXED, "currency": "GBP"}, "Select a valid choice."),
        ({**FIXED, "percent": "5"}, "A fixed coupon has no percentage: empty this field."),
        ({**PERCENTAGE, "kind": ""}, "This field is required."),
        ({**PERCENTAGE, "code": "10 % OFF"}, "Use letters, digits, “-” and “_” only"),
        ({**PERCENTAGE, "code": "taken"}, "There is already a coupon with this code."),
        (
            {
                **PERCENTAGE,
                "starts_at_0": "2026-06-02",
                "starts_at_1": "00:00",
                "ends_at_0": "2026-06-01",
                "ends_at_1": "00:00",
            },
            "It would end before it begins: choose a later time.",
        ),
    ],
)
def test_a_mistake_is_named(stella: Client, fields: dict[str, str], sentence: str) -> None:
    CouponFactory.create(code="TAKEN")

    assert sentence in send(stella, **fields)
    assert Coupon.objects.count() == 1


def test_the_limit_cannot_fall_below_the_uses(stella: Client) -> None:
    coupon = CouponFactory.create(code="SPRING", max_uses=5)
    coupons.hold("SPRING", "K7QM-4T9X", "adas-cart")
    coupons.hold("SPRING", "ZZZZ-0000", "sams-cart")
    address = reverse("admin:cart_coupon_change", args=[coupon.pk])

    refused = send(stella, address, **PERCENTAGE, max_uses="1")
    assert "It has been used 2 times: the limit cannot be lower." in refused
    assert send(stella, address, **PERCENTAGE, max_uses="2", uses="0") == ""

    coupon.refresh_from_db()
    assert (coupon.max_uses, coupon.uses) == (2, 2)


def test_the_uses_lead_to_the_orders_that_made_them(stella: Client) -> None:
    coupon = CouponFactory.create(code="SPRING", max_uses=5)
    coupons.hold("SPRING", "K7QM-4T9X", "adas-cart")
    page = stella.get(reverse("admin:cart_coupon_change", args=[coupon.pk])).content.decode()
    link = re.search(r'href="([^"]+)">1 of 5<', page)
    assert link is not None

    uses = stella.get(link[1]).content.decode()

    assert "K7QM-4T9X" in uses
    assert "adas-cart" not in uses


def test_uses_are_read_only(stella: Client) -> None:
    CouponFactory.create(code="SPRING")
    coupons.hold("SPRING", "K7QM-4T9X", "adas-cart")
    use = CouponRedemption.objects.get()

    assert stella.get(reverse("admin:cart_couponredemption_add")).status_code == 403
    for page in ("change", "delete"):
        address = reverse(f"admin:cart_couponredemption_{page}", args=[use.pk])
        assert stella.post(address, {"post": "yes"}).status_code == 403


@pytest.mark.both
@pytest.mark.parametrize(
    "values",
    [
        {"percent": 0},
        {"percent": "100.01"},
        {"percent": None},
        {"currency": "USD"},
        {"kind": "fixed"},
        {"kind": "fixed", "percent": None, "currency": "USD"},
        {"kind": "fixed", "percent": None, "amount_minor": 0, "currency": "USD"},
        {"kind": "fixed", "percent": None, "amount_minor": 500, "currency": ""},
        {"kind": "gift"},
    ],
)
def test_the_database_refuses_half_a_coupon(values: dict[str, Any]) -> None:
    CouponFactory.create(percent=10)

    with (
        pytest.raises(IntegrityError, match="cart_coupon_percent_or_amount"),
        transaction.atomic(),
    ):
        Coupon.objects.update(**values)
