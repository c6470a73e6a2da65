"""The books, for staff: is every cent and every unit accounted for?"""

from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_q.tasks import async_task

from checkout.books.audit import verdict_of
from checkout.books.findings import Figures
from checkout.models import Audit
from inventory.admin import ReadOnlyAdmin
from orders.models import Order

# Seconds: more than a task usually may take, less than when the queue gives it out again.
TIMEOUT = 140


@admin.register(Audit)
class AuditAdmin(ReadOnlyAdmin[Audit]):
    """The latest audit on top of the list of all; a button asks the worker for another."""

    list_display = ["made_at", "verdict"]
    list_per_page = 30
    show_full_result_count = False
    change_list_template = "admin/checkout/audit/list.html"
    change_form_template = "admin/checkout/audit/detail.html"

    @admin.display(description=gettext_lazy("verdict"))
    def verdict(self, audit: Audit) -> str:
        return verdict_of(audit)

    def get_urls(self) -> list[URLPattern]:
        check = path("check/", self.admin_site.admin_view(self.check_view), name="audit_check")
        return [check, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        report = _report(Audit.objects.first())
        return super().changelist_view(request, {"report": report, "title": _("Books")})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        report = _report(self.get_object(request, object_id))
        return super().change_view(
            request, object_id, form_url, {"report": report, "title": _("Books")}
        )

    def check_view(self, request: HttpRequest) -> HttpResponse:
        """POST: have the worker check the books. GET: wait for what comes out, and go there."""
        if not self.has_view_permission(request):
            raise PermissionDenied(_("You may not look at the books."))
        return _check(request, self.admin_site)


@require_http_methods(["GET", "POST"])
def _check(request: HttpRequest, site: admin.AdminSite) -> HttpResponse:
    latest = Audit.objects.aggregate(pk=Max("pk"))["pk"] or 0
    if request.method == "POST":
        async_task("checkout.books.tasks.check_books", timeout=TIMEOUT)
        return redirect(f"{reverse('admin:audit_check')}?after={latest}")
    after = request.GET.get("after", "")
    if not after.isdecimal():
        return redirect("admin:checkout_audit_changelist")
    if latest > int(after):
        return redirect("admin:checkout_audit_change", latest)
    context = {**site.each_context(request), "title": _("The books are being checked")}
    return TemplateResponse(request, "admin/checkout/audit/waiting.html", context)


def _report(audit: Audit | None) -> dict[str, Any] | None:
    """Return what the page tells of an audit: verdict, tables of figures, breaks. 1 query."""
    if audit is None:
        return None
    figures = [Figures.from_data(row) for row in audit.sums["figures"]]
    since = audit.sums["since"]
    numbers = {one["order"] for one in audit.breaks if one["order"]}
    orders = dict(Order.objects.filter(number__in=numbers).values_list("number", "pk"))
    return {
        "audit": audit,
        "verdict": verdict_of(audit),
        "is_clean": not audit.sums["count"] and not audit.sums["error"],
        "since": datetime.fromisoformat(since) if since else None,
        "tables": [
            {"name": key[0], "sources": key[1], "groups": _groups(list(rows))}
            for key, rows in groupby(figures, lambda one: (one.table, one.sources))
        ],
        "breaks": [{**one, "order_pk": orders.get(one["order"])} for one in audit.breaks],
        "more": audit.sums["count"] - len(audit.breaks),
    }


def _groups(figures: list[Figures]) -> list[dict[str, Any]]:
    """The rows of a table by currency, their values as text."""
    return [
        {
            "currency": currency,
            "rows": [
                {
                    "name": one.name,
                    "values": [one.text(value) for value in one.values],
                    "agree": one.agree,
                }
                for one in rows
            ],
        }
        for currency, rows in groupby(figures, lambda one: one.currency)
    ]
