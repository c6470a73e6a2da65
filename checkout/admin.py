import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

import checkout.audit_admin  # noqa: F401
from checkout.inbox import TYPES, replay
from checkout.models import PaymentAttempt, Reconciliation, WebhookEvent
from inventory.admin import ReadOnlyAdmin


class TypeFilter(admin.SimpleListFilter):
    """The types that do something; to list all that ever came would read the whole table."""

    title = gettext_lazy("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((kind, kind) for kind in sorted(TYPES)), ("other", _("Any other"))]

    def queryset(
        self, request: HttpRequest, events: QuerySet[WebhookEvent]
    ) -> QuerySet[WebhookEvent]:
        if self.value() == "other":
            return events.exclude(type__in=TYPES)
        return events.filter(type=self.value()) if self.value() else events


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin[WebhookEvent]):
    """The inbox: everything to read, and one thing to press: apply it again."""

    list_display = ["type", "state", "problem", "received_at"]
    list_filter = ["state", TypeFilter, "source", "received_at"]
    search_fields = ["event_id", "payload__data__object__id"]
    search_help_text = gettext_lazy("Id of the event, or of the payment, refund or dispute")
    show_full_result_count = False
    actions = ["replay_selected"]
    change_form_template = "admin/checkout/webhookevent/change_form.html"
    fields = [
        "event_id",
        "type",
        "source",
        "state",
        "tries",
        "error",
        "received_at",
        "next_try_at",
        "closed_at",
        "event",
    ]
    readonly_fields = ["event"]

    @admin.display(description=gettext_lazy("last error"))
    def problem(self, event: WebhookEvent) -> str:
        """The beginning of the error: the event's page has it whole."""
        return Truncator(event.error).chars(120)

    @admin.display(description=gettext_lazy("payload"))
    def event(self, event: WebhookEvent) -> SafeString:
        """The event as Stripe sent it."""
        return format_html("<pre>{}</pre>", json.dumps(event.payload, indent=2))

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Nothing is edited by hand; permission to change allows applying events again."""
        return request.user.has_perm("checkout.change_webhookevent")

    @admin.action(description=gettext_lazy("Apply again"), permissions=["replay"])
    def replay_selected(self, request: HttpRequest, events: QuerySet[WebhookEvent]) -> None:
        count = replay(events)
        messages.success(
            request,
            ngettext("%d event is applied again now.", "%d events are applied again now.", count)
            % count,
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replay_view)
        return [
            path("<int:pk>/replay/", view, name="checkout_webhookevent_replay"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put the event back into the inbox and go back to its page. POST only."""
        if not self.has_replay_permission(request):
            raise PermissionDenied(_("You may look at events, but not apply them again."))
        if not replay(WebhookEvent.objects.filter(pk=pk)):
            raise Http404(_("There is no such event."))
        messages.success(
            request, _("The event is applied again now. Reload to see what became of it.")
        )
        return redirect("admin:checkout_webhookevent_change", pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        context["may_replay"] = self.has_replay_permission(request)
        return super().render_change_form(request, context, *args, **options)


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(ReadOnlyAdmin[PaymentAttempt]):
    list_display = ["order", "intent_id", "is_open", "created_at", "checked_at"]
    list_filter = ["is_open", "created_at"]
    search_fields = ["order__number", "intent_id"]
    list_select_related = ["order"]
    show_full_result_count = False
    fields = ["order", "intent_id", "is_open", "created_at", "checked_at"]


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin[Reconciliation]):
    list_display = ["read_until", "read_from", "events_read", "events_missing"]
    show_full_result_count = False
