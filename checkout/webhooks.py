"""The webhook endpoint: verify, store, answer. The worker applies what was stored."""

import logging

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_q.tasks import async_task

from checkout.models import WebhookEvent
from checkout.stripe_gateway import BadSignatureError, read_event

logger = logging.getLogger(__name__)


@csrf_exempt  # Stripe's signature over the raw body stands in for the token.
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Store the event once by its id; 400 for a wrong signature, 5xx when it was not stored."""
    try:
        event = read_event(request.body, request.headers.get("Stripe-Signature", ""))
    except BadSignatureError as error:
        logger.warning("webhook refused: %s", error)
        return HttpResponse(
            "The signature is wrong: check STRIPE_WEBHOOK_SECRET.",
            status=400,
            content_type="text/plain",
        )
    with transaction.atomic():
        WebhookEvent.objects.bulk_create(
            [WebhookEvent(event_id=event["id"], type=event["type"], payload=event)],
            ignore_conflicts=True,
        )
        async_task("checkout.inbox.apply_event", event["id"])
    return HttpResponse("stored", content_type="text/plain")
