"""The steps that are no messages. Each takes its Delivery and returns what came of it, in short.

All of them can be done twice without harm: a worker may die between the deed and its note.
"""

from collections.abc import Callable

from django.utils.translation import gettext as _

from notifications.causes import event_of
from notifications.granting import grant, revoke, revoke_units, withdraw_former
from notifications.models import Delivery
from notifications.posthog import tell_posthog
from orders.receipts import issue
from shop.funnel import record
from shop.models import FunnelEvent

FOLLOW_UPS = ["follow_up_first", "follow_up_second", "follow_up_third"]


def count_attempt(delivery: Delivery) -> str:
    """Count a try to pay."""
    return _count(delivery, FunnelEvent.Kind.ATTEMPT)


def count_paid(delivery: Delivery) -> str:
    """Count a paid order."""
    return _count(delivery, FunnelEvent.Kind.PAID)


def issue_receipt(delivery: Delivery) -> str:
    """Give the order its receipt, with the next number."""
    return str(issue(event_of(delivery).order).number)


def stop_follow_ups(delivery: Delivery) -> str:
    """Cancel the follow-ups of the order that have not been sent yet."""
    waiting = Delivery.objects.filter(
        event__order=event_of(delivery).order_id, step__in=FOLLOW_UPS, state=Delivery.State.DUE
    )
    stopped = waiting.update(
        state=Delivery.State.CANCELED, result=_("stopped: the money went back")
    )
    return _("%(count)d stopped") % {"count": stopped}


DEEDS: dict[str, Callable[[Delivery], str]] = {
    deed.__name__: deed
    for deed in (
        count_attempt,
        count_paid,
        issue_receipt,
        grant,
        revoke,
        revoke_units,
        withdraw_former,
        stop_follow_ups,
        tell_posthog,
    )
}


def _count(delivery: Delivery, kind: FunnelEvent.Kind) -> str:
    event = event_of(delivery)
    order = event.order
    record(kind, order.number, event.created_at, source=order.source, coupon=order.coupon_code)
    return ""
