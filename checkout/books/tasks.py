"""The checks that the worker runs: each night by the schedule, and when staff press a button."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import mail_admins
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout.books import audit
from checkout.models import Audit

KEPT_FOR = timedelta(days=90)
# A mail names so many breaks; the page in the admin has the rest.
MOST_TOLD = 20


def check_books() -> Audit:
    """Check all books and keep what came out."""
    return audit.keep(audit.check(timezone.now() - audit.LOOK_BACK))


def check_books_nightly() -> None:
    """Check all books, mail the admins unless they close, and forget old audits."""
    made = check_books()
    Audit.objects.filter(made_at__lt=timezone.now() - KEPT_FOR).delete()
    if made.sums["count"] or made.sums["error"]:
        mail_admins(_("The books need a look"), _mail(made))


def _mail(made: Audit) -> str:
    page = settings.BASE_URL + reverse("admin:checkout_audit_change", args=[made.pk])
    told = [
        "\n".join(
            [
                f"{number}. {one['title']}",
                one["subject"],
                _("Found: %(found)s. Expected: %(expected)s.") % one,
                one["hint"],
            ]
        )
        for number, one in enumerate(made.breaks[:MOST_TOLD], start=1)
    ]
    more = made.sums["count"] - len(told)
    if more > 0:
        told.append(_("And %(count)d more.") % {"count": more})
    return "\n\n".join([audit.verdict_of(made), *told, _("All of it: %(page)s") % {"page": page}])
