"""Whether the background worker is stalled: tasks wait for it, and none gets finished.

A cluster of django-q2 stalls for good, without a word, when one of its idle processes is killed:
that process held the lock of the queue they all read from.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from django.db.models import Max, Min, Q
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Task

# More than a task may take, waiting for a slow Stripe: a worker that is busy is not stalled.
STALLED_SECONDS = Conf.TIMEOUT + 30
TAKEN_FOR = timedelta(seconds=Conf.RETRY)


@dataclass(frozen=True)
class Look:
    """The queue at one moment, in seconds."""

    # Since the oldest task was queued, or was taken by the worker that has not finished it yet.
    waiting: float
    # Since a task was finished; one that failed is finished, too.
    quiet: float


def look() -> Look:
    """Look at the queue now. 2 queries. Raises django.db.Error when the database does not answer.

    Other tables are not asked: a row whose next try has come may wait for the next sweep, which
    is a task itself.
    """
    now = timezone.now()
    oldest = OrmQ.objects.aggregate(
        queued=Min("lock", filter=Q(lock__lte=now)), taken=Min("lock", filter=Q(lock__gt=now))
    )
    finished = Task.objects.aggregate(at=Max("stopped"))["at"]
    since = [oldest["queued"], oldest["taken"] and oldest["taken"] - TAKEN_FOR]
    return Look(
        waiting=max((_seconds(now, moment) for moment in since if moment), default=0),
        quiet=_seconds(now, finished) if finished else inf,
    )


def is_stalled(seen: Look, seconds: float = STALLED_SECONDS, watched: float = inf) -> bool:
    """Tell whether nothing was finished for `seconds` although a task waited all the time.

    `watched` is for how long the worker has had both its chance and the database: it is not to
    blame for what lay there before.
    """
    return min(seen.waiting, seen.quiet, watched) >= seconds


def _seconds(now: datetime, moment: datetime) -> float:
    return max(0.0, (now - moment).total_seconds())
