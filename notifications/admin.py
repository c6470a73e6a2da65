"""The staff's view of steps: all of them, those of one order as they run, and their buttons."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zlib import crc32

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

import notifications.suppression_admin  # noqa: F401
from inventory.admin import ReadOnlyAdmin
from notifications.models import Delivery
from notifications.preview import preview_urls
from notifications.steering import cancel, let_fail, run_now, try_again
from orders.access import SignedInRequest
from orders.models import Order

State = Delivery.State
# While a step is due this soon, the order's page asks for news.
SOON = timedelta(minutes=2)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    """Every step of every order: what waits, what was done, what failed and why."""

    list_display = ["step", "recipient", "order", "state", "due_at", "tries", "result", "error"]
    list_filter = ["state", "step", "due_at"]
    search_fields = ["recipient", "event__order__number", "left__mark"]
    search_help_text = gettext_lazy("Recipient or order number")
    list_select_related = ["event__order"]
    show_full_result_count = False
    actions = ["run_selected", "try_selected_again", "cancel_selected"]

    @admin.display(description=gettext_lazy("order"))
    def order(self, delivery: Delivery) -> SafeString | str:
        if delivery.event is None:
            return ""
        order = delivery.event.order
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[order.pk]), order
        )

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Nothing is edited by hand; permission to change allows pressing the buttons."""
        return request.user.has_perm("notifications.change_delivery")

    @admin.action(description=gettext_lazy("Run now (skips the wait)"), permissions=["steer"])
    def run_selected(self, request: HttpRequest, steps: QuerySet[Delivery]) -> None:
        _tell(request, run_now(steps))

    @admin.action(description=gettext_lazy("Try again"), permissions=["steer"])
    def try_selected_again(self, request: HttpRequest, steps: QuerySet[Delivery]) -> None:
        _tell(request, try_again(steps))

    @admin.action(description=gettext_lazy("Cancel"), permissions=["steer"])
    def cancel_selected(self, request: SignedInRequest, steps: QuerySet[Delivery]) -> None:
        _tell(request, cancel(steps, request.user))

    def get_urls(self) -> list[URLPattern]:
        gate = self.admin_site.admin_view
        verbs: dict[str, Callable[[SignedInRequest, QuerySet[Delivery]], int]] = {
            "run": lambda _request, steps: run_now(steps),
            "again": lambda _request, steps: try_again(steps),
            "cancel": lambda request, steps: cancel(steps, request.user),
            "drill": lambda _request, steps: let_fail(steps),
        }
        return [
            *preview_urls(self.admin_site),
            path(
                "of-order/<int:order_pk>/",
                gate(self.of_order),
                name="notifications_delivery_of_order",
            ),
            *(
                path(
                    f"<int:pk>/{name}/",
                    gate(self.steer),
                    {"verb": verb},
                    name=f"notifications_delivery_{name}",
                )
                for name, verb in verbs.items()
            ),
            *super().get_urls(),
        ]

    def of_order(self, request: HttpRequest, order_pk: int) -> HttpResponse:
        """Answer an order's steps, as part of its page; 204 when it shows them already.

        403 to those who may not see them.
        """
        if not request.user.has_perm("notifications.view_delivery"):
            raise PermissionDenied(_("You may not look at steps."))
        return _of_order(request, order_pk)

    def steer(
        self,
        request: SignedInRequest,
        pk: int,
        verb: Callable[[SignedInRequest, QuerySet[Delivery]], int],
    ) -> HttpResponse:
        """Do what the button says with one step of an order, and answer all of them. POST only."""
        if not self.has_steer_permission(request):
            raise PermissionDenied(_("You may look at steps, but not steer them."))
        return _steer(request, pk, verb)


@require_POST
def _steer(
    request: SignedInRequest,
    pk: int,
    verb: Callable[[SignedInRequest, QuerySet[Delivery]], int],
) -> HttpResponse:
    step = Delivery.objects.select_related("event").filter(pk=pk).first()
    if step is None or step.event is None:
        raise Http404(_("There is no such step."))
    count = verb(request, Delivery.objects.filter(pk=pk))
    if "HX-Request" in request.headers:
        return _of_order(request, step.event.order_id)
    _tell(request, count)
    return redirect("admin:orders_order_change", step.event.order_id)


def _of_order(request: HttpRequest, order_pk: int) -> HttpResponse:
    order = Order.objects.filter(pk=order_pk).first()
    if order is None:
        raise Http404(_("There is no such order."))
    steps = list(
        Delivery.objects.filter(event__order=order)
        .select_related("event", "after", "grant__line")
        .order_by("pk")
    )
    now = timezone.now()
    is_running = (
        any(one.state == State.DUE and one.due_at <= now + SOON for one in steps)
        or order.events.filter(planned_at=None).exists()
    )
    mark = crc32(repr((is_running, [_shown(one, now) for one in steps])).encode())
    if request.GET.get("seen") == str(mark):
        return HttpResponse(status=204)
    context = {
        "order": order,
        "steps": steps,
        "now": now,
        "is_running": is_running,
        "mark": mark,
        "may_steer": request.user.has_perm("notifications.change_delivery"),
        "drills": settings.DRILLS,
    }
    return render(request, "admin/notifications/steps.html", context)


def _shown(step: Delivery, now: datetime) -> tuple[object, ...]:
    """Return what the table says of a step."""
    return (
        *(step.pk, step.recipient, step.state, step.result, step.error, step.tries, step.drills),
        step.claimed_until is not None and step.claimed_until > now,
        step.after is not None and step.after.state,
        timeuntil(step.due_at, now),
    )


def _tell(request: HttpRequest, count: int) -> None:
    said = ngettext("%d step was changed.", "%d steps were changed.", count) % count
    if count:
        messages.success(request, said)
    else:
        messages.warning(request, _("Nothing was changed: no step is in the right state for that."))
