import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from checkout.models import PaymentAttempt, WebhookEvent


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that only the shop itself writes."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
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
class PaymentAttemptAdmin(ReadOnlyAdmin):
    list_display = ["order", "intent_id", "is_open", "created_at", "checked_at"]
    list_filter = ["is_open", "created_at"]
    search_fields = ["order__number", "intent_id"]
    list_select_related = ["order"]
    show_full_result_count = False
    fields = ["order", "intent_id", "is_open", "created_at", "checked_at"]
