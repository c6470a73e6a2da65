"""The way out of everything that is not about a purchase: one press, and back with another."""

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications.models import Suppression
from notifications.suppressing import allow_again, suppress

Reason = Suppression.Reason
SIGNER = Signer(salt="notifications.unsubscribe")


def unsubscribe_url(email: str) -> str:
    """Return the full address of the page on which `email` unsubscribes; it holds for ever."""
    path = reverse("notifications:unsubscribe", args=[SIGNER.sign_object(email)])
    return f"{settings.BASE_URL}{path}"


# The signature is proof enough: mail programs post without having seen a page of ours.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unsubscribe(request: HttpRequest, signed: str) -> HttpResponse:
    """Ask with one button; POST does it (RFC 8058: without a redirect), or undoes it.

    404 for a link that is not ours.
    """
    try:
        email = str(SIGNER.unsign_object(signed))
    except (BadSignature, ValueError):
        raise Http404(_("This link is incomplete: copy the whole of it from the mail.")) from None
    if request.method == "POST":
        if "undo" in request.POST:
            allow_again(email)
        else:
            suppress(email, Reason.UNSUBSCRIBED)
    suppression = Suppression.objects.filter(email=email.lower()).first()
    context = {"email": email, "suppression": suppression, "is_done": request.method == "POST"}
    return render(request, "unsubscribe.html", context)
