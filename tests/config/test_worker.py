"""The worker's command: what its health check says, and when its supervisor steps in."""

import time
from datetime import timedelta
from multiprocessing import Process
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from config.management.commands import worker
from config.management.commands.worker import Supervisor
from config.watchdog import Look
from notifications.models import Delivery
from tests.orders.factory import make_order

STALLED = Look(waiting=40, quiet=50)
BUSY = Look(waiting=40, quiet=1)


def leave_task(seconds: int) -> None:
    OrmQ.objects.create(
        key="cartwright", payload="", lock=timezone.now() - timedelta(seconds=seconds)
    )


@pytest.mark.django_db
class TestCheck:
    def test_a_worker_with_nothing_to_do_is_well(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("worker", check=True)

        assert capsys.readouterr().out == (
            "The worker is well. Oldest undone: tasks 0 s, webhook_events 0 s, refunds 0 s, "
            "order_events 0 s, deliveries 0 s.\n"
        )

    def test_a_task_that_nobody_takes_fails_it(self) -> None:
        leave_task(95)

        with pytest.raises(CommandError, match="none was finished for 90 s: the worker has stall"):
            call_command("worker", check=True)

    def test_the_limit_can_be_chosen(self) -> None:
        leave_task(95)

        call_command("worker", check=True, stalled_after=120)

    def test_overdue_work_fails_it_though_tasks_run(self) -> None:
        event = make_order().events.get()
        Delivery.objects.create(
            event=event, step="order_confirmed", due_at=timezone.now() - timedelta(minutes=11)
        )

        with pytest.raises(CommandError, match="overdue for more than 600 s: see the worker's log"):
            call_command("worker", check=True)

    def test_a_database_that_is_away_fails_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        show(monkeypatch, OperationalError("connection refused"))

        with pytest.raises(CommandError, match="The database does not answer: connection refused"):
            call_command("worker", check=True)

    @pytest.mark.parametrize("limit", ["0", "-1", "soon", "1.5"])
    def test_a_limit_that_is_no_number_of_seconds_is_refused(self, limit: str) -> None:
        with pytest.raises(CommandError, match="is not a whole number of seconds above 0"):
            call_command("worker", f"--stalled-after={limit}")


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """Return one whose cluster has been running and watched for 100 seconds."""
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)
    supervisor = Supervisor(stalled_after=30)
    supervisor.cluster = Mock(spec=Process, **{"is_alive.return_value": True})
    supervisor.watched_since = time.monotonic() - 100
    return supervisor


def show(monkeypatch: pytest.MonkeyPatch, *looks: Look | Exception) -> None:
    """Let the next looks at the queue see this."""
    monkeypatch.setattr(worker, "look", Mock(side_effect=looks))


def test_a_stalled_cluster_is_started_again(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(monkeypatch, STALLED)

    assert supervisor.why_restart() == (
        "The worker has stalled: a task has been waiting for 40 s and none was finished for 30 s."
    )


def test_a_busy_cluster_is_left_alone(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(monkeypatch, BUSY)

    assert supervisor.why_restart() == ""


def test_a_cluster_that_was_started_just_now_is_given_time(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(monkeypatch, STALLED)
    supervisor.watched_since = time.monotonic() - 5

    assert supervisor.why_restart() == ""


def test_a_cluster_that_ended_is_started_again(supervisor: Supervisor) -> None:
    supervisor.cluster = Mock(spec=Process, exitcode=1, **{"is_alive.return_value": False})

    assert supervisor.why_restart() == "The worker has ended by itself (exit code 1)."


def test_a_database_that_is_away_is_no_stall_and_is_told_once(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = OperationalError("connection refused")
    show(monkeypatch, gone, gone, STALLED, STALLED)

    assert [supervisor.why_restart() for _ in range(4)] == [""] * 4

    assert caplog.messages == [
        "The database does not answer, so the worker is not watched: connection refused",
        "The database answers again: the worker is watched.",
    ]
