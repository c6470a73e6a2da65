"""What must hold between Stripe and us: one rule for each kind of thing that both sides have."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _

from checkout.books import repairs
from checkout.books.findings import (
    PAID_STATES,
    Break,
    Figures,
    Repair,
    Sums,
    order_named,
    sums_that_differ,
)
from checkout.books.pairing import Captured, Here, Pair, Pairs, There
from checkout.stripe_gateway import DisputeAtStripe, RefundAtStripe
from orders.models import Dispute, Payment, Refund
from orders.refund_pricing import LIVE
from shop.money import format_money

State = Refund.State
# What we call what Stripe says of a refund.
STATES = {
    "pending": State.SENT,
    "requires_action": State.SENT,
    "succeeded": State.SUCCEEDED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}


def compare(pairs: Pairs, since: datetime) -> tuple[list[Figures], list[Break]]:
    """Return the sums of both sides and the breaks between them.

    What differs and may still be on its way is in neither.
    """
    payments, breaks = _settled(pairs.payments, payment_breaks)
    refunds, more = _settled(pairs.refunds, refund_breaks)
    disputes, most = _settled(pairs.disputes, dispute_breaks)
    captured = _sums(payments, _taken_there, _taken_here)
    refunded = _sums(refunds, _refunded_there, _refunded_here)
    lost = _sums(disputes, _lost_there, _lost_here)
    table = _("Stripe and the shop, since %(day)s") % {
        "day": f"{timezone.localtime(since):%Y-%m-%d}"
    }
    figures = money_figures(table, (_("At Stripe"), _("In the shop")), captured, refunded, lost)
    return figures, [*breaks, *more, *most, *sums_that_differ(figures)]


def money_figures(
    table: str,
    sources: tuple[str, str],
    captured: tuple[Sums, Sums],
    refunded: tuple[Sums, Sums],
    lost: tuple[Sums, Sums],
) -> list[Figures]:
    """Return captured, refunded, lost and what is left of it as both sources have it."""
    names = (_("Captured"), _("Refunded"), _("Taken by disputes"), _("Left"))
    flows = (captured, refunded, lost)
    figures = []
    for code in sorted({code for flow in flows for sums in flow for code in sums}):
        rows = [(flow[0].get(code, 0), flow[1].get(code, 0)) for flow in flows]
        left = [taken - back - gone for taken, back, gone in zip(*rows, strict=True)]
        for name, values in zip(names, [*rows, (left[0], left[1])], strict=True):
            figures.append(Figures(table, name, code, sources, values))
    return figures


# --- One rule for each kind ---------------------------------------------------------------------
def payment_breaks(pair: Pair[Captured, Payment]) -> Iterator[Break]:
    """Yield what differs between what Stripe took and our payment."""
    there, here = pair.there, pair.here
    if there is not None and here is None:
        yield _charge_without_payment(there)
    elif there is None and here is not None:
        yield Break(
            rule="payment_without_charge",
            title=_("A payment is recorded that Stripe never took"),
            subject=_of(here.order.number, here.intent_id),
            order=here.order.number,
            found=format_money(here.amount_minor, here.currency),
            expected=_("nothing: Stripe has no such payment"),
            hint=_("Do not send the goods. The record was added or its payment changed by hand."),
        )
    elif there is not None and here is not None:
        if (there.amount_minor, there.currency) != (here.amount_minor, here.currency):
            yield Break(
                rule="payment_differs_from_stripe",
                title=_("A payment is recorded with another amount than Stripe took"),
                subject=_of(here.order.number, here.intent_id),
                order=here.order.number,
                found=format_money(here.amount_minor, here.currency),
                expected=format_money(there.amount_minor, there.currency),
                hint=_("Stripe is right: the record was changed by hand. Set it back."),
            )
        if there.charges > 1:
            yield _charged_twice(there, here.order.number)


def _charge_without_payment(there: Captured) -> Break:
    amount = format_money(there.amount_minor, there.currency)
    order = there.order
    if order is None:
        return Break(
            rule="charge_without_order",
            title=_("A customer was charged and has no order"),
            subject=there.intent_id or _("A charge without a payment intent"),
            found=_("%(amount)s taken at Stripe") % {"amount": amount},
            expected=_("an order that it pays"),
            hint=_(
                "Look it up in Stripe's dashboard, and refund it there if no order of this shop "
                "belongs to it. Another program may be using the same Stripe account."
            ),
        )
    if order.state in PAID_STATES and order.payments.exists():
        return _charged_twice(there, order.number)
    repair = Repair(_("book the payment"), partial(repairs.settle_intent, there.intent_id))
    return Break(
        rule="charge_without_payment",
        title=_("A customer was charged, but no payment is recorded"),
        subject=_of(order.number, there.intent_id),
        order=order.number,
        found=_("nothing recorded"),
        expected=_("%(amount)s taken at Stripe") % {"amount": amount},
        hint=_("Is the worker running, and do webhooks come? Book it, or wait for the next sweep.")
        if order.state not in PAID_STATES
        else _("The record of a paid order's payment was lost: restore it from a backup."),
        repair=repair if order.state not in PAID_STATES else None,
    )


def _charged_twice(there: Captured, number: str) -> Break:
    return Break(
        rule="charged_twice",
        title=_("An order was charged more than once"),
        subject=_of(number, there.intent_id),
        order=number,
        found=_("%(amount)s taken by another charge or by more than one")
        % {"amount": format_money(there.amount_minor, there.currency)},
        expected=_("one charge"),
        hint=_("Refund the charge that is too many in Stripe's dashboard."),
    )


def refund_breaks(pair: Pair[RefundAtStripe, Refund]) -> Iterator[Break]:
    """Yield what differs between a refund at Stripe and ours."""
    there, here = pair.there, pair.here
    if there is not None and here is None:
        if not there.has_failed:
            yield Break(
                rule="refund_not_recorded",
                title=_("Stripe gave money back that is not recorded"),
                subject=f"{there.id} ({there.intent_id})",
                found=_("nothing recorded"),
                expected=format_money(there.amount_minor, there.currency),
                hint=_("It was made in Stripe's dashboard, and no webhook brought it: book it."),
                repair=_settle_refund(there),
            )
        return
    if here is None:
        return
    number = here.payment.order.number
    if there is None:
        yield Break(
            rule="refund_not_at_stripe",
            title=_("A refund is recorded that Stripe does not have"),
            subject=_of(number, here.stripe_id or ""),
            order=number,
            found=_text_here(here),
            expected=_("nothing: Stripe has no such refund"),
            hint=_("The buyer has not got this money: refund it in Stripe's dashboard."),
        )
    elif _is_unlike(there, here):
        yield Break(
            rule="refund_differs",
            title=_("A refund is not recorded as it stands at Stripe"),
            subject=_of(number, there.id),
            order=number,
            found=_text_here(here),
            expected=f"{format_money(there.amount_minor, there.currency)}, {there.status}",
            hint=_("Bring it in line with Stripe. If that fails, a record was changed by hand."),
            repair=_settle_refund(there) if _can_be_settled(there, here) else None,
        )


def _is_unlike(there: RefundAtStripe, here: Refund) -> bool:
    amounts = (there.amount_minor, there.currency) != (here.amount_minor, here.payment.currency)
    return amounts or STATES.get(there.status) != here.state


def _can_be_settled(there: RefundAtStripe, here: Refund) -> bool:
    """Whether only our state lags behind; a failed refund never becomes another."""
    if (there.amount_minor, there.currency) != (here.amount_minor, here.payment.currency):
        return False
    return here.state in (State.REQUESTED, State.SENT) or (
        here.state == State.SUCCEEDED and there.has_failed
    )


def _settle_refund(there: RefundAtStripe) -> Repair:
    return Repair(_("book it as it stands at Stripe"), partial(repairs.settle_refund_of, there.id))


def _text_here(here: Refund) -> str:
    return f"{format_money(here.amount_minor, here.payment.currency)}, {here.state}"


def dispute_breaks(pair: Pair[DisputeAtStripe, Dispute]) -> Iterator[Break]:
    """Yield what differs between a dispute at Stripe and ours."""
    there, here = pair.there, pair.here
    if there is None and here is not None:
        number = here.payment.order.number
        yield Break(
            rule="dispute_not_at_stripe",
            title=_("A dispute is recorded that Stripe does not have"),
            subject=_of(number, here.stripe_id),
            order=number,
            found=_dispute_text(here.status, here.amount_minor, here.withdrawn_minor, pair),
            expected=_("nothing: Stripe has no such dispute"),
            hint=_("The record was added or changed by hand: compare with Stripe's dashboard."),
        )
    elif there is not None and here is None:
        yield Break(
            rule="dispute_not_recorded",
            title=_("A bank disputes a payment, and it is not recorded"),
            subject=f"{there.id} ({there.intent_id})",
            found=_("nothing recorded"),
            expected=_dispute_text(there.status, there.amount_minor, there.withdrawn_minor, pair),
            hint=_("No webhook brought it: book it, and mind the time to answer."),
            repair=_settle_dispute(there),
        )
    elif there is not None and here is not None:
        is_there = (there.status, there.amount_minor, there.withdrawn_minor)
        is_here = (here.status, here.amount_minor, here.withdrawn_minor)
        if is_there != is_here:
            number = here.payment.order.number
            yield Break(
                rule="dispute_differs",
                title=_("A dispute is not recorded as it stands at Stripe"),
                subject=_of(number, there.id),
                order=number,
                found=_dispute_text(*is_here, pair),
                expected=_dispute_text(*is_there, pair),
                hint=_("Bring it in line with Stripe."),
                repair=_settle_dispute(there),
            )


def _settle_dispute(there: DisputeAtStripe) -> Repair:
    return Repair(_("book it as it stands at Stripe"), partial(repairs.settle_dispute_of, there.id))


def _dispute_text(
    status: str, amount: int, withdrawn: int, pair: Pair[DisputeAtStripe, Dispute]
) -> str:
    # Without a currency, of a payment that is not ours, the minor units have to do.
    money = [
        format_money(part, pair.currency) if pair.currency else str(part)
        for part in (amount, withdrawn)
    ]
    return _("%(amount)s, %(withdrawn)s taken, %(status)s") % {
        "amount": money[0],
        "withdrawn": money[1],
        "status": status,
    }


def _of(number: str, stripe_id: str) -> str:
    return f"{order_named(number)} ({stripe_id})"


# --- Sums ---------------------------------------------------------------------------------------
def _settled(
    pairs: list[Pair[There, Here]], rule: Callable[[Pair[There, Here]], Iterator[Break]]
) -> tuple[list[Pair[There, Here]], list[Break]]:
    """Return the pairs that count and their breaks; those on their way count on neither side."""
    counted, breaks = [], []
    for pair in pairs:
        found = list(rule(pair))
        if found and pair.is_young:
            continue
        counted.append(pair)
        breaks += found
    return counted, breaks


def _sums(
    pairs: list[Pair[There, Here]], there: Callable[[There], int], here: Callable[[Here], int]
) -> tuple[Sums, Sums]:
    sums: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for pair in pairs:
        if pair.currency:
            sums[0][pair.currency] += there(pair.there) if pair.there is not None else 0
            sums[1][pair.currency] += here(pair.here) if pair.here is not None else 0
    return dict(sums[0]), dict(sums[1])


def _taken_there(captured: Captured) -> int:
    return captured.amount_minor


def _taken_here(payment: Payment) -> int:
    return payment.amount_minor


def _refunded_there(refund: RefundAtStripe) -> int:
    return 0 if refund.has_failed else refund.amount_minor


def _refunded_here(refund: Refund) -> int:
    return refund.amount_minor if refund.state in LIVE else 0


def _lost_there(dispute: DisputeAtStripe) -> int:
    return dispute.withdrawn_minor


def _lost_here(dispute: Dispute) -> int:
    return dispute.withdrawn_minor
