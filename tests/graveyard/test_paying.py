"""What is charged is what was shown and what is owed, and a shopper can always go on."""

from typing import Any

import pytest
import stripe
from django.conf import settings as shop_settings
from django.test import Client
from pytest_django import Settings

from cart.models import Cart, CartLine
from checkout import stripe_gateway
from checkout.tasks import send_refunds
from inventory.models import StockItem
from orders.models import Order, OrderEvent, Payment, Refund
from orders.refunding import request_all
from orders.states import SCHEDULE, State
from tests.checkout.shopper import deliver_all, press_pay
from tests.factories import make_shipping, make_variant
from tests.graveyard.visitor import intent_of, pay, put_in_cart, visitor
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.mark.parametrize(
    "changed", [{"amount": 100}, {"amount": 972000}, {"currency": "eur"}], ids=str
)
def test_paid_amount_unchecked(cart: Cart, standin: StandIn, changed: dict[str, Any]) -> None:
    """What was paid was never held against what the order came to."""
    secret = press_pay(cart).client_secret
    client = stripe.StripeClient(
        shop_settings.STRIPE_SECRET_KEY, base_addresses={"api": shop_settings.STRIPE_API_BASE}
    )
    client.raw_request("post", f"/v1/payment_intents/{intent_of(secret)}", **changed)

    standin.pay(secret)
    deliver_all()

    assert Order.objects.get().state == State.FAILED
    assert Payment.objects.get().outcome == Payment.Outcome.MISMATCH
    assert OrderEvent.objects.filter(kind=OrderEvent.Kind.PAYMENT_MISMATCH).count() == 1
    assert StockItem.objects.values_list("on_hand", "held").get() == (10, 0)


@pytest.mark.parametrize(
    ("currency", "price", "total", "shown"),
    [
        ("JPY", 4200, 4536, "¥4,536"),
        ("KWD", 12350, 13340, "KWD13.340"),
        ("RSD", 540000, 583200, "RSD5,832.00"),
        ("ISK", 150000, 162000, "ISK1,620"),
    ],
)
def test_zero_decimal_times_hundred(
    standin: StandIn, settings: Settings, currency: str, price: int, total: int, shown: str
) -> None:
    """4200 yen, which have no hundredth part, were charged as 420000."""
    settings.CURRENCIES = ["USD", currency]
    make_shipping(0, currency)
    client = Client()
    client.post("/currency/", {"currency": currency})
    put_in_cart(client, make_variant(price_minor=price, currency=currency))

    assert f"Pay {shown}<" in client.get("/checkout/").content.decode()
    _status, answer = pay(client, total, shown_currency=currency)
    standin.pay(answer["client_secret"])
    deliver_all()
    payment = Payment.objects.get()
    request_all(payment.pk, Refund.Reason.CANCELED, SCHEDULE)
    send_refunds()

    (intent,) = standin.state()["payment_intents"]
    (back,) = stripe_gateway.refunds_of(payment.intent_id)
    for amount, unit in (
        (intent["amount"], intent["currency"].upper()),
        (payment.amount_minor, payment.currency),
        (back.amount_minor, back.currency),
    ):
        assert (amount, unit) == (total, currency)
    assert Order.objects.get().state == State.REFUNDED


def test_good_card_after_decline(cart: Cart, standin: StandIn) -> None:
    """After one decline a good card was authorised, and the checkout failed all the same."""
    start = press_pay(cart)
    declined = standin.pay(start.client_secret, "4000000000000002")
    assert declined["error"]["code"] == "card_declined"
    deliver_all()

    again = press_pay(cart)
    standin.pay(again.client_secret)
    deliver_all()

    assert again == start
    assert Order.objects.get().state == State.PAID
    assert len(standin.state()["payment_intents"]) == 1


def test_back_button_loses_cart(standin: StandIn) -> None:
    """Whoever came back from the payment found the cart frozen, or empty."""
    make_shipping(600)
    client = visitor(make_variant(price_minor=4200, units=10))
    _status, left = pay(client, 5184)

    assert "$42.00" in client.get("/cart/").content.decode()
    line = CartLine.objects.get()
    client.post(f"/cart/lines/{line.pk}/", {"quantity": "2"})
    assert "Pay $97.20" in " ".join(client.get("/checkout/").content.decode().split())
    status, answer = pay(client, 9720)

    assert status == 200
    assert "error" in standin.pay(left["client_secret"])
    standin.pay(answer["client_secret"])
    deliver_all()
    assert sorted(Order.objects.values_list("state", "total_minor")) == [
        (State.CANCELED, 5184),
        (State.PAID, 9720),
    ]
    assert standin.state()["captured"] == {"usd": 9720}
    assert not CartLine.objects.exists()
