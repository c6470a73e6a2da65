"""What a mail service tells us by its webhooks: addresses that bounce, and people who complain.

config/urls.py takes these addresses in where settings.ANYMAIL_ESP names a service.
"""

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.dispatch import receiver
from django.urls import include, path

from notifications.models import Suppression
from notifications.suppressing import suppress

urlpatterns = [path("", include("anymail.urls"))]

# What is only late has another type or another reason.
FINAL = (RejectReason.INVALID, RejectReason.BOUNCED)


@receiver(tracking)
def note_tracking(sender: Any, event: AnymailTrackingEvent, **kwargs: Any) -> None:
    """Stop writing to an address that bounced for good, or whose owner called a mail spam."""
    if not event.recipient:
        return
    if event.event_type == EventType.COMPLAINED:
        suppress(event.recipient, Suppression.Reason.COMPLAINED)
    elif event.event_type == EventType.BOUNCED and event.reject_reason in FINAL:
        suppress(event.recipient, Suppression.Reason.BOUNCED)
    elif event.event_type == EventType.UNSUBSCRIBED:
        suppress(event.recipient, Suppression.Reason.UNSUBSCRIBED)
