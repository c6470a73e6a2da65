import logging
import multiprocessing
import os
import signal
import time
from argparse import ArgumentTypeError
from contextlib import suppress
from multiprocessing.connection import wait
from typing import Any, cast

from django import db
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_q.cluster import Cluster
from django_q.tasks import async_task

from config import health
from config.watchdog import STALLED_SECONDS, is_stalled, look

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 3
# For the tasks under way; what is cut off is done again.
GRACE_SECONDS = 8
# What the schedule does each minute. A new cluster begins with it.
SWEEPS = ("checkout.tasks.sweep", settings.ORDER_EVENT_DOORBELL)
# As django-q2 itself starts its processes.
FORK = multiprocessing.get_context("fork")


class Command(BaseCommand):
    help = "Run the background worker; start it again when it has stalled or ended by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--stalled-after",
            type=_seconds,
            default=STALLED_SECONDS,
            metavar="SECONDS",
            help="how long a task may wait while none gets finished; more than any task takes "
            "(default: %(default)s)",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="run nothing: only say how the queue is, and fail if it is stalled or overdue",
        )

    def handle(self, *args: Any, stalled_after: int, check: bool, **options: Any) -> None:
        if check:
            self._check(stalled_after)
        else:
            Supervisor(stalled_after).run()

    def _check(self, stalled_after: int) -> None:
        try:
            seen = look()
            ages = health.ages(seen)
        except db.Error as error:
            raise CommandError(f"The database does not answer: {error}") from error
        said = ", ".join(f"{name} {seconds} s" for name, seconds in ages.items())
        if is_stalled(seen, stalled_after):
            raise CommandError(
                f"Tasks wait and none was finished for {stalled_after} s: the worker has stalled "
                f"or does not run. Oldest undone: {said}."
            )
        if health.overdue(ages):
            raise CommandError(
                f"Work has been overdue for more than {health.OVERDUE_SECONDS} s: see the "
                f"worker's log for why. Oldest undone: {said}."
            )
        self.stdout.write(f"The worker is well. Oldest undone: {said}.")


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError(f"{text!r} is not a whole number of seconds above 0")
    return int(text)


class Supervisor:
    """Runs one cluster of django-q2 at a time, in a process group of its own."""

    def __init__(self, stalled_after: int) -> None:
        self.stalled_after = stalled_after
        self.database_answers = True

    def run(self) -> None:
        """Keep a cluster running until SIGTERM or SIGINT; leave no process behind."""
        asked_to_stop, ask = multiprocessing.Pipe(duplex=False)
        for request in (signal.SIGTERM, signal.SIGINT):
            signal.signal(request, lambda signum, frame: ask.send(signum))
        self._start()
        try:
            while not asked_to_stop.poll(LOOK_EVERY_SECONDS):
                if reason := self.why_restart():
                    logger.error("%s It is started again.", reason)
                    self._kill()
                    self._start()
        finally:
            self._end()

    def why_restart(self) -> str:
        """Return a sentence about what is wrong with the cluster, or nothing."""
        if not self.cluster.is_alive():
            return f"The worker has ended by itself (exit code {self.cluster.exitcode})."
        try:
            db.close_old_connections()
            seen = look()
        except db.Error as error:
            self._note_database(error)
            self.watched_since = time.monotonic()
            return ""
        self._note_database(None)
        if not is_stalled(seen, self.stalled_after, time.monotonic() - self.watched_since):
            return ""
        return (
            f"The worker has stalled: a task has been waiting for {seen.waiting:.0f} s and none "
            f"was finished for {self.stalled_after} s."
        )

    def _note_database(self, error: db.Error | None) -> None:
        """Say once that the database is gone, and once that it is back."""
        if error and self.database_answers:
            logger.warning("The database does not answer, so the worker is not watched: %s", error)
        if not error and not self.database_answers:
            logger.warning("The database answers again: the worker is watched.")
        self.database_answers = error is None

    def _start(self) -> None:
        try:
            for sweep in SWEEPS:
                async_task(sweep)
        except db.Error as error:
            # The schedule does them, too, half a minute later.
            self._note_database(error)
        # Two processes can't share one.
        db.connections.close_all()
        self.cluster = FORK.Process(target=run_cluster, name="cluster")
        self.cluster.start()
        self.group = cast(int, self.cluster.pid)
        os.setpgid(self.group, self.group)
        self.watched_since = time.monotonic()

    def _end(self) -> None:
        """Ask the cluster to end, then kill it. Only its first process is asked: all would hang."""
        if self.cluster.is_alive():
            self.cluster.terminate()
            self.cluster.join(GRACE_SECONDS)
        self._kill()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.group, signal.SIGKILL)
        self.cluster.join()


def run_cluster() -> None:
    """Run a cluster until it ends, is told to, or has lost its supervisor: then kill the group."""
    os.setpgid(0, 0)
    cluster = Cluster()
    cluster.start()
    # django-q2's own handler waits for the end in here, and would not see the supervisor's.
    signal.signal(signal.SIGTERM, lambda signum, frame: cluster.stop_event.set())
    supervisor = multiprocessing.parent_process()
    while supervisor and cluster.sentinel.is_alive():
        if wait([supervisor.sentinel], timeout=0.5):
            os.killpg(0, signal.SIGKILL)
