"""The steps of a cart on the way to a paid order."""

from django.utils import timezone

from cart.models import Cart
from shop.funnel import record
from shop.models import FunnelEvent


def record_cart(kind: FunnelEvent.Kind, cart: Cart) -> None:
    """Count a step of the cart once a day: an account keeps its cart for many purchases. 1 query.

    One more where the cart's coupon has not been read yet.
    """
    now = timezone.now()
    coupon = cart.coupon.code if cart.coupon else ""
    key = f"{cart.pk} {timezone.localdate(now)}"
    record(kind, key, now, source=cart.source, coupon=coupon)
