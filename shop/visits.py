"""Visits, told by the pages themselves (static/visit.js), and where they came from."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from shop.funnel import record
from shop.models import FunnelEvent

COOKIE = "source"
THIRTY_DAYS = 30 * 24 * 60 * 60
KEY = re.compile(r"[0-9a-z]{12,40}")
LONGEST_SOURCE = 80
NOT_IN_A_SOURCE = re.compile(r"[^a-z0-9._/:+-]+")


# A page's last word comes without a token, and forges nothing: it counts one visit.
@csrf_exempt
@require_POST
def visit(request: HttpRequest) -> HttpResponse:
    """Count the visit `key`, and remember its `source`, if any, for what the visitor will buy.

    Answers 204, or 400 for a key that is not one of ours. One query.
    """
    key = request.POST.get("key", "")
    if KEY.fullmatch(key) is None:
        return HttpResponseBadRequest(_("A visit needs a key of 12 to 40 letters and digits."))
    source = clean_source(request.POST.get("source", ""))
    record(FunnelEvent.Kind.VISIT, key, timezone.now(), source=source)
    response = HttpResponse(status=204)
    if source:
        response.set_cookie(
            COOKIE,
            source,
            max_age=THIRTY_DAYS,
            secure=settings.SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def current_source(request: HttpRequest) -> str:
    """Return where this visitor came from last; "" when it is not known."""
    return clean_source(request.COOKIES.get(COOKIE, ""))


def clean_source(text: str) -> str:
    """Return the name of a source in small letters, without what no campaign or host contains."""
    return NOT_IN_A_SOURCE.sub("-", text.strip().lower())[:LONGEST_SOURCE]
