"""What a refund gives back: units with their share, shipping, a free amount. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from orders.fulfilling import left_of
from orders.models import Dispute, Order, OrderLine, Payment, Refund, RefundLine
from shop.models import Product
from shop.money import format_money, split, step

# The states of a refund that counts; one that has failed is in no sum.
LIVE = (Refund.State.REQUESTED, Refund.State.SENT, Refund.State.SUCCEEDED)


@dataclass(frozen=True)
class Units:
    """Units of one order line to give the money back for; `restock` puts them on the shelf.

    `returned` of them had been sent; more are where fewer are left to send.
    """

    line_id: int
    quantity: int
    restock: bool
    returned: int = 0


@dataclass(frozen=True)
class RefundWish:
    """What to give back: units with their share of discount and tax, shipping, and a free amount.

    Amounts in minor units of the payment's currency; `shipping_minor` includes its tax.
    """

    units: tuple[Units, ...]
    shipping_minor: int
    other_minor: int
    reason: Refund.Reason
    note: str = ""


@dataclass(frozen=True)
class PricedUnits:
    """A line of a refund and what it gives back, in minor units; `returned` units had been sent."""

    line: OrderLine
    quantity: int
    amount_minor: int
    restock: bool
    returned: int


@dataclass(frozen=True)
class PricedRefund:
    """A refund as it would be booked, and the payment before it. Amounts in minor units."""

    lines: tuple[PricedUnits, ...]
    shipping_minor: int
    other_minor: int
    captured_minor: int
    refunded_before_minor: int
    currency: str

    @property
    def total_minor(self) -> int:
        """What goes back to the buyer."""
        return (
            sum(line.amount_minor for line in self.lines) + self.shipping_minor + self.other_minor
        )

    @property
    def refunded_after_minor(self) -> int:
        """What will have gone back altogether."""
        return self.refunded_before_minor + self.total_minor

    @property
    def kept_after_minor(self) -> int:
        """What stays with the shop."""
        return self.captured_minor - self.refunded_after_minor


class RefundRefusedError(Exception):
    """Nothing was booked. `message` tells staff why and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def price_refund(payment: Payment, wish: RefundWish) -> PricedRefund:
    """Return what `wish` would give back. Writes nothing; 7 queries. Raises RefundRefusedError.

    Where a free amount was given back before, the last units share what is left: staff who wish
    for no more than these are not refused.
    """
    order = payment.order
    if payment.outcome != Payment.Outcome.ACCEPTED and (wish.units or wish.shipping_minor):
        raise RefundRefusedError(
            "not_for_goods",
            _("This payment did not pay for the goods: give back an amount, no lines or shipping."),
        )
    if wish.shipping_minor < 0 or wish.other_minor < 0:
        raise RefundRefusedError("negative", _("An amount to give back cannot be negative."))
    refuse_too_much_shipping(payment, wish.shipping_minor)
    lines = price_units(order, wish.units)
    if not (wish.shipping_minor or wish.other_minor) and _are_all_units(order, wish.units):
        lines = _within(payment.refundable_minor, lines, payment.currency)
    priced = priced_refund(payment, lines, wish.shipping_minor, wish.other_minor)
    refuse_impossible(payment, priced)
    return priced


def price_all(payment: Payment) -> PricedRefund:
    """Return the refund of all that is left: lines, then shipping, the rest as a free amount.

    Where a free amount was given back before, the lines share what is left. 7 queries.
    """
    left = payment.refundable_minor
    if payment.outcome != Payment.Outcome.ACCEPTED:
        return priced_refund(payment, (), 0, left)
    order = payment.order
    back = _units_back(order)
    lines = price_units(
        order,
        [
            Units(
                line.pk,
                line.quantity - line.refunded_quantity,
                restock=back.get(line.pk, 0) <= line.refunded_quantity,
            )
            for line in order.lines.all()
            if line.refunded_quantity < line.quantity
        ],
    )
    lines = _within(left, lines, payment.currency)
    rest = left - sum(line.amount_minor for line in lines)
    shipping = min(rest, shipping_left(order))
    return priced_refund(payment, lines, shipping, rest - shipping)


def shipping_left(order: Order) -> int:
    """Return what of the shipping, with its tax, no refund gives back yet. 1 query."""
    given = Refund.objects.filter(payment__order=order, state__in=LIVE).aggregate(
        given=Sum("shipping_minor")
    )["given"]
    return order.shipping_minor + order.shipping_tax_minor - (given or 0)


