"""Whoever waits for something is told once it can be bought again."""

from typing import Any

import pytest
from django.core import mail

from inventory.models import StockMovement
from inventory.stock import adjust
from notifications.models import Delivery, Suppression
from notifications.tasks import send_due
from shop.alerts import ask_to_be_told
from shop.models import Variant
from tests.factories import make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def variant() -> Variant:
    """Something sold out, for which Ada waits."""
    variant = make_variant(units=0)
    ask_to_be_told(variant, "ada@example.com", "en")
    return variant


def receive(variant: Variant) -> None:
    assert variant.stock is not None
    adjust(variant.stock, 5, StockMovement.Reason.RECEIVED, actor="test")


def test_who_waits_is_told_once(variant: Variant) -> None:
    send_due()
    assert not mail.outbox

    receive(variant)
    send_due()
    send_due()

    (letter,) = mail.outbox
    assert letter.to == ["ada@example.com"]
    assert variant.product.name in str(letter.body)


@pytest.mark.parametrize(("on", "field"), [("variant", "is_active"), ("product", "is_published")])
def test_a_wish_waits_while_the_thing_is_off_sale(variant: Variant, on: str, field: str) -> None:
    thing: Any = variant if on == "variant" else variant.product
    setattr(thing, field, False)
    thing.save()
    receive(variant)
    send_due()
    assert not mail.outbox

    setattr(thing, field, True)
    thing.save()
    send_due()

    assert len(mail.outbox) == 1


def test_who_has_unsubscribed_meanwhile_is_not_told(variant: Variant) -> None:
    Suppression.objects.create(email="ada@example.com", reason=Suppression.Reason.UNSUBSCRIBED)
    receive(variant)
    send_due()

    assert not mail.outbox
    assert Delivery.objects.get(step="back_in_stock").result == "unsubscribed"
