"""What must hold between orders and their timelines, and what has waited for too long."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout.books import repairs
from checkout.books.findings import (
    PAID_STATES,
    Break,
    Repair,
    State,
    Sums,
    by_currency,
    order_named,
    sum_of,
)
from checkout.models import WebhookEvent
from orders.models import Dispute, Order, OrderEvent, Payment, Refund
from orders.refund_pricing import LIVE
from shop.money import format_money

Kind = OrderEvent.Kind
# The sweep runs each minute.
TWO_SWEEPS = timedelta(minutes=2)
# Tries come at growing waits, up to an hour.
APPLIED_WITHIN = timedelta(hours=2)


@dataclass(frozen=True)
class Told:
    """A sum of money as timelines tell it: what adds to it, and what takes from it."""

    adds: tuple[Kind, ...]
    takes: tuple[Kind, ...] = ()

    def events(self) -> QuerySet[OrderEvent]:
        """The events that tell it."""
        return OrderEvent.objects.filter(kind__in=[*self.adds, *self.takes])

    def amount(self) -> Case:
        """What each of its events adds, in minor units."""
        return Case(
            When(kind__in=self.takes, then=-F("amount_minor")),
            default=F("amount_minor"),
            output_field=BigIntegerField(),
        )

    def by_currency(self) -> Sums:
        """Return the sum for each currency. 1 query."""
        currency = Coalesce(KT("data__currency"), F("order__currency"), output_field=CharField())
        return by_currency(self.events(), currency, self.amount())


ODD_MONEY = Told(adds=(Kind.PAYMENT_LATE, Kind.PAYMENT_MISMATCH))
REFUNDED = Told(adds=(Kind.REFUND_REQUESTED,), takes=(Kind.REFUND_FAILED,))
WITHDRAWN = Told(adds=(Kind.DISPUTE_WITHDRAWN,), takes=(Kind.DISPUTE_REINSTATED,))


def odd_money_told() -> Iterator[Break]:
    """Yield each order whose timeline tells other late or odd money than is recorded. 1 query."""
    payments = Payment.objects.exclude(outcome=Payment.Outcome.ACCEPTED)
    booked = payments.filter(order=OuterRef("pk"))
    yield from _told_otherwise(
        "odd_money_unlike_timeline",
        _("late or odd payments"),
        ODD_MONEY,
        sum_of(booked, "order", "amount_minor"),
    )


def refunds_told() -> Iterator[Break]:
    """Yield each order whose timeline tells other refunds than are recorded. 1 query."""
    booked = Refund.objects.filter(payment__order=OuterRef("pk"), state__in=LIVE)
    yield from _told_otherwise(
        "refunds_unlike_timeline",
        _("refunds"),
        REFUNDED,
        sum_of(booked, "payment__order", "amount_minor"),
    )


def disputes_told() -> Iterator[Break]:
    """Yield each order whose timeline tells other losses than its disputes. 1 query."""
    booked = Dispute.objects.filter(payment__order=OuterRef("pk"))
    yield from _told_otherwise(
        "disputes_unlike_timeline",
        _("taken by disputes"),
        WITHDRAWN,
        sum_of(booked, "payment__order", "withdrawn_minor"),
    )


def states_told() -> Iterator[Break]:
    """Yield each order whose state is not that of its last move. 1 query."""
    moves = OrderEvent.objects.filter(order=OuterRef("pk"), kind__in=list(State))
    last = Coalesce(Subquery(moves.order_by("-pk").values("kind")[:1]), Value(State.PENDING.value))
    for order in Order.objects.annotate(told=last).exclude(state=F("told")):
        yield Break(
            rule="state_unlike_timeline",
            title=_("An order's state is not what its timeline last says"),
            subject=order_named(order.number),
            order=order.number,
            found=str(State(order.state).label),
            expected=str(State(order.told).label),
            hint=_("The state was changed by hand, or an event was deleted: set it back."),
        )


def paid_orders_told() -> Iterator[Break]:
    """Yield each paid order whose timeline does not say that it was paid. 1 query."""
    told = OrderEvent.objects.filter(order=OuterRef("pk"), kind=Kind.PAID)
    for order in Order.objects.filter(~Exists(told), state__in=PAID_STATES):
        yield Break(
            rule="paid_order_without_event",
            title=_("An order is paid, but its timeline does not say so"),
            subject=order_named(order.number),
            order=order.number,
            found=_("no event"),
            expected=str(Kind.PAID.label),
            hint=_("The event was deleted, or the state was changed by hand."),
        )


def overdue_orders() -> Iterator[Break]:
    """Yield each unpaid order whose hold ended more than two sweeps ago. 1 query."""
    ended = timezone.now() - TWO_SWEEPS
    for order in Order.objects.filter(state=State.PENDING, held_until__lt=ended):
        yield Break(
            rule="order_overdue",
            title=_("An unpaid order was not closed when its hold ended"),
            subject=order_named(order.number),
            order=order.number,
            found=_("held until %(moment)s") % {"moment": _moment(order.held_until)},
            expected=_("closed within two minutes"),
            hint=_("Is the worker running, and can Stripe be reached? It closes it then."),
            repair=Repair(
                _("cancel its payment at Stripe, then close it"),
                partial(repairs.close_overdue, order.pk),
            ),
        )


def events_left_in_the_inbox() -> Iterator[Break]:
    """Yield each event of Stripe that was given up, or not applied for too long. 1 query."""
    old = Q(state=WebhookEvent.State.RECEIVED, received_at__lt=timezone.now() - APPLIED_WITHIN)
    parked = Q(state=WebhookEvent.State.FAILED)
    for event in WebhookEvent.objects.filter(old | parked).defer("payload"):
        yield Break(
            rule="event_not_applied",
            title=_("An event of Stripe has not been applied"),
            subject=f"{event.event_id} ({event.type})",
            found=_("“%(state)s” after %(tries)d tries: %(error)s")
            % {
                "state": event.get_state_display(),
                "tries": event.tries,
                "error": event.error or _("no error"),
            },
            expected=_("applied or ignored"),
            hint=_("Clear its error, then replay it under Webhook events."),
        )


def _told_otherwise(rule: str, what: str, told: Told, booked: Coalesce) -> Iterator[Break]:
    events = told.events().filter(order=OuterRef("pk"))
    orders = Order.objects.annotate(told=sum_of(events, "order", told.amount()), booked=booked)
    for order in orders.exclude(told=F("booked")):
        yield Break(
            rule=rule,
            title=_("What is recorded for an order is not what its timeline tells"),
            subject=f"{order_named(order.number)}: {what}",
            order=order.number,
            found=format_money(order.booked, order.currency),
            expected=format_money(order.told, order.currency),
            hint=_("A record or an event was changed or deleted by hand: compare with Stripe."),
        )


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


RULES = (
    odd_money_told,
    refunds_told,
    disputes_told,
    states_told,
    paid_orders_told,
    overdue_orders,
    events_left_in_the_inbox,
)
