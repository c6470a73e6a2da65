"""What an audit says: sums held against each other, and breaks with what to do about each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Self

from django.db.models import BigIntegerField, F, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from orders.models import Order
from shop.money import format_money

State = Order.State
PAID_STATES = (State.PAID, State.FULFILLING, State.FULFILLED, State.REFUNDED)
CLOSED_STATES = (State.CANCELED, State.FAILED)
# Minor units by currency.
Sums = dict[str, int]


@dataclass(frozen=True)
class Repair:
    """A safe way to close a break: `words` say what `run` does through the ordinary verbs.

    `run` raises when it cannot be done.
    """

    words: str
    run: Callable[[], object]


@dataclass(frozen=True)
class Break:
    """One place where the books do not close. Two are equal when they say the same.

    `rule` names it for machines, `title` for people; `order` is the number of the order concerned,
    if there is one; `hint` says what a person can do.
    """

    rule: str
    title: str
    subject: str
    found: str
    expected: str
    hint: str
    order: str = ""
    repair: Repair | None = field(default=None, compare=False)

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data; `repair` is what would be done, or ""."""
        return {
            "rule": self.rule,
            "title": self.title,
            "subject": self.subject,
            "found": self.found,
            "expected": self.expected,
            "hint": self.hint,
            "order": self.order,
            "repair": self.repair.words if self.repair else "",
        }


@dataclass(frozen=True)
class Figures:
    """One sum as two sources have it, in minor units of `currency` or, without one, in units."""

    table: str
    name: str
    currency: str
    sources: tuple[str, str]
    values: tuple[int, int]

    @property
    def agree(self) -> bool:
        """Whether both sources say the same."""
        return self.values[0] == self.values[1]

    def text(self, value: int) -> str:
        """Return a value of this sum as people read it."""
        return format_money(value, self.currency) if self.currency else str(value)

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "table": self.table,
            "name": self.name,
            "currency": self.currency,
            "sources": list(self.sources),
            "values": list(self.values),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return the sum that was kept as plain data."""
        return cls(**{**data, "sources": tuple(data["sources"]), "values": tuple(data["values"])})


def sums_that_differ(figures: list[Figures]) -> Iterator[Break]:
    """Yield a break for each table with sums on which its two sources do not agree."""
    wrong = [one for one in figures if not one.agree]
    for table, rows in groupby(wrong, lambda one: one.table):
        yield Break(
            rule="sums_differ",
            title=_("Sums differ that must be the same"),
            subject=table,
            found="; ".join(map(_both, rows)),
            expected=_("both the same"),
            hint=_(
                "The breaks named before it explain it. Without any, look for rows that were "
                "changed or deleted by hand."
            ),
        )


def _both(one: Figures) -> str:
    name = f"{one.name} {one.currency}".rstrip()
    return _("%(name)s %(value)s and %(other)s") % {
        "name": name,
        "value": one.text(one.values[0]),
        "other": one.text(one.values[1]),
    }


def order_named(number: str) -> str:
    """Return how a break names an order."""
    return _("Order %(number)s") % {"number": number}


def sum_of(rows: QuerySet[Any], by: str, of: str | Combinable) -> Coalesce:
    """Return the sum of `of` over `rows` that an outer row selects; 0 without any.

    `by` is what all of them have in common: the field that is held against the outer row.
    """
    added = rows.order_by().values(by).annotate(added=Sum(of)).values("added")
    return Coalesce(Subquery(added), Value(0), output_field=BigIntegerField())


def by_currency(rows: QuerySet[Any], currency: str | Combinable, of: str | Combinable) -> Sums:
    """Return the sum of `of` for each currency. 1 query."""
    key = F(currency) if isinstance(currency, str) else currency
    found = rows.order_by().values(money=key).annotate(added=Sum(of))
    return dict(found.values_list("money", "added"))
