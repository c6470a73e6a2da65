"""What must hold between orders, payments, refunds and disputes, whatever Stripe says."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db.models import F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout.books import repairs
from checkout.books.findings import (
    PAID_STATES,
    Break,
    Repair,
    State,
    order_named,
    sum_of,
)
from orders.models import Dispute, Order, OrderLine, Payment, Refund, RefundLine
from orders.refund_pricing import LIVE
from shop.money import format_money

ACCEPTED = Payment.Outcome.ACCEPTED
# The sender tries again after an hour at most; a bank may take two weeks.
SENT_WITHIN = timedelta(hours=2)
BANKS_TAKE = timedelta(days=14)

_line_total = F("unit_price_minor") * F("quantity")


def lines_that_do_not_add_up() -> Iterator[Break]:
    """Yield each order whose lines do not make its amounts. 1 query."""
    lines = OrderLine.objects.filter(order=OuterRef("pk"))
    orders = Order.objects.annotate(
        lines_sum=sum_of(lines, "order", _line_total),
        discounts=sum_of(lines, "order", "discount_minor"),
        taxes=sum_of(lines, "order", "tax_minor") + F("shipping_tax_minor"),
        whole=F("subtotal_minor") - F("discount_minor") + F("shipping_minor") + F("tax_minor"),
    ).exclude(
        subtotal_minor=F("lines_sum"),
        discount_minor=F("discounts"),
        tax_minor=F("taxes"),
        total_minor=F("whole"),
    )
    for order in orders:
        for name, said, made in (
            (_("lines"), order.subtotal_minor, order.lines_sum),
            (_("discount"), order.discount_minor, order.discounts),
            (_("tax"), order.tax_minor, order.taxes),
            (_("total"), order.total_minor, order.whole),
        ):
            if said != made:
                yield Break(
                    rule="order_does_not_add_up",
                    title=_("An order's amounts are not what its lines make"),
                    subject=order_named(order.number),
                    order=order.number,
                    found=f"{name}: {format_money(said, order.currency)}",
                    expected=f"{name}: {format_money(made, order.currency)}",
                    hint=_(
                        "An amount was changed after the order was placed. Compare with the "
                        "buyer's confirmation mail and correct the row that was changed."
                    ),
                )


def paid_orders_without_payment() -> Iterator[Break]:
    """Yield each order that is paid, costs something, and has no accepted payment. 1 query."""
    orders = Order.objects.filter(state__in=PAID_STATES, total_minor__gt=0)
    for order in orders.exclude(payments__outcome=ACCEPTED):
        yield Break(
            rule="paid_order_without_payment",
            title=_("An order is paid, but no payment is recorded for it"),
            subject=order_named(order.number),
            order=order.number,
            found=_("no payment"),
            expected=format_money(order.total_minor, order.currency),
            hint=_(
                "Look its payment up in Stripe's dashboard. If the money is there, the record of "
                "it was lost: restore it from a backup. If not, do not send the goods."
            ),
        )


def payments_that_differ_from_their_order() -> Iterator[Break]:
    """Yield each accepted payment that is not just the order's total. 1 query."""
    payments = Payment.objects.filter(outcome=ACCEPTED).select_related("order")
    for payment in payments.exclude(
        amount_minor=F("order__total_minor"), currency=F("order__currency")
    ):
        yield Break(
            rule="payment_differs_from_order",
            title=_("An order was paid with another amount than its total"),
            subject=order_named(payment.order.number),
            order=payment.order.number,
            found=format_money(payment.amount_minor, payment.currency),
            expected=format_money(payment.order.total_minor, payment.order.currency),
            hint=_(
                "Compare both with Stripe's dashboard: the one that is not what Stripe took was "
                "changed by hand."
            ),
        )


def money_of_unpaid_orders() -> Iterator[Break]:
    """Yield each accepted payment of an order that says it is unpaid. 1 query."""
    payments = Payment.objects.filter(outcome=ACCEPTED).select_related("order")
    for payment in payments.exclude(order__state__in=PAID_STATES):
        yield Break(
            rule="money_of_unpaid_order",
            title=_("An order has been paid, but its state says that it was not"),
            subject=order_named(payment.order.number),
            order=payment.order.number,
            found=str(State(payment.order.state).label),
            expected=str(State.PAID.label),
            hint=_(
                "The state was changed by hand. The timeline says what it was: set it back, or "
                "refund the payment."
            ),
        )


def money_kept_without_a_sale() -> Iterator[Break]:
    """Yield each late or odd payment that was not given back in full. 1 query."""
    lost = Dispute.objects.filter(payment=OuterRef("pk"))
    payments = (
        Payment.objects.exclude(outcome=ACCEPTED)
        .select_related("order")
        .annotate(kept=F("amount_minor") - F("refunded_minor"))
        .annotate(lost=sum_of(lost, "payment", "withdrawn_minor"))
    )
    for payment in payments.filter(kept__gt=F("lost")):
        yield Break(
            rule="money_kept_without_sale",
            title=_("Money that bought nothing has not been given back"),
            subject=order_named(payment.order.number),
            order=payment.order.number,
            found=_("%(amount)s kept") % {"amount": format_money(payment.kept, payment.currency)},
            expected=_("nothing kept"),
            hint=_("It came too late or in the wrong amount: refund it on the order's page."),
        )


