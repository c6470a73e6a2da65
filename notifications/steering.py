"""What staff may do with a step: run it now, try it again, cancel it, or let it fail.

A step that a worker is just doing is left alone: it would be done twice, or be called canceled
after it was done.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from notifications.models import Delivery
from notifications.outbox import unclaimed
from shop.doorbells import ring

State = Delivery.State


@transaction.atomic
def run_now(steps: QuerySet[Delivery]) -> int:
    """Skip the wait of steps that are not done yet; returns how many there were.

    A step that waits for another one goes on waiting for it.
    """
    return _put_back(unclaimed(steps.filter(state=State.DUE)))


@transaction.atomic
def try_again(steps: QuerySet[Delivery]) -> int:
    """Begin anew with steps that were given up; returns how many there were."""
    return _put_back(steps.filter(state=State.FAILED))


@transaction.atomic
def cancel(steps: QuerySet[Delivery], user: User) -> int:
    """Cancel steps that are not done, and those that wait for them; returns how many."""
    result = _("canceled by %(name)s") % {"name": user}
    closed = 0
    keys = list(steps.values_list("pk", flat=True))
    while keys:
        open_steps = Delivery.objects.filter(pk__in=keys, state__in=[State.DUE, State.FAILED])
        closed += unclaimed(open_steps).update(
            state=State.CANCELED, result=result[:200], done_at=timezone.now()
        )
        followers = Delivery.objects.filter(after__in=keys, after__state=State.CANCELED)
        keys = list(followers.values_list("pk", flat=True))
    return closed


def let_fail(steps: QuerySet[Delivery]) -> int:
    """Make the next try of steps fail: a drill, where settings.DRILLS allows it."""
    if not settings.DRILLS:
        return 0
    return steps.filter(state=State.DUE).update(drills=F("drills") + 1)


def _put_back(steps: QuerySet[Delivery]) -> int:
    count = steps.update(state=State.DUE, due_at=timezone.now(), tries=0)
    if count:
        ring(settings.ORDER_EVENT_DOORBELL)
    return count
