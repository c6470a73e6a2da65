"""The currency a visitor sees prices in: his choice is kept in a cookie."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "currency"
ONE_YEAR = 365 * 24 * 60 * 60


def current_currency(request: HttpRequest) -> str:
    """Return the currency of this visitor; the shop's first one until another is chosen."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in settings.CURRENCIES else settings.CURRENCIES[0]


@require_POST
def choose_currency(request: HttpRequest) -> HttpResponse:
    """Keep the posted `currency`, if the shop sells in it, and go back to the page `next`."""
    response = HttpResponseRedirect(_safe_next(request))
    chosen = request.POST.get("currency", "")
    if chosen in settings.CURRENCIES:
        keep_currency(response, chosen)
    return response


def keep_currency(response: HttpResponse, currency: str) -> None:
    """Remember `currency` as the one that the visitor has chosen."""
    response.set_cookie(
        COOKIE, currency, max_age=ONE_YEAR, secure=settings.SECURE, httponly=True, samesite="Lax"
    )


def _safe_next(request: HttpRequest) -> str:
    next_url = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(next_url, {request.get_host()}, request.is_secure()):
        return next_url
    return reverse("shop:home")
