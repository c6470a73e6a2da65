import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from checkout.models import PaymentAttempt, WebhookEvent
from inventory.admin import ReadOnlyAdmin


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin[WebhookEvent]):
    list_display = ["event_id", "type", "state", "tries", "received_at", "closed_at", "error"]
    list_filter = ["state", "type", "received_at"]
    search_fields = ["event_id", "payload__data__object__id"]
    show_full_result_count = False
    fields = [
        "event_id",
        "type",
        "state",
        "tries",
        "error",
        "received_at",
        "next_try_at",
        "closed_at",
        "event",
    ]
    readonly_fields = ["event"]

    @admin.display(description=_("payload"))
    def event(self, event: WebhookEvent) -> SafeString:
        """The event as Stripe sent it."""
        return format_html("<pre>{}</pre>", json.dumps(event.payload, indent=2))


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(ReadOnlyAdmin[PaymentAttempt]):
    list_display = ["order", "intent_id", "is_open", "created_at", "checked_at"]
    list_filter = ["is_open", "created_at"]
    search_fields = ["order__number", "intent_id"]
    list_select_related = ["order"]
    show_full_result_count = False
    fields = ["order", "intent_id", "is_open", "created_at", "checked_at"]
