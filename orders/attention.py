"""Which orders wait for a decision of staff, and for which."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Dispute, Order, Payment, Refund

UNANSWERED = (Dispute.Status.NEEDS_RESPONSE, Dispute.Status.WARNING_NEEDS_RESPONSE)

CONDITIONS: Mapping[str, Q] = {
    "payment": Q(has_odd_payment=True),
    "refund": Q(has_failed_refund=True),
    "dispute": Q(answer_due_at__isnull=False),
}


def with_attention(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Return the orders with what `reasons` reads; no further query.

    Money that came and does not pay its order, and was not given back; a failed refund that was not
    repeated and still could be; a dispute that waits for our answer.
    """
    odd = Payment.objects.filter(order=OuterRef("pk"), refunded_minor__lt=F("amount_minor"))
    failed = Refund.objects.filter(
        payment__order=OuterRef("pk"),
        state=Refund.State.FAILED,
        repeated_by=None,
        payment__refunded_minor__lte=F("payment__amount_minor") - F("amount_minor"),
    )
    due = Dispute.objects.filter(
        payment__order=OuterRef("pk"), status__in=UNANSWERED, evidence_due_at__isnull=False
    ).order_by("evidence_due_at")
    return orders.annotate(
        has_odd_payment=Exists(odd.exclude(outcome=Payment.Outcome.ACCEPTED)),
        has_failed_refund=Exists(failed),
        answer_due_at=Subquery(due.values("evidence_due_at")[:1]),
    )


def reasons(order: Any) -> list[str]:
    """Return what `order`, which comes from `with_attention`, waits for; [] when nothing."""
    said = []
    if order.has_odd_payment:
        said.append(_("Payment does not match"))
    if order.has_failed_refund:
        said.append(_("Refund failed"))
    if order.answer_due_at:
        day = date_format(localtime(order.answer_due_at))
        said.append(_("Dispute to answer by %(day)s") % {"day": day})
    return said


class NeedsAttention(admin.SimpleListFilter):
    """Orders with money of which somebody has to decide what becomes."""

    title = gettext_lazy("needs attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("yes", _("Yes")),
            ("payment", _("Payment does not match")),
            ("refund", _("Refund failed")),
            ("dispute", _("Dispute to answer")),
            ("no", _("No")),
        ]

    def queryset(self, request: HttpRequest, orders: QuerySet[Order]) -> QuerySet[Order]:
        any_of_them = CONDITIONS["payment"] | CONDITIONS["refund"] | CONDITIONS["dispute"]
        choices = {**CONDITIONS, "yes": any_of_them, "no": ~any_of_them}
        return orders.filter(choices.get(self.value() or "", Q()))
