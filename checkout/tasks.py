"""What the schedule runs each minute, for whatever a lost doorbell or a crash left undone."""

from datetime import timedelta

from django.utils import timezone

from accounts.rate_limits import forget_old_windows
from checkout.expiring import expire_due, look_up_open
from checkout.inbox import apply_event, undone_events
from checkout.models import PaymentRequest

BATCH = 200
# Stripe forgets idempotency keys after as long.
ANSWERS_KEPT_FOR = timedelta(hours=24)


def sweep() -> None:
    """Apply the events left in the inbox, look up quiet payments, close those whose hold ended."""
    for event_id in undone_events().values_list("event_id", flat=True)[:BATCH]:
        apply_event(event_id)
    for _looked_up in look_up_open():
        pass
    for _expired in expire_due():
        pass


def tidy() -> None:
    """Forget answers and counters that nobody can ask for any more."""
    PaymentRequest.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT_FOR).delete()
    forget_old_windows()
