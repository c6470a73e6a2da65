"""Against card testing: how often a shopper may try, be declined, and hold goods without paying.

Cards go from the browser straight to Stripe, so a try is counted when Stripe has told of it: in the
order events DECLINED and PAID. While too large a share of the whole shop's tries is declined (a
`DeclineJump`), each order takes fewer of them and the browser has to work for it first
(checkout/challenge.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from django.conf import settings
from django.core.mail import mail_admins
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.rate_limits import Limit, client_address, over_limit, seconds_left
from cart.models import Cart
from checkout.models import DeclineJump, PaymentAttempt
from orders.models import Order, OrderEvent

Kind = OrderEvent.Kind

# Requests to pay, whatever becomes of them.
LIMIT_BY_CART = Limit("pay-cart", times=120, seconds=600)
LIMIT_BY_ADDRESS = Limit("pay-address", times=600, seconds=600)
# Beyond it nobody is refused, or one attacker could close the shop: everybody is challenged.
LIMIT_IN_ALL = Limit("pay-all", times=600, seconds=60)

# For so long a decline counts against cart, e-mail address and network address.
DECLINES_COUNT_FOR = timedelta(hours=1)
# The share of declines is taken over so long, and a jump lasts as long after the last sign of it.
JUMP_WINDOW = timedelta(minutes=10)
DECLINES_PER_ORDER_IN_JUMP = 2
# A challenge grows with the shopper's own declines, up to this many times the work.
MOST_EFFORT = 4
# The first bits of an IPv6 address name the connection; the rest changes at its owner's will.
IPV6_NETWORK_BITS = 64


@dataclass(frozen=True)
class Shopper:
    """What a shopper is known by: e-mail address in small letters, network address or nothing."""

    cart_id: int | None
    email: str
    address: str


@dataclass(frozen=True)
class Decline:
    """A declined try of the last hour."""

    at: datetime
    order_id: int
    cart_id: int | None
    email: str
    address: str


class TooManyError(Exception):
    """Refused for now: `message` says what to do, it can be tried again in `retry_after` seconds.

    Nothing was charged.
    """

    def __init__(self, code: str, problem: str, retry_after: float) -> None:
        self.code = code
        self.retry_after = max(1, ceil(retry_after))
        minutes = ceil(self.retry_after / 60)
        self.message = f"{problem} " + ngettext(
            "Nothing was charged: try again in a minute.",
            "Nothing was charged: try again in %(minutes)d minutes.",
            minutes,
        ) % {"minutes": minutes}
        super().__init__(self.message)


def shopper_address(request: HttpRequest) -> str:
    """Return the network address by which a shopper is counted; empty when there is none.

    Of an IPv6 address it is the /64 network, of which one connection has every address.
    """
    try:
        address = ip_address(client_address(request))
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((address, IPV6_NETWORK_BITS), strict=False).network_address)


def refuse_too_many_requests(cart: Cart, address: str) -> None:
    """Count one request to pay; raises TooManyError. Two upserts."""
    for limit, who in ((LIMIT_BY_CART, str(cart.pk)), (LIMIT_BY_ADDRESS, address)):
        if who and over_limit(limit, who):
            raise TooManyError("too_many_requests", _("Too many tries."), seconds_left(limit))


def refuse_too_many_declines(shopper: Shopper) -> int:
    """Return how many of the shopper's tries were declined in the last hour.

    Raises TooManyError when they are too many for another one. One query.
    """
    declines = _declines(shopper)
    until = _refused_until(shopper, declines)
    if until is not None:
        raise TooManyError(
            "too_many_declines",
            _("Too many cards were declined."),
            (until - timezone.now()).total_seconds(),
        )
    return len(declines)


def refuse_too_many_holds(user: User | None, email: str, address: str) -> None:
    """Refuse another unpaid order to a shopper or a network that has many; raises TooManyError.

    Call it in the transaction that places the order: until that ends, no other order of the same
    shopper or network is placed, so the cap is exact. Two queries, and a lock each for account,
    e-mail address and network address.
    """
    pending = Order.objects.filter(state=Order.State.PENDING)
    own = Q(email__iexact=email)
    names = [f"holds of {email.lower()}"]
    if user is not None:
        own |= Q(user=user)
        names.append(f"holds of account {user.pk}")
    if address:
        names.append(f"holds from {address}")
    _take_turns(*names)
    _refuse_more_than(
        settings.MAX_HOLDS_PER_SHOPPER,
        pending.filter(own),
        _("Too many of your orders wait for payment (%(count)d): pay for one of them first."),
    )
    if address:
        _refuse_more_than(
            settings.MAX_HOLDS_PER_ADDRESS,
            pending.filter(placed_from=address),
            _("Too many orders from your network wait for payment (%(count)d)."),
        )


def has_had_enough(attempt: PaymentAttempt) -> bool:
    """Say whether no further try on this order is wanted, after a decline. At most 2 queries."""
    order = attempt.order
    shopper = Shopper(attempt.cart_id, order.email.lower(), order.placed_from or "")
    declines = _declines(shopper)
    most = DECLINES_PER_ORDER_IN_JUMP if is_jumping() else settings.MAX_DECLINES_PER_ORDER
    on_this_order = sum(decline.order_id == order.pk for decline in declines)
    return on_this_order >= most or _refused_until(shopper, declines) is not None


def effort_wanted(declines: int) -> int:
    """Return how hard a challenge a shopper with so many declines gets; 0: none is needed.

    An upsert and a query.
    """
    is_crowded = over_limit(LIMIT_IN_ALL, "shop")
    if not is_crowded and not is_jumping():
        return 0
    return min(1 + declines, MOST_EFFORT)


def is_jumping() -> bool:
    """Say whether too large a share of the shop's tries is being declined. One query."""
    return DeclineJump.objects.filter(lasts_until__gt=timezone.now()).exists()