def refunded_counters() -> Iterator[Break]:
    """Yield each payment whose counter is not the sum of its live refunds. 1 query."""
    live = Refund.objects.filter(payment=OuterRef("pk"), state__in=LIVE)
    payments = Payment.objects.select_related("order").annotate(
        live=sum_of(live, "payment", "amount_minor")
    )
    for payment in payments.exclude(refunded_minor=F("live")):
        yield Break(
            rule="refunded_counter_differs",
            title=_("A payment says that another amount was refunded than its refunds make"),
            subject=order_named(payment.order.number),
            order=payment.order.number,
            found=format_money(payment.refunded_minor, payment.currency),
            expected=format_money(payment.live, payment.currency),
            hint=_("If no refund was changed or deleted by hand, count again from the refunds."),
            repair=Repair(
                _("count what was refunded from the refunds"),
                partial(repairs.recount_refunded, payment.pk),
            ),
        )


def refunds_that_do_not_add_up() -> Iterator[Break]:
    """Yield each refund whose amount is not its lines, shipping and the rest. 1 query."""
    parts = RefundLine.objects.filter(refund=OuterRef("pk"))
    refunds = Refund.objects.select_related("payment__order").annotate(
        parts=sum_of(parts, "refund", "amount_minor") + F("shipping_minor") + F("other_minor")
    )
    for refund in refunds.exclude(amount_minor=F("parts")):
        currency = refund.payment.currency
        yield Break(
            rule="refund_does_not_add_up",
            title=_("A refund's amount is not the sum of its parts"),
            subject=_refund_named(refund),
            order=refund.payment.order.number,
            found=format_money(refund.amount_minor, currency),
            expected=format_money(refund.parts, currency),
            hint=_("Compare with Stripe's dashboard and correct the part that was changed."),
        )


def refunded_units() -> Iterator[Break]:
    """Yield each order line whose counters are not the units of its live refunds. 1 query."""
    live = RefundLine.objects.filter(line=OuterRef("pk"), refund__state__in=LIVE)
    lines = OrderLine.objects.select_related("order").annotate(
        units=sum_of(live, "line", "quantity"), returned=sum_of(live, "line", "returned_quantity")
    )
    for line in lines.exclude(refunded_quantity=F("units"), returned_quantity=F("returned")):
        yield Break(
            rule="refunded_units_differ",
            title=_("An order line says that another number of units was refunded than was"),
            subject=f"{order_named(line.order.number)}: {line.title}",
            order=line.order.number,
            found=_refunded(line.refunded_quantity, line.returned_quantity),
            expected=_refunded(line.units, line.returned),
            hint=_("If no refund was changed or deleted by hand, count again from the refunds."),
            repair=Repair(
                _("count the refunded units from the refunds"),
                partial(repairs.recount_refunded_units, line.pk),
            ),
        )


def _refunded(units: int, returned: int) -> str:
    words = {"units": units, "returned": returned}
    return _("%(units)d, of these %(returned)d sent before") % words


def refunded_states() -> Iterator[Break]:
    """Yield each order that says it was refunded in full and was not, and the reverse. 1 query."""
    back = Refund.objects.filter(payment=OuterRef("pk"), state=Refund.State.SUCCEEDED)
    payments = Payment.objects.filter(outcome=ACCEPTED).select_related("order")
    payments = payments.annotate(back=sum_of(back, "payment", "amount_minor"))
    is_refunded = Q(order__state=State.REFUNDED)
    for payment in payments.filter(
        is_refunded & ~Q(back=F("amount_minor")) | ~is_refunded & Q(back__gte=F("amount_minor"))
    ):
        words = {
            "back": format_money(payment.back, payment.currency),
            "all": format_money(payment.amount_minor, payment.currency),
            "state": State(payment.order.state).label,
        }
        yield Break(
            rule="refunded_state_differs",
            title=_("An order's state does not fit what was refunded"),
            subject=order_named(payment.order.number),
            order=payment.order.number,
            found=_("“%(state)s”, and %(back)s of %(all)s went back") % words,
            expected=_("“refunded” just when all of it went back"),
            hint=_("Compare its refunds with Stripe's dashboard: one was changed or deleted."),
        )


def refunds_that_wait() -> Iterator[Break]:
    """Yield each refund that nobody sent, or that its bank keeps too long. 1 query."""
    now = timezone.now()
    unsent = Q(state=Refund.State.REQUESTED, requested_at__lt=now - SENT_WITHIN)
    unsettled = Q(state=Refund.State.SENT, requested_at__lt=now - BANKS_TAKE)
    for refund in Refund.objects.filter(unsent | unsettled).select_related("payment__order"):
        yield Break(
            rule="refund_waits",
            title=_("A refund was asked for and has not gone through"),
            subject=_refund_named(refund),
            order=refund.payment.order.number,
            found=_("“%(state)s” since %(day)s")
            % {"state": refund.get_state_display(), "day": f"{refund.requested_at:%Y-%m-%d}"},
            expected=_("succeeded or failed"),
            hint=_("Is the worker running? Stripe last said: %(error)s")
            % {"error": refund.error or _("nothing")},
        )


def _refund_named(refund: Refund) -> str:
    amount = format_money(refund.amount_minor, refund.payment.currency)
    return _("Order %(number)s, refund of %(amount)s") % {
        "number": refund.payment.order.number,
        "amount": amount,
    }


RULES = (
    lines_that_do_not_add_up,
    paid_orders_without_payment,
    payments_that_differ_from_their_order,
    money_of_unpaid_orders,
    money_kept_without_a_sale,
    refunded_counters,
    refunds_that_do_not_add_up,
    refunded_units,
    refunded_states,
    refunds_that_wait,
)
