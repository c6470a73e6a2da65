"""The report's page in the admin, and its tables as CSV."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from notifications.report.figures import Report, make_report
from notifications.report.headlines import headlines_of
from notifications.report.period import PRESETS, USUAL, PeriodError, asked_period, ending_today
from notifications.report.plots import plots_of
from notifications.report.tables import Table, tables_of

# A page shows so many rows of a table, a month of days; all of them are in its CSV.
MOST_ROWS = 31


@require_safe
def report_page(request: HttpRequest) -> HttpResponse:
    """Show the report of the asked days and currency; of the last 30 days when these make none.

    Raises PermissionDenied for staff who may not see orders. 10 queries and the admin's own.
    """
    refuse_strangers(request)
    error = ""
    try:
        period = asked_period(request.GET)
        currency = _currency(request)
    except PeriodError as refusal:
        error = str(refusal)
        period, currency = ending_today(PRESETS[USUAL]), settings.CURRENCIES[0]
    context = {
        **admin.site.each_context(request),
        **_content(make_report(period, currency)),
        "title": _("Report"),
        "error": error,
        "presets": _presets(request, currency),
        "currencies": settings.CURRENCIES,
        "typed_from": request.GET.get("from", "") if error else period.first.isoformat(),
        "typed_to": request.GET.get("to", "") if error else period.last.isoformat(),
    }
    return TemplateResponse(request, "admin/report/report.html", context)


@require_safe
def report_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Return one table of the report as CSV. Raises as `report_page`, and Http404 for no table."""
    refuse_strangers(request)
    try:
        report = make_report(asked_period(request.GET), _currency(request))
    except PeriodError as refusal:
        return HttpResponseBadRequest(str(refusal), content_type="text/plain; charset=utf-8")
    table = tables_of(report).get(slug)
    if table is None:
        raise Http404
    name = f"{slug}-{report.currency}-{report.period.first}-{report.period.last}.csv"
    return HttpResponse(
        # The mark tells spreadsheets that it is UTF-8.
        "\ufeff" + table.as_csv(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def may_see_report(request: HttpRequest) -> bool:
    """Say whether whoever asks may see the shop's figures."""
    return request.user.has_perm("orders.view_order")


def refuse_strangers(request: HttpRequest) -> None:
    """Raise PermissionDenied for those who may not see the shop's figures."""
    if not may_see_report(request):
        raise PermissionDenied(_("You may not see the report: it needs the right to see orders."))


def _currency(request: HttpRequest) -> str:
    """Return the asked currency. Raises PeriodError where the shop does not sell in it."""
    currency = request.GET.get("currency") or settings.CURRENCIES[0]
    if currency not in settings.CURRENCIES:
        raise PeriodError(_("The shop does not sell in this currency. Choose another one."))
    return currency


def _presets(request: HttpRequest, currency: str) -> list[dict[str, Any]]:
    names = {"7": _("7 days"), "30": _("30 days"), "90": _("90 days"), "365": _("A year")}
    has_days = bool(request.GET.get("from") or request.GET.get("to"))
    chosen = "" if has_days else request.GET.get("days", USUAL)
    return [
        {
            "name": name,
            "query": urlencode({"days": days, "currency": currency}),
            "is_chosen": days == chosen,
        }
        for days, name in names.items()
    ]


def _content(report: Report) -> dict[str, Any]:
    period = report.period
    query = {"from": str(period.first), "to": str(period.last), "currency": report.currency}
    return {
        "report": report,
        "headlines": headlines_of(report),
        "plots": plots_of(report),
        "tables": [_shown(table) for table in tables_of(report).values()],
        "query": urlencode(query),
    }


def _shown(table: Table) -> dict[str, Any]:
    """Return what the template writes of a table."""
    return {
        "slug": table.slug,
        "title": table.title,
        "note": table.note,
        "columns": table.columns,
        "rows": [list(zip(row, table.columns, strict=True)) for row in table.written(MOST_ROWS)],
        "more": max(len(table.rows) - MOST_ROWS, 0),
    }
