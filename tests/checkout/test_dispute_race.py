"""Two workers with news of one dispute at once, on PostgreSQL."""

from typing import Any

import pytest
from django.db import connection

from checkout import disputing
from orders.models import Dispute, Order, OrderEvent, Payment
from orders.states import STRIPE
from tests.at_once import Meeting, all_at_once
from tests.checkout.shopper import dispute_of
from tests.orders.factory import make_order, make_payment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.storm]


@pytest.fixture(autouse=True)
def _only_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")


def told_of_a_loss(monkeypatch: pytest.MonkeyPatch) -> int:
    """Tell two workers at once that an open dispute is lost; returns how often that is told."""
    payment = make_payment(make_order(state=Order.State.PAID), Payment.Outcome.ACCEPTED)
    disputing.settle_dispute(dispute_of(payment), STRIPE)
    lost = dispute_of(payment, "lost", withdrawn_minor=4968)
    meeting, book = Meeting(2), disputing._bring_in_line

    def meet_and_book(*args: Any) -> None:
        meeting.wait()
        book(*args)

    monkeypatch.setattr(disputing, "_bring_in_line", meet_and_book)
    all_at_once(2, lambda _number: disputing.settle_dispute(lost, STRIPE))
    assert Dispute.objects.get().status == "lost"
    return OrderEvent.objects.filter(kind=OrderEvent.Kind.DISPUTE_LOST).count()


def test_two_workers_tell_of_a_loss_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told_of_a_loss(monkeypatch) == 1


def test_without_the_lock_they_would_tell_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disputing, "lock", lambda pk: Order.objects.get(pk=pk))

    assert told_of_a_loss(monkeypatch) == 2
