from collections.abc import Iterator

import pytest
from django.core.signing import get_cookie_signer
from playwright.sync_api import Page
from pytest_django import Settings

from cart.models import Cart
from tests.browser.checkout import OpenCheckout
from tests.factories import make_cart, make_shipping, make_variant
from tests.standin import StandIn


@pytest.fixture(scope="package")
def standin_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    standin = StandIn(tmp_path_factory.mktemp("stripe") / "stripe.sqlite3").start()
    yield standin
    standin.stop()


@pytest.fixture
def standin(standin_process: StandIn, settings: Settings) -> StandIn:
    """The stand-in for Stripe, empty, and the shop told where it is."""
    standin_process.reset()
    settings.STRIPE_SECRET_KEY = standin_process.secret_key
    settings.STRIPE_PUBLISHABLE_KEY = standin_process.publishable_key
    settings.STRIPE_API_BASE = standin_process.url
    settings.STRIPE_JS_URL = standin_process.js_url
    settings.STRIPE_JS_ORIGIN = settings.STRIPE_API_ORIGIN = standin_process.url
    return standin_process


@pytest.fixture
def cart() -> Cart:
    """Two mugs at $42.00, of ten; shipping $6.00, tax 8 %: $97.20."""
    make_shipping()
    return make_cart(make_variant(), quantity=2)


@pytest.fixture
def open_checkout(shop_server: str, cart: Cart, standin: StandIn) -> OpenCheckout:
    """Return a function that opens the checkout page with that cart."""

    def go(page: Page) -> None:
        token = get_cookie_signer(salt="cartcart").sign(cart.token)
        page.context.add_cookies([{"name": "cart", "value": token, "url": shop_server}])
        page.goto(f"{shop_server}/checkout/")

    return go
