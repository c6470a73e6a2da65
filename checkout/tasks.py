"""What the schedule runs each minute, for whatever a lost doorbell or a crash left undone."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.utils import timezone

from accounts.rate_limits import forget_old_windows
from checkout.expiring import expire_due, look_up_open
from checkout.guarding import tell_staff
from checkout.inbox import apply_due, due_events
from checkout.leaving import note_what_was_left
from checkout.models import PaymentRequest
from checkout.reconciling import forget_quiet_readings, reconcile
from checkout.refunding import due_refunds, send_refund
from checkout.stripe_gateway import StripeError
from shop.doorbells import answer, ring

logger = logging.getLogger(__name__)

# Of the minute that a task may take. A part that needs longer goes on in a task of its own.
PART_SECONDS = 9
# Stripe forgets idempotency keys after as long.
ANSWERS_KEPT_FOR = timedelta(hours=24)


def sweep() -> None:
    """Bring everything in line with Stripe. A part that fails does not keep the others from it."""
    for part in (close_due, send_refunds, read_events, apply_events, look_up, tell_staff):
        try:
            part()
        except StripeError as error:
            logger.warning("%s: Stripe could not be asked: %s", part.__name__, error)
        except Exception:
            logger.exception("%s failed; the next sweep tries again", part.__name__)


def read_events() -> None:
    """Store the events that Stripe's list has and no webhook has brought."""
    _for_a_while(read_events, reconcile())


def apply_events() -> None:
    """Apply the events that are due. Rung for when some were put back into the inbox."""
    _for_a_while(apply_events, map(apply_due, due_events().values_list("event_id", flat=True)))


def send_refunds() -> None:
    """Send the refunds that are due. Rung for when one was requested."""
    _for_a_while(send_refunds, map(send_refund, due_refunds().values_list("pk", flat=True)))


def look_up() -> None:
    """Look up the payments of which nothing was heard for a while."""
    _for_a_while(look_up, look_up_open())


def close_due() -> None:
    """Close the unpaid orders whose hold has ended. Rung for when one was ended early."""
    _for_a_while(close_due, expire_due())


def note_left() -> None:
    """Note the purchases that were begun and left. A schedule of its own, each minute."""
    _for_a_while(note_left, note_what_was_left())


def tidy() -> None:
    """Forget answers, counters and readings that nobody can ask for any more."""
    PaymentRequest.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT_FOR).delete()
    forget_old_windows()
    forget_quiet_readings()


def _for_a_while(part: Callable[[], None], steps: Iterable[object]) -> None:
    task = f"checkout.tasks.{part.__name__}"
    answer(task)
    until = time.monotonic() + PART_SECONDS
    for _step in steps:
        if time.monotonic() > until:
            ring(task)
            break
