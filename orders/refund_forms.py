"""What staff fill in to give money back, and what the books will be then."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.fulfilling import left_of
from orders.models import Order, OrderLine, Payment, Refund
from orders.refund_pricing import (
    PricedRefund,
    RefundRefusedError,
    RefundWish,
    Units,
    price_all,
    price_refund,
    shipping_left,
)
from shop.forms import MoneyField
from shop.models import Product
from shop.money import format_money

Reason = Refund.Reason
# The other reasons are the shop's own.
CHOICES = (
    Reason.RETURNED,
    Reason.CANCELED,
    Reason.GOODWILL,
    Reason.DUPLICATE,
    Reason.FRAUDULENT,
)
# Where a refusal belongs; all others stand above the form.
FIELDS = {"too_much_shipping": "shipping"}


@dataclass(frozen=True)
class LineRow:
    """A line with its fields; None where there is nothing to ask, as where nothing is left."""

    line: OrderLine
    left: int
    quantity: BoundField | None
    returned: BoundField | None
    restock: BoundField | None


class RefundForm(forms.Form):
    """Units, shipping and a free amount of one payment to give back. Amounts are typed as money.

    Only the payment that paid the order has lines and shipping. 3 queries.
    """

    shipping = MoneyField(label=gettext_lazy("Shipping, with its tax"), required=False)
    all_shipping = forms.BooleanField(required=False)
    other = MoneyField(label=gettext_lazy("Another amount"), required=False)
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"), choices=[(reason, reason.label) for reason in CHOICES]
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("For staff only."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def __init__(self, payment: Payment, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.payment = payment
        self.lines: list[OrderLine] = []
        self.shipping_left = 0
        is_for_goods = payment.outcome == Payment.Outcome.ACCEPTED
        if is_for_goods:
            self.lines = list(payment.order.lines.select_related("variant__stock"))
            self.shipping_left = shipping_left(payment.order)
        for line in self.lines:
            self._add_line(line)
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = payment.currency
        if self.shipping_left:
            amount = format_money(self.shipping_left, payment.currency)
            self.fields["all_shipping"].label = _("All of it: %(amount)s") % {"amount": amount}
        else:
            del self.fields["shipping"], self.fields["all_shipping"]
        self.fields["reason"].initial = _usual_reason(payment)
        for name, field in self.fields.items():
            help_id = f"id_{name}_helptext " if field.help_text else ""
            field.widget.attrs["aria-describedby"] = f"{help_id}id_{name}_error"

    def _add_line(self, line: OrderLine) -> None:
        left = line.quantity - line.refunded_quantity
        if not left:
            return
        self.fields[f"quantity_{line.pk}"] = forms.IntegerField(
            label=_("Units of %(title)s to refund") % {"title": line.title},
            required=False,
            min_value=0,
            max_value=left,
            initial=0,
            error_messages={
                "invalid": _("Write a whole number."),
                "min_value": _("Write 0 or more."),
                "max_value": _("At most %(left)d can still be refunded.") % {"left": left},
            },
            widget=forms.NumberInput(attrs={"class": "units"}),
        )
        self._ask_what_was_sent(line, left)
        if line.kind != Product.Kind.PARCEL:
            self.fields[f"restock_{line.pk}"] = forms.BooleanField(
                label=_("%(title)s: take access back") % {"title": line.title}, required=False
            )
        elif line.variant and line.variant.stock:
            self.fields[f"restock_{line.pk}"] = forms.BooleanField(
                label=_("%(title)s: back on the shelf") % {"title": line.title},
                required=False,
                initial=not line.shipped_quantity and line.order.state != Order.State.FULFILLED,
            )

    def _ask_what_was_sent(self, line: OrderLine, left: int) -> None:
        """Ask where it is not clear whether a refunded unit was sent, or never has to be."""
        sent = min(left, line.shipped_quantity - line.returned_quantity)
        if not (sent and left_of(line)):
            return
        self.fields[f"returned_{line.pk}"] = forms.IntegerField(
            label=_("Units of %(title)s to refund that had been sent") % {"title": line.title},
            required=False,
            min_value=0,
            max_value=sent,
            initial=0,
            error_messages={
                "invalid": _("Write a whole number."),
                "min_value": _("Write 0 or more."),
                "max_value": _("At most %(sent)d of them can have been sent.") % {"sent": sent},
            },
            widget=forms.NumberInput(attrs={"class": "units"}),
        )

    def rows(self) -> list[LineRow]:
        """Return the lines with their fields."""
        return [
            LineRow(
                line=line,
                left=line.quantity - line.refunded_quantity,
                quantity=self._bound(f"quantity_{line.pk}"),
                returned=self._bound(f"returned_{line.pk}"),
                restock=self._bound(f"restock_{line.pk}"),
            )
            for line in self.lines
        ]

    def plain_fields(self) -> list[BoundField]:
        """Return the fields below the lines, each for a row of its own."""
        names = ("shipping", "other", "reason", "note")
        return [self[name] for name in names if name in self.fields]

    def _bound(self, name: str) -> BoundField | None:
        return self[name] if name in self.fields else None

    def clean_all_shipping(self) -> bool:
        """Refuse two answers to one question."""
        wants_all: bool = self.cleaned_data["all_shipping"]
        typed = self.cleaned_data.get("shipping")
        if wants_all and typed not in (None, self.shipping_left):
            raise ValidationError(_("Write an amount or tick “All of it”, not both."))
        return wants_all

    def clean(self) -> None:
        """Refuse more units that had been sent than are refunded."""
        super().clean()
        for line in self.lines:
            returned = self.cleaned_data.get(f"returned_{line.pk}") or 0
            quantity = self.cleaned_data.get(f"quantity_{line.pk}")
            if returned > (quantity or 0) and f"quantity_{line.pk}" not in self.errors:
                said = _("Write at most as many as are refunded.")
                self.add_error(f"returned_{line.pk}", said)

    def wish(self) -> RefundWish:
        """Return what the valid form asks for."""
        data = self.cleaned_data
        return RefundWish(
            units=tuple(
                Units(
                    line.pk,
                    quantity,
                    restock=data.get(f"restock_{line.pk}", False),
                    returned=data.get(f"returned_{line.pk}") or 0,
                )
                for line in self.lines
                if (quantity := data.get(f"quantity_{line.pk}"))
            ),
            shipping_minor=self.shipping_left
            if data.get("all_shipping")
            else data.get("shipping") or 0,
            other_minor=data["other"] or 0,
            reason=Reason(data["reason"]),
            note=data["note"],
        )

    def books(self) -> str:
        """Return a mark that changes whenever another refund of the order is booked or fails."""
        counts = [(line.pk, line.refunded_quantity) for line in self.lines]
        return _digest(self.payment.refunded_minor, self.shipping_left, *counts)


@dataclass(frozen=True)
class LineChange:
    """An order line before and after; stock counts are None where nothing goes back."""

    line: OrderLine
    amount_minor: int
    returned: int
    refunded_after: int
    left_before: int
    left_after: int
    stock_before: int | None
    stock_after: int | None


@dataclass(frozen=True)
class Preview:
    """The books before and after a refund, and a mark of all that is shown."""

    priced: PricedRefund
    changes: tuple[LineChange, ...]
    shown: str

    @property
    def kept_before_minor(self) -> int:
        """What the shop has of the payment now, in minor units."""
        return self.priced.captured_minor - self.priced.refunded_before_minor


def preview_of(form: RefundForm) -> Preview | None:
    """Return what the form would do; None when it cannot, and then the form's errors say why."""
    if not form.is_valid():
        return None
    try:
        priced = price_refund(form.payment, form.wish())
    except RefundRefusedError as error:
        field = FIELDS.get(error.code)
        form.add_error(field if field in form.fields else None, error.message)
        return None
    parts = [
        (one.line.pk, one.quantity, one.amount_minor, one.restock, one.returned)
        for one in priced.lines
    ]
    return Preview(
        priced=priced,
        changes=_changes(form.lines, priced),
        shown=_digest(
            form.books(), priced.total_minor, priced.shipping_minor, priced.other_minor, *parts
        ),
    )


