"""Every message as its reader sees it, for staff. Nothing of it is stored.

The data are made up, but for the weekly report: that has last week's, for those who may see them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailError
from csp.decorators import csp, csp_update
from django.contrib import messages
from django.contrib.admin.sites import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import TemplateDoesNotExist, get_template
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from notifications import mail
from notifications.messages import ABOUT_A_PURCHASE, FOR_STAFF, MESSAGES, UNSUBSCRIBABLE, Message
from notifications.report.message import weekly_report
from notifications.report.views import may_see_report, refuse_strangers
from notifications.samples import sample
from notifications.writing import Letter, write, write_short
from orders.access import SignedInRequest

READER = "ada@example.com"
# The styles of a mail stand on its elements; nothing else is let in, and its links lead nowhere.
MAIL_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": True,
}

View = Callable[..., HttpResponseBase]


def preview_urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of the previews within the admin, for staff who may look at steps."""

    def gated(view: View) -> View:
        @wraps(view)
        def allowed(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            if not request.user.has_perm("notifications.view_delivery"):
                raise PermissionDenied(_("You may not look at messages."))
            return view(request, **arguments)

        return site.admin_view(allowed)

    def listed(request: HttpRequest) -> HttpResponse:
        return _list(request, site)

    def shown(request: HttpRequest, name: str) -> HttpResponseBase:
        show = csp_update({"frame-src": ["'self'"]})(lambda request: _show(request, site, name))
        return show(request)

    def framed(request: HttpRequest, name: str) -> HttpResponseBase:
        show = csp(MAIL_POLICY)(lambda request: _html(request, name))
        return xframe_options_sameorigin(show)(request)

    return [
        path("messages/", gated(listed), name="notifications_messages"),
        path("messages/<str:name>/", gated(shown), name="notifications_message"),
        path("messages/<str:name>/html/", gated(framed), name="notifications_message_html"),
        path("messages/<str:name>/send/", gated(_send), name="notifications_message_send"),
    ]


@require_safe
def _list(request: HttpRequest, site: AdminSite) -> HttpResponse:
    groups = (
        (_("About a purchase"), ABOUT_A_PURCHASE),
        (_("Winning back and following up: one can unsubscribe"), UNSUBSCRIBABLE),
        (_("For staff"), FOR_STAFF),
    )
    context = {
        **site.each_context(request),
        "title": _("Messages"),
        "groups": [
            (title, [_described(one) for one in group if _may_see(request, one)])
            for title, group in groups
        ],
    }
    return render(request, "admin/notifications/preview_list.html", context)


@require_safe
def _show(request: HttpRequest, site: AdminSite, name: str) -> HttpResponse:
    message = _find(request, name)
    context = {
        **site.each_context(request),
        "title": name,
        "description": _described(message)[1],
        "name": name,
        "is_made_up": message is not weekly_report,
        "letter": _letter(name, READER),
        "short": _short(name),
    }
    return render(request, "admin/notifications/preview.html", context)


@require_safe
@never_cache
def _html(request: HttpRequest, name: str) -> HttpResponse:
    _find(request, name)
    return HttpResponse(_letter(name, READER).html)


@require_POST
def _send(request: SignedInRequest, name: str) -> HttpResponse:
    """Send one to whoever is signed in, marked as a sample."""
    _find(request, name)
    email = request.user.email
    with sample(name, email) as delivery:
        letter = write(delivery)
    subject = _("Sample: %(subject)s") % {"subject": letter.subject}
    try:
        mail.send(delivery, replace(letter, subject=subject))
    except (OSError, AnymailError) as error:
        messages.error(request, _("It could not be sent: %(error)s") % {"error": error})
    else:
        messages.success(request, _("A sample is on its way to %(email)s.") % {"email": email})
    return redirect("admin:notifications_message", name)


def _find(request: HttpRequest, name: str) -> Message:
    """Return the message. Raises Http404 for none, PermissionDenied for one not to be seen."""
    if name not in MESSAGES:
        raise Http404(_("There is no such message."))
    if MESSAGES[name] is weekly_report:
        refuse_strangers(request)
    return MESSAGES[name]


def _may_see(request: HttpRequest, message: Message) -> bool:
    return message is not weekly_report or may_see_report(request)


def _described(message: Message) -> tuple[str, str]:
    """The name of a message, and the first line of what its function says of itself."""
    return message.__name__, (message.__doc__ or "").partition("\n")[0]


def _letter(name: str, email: str) -> Letter:
    with sample(name, email) as delivery:
        return write(delivery)


def _short(name: str) -> str:
    """The message for WhatsApp; empty where there is none."""
    try:
        get_template(f"notifications/{name}/whatsapp.txt")
    except TemplateDoesNotExist:
        return ""
    with sample(name, READER) as delivery:
        return write_short(delivery)
