"""The webhook endpoint: verify, store, answer. The worker applies what was stored."""

import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from checkout.models import WebhookEvent
from checkout.stripe_gateway import BadSignatureError, read_event
from shop.doorbells import ring

logger = logging.getLogger(__name__)


@csrf_exempt  # Stripe's signature over the raw body stands in for the token.
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Store the event once by its id; 400 for what is not signed or no event, 5xx if not stored."""
    try:
        event = read_event(request.body, request.headers.get("Stripe-Signature", ""))
    except BadSignatureError as error:
        logger.warning("webhook refused: %s", error)
        return _refuse("The signature is wrong: check STRIPE_WEBHOOK_SECRET.")
    if not _is_event(event):
        logger.warning("webhook refused: it is signed, but no event")
        return _refuse("The body is no event of Stripe: it needs an id, a type and data.object.")
    WebhookEvent.objects.bulk_create(
        [WebhookEvent(event_id=event["id"], type=event["type"], payload=event)],
        # One that Stripe's list knew first was brought by the webhook all the same.
        update_conflicts=True,
        unique_fields=["event_id"],
        update_fields=["source"],
    )
    ring(settings.INBOX_DOORBELL)
    return HttpResponse("stored", content_type="text/plain")


def _is_event(body: Any) -> bool:
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        return False
    return (
        _is_word(body.get("id"), 255)
        and _is_word(body.get("type"), 100)
        and isinstance(body["data"].get("object"), dict)
    )


def _is_word(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


def _refuse(why: str) -> HttpResponse:
    return HttpResponse(why, status=400, content_type="text/plain")