def note_decline_rate() -> None:
    """After a decline, begin or prolong the jump if the shop's share of declines is too large.

    One query; call it in a transaction.
    """
    now = timezone.now()
    seen = OrderEvent.objects.filter(
        kind__in=[Kind.DECLINED, Kind.PAID], created_at__gt=now - JUMP_WINDOW
    ).aggregate(tries=Count("pk"), declined=Count("pk", filter=Q(kind=Kind.DECLINED)))
    share = settings.DECLINE_JUMP_PERCENT * seen["tries"]
    if seen["declined"] < settings.DECLINE_JUMP or 100 * seen["declined"] <= share:
        return
    _take_turns("decline jump")
    until = now + JUMP_WINDOW
    if not DeclineJump.objects.filter(lasts_until__gt=now).update(lasts_until=until):
        DeclineJump.objects.create(lasts_until=until, **seen)


def tell_staff() -> None:
    """Mail the staff about each jump that they do not know of; raises when that fails."""
    for jump in DeclineJump.objects.filter(told_at=None).order_by("pk"):
        mail_admins(_("Many cards are being declined"), _letter(jump))
        DeclineJump.objects.filter(pk=jump.pk).update(told_at=timezone.now())


def _letter(jump: DeclineJump) -> str:
    return _(
        "%(declined)d of %(tries)d tries to pay were declined within ten minutes. Somebody may be "
        "testing stolen cards in your shop, or a bank is in trouble.\n\n"
        "What the shop does: each try to pay first costs the browser a second or more of computing "
        "(shoppers see “Checking…”), and an order is closed after %(most)d declines. This began at "
        "%(began)s and ends by itself ten minutes after the declines get fewer.\n\n"
        "What you can do: look at the declined payments in Stripe's dashboard, and block what they "
        "have in common there. Refund those that went through and that no shopper knows of."
    ) % {
        "declined": jump.declined,
        "tries": jump.tries,
        "most": DECLINES_PER_ORDER_IN_JUMP,
        "began": timezone.localtime(jump.started_at).strftime("%Y-%m-%d %H:%M %Z"),
    }


def _declines(shopper: Shopper) -> list[Decline]:
    """The shopper's declines that still count, the oldest first. One query.

    It reads at most the whole shop's declines of an hour, by their index.
    """
    own = Q(order__email__iexact=shopper.email)
    if shopper.cart_id is not None:
        own |= Q(order__attempt__cart=shopper.cart_id)
    if shopper.address:
        own |= Q(order__placed_from=shopper.address)
    recent = OrderEvent.objects.filter(
        kind=Kind.DECLINED, created_at__gt=timezone.now() - DECLINES_COUNT_FOR
    )
    rows = recent.filter(own).order_by("created_at")
    return [
        Decline(at, order_id, cart_id, email.lower(), address or "")
        for at, order_id, cart_id, email, address in rows.values_list(
            "created_at",
            "order_id",
            "order__attempt__cart_id",
            "order__email",
            "order__placed_from",
        )
    ]


def _refused_until(shopper: Shopper, declines: list[Decline]) -> datetime | None:
    """When the shopper has declines few enough again; None when they are few enough now."""
    ends = []
    for name, most in (
        ("cart_id", settings.MAX_DECLINES_PER_SHOPPER),
        ("email", settings.MAX_DECLINES_PER_SHOPPER),
        ("address", settings.MAX_DECLINES_PER_ADDRESS),
    ):
        own = getattr(shopper, name)
        times = [decline.at for decline in declines if own and getattr(decline, name) == own]
        if len(times) >= most:
            ends.append(times[-most] + DECLINES_COUNT_FOR)
    return max(ends, default=None)


def _refuse_more_than(most: int, orders: QuerySet[Order], problem: str) -> None:
    ends = sorted(orders.values_list("held_until", flat=True))
    if len(ends) >= most:
        wait = ends[-most] - timezone.now()
        raise TooManyError("too_many_holds", problem % {"count": len(ends)}, wait.total_seconds())


def _take_turns(*names: str) -> None:
    """Wait until no other transaction that gave one of these names is under way.

    SQLite has one writer at a time anyway.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for name in sorted(names):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
