"""Which cart is this visitor's? By account when signed in, else by the signed cookie `cart`.

An account's cart is never reached by cookie, so a cookie left on a shared machine opens nothing
after signing out. `cart/middleware.py` sets and clears the cookies after the answer is made.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from accounts.models import User
from cart.leaving import hand_over
from cart.models import (
    KEPT_FOR,
    MAX_QUANTITY,
    Cart,
    CartLine,
    Coupon,
    CouponRedemption,
    keep_until,
)
from inventory import stock
from shop.currency import current_currency
from shop.visits import current_source

CART_COOKIE = "cart"
COUPON_COOKIE = "coupon"
_VISIT = "_cart_visit"


@dataclass
class Visit:
    """What one request knows of its cart: the cookies as they came, the cart once it was looked up.

    `new_coupon_code` is to be remembered until there is a cart.
    """

    token: str
    coupon_code: str
    new_coupon_code: str = ""
    looked_up: bool = False
    cart: Cart | None = None
    expires_at: datetime | None = None


def visit_of(request: HttpRequest) -> Visit:
    """Return what this request knows so far; no query."""
    known: dict[str, Visit] = vars(request)
    if not is_known(request):
        known[_VISIT] = Visit(_cookie(request, CART_COOKIE), _cookie(request, COUPON_COOKIE))
    return known[_VISIT]


def is_known(request: HttpRequest) -> bool:
    """Say whether anything of this request has asked for the cart."""
    return _VISIT in vars(request)


def units_in_cart(request: HttpRequest) -> int:
    """Return how many units the visitor's cart has; one query, none without account and cookie.

    At first sight after sign-in it merges like `get_cart`.
    """
    visit = visit_of(request)
    user = _user(request)
    lines = CartLine.objects.all()
    if visit.looked_up or (user is not None and visit.token):
        cart = get_cart(request)
        lines = lines.filter(cart=cart) if cart is not None else lines.none()
    elif user is not None:
        lines = lines.filter(cart__user=user)
    elif visit.token:
        lines = lines.filter(cart__token=visit.token, cart__user=None, cart__merged_into=None)
    else:
        return 0
    return sum(lines.values_list("quantity", flat=True))


def get_cart(request: HttpRequest) -> Cart | None:
    """Return the visitor's cart, or None; looked up once a request, in one query.

    At first sight after sign-in it takes in the cart that was filled before. The cart's currency
    follows the one that the visitor has chosen.
    """
    visit = visit_of(request)
    if not visit.looked_up:
        visit.looked_up = True
        visit.cart = _look_up(_user(request), visit.token)
        if visit.cart is not None:
            visit.expires_at = visit.cart.expires_at
            _bring_in_line(request, visit, visit.cart)
    return visit.cart


def get_or_create_cart(request: HttpRequest) -> Cart:
    """Return the visitor's cart, a new one where there is none yet."""
    cart = get_cart(request)
    if cart is not None:
        return cart
    visit = visit_of(request)
    cart = new_cart(request)
    if cart.user is None:
        cart.save()
    else:
        cart, _created = Cart.objects.get_or_create(
            user=cart.user,
            defaults={
                "currency": cart.currency,
                "country": cart.country,
                "language": cart.language,
            },
        )
    visit.cart = cart
    _bring_in_line(request, visit, cart)
    return cart


def new_cart(request: HttpRequest) -> Cart:
    """Return an empty cart for this visitor that is not saved."""
    return Cart(
        user=_user(request),
        currency=current_currency(request),
        source=current_source(request),
        country=settings.DEFAULT_COUNTRY,
        language=get_language() or settings.LANGUAGE_CODE,
    )


def _user(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _cookie(request: HttpRequest, name: str) -> str:
    value = request.get_signed_cookie(name, default="", salt=name, max_age=KEPT_FOR)
    return str(value)


def _look_up(user: User | None, token: str) -> Cart | None:
    carts = Cart.objects.select_related("coupon")
    if user is not None:
        if token:
            _merge(user, token)
        return carts.filter(user=user).first()
    if token:
        return carts.filter(token=token, user=None, merged_into=None).first()
    return None


def _bring_in_line(request: HttpRequest, visit: Visit, cart: Cart) -> None:
    """Follow the visit's currency and source, and a link's coupon that came before the cart."""
    cart.currency, currency = current_currency(request), cart.currency
    cart.source, source = current_source(request) or cart.source, cart.source
    coupon = cart.coupon
    if visit.coupon_code:
        cart.coupon = Coupon.objects.filter(code__iexact=visit.coupon_code).first() or coupon
    if (cart.currency, cart.source, cart.coupon) != (currency, source, coupon):
        cart.save(update_fields=["currency", "source", "coupon"])


def _merge(user: User, token: str) -> None:
    """Merge the visitor's cart with `token` into the account's. The second time nothing is left."""
    try:
        _take_in(user, token)
    except IntegrityError:
        # Another device made the account's first cart meanwhile: now it is there to be found.
        _take_in(user, token)


@transaction.atomic
def _take_in(user: User, token: str) -> None:
    """Make the visitor's cart with `token` the account's, or put it into the one that it has.

    Quantities of the same variant are added up to 99, and the visitor's coupon wins: it is the
    newer wish. The visitor's cart stays for the orders that hang on it; what it holds for an
    unpaid order now counts as the account's own. The user's row is not locked: an order that is
    placed with the cart locked refers to it.
    """
    both = Cart.objects.select_for_update().filter(Q(token=token, user=None) | Q(user=user))
    carts = list(both.filter(merged_into=None).order_by("pk"))
    visitors = next((cart for cart in carts if cart.user_id is None), None)
    accounts = next((cart for cart in carts if cart.user_id is not None), None)
    if visitors is None:
        return
    if accounts is None:
        visitors.user = user
        visitors.save(update_fields=["user"])
        return
    _move_lines(visitors, accounts)
    visitors.merged_into = accounts
    accounts.coupon = visitors.coupon or accounts.coupon
    accounts.changed_at = timezone.now()
    accounts.expires_at = keep_until()
    visitors.save(update_fields=["merged_into"])
    accounts.save(update_fields=["coupon", "changed_at", "expires_at"])
    hand_over(visitors, accounts)
    stock.hand_over(visitors.token, accounts.token)
    CouponRedemption.objects.filter(
        holder=visitors.token, state=CouponRedemption.State.HELD
    ).update(holder=accounts.token)


def _move_lines(source: Cart, target: Cart) -> None:
    present = {line.variant_id: line for line in target.lines.all()}
    for line in source.lines.all():
        same = present.get(line.variant_id)
        if same is None:
            line.cart = target
            line.save(update_fields=["cart"])
        else:
            same.quantity = min(same.quantity + line.quantity, MAX_QUANTITY)
            same.save(update_fields=["quantity"])
            line.delete()
