"""Ring for the worker: however often it is rung for a task, one waits in the queue.

A doorbell only saves waiting for the schedule, which looks each minute for what is left: one that
is lost loses nothing. In a rush, thousands of tasks with nothing to do would keep that waiting.
"""

from datetime import timedelta
from functools import partial

from django.db import connection, transaction
from django.utils import timezone
from django_q.tasks import async_task

from shop.models import Doorbell

# For so long a task that was rung for counts as waiting; it may have died with its worker.
LASTS = timedelta(seconds=10)


def ring(task: str) -> None:
    """Queue `task`, by its dotted name, once the transaction commits, unless it waits already.

    One statement, two for the first ring.
    """
    transaction.on_commit(partial(_queue, task))


def answer(task: str) -> None:
    """Say that `task` begins now: what comes from here on rings anew. One statement."""
    Doorbell.objects.filter(task=task).delete()


def _queue(task: str) -> None:
    if _is_first(task):
        async_task(task)


def _is_first(task: str) -> bool:
    table = connection.ops.quote_name(Doorbell._meta.db_table)
    now = timezone.now()
    moments = [connection.ops.adapt_datetimefield_value(at) for at in (now, now - LASTS)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (task, rung_at) VALUES (%s, %s) "
            f"ON CONFLICT (task) DO UPDATE SET rung_at = excluded.rung_at "
            f"WHERE {table}.rung_at < %s RETURNING task",
            [task, *moments],
        )
        return cursor.fetchone() is not None
