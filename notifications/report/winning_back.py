"""What the messages to those who left have earned: the written to against the held out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt

from django.utils.translation import gettext as _

from cart.models import LeftBehind
from notifications.report.period import Period

# Below these a rate says nothing: one buyer more or less would change it by much.
FEWEST_HELD_OUT = 100
# Of a normal distribution, 95 % lie within so many standard deviations.
DEVIATIONS = 1.96


@dataclass(frozen=True)
class Group:
    """People, by address, how many of them bought after all, and for how much in minor units."""

    people: int = 0
    bought: int = 0
    bought_minor: int = 0

    @property
    def rate(self) -> float | None:
        return self.bought / self.people if self.people else None

    @property
    def variance(self) -> float:
        """Of the rate, as chance would spread it."""
        rate = self.bought / self.people
        return rate * (1 - rate) / self.people


@dataclass(frozen=True)
class Comparison:
    """Those who left in one way (`kind` "": in any), the written to against the held out.

    Everybody not held out counts as written to, also who had unsubscribed or bought before the
    first message: chance has made the groups, and whom we really wrote to, it has not.
    """

    kind: str
    written: Group
    held_out: Group

    @property
    def difference(self) -> float | None:
        """How much more of the written to bought, as a fraction of them."""
        if self.written.rate is None or self.held_out.rate is None:
            return None
        return self.written.rate - self.held_out.rate

    @property
    def margin(self) -> float | None:
        """How far chance alone may move the difference, 19 times of 20."""
        if not self.written.people or not self.held_out.people:
            return None
        return DEVIATIONS * sqrt(self.written.variance + self.held_out.variance)

    @property
    def earned_minor(self) -> int | None:
        """What the messages have earned: buyers beyond the held out's rate, at what these paid.

        Negative where fewer of the written to have bought; None where too few were held out.
        """
        written, held_out = self.written, self.held_out
        if not written.bought or held_out.people < FEWEST_HELD_OUT:
            return None
        expected = Fraction(written.people * held_out.bought, held_out.people)
        average = Fraction(written.bought_minor, written.bought)
        return round((written.bought - expected) * average)

    @property
    def remark(self) -> str:
        """What is to be minded about the comparison; "" where it can be relied on."""
        if not self.held_out.people:
            return _("Nobody was held out: what the messages earned cannot be told.")
        if self.held_out.people < FEWEST_HELD_OUT:
            return _(
                "Only %(people)d were held out. From fewer than %(fewest)d nothing can be told: "
                "choose a longer period."
            ) % {"people": self.held_out.people, "fewest": FEWEST_HELD_OUT}
        if abs(self.difference or 0) <= (self.margin or 0):
            return _("The difference may be chance.")
        return ""


@dataclass
class _Counting:
    """People as they are met; an order that ended several unfinished purchases counts once."""

    people: set[str] = field(default_factory=set)
    bought: set[str] = field(default_factory=set)
    orders: dict[str, int] = field(default_factory=dict)

    def group(self) -> Group:
        return Group(len(self.people), len(self.bought), sum(self.orders.values()))


def compare(period: Period, currency: str) -> list[Comparison]:
    """Return the comparison of all who left in the period, then one for each way. 1 query."""
    lefts = LeftBehind.objects.filter(currency=currency, **period.has("left_at")).values_list(
        "kind", "is_held_out", "email", "recovered_by", "recovered_minor"
    )
    counting = _count(lefts.order_by().iterator())
    return [
        Comparison(kind, counting[kind, False].group(), counting[kind, True].group())
        for kind in _kinds()
    ]


def _kinds() -> list[str]:
    return ["", *reversed(LeftBehind.Kind.values)]


def _count(lefts: Iterable[tuple[str, bool, str, str, int]]) -> dict[tuple[str, bool], _Counting]:
    counting = {(kind, held): _Counting() for kind in _kinds() for held in (False, True)}
    for kind, held_out, email, order, amount in lefts:
        for one in (counting["", held_out], counting[kind, held_out]):
            person = email.lower()
            one.people.add(person)
            if order:
                one.bought.add(person)
                one.orders[order] = amount
    return counting
