"""Each scenario is played twice: against the stand-in, and against a real Stripe test account."""

import os
from collections.abc import Collection, Iterator

import pytest
import stripe
from pytest_django import Settings

from cart.models import Cart
from checkout import stripe_gateway
from checkout.models import PaymentAttempt
from tests.factories import make_cart, make_shipping, make_variant
from tests.standin import StandIn
from tests.stripe_account.account import Account

STAND_IN, TEST_ACCOUNT = "stand-in", "test account"
STRIPE = "api.stripe.com"


@pytest.fixture(params=[STAND_IN, TEST_ACCOUNT])
def side(request: pytest.FixtureRequest) -> str:
    """Return which of the two Stripes it is; skip the real one without a key, refuse a live key."""
    if request.param == TEST_ACCOUNT:
        key = os.environ.get("STRIPE_TEST_SECRET_KEY", "")
        if not key:
            pytest.skip("STRIPE_TEST_SECRET_KEY is not set: no real Stripe test account was asked.")
        if not key.startswith("sk_test_"):
            pytest.fail(
                "STRIPE_TEST_SECRET_KEY does not begin with sk_test_. Nothing was sent: set the "
                "secret key of a test account.",
                pytrace=False,
            )
    return str(request.param)


@pytest.fixture
def reachable_hosts(side: str) -> Collection[str]:
    """Return Stripe's host for the real account, no other and never else."""
    return (STRIPE,) if side == TEST_ACCOUNT else ()


@pytest.fixture
def account(
    side: str, request: pytest.FixtureRequest, settings: Settings, db: None
) -> Iterator[Account]:
    """The Stripe account that the shop talks to; intents left open are cancelled afterwards."""
    standin: StandIn | None = None
    if side == STAND_IN:
        standin = request.getfixturevalue("standin")
    else:
        settings.STRIPE_SECRET_KEY = os.environ["STRIPE_TEST_SECRET_KEY"]
        settings.STRIPE_API_BASE = f"https://{STRIPE}"
    client = stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": settings.STRIPE_API_BASE},
        max_network_retries=stripe_gateway.RETRIES,
    )
    yield Account(client, standin)
    for attempt in PaymentAttempt.objects.filter(is_open=True, intent_id__isnull=False):
        stripe_gateway.cancel_intent(str(attempt.intent_id))


@pytest.fixture
def cart(db: None) -> Cart:
    """One mug at $42.00, of ten; shipping and tax are added."""
    make_shipping(600)
    return make_cart(make_variant(price_minor=4200, units=10))
