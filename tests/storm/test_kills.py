"""kill -9 of web, worker or Stripe in the middle of a purchase: paid, or cleanly released."""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
import time_machine
from django.utils import timezone

from checkout.tasks import sweep
from inventory.models import StockItem
from orders.models import Order
from tests.checkout.shopper import ADA
from tests.factories import make_shipping, make_variant
from tests.storm.processes import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.storm]

# Seconds after the shopper begins; a whole purchase takes about half a second.
MOMENTS = [0.02, 0.1, 0.25]
TRIES = 40
BROKEN = (requests.RequestException, OSError, RuntimeError, ValueError, KeyError)


def buy(shop: Shop, sku: str) -> None:
    """Fill a cart, press Pay and confirm; each step again until it is answered."""
    session = requests.Session()
    again(lambda: fill_cart(shop, session, sku))
    key = str(uuid.uuid4())
    again(lambda: pay(shop, session, key))


def again(step: Callable[[], bool]) -> None:
    """Do a step until it says that it is done."""
    for _ in range(TRIES):
        with contextlib.suppress(*BROKEN):
            if step():
                return
        time.sleep(0.25)


def fill_cart(shop: Shop, session: requests.Session, sku: str) -> bool:
    session.get(f"{shop.url}/cart/", timeout=20).raise_for_status()
    form = {"variant": sku, "quantity": 1, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    return session.post(f"{shop.url}/cart/add/", form, timeout=20).ok


def pay(shop: Shop, session: requests.Session, key: str) -> bool:
    answer = session.post(
        f"{shop.url}/api/checkout/payment-intent",
        json={
            "email": ADA.email,
            **ADA.shipping,
            "shown_total_minor": 5184,
            "shown_currency": "USD",
        },
        headers={"Idempotency-Key": key, "X-CSRFToken": session.cookies["csrftoken"] or ""},
        timeout=20,
    )
    if answer.status_code == 409:
        # The charge was made although its answer was lost.
        return True
    confirmed = shop.standin.pay(answer.json()["client_secret"])
    error = confirmed.get("error", {})
    return "paymentIntent" in confirmed or error.get("code") == "payment_intent_unexpected_state"


@pytest.mark.parametrize("victim", ["web", "worker", "stripe"])
def test_a_purchase_survives_a_kill_at_any_moment(shop: Shop, victim: str) -> None:
    make_shipping(600)
    variant = make_variant(price_minor=4200, units=10)
    for moment in MOMENTS:
        shopper = threading.Thread(target=buy, args=(shop, variant.sku))
        shopper.start()
        time.sleep(moment)
        shop.kill(victim)
        time.sleep(0.3)
        shop.restart(victim)
        shopper.join(60)
        assert not shopper.is_alive()

    for minutes in (2, 18):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            sweep()

    paid = Order.objects.filter(state=Order.State.PAID).count()
    stock = StockItem.objects.get()
    assert not Order.objects.filter(state=Order.State.PENDING).exists()
    assert shop.standin.state()["charges_succeeded"] == paid
    assert (stock.on_hand, stock.held) == (10 - paid, 0)
    assert paid >= 2
