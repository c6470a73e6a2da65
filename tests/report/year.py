"""A year of a busy shop, made as raw rows: orders in all states, their money, and what was left."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Model
from django.utils import timezone

from cart.models import LeftBehind
from orders.models import Dispute, Order, OrderEvent, OrderLine, Payment, Refund
from shop.models import FunnelEvent

State = Order.State
Step = FunnelEvent.Kind
COUPONS = ["", "", "", "WELCOME", "SUMMER20", "=FRIEND"]
SOURCES = ["", "", "newsletter/november", "search.example", "friends.example"]
TITLES = [f"Mug No. {number}" for number in range(30)]
PAID = [State.PAID, State.FULFILLING, State.FULFILLED]
UNPAID = [State.PENDING, State.CANCELED, State.FAILED]
GIVEN_TIMES = [
    (Order, "placed_at"),
    (OrderEvent, "created_at"),
    (Payment, "received_at"),
    (Refund, "requested_at"),
]


@dataclass
class Year:
    """The rows to be stored, and the chance that makes them: the same for the same seed."""

    last_day: date
    visits_per_order: int
    chance: random.Random
    rows: dict[type[Model], list[Any]] = field(default_factory=dict)

    def add(self, row: Any) -> Any:
        self.rows.setdefault(type(row), []).append(row)
        return row

    def some_time(self) -> datetime:
        start = datetime.combine(self.last_day, time(23, 59), UTC)
        return start - timedelta(seconds=self.chance.randrange(365 * 24 * 3600))

    def step(self, kind: str, key: str, at: datetime, order: Order | None = None) -> None:
        source = order.source if order else self.chance.choice(SOURCES)
        coupon = order.coupon_code if order else ""
        day = timezone.localdate(at)
        self.add(FunnelEvent(kind=kind, key=key, day=day, source=source, coupon=coupon))


def make_year(orders: int, last_day: date, *, visits_per_order: int = 3, seed: int = 7) -> None:
    """Store a year that ends with `last_day`, with so many orders and all that goes with them."""
    year = Year(last_day, visits_per_order, random.Random(seed))
    for number in range(orders):
        _order(year, number, orders)
    _left_behind(year, orders)
    _visits(year, orders)
    with given_times():
        for model in (Order, OrderLine, OrderEvent, Payment, Refund, Dispute, LeftBehind):
            model._default_manager.bulk_create(year.rows.get(model, []), batch_size=2000)
        FunnelEvent.objects.bulk_create(year.rows[FunnelEvent], batch_size=5000)


@contextmanager
def given_times() -> Iterator[None]:
    """Let rows have the times that they are given, and not the time when they are stored."""
    fields: list[Any] = [model._meta.get_field(name) for model, name in GIVEN_TIMES]
    for one in fields:
        one.auto_now_add = False
    yield
    for one in fields:
        one.auto_now_add = True


def _order(year: Year, number: int, orders: int) -> None:
    chance = year.chance
    placed_at = year.some_time()
    state = chance.choices([*PAID, State.REFUNDED, *UNPAID], [20, 10, 40, 4, 2, 14, 10])[0]
    person = chance.randrange(orders // 2)
    order = Order(
        number=f"{number:09d}",
        email=f"{chance.choice(['Ada', 'ada', 'ADA'])}{person}@Example.com",
        state=state,
        shipping_address={},
        currency=chance.choices(["USD", "EUR"], [7, 3])[0],
        country="US",
        coupon_code=chance.choice(COUPONS),
        source=chance.choice(SOURCES),
        tax_percent=8,
        placed_at=placed_at,
        held_until=placed_at + timedelta(minutes=15),
    )
    _lines(year, order)
    year.add(order)
    year.step(Step.CART, f"{number} day", placed_at - timedelta(hours=1), order)
    year.step(Step.CHECKOUT, f"{number} day", placed_at - timedelta(minutes=5), order)
    year.step(Step.ATTEMPT, order.number, placed_at, order)
    if state == State.FAILED or chance.random() < 0.1:
        for minute in range(chance.randint(1, 3)):
            at = placed_at + timedelta(minutes=minute)
            _event(year, order, OrderEvent.Kind.DECLINED, at)
    if state in UNPAID:
        _money_nobody_wanted(year, order)
    else:
        _paid(year, order, placed_at + timedelta(minutes=chance.randrange(3000)))


def _lines(year: Year, order: Order) -> None:
    is_free = bool(order.coupon_code) and year.chance.random() < 0.02
    subtotal = discount = tax = 0
    for title in year.chance.sample(TITLES, year.chance.randint(1, 3)):
        quantity, price = year.chance.randint(1, 4), year.chance.randrange(500, 9000)
        paid = quantity * price
        off = paid if is_free else paid // 10 if order.coupon_code else 0
        line_tax = (paid - off) * 8 // 100
        line = OrderLine(order=order, sku=title, title=title, quantity=quantity)
        line.unit_price_minor, line.discount_minor, line.tax_minor = price, off, line_tax
        line.refunded_quantity = quantity if order.state == State.REFUNDED else 0
        year.add(line)
        subtotal, discount, tax = subtotal + paid, discount + off, tax + line_tax
    shipping = 0 if is_free else 600
    order.subtotal_minor, order.discount_minor, order.tax_minor = subtotal, discount, tax
    order.shipping_minor, order.shipping_tax_minor = shipping, 0
    order.total_minor = subtotal - discount + shipping + tax


def _event(year: Year, order: Order, kind: OrderEvent.Kind, at: datetime, **data: str) -> None:
    row = OrderEvent(order=order, kind=kind, actor=OrderEvent.Actor.STRIPE, data=data)
    row.created_at = row.planned_at = at
    year.add(row)


def _paid(year: Year, order: Order, at: datetime) -> None:
    _event(year, order, OrderEvent.Kind.PAID, at, **{"from": State.PENDING.value})
    year.step(Step.PAID, order.number, at, order)
    if not order.total_minor:
        return
    payment = _payment(year, order, Payment.Outcome.ACCEPTED, order.total_minor, at)
    chance = year.chance
    if order.state == State.REFUNDED:
        _refund(year, payment, payment.amount_minor, Refund.State.SUCCEEDED)
    elif chance.random() < 0.1:
        amount = chance.randrange(1, payment.amount_minor)
        _refund(year, payment, amount, chance.choice(Refund.State.values))
    if chance.random() < 0.02:
        status = chance.choice(Dispute.Status.values)
        withdrawn = payment.amount_minor if status in ("lost", "needs_response") else 0
        year.add(
            Dispute(
                payment=payment,
                stripe_id=f"dp_{order.number}",
                status=status,
                reason="fraudulent",
                amount_minor=payment.amount_minor,
                withdrawn_minor=withdrawn,
                opened_at=at + timedelta(days=chance.randrange(60)),
            )
        )


def _money_nobody_wanted(year: Year, order: Order) -> None:
    """Money that came too late, or in the wrong amount, and went back: never revenue."""
    if year.chance.random() > 0.1:
        return
    outcome = year.chance.choice([Payment.Outcome.LATE, Payment.Outcome.MISMATCH])
    at = order.placed_at + timedelta(days=1)
    payment = _payment(year, order, outcome, order.total_minor + 5, at)
    _refund(year, payment, payment.amount_minor, Refund.State.SUCCEEDED)


def _payment(year: Year, order: Order, outcome: str, amount: int, at: datetime) -> Payment:
    payment = Payment(
        order=order,
        intent_id=f"pi_{order.number}",
        amount_minor=amount,
        currency=order.currency,
        outcome=outcome,
        received_at=at,
    )
    year.add(payment)
    return payment


def _refund(year: Year, payment: Payment, amount: int, state: str) -> None:
    at = payment.received_at + timedelta(hours=year.chance.randrange(24 * 40))
    went_back = state == Refund.State.SUCCEEDED or year.chance.random() < 0.1
    if state != Refund.State.FAILED:
        payment.refunded_minor = amount
    elif went_back:
        paid_again = {"from": State.REFUNDED.value}
        _event(year, payment.order, OrderEvent.Kind.PAID, at + timedelta(days=9), **paid_again)
    year.add(
        Refund(
            payment=payment,
            state=state,
            reason=year.chance.choice(Refund.Reason.values),
            amount_minor=amount,
            requested_at=at,
            # One that had succeeded and failed later keeps its time.
            succeeded_at=at if went_back else None,
        )
    )


def _left_behind(year: Year, orders: int) -> None:
    """Unfinished purchases; some people left twice, and one order may have ended both."""
    chance = year.chance
    paid = [order for order in year.rows[Order] if order.state in PAID]
    for number in range(orders // 2):
        person = chance.randrange(orders // 2)
        is_held_out = person % 10 == 0
        order = chance.choice(paid) if chance.random() < (0.08 if is_held_out else 0.2) else None
        currency = chance.choice(["USD", "EUR"])
        is_same = order is not None and order.currency == currency
        kinds = chance.sample(LeftBehind.Kind.values, chance.choice([1, 1, 2]))
        left_at = year.some_time()
        for kind in kinds:
            year.add(
                LeftBehind(
                    kind=kind,
                    mark=f"{number} {kind}",
                    email=f"ada{person}@example.com",
                    language="en",
                    currency=currency,
                    value_minor=5000,
                    items=[],
                    left_at=left_at,
                    is_held_out=is_held_out,
                    recovered_at=left_at + timedelta(days=1) if order else None,
                    recovered_by=order.number if order else "",
                    recovered_minor=order.total_minor if order and is_same else 0,
                    planned_at=left_at,
                )
            )
        if order is not None:
            year.step(Step.RECOVERED, f"{order.number} {number}", left_at, order)


def _visits(year: Year, orders: int) -> None:
    for number in range(orders * year.visits_per_order):
        year.step(Step.VISIT, f"visit{number}", year.some_time())
    for number in range(orders):
        year.step(Step.CART, f"left {number}", year.some_time())
        if number % 2:
            year.step(Step.CHECKOUT, f"left {number}", year.some_time())
