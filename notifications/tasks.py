import time

from django.conf import settings

from notifications.outbox import BATCH, deliver, due_deliveries, plan_new
from shop.doorbells import answer, ring

# Of the minute that a task may take; what is left then goes on in a task of its own.
PART_SECONDS = 20


def send_due() -> int:
    """Plan what is new and do what is due; returns how many steps were done."""
    answer(settings.ORDER_EVENT_DOORBELL)
    until = time.monotonic() + PART_SECONDS
    while plan_new() >= BATCH:
        pass
    done = 0
    # A step that is done may let another one begin.
    while due := list(due_deliveries().values_list("pk", flat=True)[:BATCH]):
        for pk in due:
            if time.monotonic() > until:
                ring(settings.ORDER_EVENT_DOORBELL)
                return done
            done += deliver(pk)
    return done
