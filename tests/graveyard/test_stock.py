"""Nothing is sold twice, and nothing is held for ever."""

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from cart.models import Cart, CartLine
from checkout import stripe_gateway
from checkout.expiring import expire_due
from checkout.tasks import send_refunds
from inventory.models import StockItem
from notifications.tasks import send_due
from orders.models import Order, Payment, Refund
from orders.states import State
from shop.models import Variant
from tests.checkout.shopper import PROCESSING_CARD, deliver_all, leave_challenge, press_pay
from tests.factories import ProductFactory, make_cart, make_shipping, make_variant
from tests.graveyard.late import close_unpaid, end_hold
from tests.graveyard.visitor import intent_of, pay, visitor
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def stock() -> tuple[int, int]:
    """On hand and held of the one item there is."""
    return StockItem.objects.values_list("on_hand", "held").get()


def test_two_lines_one_item(standin: StandIn) -> None:
    """Two lines of one stock item were each checked on their own, and more was sold than there was.

    Here an item has one variant and a variant one line; and what is in the cart already counts.
    """
    make_shipping(600)
    mug = make_variant(price_minor=4200, units=3)
    client = visitor(mug, 2)

    refused = client.post("/cart/add/", {"variant": mug.sku, "quantity": 2}, follow=True)

    assert "Only 3 left, you have 2 in your cart." in refused.content.decode()
    assert CartLine.objects.get().quantity == 2
    for steal in (
        lambda: Variant.objects.create(product=ProductFactory(), sku="TWIN", stock=mug.stock),
        lambda: CartLine.objects.create(cart=Cart.objects.get(), variant=mug, quantity=2),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            steal()

    CartLine.objects.update(quantity=4)
    status, answer = pay(client, 18792)
    assert (status, answer["code"]) == (409, "sold_out")
    assert stock() == (3, 0)


def test_locked_out_by_own_hold(standin: StandIn) -> None:
    """A shopper could not buy the last unit, because it was held for him."""
    make_shipping(600)
    mug = make_variant(price_minor=4200, units=1)
    client = visitor(mug)
    _status, first = pay(client, 5184)

    assert client.get("/checkout/").status_code == 200
    status, again = pay(client, 5184)

    assert (status, again["client_secret"]) == (200, first["client_secret"])
    standin.pay(again["client_secret"])
    deliver_all()
    assert Order.objects.get().state == State.PAID
    assert stock() == (0, 0)


def test_expired_while_paying(cart: Cart, standin: StandIn) -> None:
    """An order expired while the bank worked on its payment, and the goods were sold again."""
    secret = press_pay(cart).client_secret
    standin.pay(secret, PROCESSING_CARD)
    end_hold()

    (looked,) = expire_due()

    assert looked.order.state == State.PENDING
    assert stock() == (10, 2)
    standin.settle(intent_of(secret), "succeeded")
    deliver_all()
    assert Order.objects.get().state == State.PAID
    assert stock() == (8, 0)


def test_abandoned_bank_redirect(cart: Cart, standin: StandIn) -> None:
    """A payment that was left at the bank's page never expired: its stock was held for ever."""
    leave_challenge(standin, press_pay(cart).client_secret)
    end_hold()

    list(expire_due())

    assert Order.objects.get().state == State.CANCELED
    assert standin.state()["payment_intents"][0]["status"] == "canceled"
    assert stock() == (10, 0)


def test_paid_but_sold_out(cart: Cart, standin: StandIn) -> None:
    """The money came when the goods were gone: it was kept, and nobody was told."""
    secret = press_pay(cart).client_secret
    close_unpaid()
    rival = press_pay(make_cart(CartLine.objects.get().variant, quantity=10))
    standin.pay(rival.client_secret)
    deliver_all()
    mail.outbox.clear()

    standin.pay(secret)
    deliver_all()
    send_refunds()
    send_due()

    payment = Payment.objects.get(intent_id=intent_of(secret))
    assert payment.outcome == Payment.Outcome.LATE
    assert payment.order.state == State.CANCELED
    assert Refund.objects.get().state == Refund.State.SUCCEEDED
    (back,) = stripe_gateway.refunds_of(payment.intent_id)
    assert (back.status, back.amount_minor) == ("succeeded", 9720)
    assert stock() == (0, 0)
    letters = [one for one in mail.outbox if payment.order.number in one.subject]
    told = [str(one.body) for one in letters if one.to == [payment.order.email]]
    assert any("came after the order was closed" in one and "$97.20" in one for one in told)
