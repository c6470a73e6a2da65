import time

from django_q.tasks import async_task

from notifications.outbox import BATCH, deliver, due_deliveries, plan_new

# Of the minute that a task may take; what is left then goes on in a task of its own.
PART_SECONDS = 20


def send_due() -> int:
    """Plan what is new and do what is due; returns how many steps were done."""
    until = time.monotonic() + PART_SECONDS
    while plan_new() >= BATCH:
        pass
    done = 0
    # A step that is done may let another one begin.
    while due := list(due_deliveries().values_list("pk", flat=True)[:BATCH]):
        for pk in due:
            if time.monotonic() > until:
                async_task("notifications.tasks.send_due")
                return done
            done += deliver(pk)
    return done
