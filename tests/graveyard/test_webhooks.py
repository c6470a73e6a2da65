"""What Stripe says is applied even when it was not heard; what fails afterwards harms no order."""

from datetime import timedelta
from io import StringIO

import pytest
import stripe
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from cart.models import Cart
from checkout.inbox import apply_event
from checkout.models import WebhookEvent
from checkout.stripe_gateway import cancel_intent
from checkout.tasks import sweep
from inventory.models import StockItem
from notifications.models import Delivery
from notifications.tasks import send_due
from orders.models import Order, OrderEvent, Payment
from orders.states import State
from tests.checkout.shopper import deliver_all, post_event, press_pay, stripe_events
from tests.factories import make_cart, make_shipping, make_variant
from tests.graveyard.late import end_hold
from tests.graveyard.visitor import intent_of
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

NOWHERE = "http://127.0.0.1:9"


def test_charged_then_cancelled(cart: Cart, standin: StandIn, settings: Settings) -> None:
    """Webhooks were answered with 200 and not applied; a timer then cancelled what was paid."""
    standin.pay(press_pay(cart).client_secret)
    events = stripe_events()
    settings.STRIPE_API_BASE = NOWHERE
    for event in events:
        assert post_event(event) == 200
        apply_event(event["id"])
    end_hold()
    sweep()

    assert Order.objects.get().state == State.PENDING
    assert StockItem.objects.get().held == 2
    succeeded = WebhookEvent.objects.get(type="payment_intent.succeeded")
    assert (succeeded.state, succeeded.tries) == (WebhookEvent.State.RECEIVED, 1)

    settings.STRIPE_API_BASE = standin.url
    sweep()

    assert Order.objects.get().state == State.PAID
    assert Payment.objects.get().amount_minor == 9720


def test_cancelled_events_ignored(cart: Cart, standin: StandIn) -> None:
    """Events of canceled and failed payments were dropped, and their orders waited for ever."""
    secret = press_pay(cart).client_secret
    standin.pay(secret, "4000000000000002")
    cancel_intent(intent_of(secret))
    for event in stripe_events():
        assert post_event(event) == 200
        apply_event(event["id"])

    assert Order.objects.get().state == State.FAILED
    declined = OrderEvent.objects.get(kind=OrderEvent.Kind.DECLINED)
    assert declined.data["code"] == "generic_decline"
    assert StockItem.objects.get().held == 0


def test_peak_cancellations(standin: StandIn) -> None:
    """Payments that Stripe cancelled at a peak stayed pending, and could not be tried again."""
    make_shipping(600)
    mug = make_variant(price_minor=4200, units=4)
    carts = [make_cart(mug) for _ in range(4)]
    for cart in carts:
        cancel_intent(intent_of(press_pay(cart).client_secret))

    for cart in carts[:2]:
        standin.pay(press_pay(cart).client_secret)
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        sweep()

    states = list(Order.objects.values_list("state", flat=True))
    assert sorted(states) == [State.CANCELED] * 4 + [State.PAID] * 2
    assert StockItem.objects.values_list("on_hand", "held").get() == (2, 0)
    assert standin.state()["captured"] == {"usd": 2 * 5184}


def test_stale_staging_endpoint(standin: StandIn, settings: Settings) -> None:
    """The endpoint at Stripe was another machine's, and nobody noticed that nothing came."""
    settings.BASE_URL = "https://shop.example.com"
    client = stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses={"api": standin.url})
    client.v1.webhook_endpoints.create(
        params={
            "url": "https://staging.example.com/api/webhooks/stripe",
            "enabled_events": ["*"],
        }
    )
    out = StringIO()

    with pytest.raises(CommandError, match="each ✗ says what to do"):
        call_command("doctor", stdout=out)

    assert (
        "✗ webhook endpoint: no endpoint at Stripe points at "
        "https://shop.example.com/api/webhooks/stripe; only "
        "https://staging.example.com/api/webhooks/stripe is registered. Add it"
    ) in out.getvalue()


def test_email_breaks_order(cart: Cart, standin: StandIn, settings: Settings) -> None:
    """A confirmation that could not be sent broke the order, or was sent again and again."""
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.graveyard.no_mail.EmailBackend"
    standin.pay(press_pay(cart).client_secret)
    deliver_all()
    send_due()

    assert not mail.outbox
    assert Order.objects.get().state == State.PAID
    delivery = Delivery.objects.get(step="order_confirmed")
    assert delivery.error == "ConnectionRefusedError: The mail server is down."
    settings.EMAIL_BACKEND = works
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        send_due()
        assert send_due() == 0
    told = [letter for letter in mail.outbox if letter.to == ["ada@example.com"]]
    assert [Order.objects.get().number in letter.subject for letter in told] == [True]
    assert Payment.objects.count() == Order.objects.count() == 1
