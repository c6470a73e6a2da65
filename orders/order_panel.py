"""What the order's admin page shows of money, parcels and history: it refreshes by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Prefetch, Sum
from django.utils.translation import gettext as _

from orders.evidence import reason_in_words
from orders.models import (
    Dispute,
    Order,
    OrderLine,
    Payment,
    Refund,
    RefundLine,
    Shipment,
    ShipmentLine,
)
from orders.shipping import left_to_send
from orders.timeline import Entry, timeline_of
from shop.money import format_money

UNDER_WAY = (Refund.State.REQUESTED, Refund.State.SENT)


@dataclass(frozen=True)
class RefundRow:
    """A refund with what it gives back in words; `is_repeatable`: it failed, and still can be."""

    refund: Refund
    parts: tuple[str, ...]
    by: str
    is_repeatable: bool


@dataclass(frozen=True)
class PaymentRow:
    """A payment; `is_refundable`: something is left of it that the bank has not taken back.

    `is_lost`: the bank has taken it back for good.
    """

    payment: Payment
    is_refundable: bool
    is_lost: bool


@dataclass(frozen=True)
class DisputeRow:
    """A dispute with its reason in words."""

    dispute: Dispute
    reason: str


@dataclass(frozen=True)
class Panel:
    """The money, the parcels and the timeline of an order, as they are now."""

    shipments: tuple[Shipment, ...]
    left_to_send: tuple[tuple[OrderLine, int], ...]
    payments: tuple[PaymentRow, ...]
    refunds: tuple[RefundRow, ...]
    disputes: tuple[DisputeRow, ...]
    timeline: tuple[Entry, ...]
    # Changes whenever anything shown does.
    mark: str
    # It may change without anybody's doing.
    is_open: bool

    @property
    def has_refund_under_way(self) -> bool:
        """Whether Stripe has not yet said what became of a refund."""
        return any(row.refund.state in UNDER_WAY for row in self.refunds)

    @property
    def is_all_given_back(self) -> bool:
        """Whether the money that paid the order is back, or on its way to the buyer."""
        return any(
            row.payment.outcome == Payment.Outcome.ACCEPTED and not row.payment.refundable_minor
            for row in self.payments
        )

    @property
    def is_lost(self) -> bool:
        """Whether the bank has taken back the money that paid the order, for good."""
        return any(
            row.is_lost and row.payment.outcome == Payment.Outcome.ACCEPTED for row in self.payments
        )

    @property
    def is_cancelable(self) -> bool:
        """Whether nothing was sent, and its payment still holds something to give back."""
        return not self.shipments and any(
            row.is_refundable and row.payment.outcome == Payment.Outcome.ACCEPTED
            for row in self.payments
        )

    def since(self, seen: str) -> list[Entry]:
        """Return what happened after the page with that mark was shown, the oldest first."""
        last = seen.partition("-")[0]
        newest = int(last) if last.isdecimal() else 0
        return [entry for entry in reversed(self.timeline) if entry.id > newest]


def panel_of(order: Order) -> Panel:
    """Return what there is to show of `order`. At most 8 queries, however long its history."""
    parts = RefundLine.objects.select_related("line")
    refunds = Refund.objects.select_related("staff", "repeated_by").prefetch_related(
        Prefetch("lines", parts)
    )
    payments = list(
        order.payments.order_by("pk").prefetch_related(Prefetch("refunds", refunds), "disputes")
    )
    rows = tuple(_payment_row(payment) for payment in payments)
    made = [refund for payment in payments for refund in payment.refunds.all()]
    made.sort(key=lambda refund: refund.pk, reverse=True)
    timeline = tuple(timeline_of(order))
    contents = Prefetch("lines", ShipmentLine.objects.select_related("line"))
    return Panel(
        shipments=tuple(order.shipments.select_related("staff").prefetch_related(contents)),
        left_to_send=tuple(left_to_send(order)),
        payments=rows,
        refunds=tuple(_refund_row(refund) for refund in made),
        disputes=tuple(
            DisputeRow(dispute, reason_in_words(dispute.reason))
            for payment in payments
            for dispute in payment.disputes.all()
        ),
        timeline=timeline,
        mark=_mark(timeline[0].id if timeline else 0, (refund.tries for refund in made)),
        is_open=order.state == Order.State.PENDING
        or any(refund.state in UNDER_WAY for refund in made),
    )


def mark_of(order: Order) -> str:
    """Return the mark that the panel of `order` has now. 2 queries."""
    last = order.events.aggregate(last=Max("pk"))["last"] or 0
    tries = Refund.objects.filter(payment__order=order).aggregate(tries=Sum("tries"))["tries"] or 0
    return _mark(last, [tries])


def _mark(last_event: int, tries: Iterable[int]) -> str:
    return f"{last_event}-{sum(tries)}"


def _payment_row(payment: Payment) -> PaymentRow:
    withdrawn = [dispute for dispute in payment.disputes.all() if dispute.withdrawn_minor]
    return PaymentRow(
        payment,
        is_refundable=payment.refundable_minor > 0 and not withdrawn,
        is_lost=any(dispute.status == Dispute.Status.LOST for dispute in withdrawn),
    )


def _refund_row(refund: Refund) -> RefundRow:
    is_open = refund.state == Refund.State.FAILED and not hasattr(refund, "repeated_by")
    return RefundRow(
        refund=refund,
        parts=tuple(_parts(refund)),
        by=_by(refund),
        is_repeatable=is_open and refund.amount_minor <= refund.payment.refundable_minor,
    )


def _parts(refund: Refund) -> Iterable[str]:
    currency = refund.payment.currency
    for part in refund.lines.all():
        words: dict[str, Any] = {"quantity": part.quantity, "title": part.line.title}
        if part.restock:
            yield _("%(quantity)d × %(title)s, back on the shelf") % words
        else:
            yield _("%(quantity)d × %(title)s") % words
    if refund.shipping_minor:
        yield _("shipping %(amount)s") % {"amount": format_money(refund.shipping_minor, currency)}
    if refund.other_minor:
        yield _("amount of %(amount)s") % {"amount": format_money(refund.other_minor, currency)}


def _by(refund: Refund) -> str:
    if refund.staff:
        return str(refund.staff)
    is_from_stripe = refund.reason == Refund.Reason.AT_STRIPE
    return _("Stripe's dashboard") if is_from_stripe else _("schedule")
