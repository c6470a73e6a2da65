"""When the worker is called stalled: from what it looks like, and from what the queue holds."""

from datetime import datetime, timedelta
from math import inf

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task

from config.watchdog import STALLED_SECONDS, TAKEN_FOR, Look, is_stalled, look


@pytest.mark.parametrize(
    ("seen", "watched", "verdict"),
    [
        (Look(waiting=30, quiet=30), 30, True),
        (Look(waiting=3600, quiet=3600), 31, True),
        # Nothing waits: nobody has anything to do.
        (Look(waiting=0, quiet=3600), 3600, False),
        # A task has come just now, after a quiet night.
        (Look(waiting=1, quiet=3600), 3600, False),
        # A large backlog that is being worked on.
        (Look(waiting=3600, quiet=2), 3600, False),
        (Look(waiting=3600, quiet=29.9), 3600, False),
        # What lay there when the worker was started, or when the database came back.
        (Look(waiting=3600, quiet=3600), 29, False),
        # A fresh shop: no task was ever finished.
        (Look(waiting=31, quiet=inf), 31, True),
        (Look(waiting=0, quiet=inf), 3600, False),
    ],
)
def test_it_is_stalled_when_a_task_waits_and_none_gets_finished(
    seen: Look, watched: float, verdict: bool
) -> None:
    assert is_stalled(seen, 30, watched) is verdict


def test_a_worker_that_waits_for_a_slow_stripe_is_not_stalled() -> None:
    a_whole_time_limit = 63
    assert not is_stalled(Look(waiting=a_whole_time_limit, quiet=a_whole_time_limit))
    assert is_stalled(Look(waiting=STALLED_SECONDS, quiet=STALLED_SECONDS))


def queue(*, due: datetime) -> None:
    """Put a task there: due in the past it is queued, in the future a worker has taken it."""
    OrmQ.objects.create(key="cartwright", payload="", lock=due)


def finish(at: datetime, *, success: bool = True) -> None:
    Task.objects.create(
        id=f"{at.timestamp()}", name="a", func="f", started=at, stopped=at, success=success
    )


@pytest.mark.django_db
@pytest.mark.both
class TestLook:
    def test_an_empty_queue_waits_for_nothing(self) -> None:
        assert look() == Look(waiting=0, quiet=inf)

    def test_a_queued_task_waits_since_it_was_queued(self) -> None:
        queue(due=timezone.now() - timedelta(seconds=50))
        queue(due=timezone.now() - timedelta(seconds=40))

        assert look().waiting == pytest.approx(50, abs=20)

    def test_a_taken_task_waits_since_it_was_taken(self) -> None:
        """Only then does the broker know it again, so its own age would be nought till then."""
        queue(due=timezone.now() + TAKEN_FOR - timedelta(seconds=100))
        queue(due=timezone.now() + TAKEN_FOR - timedelta(seconds=10))
        queue(due=timezone.now() - timedelta(seconds=20))

        assert look().waiting == pytest.approx(100, abs=20)

    def test_a_failed_task_is_finished_too(self) -> None:
        finish(timezone.now() - timedelta(seconds=500))
        finish(timezone.now() - timedelta(seconds=100), success=False)

        assert look().quiet == pytest.approx(100, abs=20)
