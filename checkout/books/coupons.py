"""What must hold between coupons, their redemptions and orders."""

from collections.abc import Iterator
from functools import partial

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from cart.models import Coupon, CouponRedemption
from checkout.books import repairs
from checkout.books.findings import (
    CLOSED_STATES,
    PAID_STATES,
    Break,
    Repair,
    State,
    order_named,
)
from orders.models import Order, OrderEvent

Redemption = CouponRedemption.State
_is_live = ~Q(redemptions__state=Redemption.RELEASED)


def coupon_uses() -> Iterator[Break]:
    """Yield each coupon whose uses are not the number of its live redemptions. 1 query."""
    coupons = Coupon.objects.annotate(live=Count("redemptions", filter=_is_live))
    for coupon in coupons.exclude(uses=F("live")):
        yield Break(
            rule="coupon_uses_differ",
            title=_("A coupon's uses are not the number of its live redemptions"),
            subject=_("Coupon %(code)s") % {"code": coupon.code},
            found=str(coupon.uses),
            expected=str(coupon.live),
            hint=_("Count again from the redemptions."),
            repair=Repair(
                _("count the uses from the redemptions"),
                partial(repairs.recount_uses, coupon.pk),
            ),
        )


def coupons_over_their_limit() -> Iterator[Break]:
    """Yield each coupon with more live redemptions than it allows. 1 query."""
    coupons = Coupon.objects.annotate(live=Count("redemptions", filter=_is_live))
    for coupon in coupons.filter(live__gt=F("max_uses")):
        yield Break(
            rule="coupon_over_limit",
            title=_("A coupon was used more often than it may be"),
            subject=_("Coupon %(code)s") % {"code": coupon.code},
            found=str(coupon.live),
            expected=_("at most %(limit)d") % {"limit": coupon.max_uses or 0},
            hint=_("Look its redemptions through: one was added by hand or twice."),
        )


def redemptions_without_their_order() -> Iterator[Break]:
    """Yield each live redemption that does not fit the state of its order. 1 query."""
    order = Order.objects.filter(number=OuterRef("reference")).exclude(coupon_code="")
    redemptions = CouponRedemption.objects.exclude(state=Redemption.RELEASED).select_related(
        "coupon"
    )
    redemptions = redemptions.annotate(order_state=Subquery(order.values("state")))
    still_paid = [state for state in PAID_STATES if state != State.REFUNDED]
    fits = Q(state=Redemption.HELD, order_state=State.PENDING) | Q(
        state=Redemption.CONFIRMED, order_state__in=still_paid
    )
    for redemption in redemptions.filter(Q(order_state=None) | ~fits):
        is_there = redemption.order_state is not None
        label = State(redemption.order_state).label if is_there else _("not there")
        yield Break(
            rule="redemption_does_not_fit_order",
            title=_("A coupon use does not fit the order that it was for"),
            subject=f"{order_named(redemption.reference)}: {redemption.coupon}",
            order=redemption.reference if is_there else "",
            found=_("use “%(use)s”, and the order with this coupon is: %(state)s")
            % {"use": redemption.get_state_display(), "state": label},
            expected=_("held while the order waits, confirmed while it is paid"),
            hint=_("Give the use back, unless the order still has its discount."),
            repair=None
            if redemption.order_state in (State.PENDING, *still_paid)
            else Repair(
                _("give the use back"), partial(repairs.give_back_redemption, redemption.reference)
            ),
        )


def orders_without_their_redemption() -> Iterator[Break]:
    """Yield each order with a coupon of which no use is counted, though one must be. 1 query.

    One that was closed and paid afterwards may have lost it; one that was refunded in full, and
    whose refund failed later, gave it back.
    """
    uses = CouponRedemption.objects.filter(reference=OuterRef("number"))
    gave_up = OrderEvent.objects.filter(
        order=OuterRef("pk"), kind__in=[*CLOSED_STATES, State.REFUNDED]
    )
    orders = Order.objects.exclude(coupon_code="").exclude(state__in=CLOSED_STATES)
    live = uses.exclude(state=Redemption.RELEASED)
    for order in orders.filter(~Exists(uses) | ~Exists(live) & ~Exists(gave_up)):
        yield Break(
            rule="order_without_redemption",
            title=_("An order had a discount by a coupon, but no use of it is counted"),
            subject=f"{order_named(order.number)}: {order.coupon_code}",
            order=order.number,
            found=_("no use counted"),
            expected=_("one use counted"),
            hint=_("The use was deleted or given back by hand: restore it from a backup."),
        )


RULES = (
    coupon_uses,
    coupons_over_their_limit,
    redemptions_without_their_order,
    orders_without_their_redemption,
)
