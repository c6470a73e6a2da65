"""What is left behind is noted once, by two workers at once and while it is being paid."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from cart import leaving
from cart.models import Cart, LeftBehind
from checkout import settling
from checkout.leaving import note_what_was_left
from checkout.stripe_gateway import retrieve_intent
from checkout.tasks import note_left
from orders.states import STRIPE
from tests.at_once import Meeting, all_at_once, meet_before
from tests.checkout.shopper import press_pay
from tests.factories import make_cart, make_shipping, make_variant
from tests.standin import StandIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _only_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")


@pytest.fixture
def left_cart(transactional_db: None) -> Cart:
    """A cart that was left at the checkout an hour ago."""
    make_shipping(600)
    hour_ago = timezone.now() - timedelta(hours=1)
    return make_cart(
        make_variant(), email="ada@example.com", checkout_at=hour_ago, changed_at=hour_ago
    )


def test_two_sweeps_at_once_note_a_leaving_once(
    left_cart: Cart, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet_before(monkeypatch, leaving, "is_held_out", 2)

    all_at_once(2, lambda _number: note_left())

    assert LeftBehind.objects.get().cart == left_cart


def test_without_the_lock_both_look_before_either_writes(
    left_cart: Cart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And then the constraint alone keeps the second row out."""
    meeting = Meeting(2)
    is_held_out = leaving.is_held_out

    def meet(email: str) -> bool:
        meeting.wait()
        return is_held_out(email)

    monkeypatch.setattr(leaving, "is_held_out", meet)
    monkeypatch.setattr(
        "django.db.models.query.QuerySet.select_for_update", lambda rows, **_options: rows
    )

    all_at_once(2, lambda _number: note_left())

    assert meeting.came == 2
    assert LeftBehind.objects.count() == 1


def test_what_is_paid_while_the_sweep_runs_is_not_left_open(
    left_cart: Cart, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last try is paid late: the hold had ended and the sweep finds the cart left."""
    start = press_pay(left_cart)
    standin.pay(start.client_secret)
    attempt = start.order.attempt
    intent = retrieve_intent(attempt.intent_id or "")
    # As the sweep would have found it had the order been closed a moment before.
    type(attempt).objects.update(is_open=False)
    Cart.objects.update(checkout_at=left_cart.changed_at)
    meet_before(monkeypatch, settling, "note_recovered", 2)
    meet_before(monkeypatch, leaving, "is_held_out", 2)

    def work(number: int) -> None:
        if number:
            list(note_what_was_left())
        else:
            settling.settle(intent, STRIPE)

    all_at_once(2, work)

    assert not LeftBehind.objects.filter(recovered_at=None).exists()
