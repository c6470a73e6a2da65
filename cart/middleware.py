from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_vary_headers

from cart.codes import enter_code
from cart.current import CART_COOKIE, COUPON_COOKIE, Visit, is_known, visit_of
from cart.lines import CartRefusedError
from cart.models import KEPT_FOR

COUPON_PARAMETER = "coupon"
# Their addresses have parameters of their own.
APPS_WITHOUT_LINKS = {"admin", "ninja"}


class CartMiddleware:
    """Keep the cookies of the cart, and apply the coupon of any link that has `?coupon=CODE`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if is_known(request):
            patch_vary_headers(response, ["Cookie"])
            _keep_cookies(request, response, visit_of(request))
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Apply a link's coupon, and lead to the same address without it."""
        if request.method != "GET" or COUPON_PARAMETER not in request.GET:
            return None
        match = request.resolver_match
        if match is None or APPS_WITHOUT_LINKS.intersection(match.app_names):
            return None
        try:
            messages.success(request, enter_code(request, request.GET[COUPON_PARAMETER]))
        except CartRefusedError as refusal:
            messages.error(request, str(refusal))
        rest = request.GET.copy()
        del rest[COUPON_PARAMETER]
        query = f"?{rest.urlencode()}" if rest else ""
        return HttpResponseRedirect(request.path + query)


def _keep_cookies(request: HttpRequest, response: HttpResponse, visit: Visit) -> None:
    cart = visit.cart
    if visit.looked_up and visit.token and request.user.is_authenticated:
        # What was in the visitor's cart is the account's now.
        response.delete_cookie(CART_COOKIE)
    elif cart is not None and cart.user_id is None and cart.expires_at != visit.expires_at:
        _set_cookie(response, CART_COOKIE, cart.token)
    if cart is not None and visit.coupon_code:
        response.delete_cookie(COUPON_COOKIE)
    elif visit.new_coupon_code:
        _set_cookie(response, COUPON_COOKIE, visit.new_coupon_code)


def _set_cookie(response: HttpResponse, name: str, value: str) -> None:
    response.set_signed_cookie(
        name,
        value,
        salt=name,
        max_age=KEPT_FOR,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
