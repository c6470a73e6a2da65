"""The verbs of coupon uses: hold, confirm, release. Each runs inside the caller's transaction."""

from datetime import datetime

from babel.dates import format_date
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from cart.models import Coupon, CouponRedemption


class CouponRefusedError(Exception):
    """The coupon cannot be used now: it ran out, ended, or was switched off."""


def problem(coupon: Coupon, currency: str, holder: str) -> str:
    """Say why the cart `holder` cannot use `coupon` in `currency` now; "" when it can.

    At most one query. A use that the cart's own unpaid order holds counts as free.
    """
    now = timezone.now()
    words = {"code": coupon.code}
    if not coupon.is_active:
        return _("The coupon %(code)s is no longer accepted.") % words
    if coupon.starts_at is not None and now < coupon.starts_at:
        return _("The coupon %(code)s is not valid before %(day)s.") % {
            **words,
            "day": _day(coupon.starts_at),
        }
    if coupon.ends_at is not None and coupon.ends_at <= now:
        return _("The coupon %(code)s ended on %(day)s.") % {**words, "day": _day(coupon.ends_at)}
    if coupon.currency not in ("", currency):
        return _("The coupon %(code)s is for prices in %(currency)s only.") % {
            **words,
            "currency": coupon.currency,
        }
    if (
        coupon.max_uses is not None
        and coupon.uses >= coupon.max_uses
        and not coupon.redemptions.filter(holder=holder, state=CouponRedemption.State.HELD).exists()
    ):
        return _("The coupon %(code)s has been used up.") % words
    return ""


def _day(moment: datetime) -> str:
    locale = to_locale(get_language() or "en")
    return format_date(timezone.localtime(moment), locale=locale)


@transaction.atomic
def hold(code: str, reference: str, holder: str) -> None:
    """Count one use of the coupon for the order `reference` of the cart `holder`. 3 queries.

    Raises CouponRefusedError when it was switched off or its last use is taken; whether it has
    begun or ended was settled by the quote of this same request.
    """
    coupon = Coupon.objects.filter(code__iexact=code)
    free = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    if not coupon.filter(free, is_active=True).update(uses=F("uses") + 1):
        raise CouponRefusedError
    CouponRedemption.objects.create(coupon=coupon.get(), reference=reference, holder=holder)


@transaction.atomic
def confirm(reference: str) -> None:
    """Make the held use of the order `reference` final."""
    CouponRedemption.objects.filter(reference=reference, state=CouponRedemption.State.HELD).update(
        state=CouponRedemption.State.CONFIRMED
    )


@transaction.atomic
def release(reference: str) -> None:
    """Give the held use of the order `reference` back."""
    _free(reference, CouponRedemption.State.HELD)


@transaction.atomic
def give_back(reference: str) -> None:
    """Give the final use of the order `reference` back: the order was refunded in full."""
    _free(reference, CouponRedemption.State.CONFIRMED)


def _free(reference: str, state: CouponRedemption.State) -> None:
    live = CouponRedemption.objects.filter(reference=reference, state=state)
    for redemption in live.select_for_update():
        Coupon.objects.filter(pk=redemption.coupon_id).update(uses=F("uses") - 1)
        redemption.state = CouponRedemption.State.RELEASED
        redemption.save(update_fields=["state"])
