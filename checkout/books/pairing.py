"""What Stripe has, put side by side with what we have of it.

Stripe's lists are read first, our rows after them, and what only one side has is then looked up by
its id at the other: neither the edge of the time asked for nor a payment made meanwhile shows up as
a difference.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import stripe_gateway
from checkout.books.trail import TWO_SWEEPS
from checkout.stripe_gateway import (
    ChargeAtStripe,
    DisputeAtStripe,
    Intent,
    RefundAtStripe,
    StripeError,
)
from orders.models import Dispute, Order, Payment, Refund

There = TypeVar("There")
Here = TypeVar("Here", bound=Model)
Row = TypeVar("Row", bound=Model)

# So many ids go into one query.
CHUNK = 500
# More that Stripe's lists do not have are no slips: they were taken by another account.
MOST_LOOK_UPS = 200


@dataclass(frozen=True)
class Captured:
    """What Stripe took through one intent, in minor units, by how many charges.

    `order` is ours that the intent names; looked up only where no payment of ours says it.
    """

    intent_id: str
    amount_minor: int
    currency: str
    charges: int
    order: Order | None


@dataclass(frozen=True)
class Pair(Generic[There, Here]):
    """One thing as Stripe has it and as we have it; one of both may be missing."""

    there: There | None
    here: Here | None
    made_at: datetime
    currency: str

    @property
    def is_young(self) -> bool:
        """Whether it may still be on its way: then a difference is none yet."""
        return abs(timezone.now() - self.made_at) < TWO_SWEEPS


@dataclass(frozen=True)
class Lists:
    """What Stripe listed since a moment."""

    since: datetime
    charges: list[ChargeAtStripe]
    refunds: list[RefundAtStripe]
    disputes: list[DisputeAtStripe]


@dataclass(frozen=True)
class Rows:
    """Our rows for it, by the id that Stripe knows, and those since the same moment."""

    payments: dict[str, Payment]
    refunds: dict[str, Refund]
    disputes: dict[str, Dispute]


@dataclass(frozen=True)
class Pairs:
    """Everything side by side."""

    payments: list[Pair[Captured, Payment]]
    refunds: list[Pair[RefundAtStripe, Refund]]
    disputes: list[Pair[DisputeAtStripe, Dispute]]


def read_lists(since: datetime) -> Lists:
    """Return what Stripe lists since then. A call for each 100 objects. Raises StripeError."""
    return Lists(
        since=since,
        charges=list(stripe_gateway.list_charges(since)),
        refunds=list(stripe_gateway.list_refunds(since)),
        disputes=list(stripe_gateway.list_disputes(since)),
    )


def read_rows(lists: Lists) -> Rows:
    """Return our rows for what Stripe listed, of whatever age, ours since then, and the open ones.

    At least 3 queries, and one more for each 500 that are older here than there.
    """
    payments = Payment.objects.select_related("order")
    refunds = Refund.objects.select_related("payment__order")
    disputes = Dispute.objects.select_related("payment__order")
    intent_ids = {charge.intent_id for charge in lists.charges}
    intent_ids |= {dispute.intent_id for dispute in lists.disputes}
    recent = Q(requested_at__gte=lists.since) | Q(state=Refund.State.SENT)
    open_or_recent = Q(opened_at__gte=lists.since) | Q(closed_at=None)
    found = _rows(
        refunds, recent & ~Q(stripe_id=None), "stripe_id", (one.id for one in lists.refunds)
    )
    # Stripe may know what our row does not yet: that it was sent, and under which id.
    unnoted = {one.key: one.id for one in lists.refunds if one.key and one.id not in found}
    by_key = _rows(refunds, Q(pk=None), "idempotency_key", unnoted)
    found |= {unnoted[key]: refund for key, refund in by_key.items()}
    return Rows(
        payments=_rows(
            payments,
            Q(received_at__gte=lists.since),
            "intent_id",
            intent_ids,
        ),
        refunds=found,
        disputes=_rows(disputes, open_or_recent, "stripe_id", (one.id for one in lists.disputes)),
    )


def pair_up(lists: Lists, rows: Rows) -> Pairs:
    """Put both sides together, and look up at Stripe what its lists lack.

    A call and at most a query for each thing that only one side has. Raises StripeError.
    """
    listed = {charge.intent_id for charge in lists.charges}
    recent = {key for key, row in rows.payments.items() if row.received_at >= lists.since}
    missing = len(recent - listed) + len(rows.refunds.keys() - {one.id for one in lists.refunds})
    if missing > MOST_LOOK_UPS:
        raise StripeError(
            _(
                "Stripe's lists lack %(count)d payments and refunds of ours: is the key that of "
                "the account that took them?"
            )
            % {"count": missing},
            permanent=True,
        )
    return Pairs(
        payments=_payments(lists, rows, sorted(listed | recent)),
        refunds=_refunds(lists, rows),
        disputes=_disputes(lists, rows),
    )


def _payments(lists: Lists, rows: Rows, intent_ids: Iterable[str]) -> list[Pair[Captured, Payment]]:
    charges: dict[str, list[ChargeAtStripe]] = {}
    for charge in lists.charges:
        charges.setdefault(charge.intent_id, []).append(charge)
    pairs = []
    for intent_id in intent_ids:
        row = rows.payments.get(intent_id)
        there = _captured(intent_id, charges.get(intent_id, []), is_known=row is not None)
        made_at = charges[intent_id][0].made_at if intent_id in charges else None
        if row is not None:
            pairs.append(Pair(there, row, made_at or row.received_at, row.currency))
        elif there is not None and made_at is not None:
            pairs.append(Pair(there, None, made_at, there.currency))
    return pairs


def _captured(intent_id: str, charges: list[ChargeAtStripe], *, is_known: bool) -> Captured | None:
    """What Stripe took: by its charges, and by the intent where only that says enough."""
    intent = None
    if intent_id and not (charges and is_known):
        intent = _look_up(stripe_gateway.retrieve_intent, intent_id)
    if charges:
        return Captured(
            intent_id=intent_id,
            amount_minor=sum(charge.captured_minor for charge in charges),
            currency=charges[0].currency,
            charges=len(charges),
            order=_order_of(intent),
        )
    if intent is None or not intent.received_minor:
        return None
    return Captured(intent_id, intent.received_minor, intent.currency, 1, _order_of(intent))


def _order_of(intent: Intent | None) -> Order | None:
    if intent is None or not intent.order_number:
        return None
    return Order.objects.filter(number=intent.order_number).first()


def _refunds(lists: Lists, rows: Rows) -> list[Pair[RefundAtStripe, Refund]]:
    listed = {refund.id: refund for refund in lists.refunds}
    pairs = []
    for stripe_id in sorted(listed.keys() | rows.refunds.keys()):
        row = rows.refunds.get(stripe_id)
        there = listed.get(stripe_id)
        if row is not None:
            there = there or _look_up(stripe_gateway.retrieve_refund, stripe_id)
            made_at = there.made_at if there else row.requested_at
            pairs.append(Pair(there, row, made_at, row.payment.currency))
        elif there is not None:
            pairs.append(Pair(there, None, there.made_at, there.currency))
    return pairs


def _disputes(lists: Lists, rows: Rows) -> list[Pair[DisputeAtStripe, Dispute]]:
    listed = {dispute.id: dispute for dispute in lists.disputes}
    currencies = {charge.intent_id: charge.currency for charge in lists.charges}
    currencies |= {key: payment.currency for key, payment in rows.payments.items()}
    pairs = []
    for stripe_id in sorted(listed.keys() | rows.disputes.keys()):
        row = rows.disputes.get(stripe_id)
        there = listed.get(stripe_id)
        if row is not None:
            there = there or _look_up(stripe_gateway.retrieve_dispute, stripe_id)
            pairs.append(Pair(there, row, row.opened_at, row.payment.currency))
        elif there is not None:
            # Of an intent that neither side has in its lists nothing says the currency.
            currency = currencies.get(there.intent_id, "")
            pairs.append(Pair(there, None, there.opened_at, currency))
    return pairs


def _look_up(ask: Callable[[str], There], stripe_id: str) -> There | None:
    """Ask Stripe for one object; None when there is none. Raises StripeError."""
    try:
        return ask(stripe_id)
    except StripeError as error:
        if error.permanent:
            return None
        raise


def _rows(rows: QuerySet[Row], recent: Q, name: str, wanted: Iterable[str]) -> dict[str, Row]:
    """Return the `recent` rows and those whose field `name` is wanted, by that field."""
    found = {getattr(row, name): row for row in rows.filter(recent)}
    older = sorted(set(wanted) - found.keys() - {""})
    for start in range(0, len(older), CHUNK):
        chunk = {f"{name}__in": older[start : start + CHUNK]}
        found |= {getattr(row, name): row for row in rows.filter(**chunk)}
    return found
