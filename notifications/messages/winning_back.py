"""What somebody hears who began a purchase and did not finish it, or waits for something."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from cart.coupons import problem
from cart.models import Coupon, LeftBehind
from notifications.causes import alert_of, left_of
from notifications.failures import NotWantedError
from notifications.models import Delivery
from orders.declines import refusal_of
from orders.models import OrderEvent, Payment


def payment_failed(delivery: Delivery) -> dict[str, Any]:
    """A payment was refused: why, in plain words, and a link to try again."""
    left = left_of(delivery)
    decline = OrderEvent.objects.filter(
        order__number=left.mark, kind=OrderEvent.Kind.DECLINED
    ).last()
    code = decline.data.get("code", "") if decline is not None else ""
    return _about(left) | {"refusal": refusal_of(code).why}


def left_at_checkout(delivery: Delivery) -> dict[str, Any]:
    """An hour after somebody left the checkout page: a link to go on."""
    return _about(left_of(delivery))


def cart_left(delivery: Delivery) -> dict[str, Any]:
    """A cart was left: what is in it, and a link to it."""
    return _about(left_of(delivery))


def last_call(delivery: Delivery) -> dict[str, Any]:
    """Three days later, once and no more: with a coupon for a first order, where there is one."""
    left = left_of(delivery)
    context = _about(left)
    coupon = _first_order_coupon(left)
    if coupon is not None:
        # The shop applies the coupon of any link that carries one (cart/middleware.py).
        context["retry_url"] += "?" + urlencode({"coupon": coupon.code})
    return context | {"coupon": coupon}


def back_in_stock(delivery: Delivery) -> dict[str, Any]:
    """Something that somebody waits for can be bought again."""
    variant = alert_of(delivery).variant
    if not (variant.is_active and variant.product.is_published):
        raise NotWantedError(_("it is for sale no more"))
    return {
        "variant": variant,
        "product": variant.product,
        "why": _("You asked us to tell you when it is back."),
    }


def _about(left: LeftBehind) -> dict[str, Any]:
    return {
        "left": left,
        "items": left.items,
        "why": _("You left this address with us when you began an order."),
        "retry_url": settings.BASE_URL + reverse("checkout:retry", args=[left.token]),
    }


def _first_order_coupon(left: LeftBehind) -> Coupon | None:
    """The coupon that the owner offers to new buyers, if this person can use it now."""
    coupon = Coupon.objects.filter(code__iexact=settings.FIRST_ORDER_COUPON).first()
    if coupon is None or problem(coupon, left.currency, left.cart.token if left.cart else ""):
        return None
    paid = Payment.objects.filter(order__email__iexact=left.email, outcome=Payment.Outcome.ACCEPTED)
    return None if paid.exists() else coupon
