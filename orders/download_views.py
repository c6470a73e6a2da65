"""The signed links to files that were bought."""

from http import HTTPStatus
from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from whitenoise.responders import StaticFile

from orders.access import find_order
from orders.downloads import count_link, files_of, is_expired, is_there, read_link
from orders.models import Grant
from orders.refusals import GrantRefusedError
from shop.models import DownloadFile


@require_safe
@cache_control(private=True, no_store=True)
def download(request: HttpRequest, signed: str) -> HttpResponseBase:
    """Send a file that was bought, or the rest of it; a page says why where that cannot be.

    410 when the link is too old, access was taken back, or the file was fetched too often.
    """
    link = read_link(signed)
    grant = _grant(link.grant_id) if link else None
    if link is None or grant is None:
        raise Http404(_("This link is damaged: open it again from your order."))
    file = next((file for file in files_of(grant) if file.pk == link.file_id), None)
    if file is None or not is_there(file):
        raise Http404(_("This file is no longer in the shop: write to us."))
    if grant.state != Grant.State.GRANTED:
        return _no_file(request, grant, "revoked")
    if is_expired(signed):
        return _no_file(request, grant, "expired")
    if request.method == "GET":
        try:
            count_link(link, grant, file)
        except GrantRefusedError:
            return _no_file(request, grant, "used_up")
    return _sent(request, file)


def _grant(pk: int) -> Grant | None:
    grants = Grant.objects.select_related("line__order", "line__variant__product")
    return grants.filter(pk=pk).first()


def _sent(request: HttpRequest, file: DownloadFile) -> HttpResponseBase:
    """Send the file, or the part of it that is asked for."""
    name = Path(file.file.path).name
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }
    asked = {key: value for key, value in request.META.items() if isinstance(value, str)}
    answer = StaticFile(file.file.path, list(headers.items())).get_response(request.method, asked)
    status = HTTPStatus(answer.status)
    response: HttpResponseBase
    if answer.file is None:
        response = HttpResponse(status=status)
    else:
        response = FileResponse(answer.file, status=status)
    for key, value in answer.headers:
        response[key] = value
    return response


def _no_file(request: HttpRequest, grant: Grant, why: str) -> HttpResponse:
    """Say why, and lead back to the order those who may see it."""
    order = grant.line.order
    may_see = find_order(order.number, request.GET.get("key", ""), request.user) is not None
    context = {"why": why, "line": grant.line, "order": order if may_see else None}
    return render(request, "orders/no_file.html", context, status=HTTPStatus.GONE)
