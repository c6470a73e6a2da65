"""A coupon code as a shopper gives it: typed, or in a link that ends in `?coupon=CODE`."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.rate_limits import Limit, client_address, over_limit
from cart.current import get_cart, visit_of
from cart.lines import CartRefusedError, apply_coupon, find_coupon
from shop.currency import current_currency

LIMIT = Limit("coupon", times=20, seconds=600)


def enter_code(request: HttpRequest, code: str) -> str:
    """Use the coupon `code` for the visitor's cart; returns what the shopper is told.

    Where there is no cart yet it is remembered until there is. Raises CartRefusedError.
    """
    if not code.strip():
        raise CartRefusedError(_("Enter the code of your coupon."))
    # By address alone: a new cart must not bring new tries.
    if over_limit(LIMIT, client_address(request)):
        raise CartRefusedError(_("Too many codes were tried: wait ten minutes and try again."))
    cart = get_cart(request)
    if cart is not None:
        apply_coupon(cart, code)
        return _("The coupon %(code)s is applied to your cart.") % {"code": cart.coupon}
    coupon = find_coupon(code, current_currency(request), holder="")
    visit_of(request).new_coupon_code = coupon.code
    return _("The coupon %(code)s will be applied to what you put in your cart.") % {
        "code": coupon.code
    }