def filled_with_all(payment: Payment) -> RefundForm:
    """Return the form filled with all that a payment still holds. 8 queries."""
    priced = price_all(payment)
    values: dict[str, int] = {f"quantity_{one.line.pk}": one.quantity for one in priced.lines}
    values |= {
        f"restock_{one.line.pk}": one.restock
        for one in priced.lines
        if one.line.kind != Product.Kind.PARCEL
    }
    amounts = {"shipping": priced.shipping_minor, "other": priced.other_minor}
    values |= {name: amount for name, amount in amounts.items() if amount}
    form = RefundForm(payment, initial=values)
    return RefundForm(payment, data={name: form[name].value() for name in form.fields})


def _changes(lines: Sequence[OrderLine], priced: PricedRefund) -> tuple[LineChange, ...]:
    given = {one.line.pk: one for one in priced.lines}
    on_shelf: dict[int, int] = {}
    changes = []
    for line in lines:
        one = given.get(line.pk)
        quantity = one.quantity if one else 0
        before = after = None
        stock = line.variant.stock if line.variant else None
        if stock and one and one.restock and line.kind != Product.Kind.LICENCE:
            before = on_shelf.get(stock.pk, stock.on_hand)
            after = on_shelf[stock.pk] = before + quantity
        left = line.quantity - line.refunded_quantity
        changes.append(
            LineChange(
                line=line,
                amount_minor=one.amount_minor if one else 0,
                returned=one.returned if one else 0,
                refunded_after=line.refunded_quantity + quantity,
                left_before=left,
                left_after=left - quantity,
                stock_before=before,
                stock_after=after,
            )
        )
    return tuple(changes)


def _usual_reason(payment: Payment) -> Reason:
    if payment.outcome != Payment.Outcome.ACCEPTED:
        return Reason.DUPLICATE
    is_sent = payment.order.state == Order.State.FULFILLED
    return Reason.RETURNED if is_sent else Reason.CANCELED


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()[:16]
