from collections.abc import Iterator

import pytest
from pytest_django import Settings

from cart.models import Cart
from tests.factories import make_cart, make_shipping, make_variant
from tests.standin import StandIn


@pytest.fixture(scope="session")
def standin_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    data = tmp_path_factory.mktemp("stripe") / "stripe.sqlite3"
    standin = StandIn(data, settle_seconds=3600).start()
    yield standin
    violations = standin.contract_violations()
    standin.stop()
    assert violations == []


@pytest.fixture
def standin(standin_process: StandIn, settings: Settings) -> StandIn:
    """The stand-in for Stripe, empty, and the shop told where it is."""
    standin_process.reset()
    settings.STRIPE_SECRET_KEY = standin_process.secret_key
    settings.STRIPE_PUBLISHABLE_KEY = standin_process.publishable_key
    settings.STRIPE_WEBHOOK_SECRET = standin_process.webhook_secret
    settings.STRIPE_API_BASE = standin_process.url
    settings.STRIPE_JS_URL = standin_process.js_url
    settings.STRIPE_JS_ORIGIN = settings.STRIPE_API_ORIGIN = standin_process.url
    return standin_process


@pytest.fixture
def cart(db: None) -> Cart:
    """Two mugs at $42.00, of ten; shipping $6.00, tax 8 %: $97.20."""
    make_shipping(600)
    return make_cart(make_variant(price_minor=4200, units=10), quantity=2)