def price_units(order: Order, units: Sequence[Units]) -> tuple[PricedUnits, ...]:
    """Return what units of the order's lines give back. 3 queries. Raises RefundRefusedError."""
    lines = {line.pk: line for line in order.lines.all()}
    given, back = _given_for_lines(order), _units_back(order)
    priced = []
    for wanted in units:
        line = lines.get(wanted.line_id)
        left = line.quantity - line.refunded_quantity if line else 0
        if line is None or not 1 <= wanted.quantity <= left:
            raise RefundRefusedError(
                "too_many_units",
                _("%(title)s: %(left)d can still be refunded, not %(wanted)d.")
                % {
                    "title": line.title if line else _("Unknown line"),
                    "left": left,
                    "wanted": wanted.quantity,
                },
            )
        if wanted.restock and back.get(line.pk, 0) + wanted.quantity > line.quantity:
            raise RefundRefusedError(
                "back_already",
                _("%(title)s: %(back)d of %(bought)d came back before. Do not restock them again.")
                % {"title": line.title, "back": back[line.pk], "bought": line.quantity},
            )
        # Counted from what was really given: a refund in between may have failed.
        due = _share(line, line.refunded_quantity + wanted.quantity, step(order.currency))
        amount = max(due - given.get(line.pk, 0), 0)
        returned = _returned(line, wanted)
        priced.append(PricedUnits(line, wanted.quantity, amount, wanted.restock, returned))
    if len({wanted.line_id for wanted in units}) < len(units):
        raise RefundRefusedError("line_twice", _("A line was named twice: add its units up."))
    return tuple(priced)


def _returned(line: OrderLine, wanted: Units) -> int:
    """Return how many of the wanted units had been sent. Raises RefundRefusedError."""
    if line.kind != Product.Kind.PARCEL:
        return 0
    returned = max(wanted.returned, wanted.quantity - left_of(line))
    sent = line.shipped_quantity - line.returned_quantity
    if returned > min(wanted.quantity, sent):
        said = _("%(title)s: of %(quantity)d to refund, %(returned)d cannot have been sent before.")
        words = {"title": line.title, "quantity": wanted.quantity, "returned": returned}
        raise RefundRefusedError("not_sent", said % words)
    return returned


def priced_refund(
    payment: Payment, lines: tuple[PricedUnits, ...], shipping_minor: int, other_minor: int
) -> PricedRefund:
    """Return these parts as a refund of the payment as it stands."""
    return PricedRefund(
        lines=lines,
        shipping_minor=shipping_minor,
        other_minor=other_minor,
        captured_minor=payment.amount_minor,
        refunded_before_minor=payment.refunded_minor,
        currency=payment.currency,
    )


def _given_for_lines(order: Order) -> dict[int, int]:
    """What refunds that did not fail give back of each line. 1 query."""
    parts = RefundLine.objects.filter(line__order=order, refund__state__in=LIVE)
    return dict(parts.order_by().values_list("line").annotate(Sum("amount_minor")))


def _units_back(order: Order) -> dict[int, int]:
    """Units of each line that are back, or will be: a refund may fail after that. 1 query."""
    counts = Q(refund__state__in=LIVE) | Q(refund__succeeded_at__isnull=False)
    parts = RefundLine.objects.filter(counts, line__order=order, restock=True)
    return dict(parts.order_by().values_list("line").annotate(Sum("quantity")))


def _are_all_units(order: Order, units: Sequence[Units]) -> bool:
    wanted = {one.line_id: one.quantity for one in units}
    left = {line.pk: line.quantity - line.refunded_quantity for line in order.lines.all()}
    return wanted == {line: quantity for line, quantity in left.items() if quantity}


def _within(room: int, lines: tuple[PricedUnits, ...], currency: str) -> tuple[PricedUnits, ...]:
    """Return the lines, sharing `room` when they are worth more."""
    worth = {line.line.pk: line.amount_minor for line in lines}
    if sum(worth.values()) <= room:
        return lines
    shares = split(room, worth, step(currency))
    return tuple(replace(line, amount_minor=shares[line.line.pk]) for line in lines)


def _share(line: OrderLine, quantity: int, payable: int) -> int:
    """What the first `quantity` units of a line cost; all of them cost just the line's total."""
    if quantity == line.quantity:
        return line.total_minor
    return line.total_minor * quantity // line.quantity // payable * payable


def refuse_too_much_shipping(payment: Payment, wanted_minor: int) -> None:
    """Raise RefundRefusedError when so much of the shipping is not left. 1 query."""
    left = shipping_left(payment.order)
    if wanted_minor > left:
        raise RefundRefusedError(
            "too_much_shipping",
            _("At most %(left)s of the shipping can still be given back.")
            % {"left": format_money(left, payment.currency)},
        )


def refuse_impossible(payment: Payment, priced: PricedRefund) -> None:
    """Raise RefundRefusedError when the payment cannot give it back. 1 query."""
    if not payment.refundable_minor:
        raise RefundRefusedError(
            "nothing_left", _("All of this payment is back already, or on its way.")
        )
    if priced.total_minor == 0:
        raise RefundRefusedError("nothing", _("Nothing to give back: choose lines or an amount."))
    if priced.total_minor > payment.refundable_minor:
        raise RefundRefusedError(
            "too_much",
            _("Only %(left)s of this payment can still be given back, not %(wanted)s.")
            % {
                "left": format_money(payment.refundable_minor, payment.currency),
                "wanted": format_money(priced.total_minor, payment.currency),
            },
        )
    if Dispute.objects.filter(payment=payment, withdrawn_minor__gt=0).exists():
        raise RefundRefusedError(
            "disputed",
            _("The bank has taken this money back for a dispute: it cannot be refunded as well."),
        )
