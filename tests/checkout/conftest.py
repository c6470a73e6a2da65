import pytest

from cart.models import Cart
from tests.factories import make_cart, make_shipping, make_variant


@pytest.fixture
def cart(db: None) -> Cart:
    """Two mugs at $42.00, of ten; shipping $6.00, tax 8 %: $97.20."""
    make_shipping(600)
    return make_cart(make_variant(price_minor=4200, units=10), quantity=2)
