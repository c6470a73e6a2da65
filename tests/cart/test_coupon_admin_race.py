"""A coupon is saved by staff at the moment in which a shopper uses it, on PostgreSQL."""

import threading

import pytest
from django.db import connection, connections
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cart import coupons
from cart.admin import CouponForm
from cart.models import Coupon
from tests.factories import CouponFactory

pytestmark = pytest.mark.django_db(transaction=True)

FIELDS = {"code": "ONCE", "kind": "percentage", "percent": "20", "max_uses": "1", "is_active": "on"}


@pytest.fixture(autouse=True)
def _only_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")


def save_while_it_is_used(staff: User, monkeypatch: pytest.MonkeyPatch) -> Coupon:
    """Staff raise a coupon's discount; a shopper uses it once their form was looked at."""
    coupon: Coupon = CouponFactory.create(code="ONCE", max_uses=1)
    clean = CouponForm.clean

    def use() -> None:
        coupons.hold("ONCE", "K7QM-4T9X", "adas-cart")
        connections.close_all()

    shopper = threading.Thread(target=use)

    def clean_then_let_it_be_used(form: CouponForm) -> None:
        clean(form)
        shopper.start()
        # Where the row is locked the shopper waits until the form is saved.
        shopper.join(timeout=0.5)

    monkeypatch.setattr(CouponForm, "clean", clean_then_let_it_be_used)
    client = Client()
    client.force_login(staff)
    client.post(reverse("admin:cart_coupon_change", args=[coupon.pk]), FIELDS)
    shopper.join()
    coupon.refresh_from_db()
    assert coupon.percent == 20
    return coupon


def test_without_the_lock_the_use_is_written_over(
    staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows)

    assert save_while_it_is_used(staff, monkeypatch).uses == 0


def test_a_use_is_not_written_over(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert save_while_it_is_used(staff, monkeypatch).uses == 1
