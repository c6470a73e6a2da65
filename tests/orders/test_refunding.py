"""Money on its way back: what is priced, booked, settled, and refused."""

import pytest
from django_q.models import OrmQ
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoCaptureOnCommitCallbacks

from inventory.models import StockItem
from orders.models import Order, OrderEvent, OrderLine, Payment, Refund
from orders.refund_pricing import RefundRefusedError, price_refund
from orders.refunding import (
    fail,
    note_sent,
    record_from_stripe,
    refund_status,
    request_all,
    request_refund,
    succeed,
)
from orders.states import SCHEDULE, STRIPE
from tests.orders.factory import make_order, make_payment
from tests.orders.paid import make_dispute, make_paid, mugs, stella, wish

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State
Kind = OrderEvent.Kind
Reason = Refund.Reason


def books(payment: Payment) -> tuple[int, int]:
    """What the payment and its first line count as given back."""
    payment.refresh_from_db()
    line = payment.order.lines.order_by("pk")[0]
    return payment.refunded_minor, line.refunded_quantity


def on_hand() -> int:
    return StockItem.objects.get().on_hand


def state_of(payment: Payment) -> str:
    return Order.objects.get(pk=payment.order_id).state


# --- Pricing ---------------------------------------------------------------------------------
def test_a_price_is_the_lines_share_and_the_amounts_and_books_nothing() -> None:
    payment = make_paid()

    priced = price_refund(payment, wish(mugs(payment, 1), shipping=648, other=100))

    assert [line.amount_minor for line in priced.lines] == [2160]
    assert (priced.total_minor, priced.refunded_after_minor, priced.kept_after_minor) == (
        *(2908, 2908),
        2060,
    )
    assert books(payment) == (0, 0)
    assert not Refund.objects.exists()


@settings(max_examples=30, deadline=None)
@given(
    total=st.integers(1, 500),
    quantity=st.integers(1, 9),
    steps=st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=8),
)
def test_the_shares_of_a_line_add_up_whatever_was_refunded_first_and_failed(
    total: int, quantity: int, steps: list[tuple[int, bool]]
) -> None:
    payment = make_paid(units=None, quantity=quantity, price_minor=0)
    OrderLine.objects.filter(order=payment.order).update(quantity=quantity, tax_minor=total)
    Payment.objects.filter(pk=payment.pk).update(amount_minor=total + 648)
    made: list[Refund] = []

    for wanted, fails in [*steps, (quantity, False)]:
        if fails and made:
            fail(made.pop(0).pk, "The bank said no.", STRIPE)
        left = quantity - books(payment)[1]
        if left:
            units = mugs(payment, min(wanted, left))
            # A cent of other money lets a share of nothing be booked, too.
            made.append(request_refund(payment.pk, wish(units, other=1), SCHEDULE))
    lines = [line.amount_minor for refund in made for line in refund.lines.all()]

    assert books(payment)[1] == quantity
    assert sum(lines) == total


def test_the_shares_of_a_line_can_be_paid_in_a_currency_of_three_decimals() -> None:
    payment = make_paid(units=None)
    Order.objects.update(currency="KWD")
    OrderLine.objects.update(quantity=3, unit_price_minor=1000, tax_minor=100)

    shares = [
        request_refund(payment.pk, wish(mugs(payment, 1)), SCHEDULE).amount_minor for _unit in "abc"
    ]

    assert shares == [1030, 1030, 1040]


def test_all_units_share_what_a_free_amount_has_left() -> None:
    payment = make_paid()
    request_refund(payment.pk, wish(other=1000), stella())

    priced = price_refund(payment_again(payment), wish(mugs(payment, 2)))

    assert priced.total_minor == 3968


def payment_again(payment: Payment) -> Payment:
    return Payment.objects.get(pk=payment.pk)


# --- Refusals --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("shipping", "other", "said"),
    [
        (649, 0, "At most $6.48 of the shipping can still be given back."),
        (0, 4969, "Only $49.68 of this payment can still be given back, not $49.69."),
        (0, 0, "Nothing to give back: choose lines or an amount."),
        (0, -1, "An amount to give back cannot be negative."),
        (-1, 0, "An amount to give back cannot be negative."),
    ],
)
def test_an_amount_that_cannot_be_is_refused(shipping: int, other: int, said: str) -> None:
    payment = make_paid()

    with pytest.raises(RefundRefusedError, match=said.replace("$", r"\$")):
        request_refund(payment.pk, wish(shipping=shipping, other=other), stella())

    assert books(payment) == (0, 0)


def test_units_that_were_not_bought_are_refused() -> None:
    payment, other = make_paid(), make_paid()
    request_refund(payment.pk, wish(mugs(payment, 1)), stella())

    with pytest.raises(RefundRefusedError, match="mug: 1 can still be refunded, not 2"):
        request_refund(payment.pk, wish(mugs(payment, 2)), stella())
    with pytest.raises(RefundRefusedError, match="Unknown line"):
        request_refund(payment.pk, wish(mugs(other, 1)), stella())
    with pytest.raises(RefundRefusedError, match="named twice"):
        request_refund(other.pk, wish(mugs(other, 1), mugs(other, 1)), stella())

    assert books(payment) == (2160, 1)


def test_shipping_is_given_back_once_however_it_is_cut() -> None:
    payment = make_paid()
    first = request_refund(payment.pk, wish(shipping=400), stella())
    request_refund(payment.pk, wish(shipping=248), stella())

    with pytest.raises(RefundRefusedError, match=r"At most \$0.00 of the shipping"):
        request_refund(payment.pk, wish(shipping=1), stella())
    fail(first.pk, "no", STRIPE)
    request_refund(payment.pk, wish(shipping=400), stella())

    assert books(payment) == (648, 0)


def test_free_money_and_lines_together_cannot_pass_what_was_captured() -> None:
    payment = make_paid()

    with pytest.raises(RefundRefusedError, match=r"Only \$49.68 .* not \$53.20"):
        request_refund(payment.pk, wish(mugs(payment, 2), other=1000), stella())


def test_money_that_the_bank_took_back_is_not_refunded_as_well() -> None:
    payment = make_paid()
    make_dispute(payment, withdrawn_minor=4968)

    with pytest.raises(RefundRefusedError, match="cannot be refunded as well"):
        request_refund(payment.pk, wish(other=1), stella())
    with pytest.raises(RefundRefusedError, match="cannot be refunded as well"):
        request_all(payment.pk, Reason.CANCELED, stella())


def test_an_inquiry_takes_nothing_so_a_refund_may_answer_it() -> None:
    payment = make_paid()
    make_dispute(payment, status="warning_needs_response", withdrawn_minor=0)

    assert request_all(payment.pk, Reason.GOODWILL, stella()).amount_minor == 4968


# --- From request to success -----------------------------------------------------------------
def test_a_request_counts_at_once_and_says_who_and_why() -> None:
    payment, actor = make_paid(), stella()

    refund = request_refund(payment.pk, wish(mugs(payment, 1), shipping=648, note="chipped"), actor)

    assert (refund.state, refund.staff, refund.amount_minor) == ("requested", actor.staff, 2808)
    assert books(payment) == (2808, 1)
    event = payment.order.events.get(kind=Kind.REFUND_REQUESTED)
    assert (event.staff, event.amount_minor) == (actor.staff, 2808)
    assert event.data == {"refund": refund.pk, "reason": "goodwill", "note": "chipped"}
    assert on_hand() == 5


def test_a_request_rings_for_the_sender_once_it_is_committed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    payment = make_paid()

    with django_capture_on_commit_callbacks(execute=True):
        request_refund(payment.pk, wish(other=1), stella())

    assert "checkout.tasks.send_refunds" in [task.func() for task in OrmQ.objects.all()]


def test_goods_are_back_once_the_money_is_and_only_once() -> None:
    payment = make_paid()
    refund = request_refund(payment.pk, wish(mugs(payment, 2)), stella())
    note_sent(refund.pk, "re_1", STRIPE)
    note_sent(refund.pk, "re_1", STRIPE)
    assert on_hand() == 5

    for _time in range(2):
        succeed(refund.pk, STRIPE)

    assert on_hand() == 7
    kinds = list(payment.order.events.values_list("kind", flat=True))
    assert kinds == ["placed", "refund_requested", "refund_sent", "refund_succeeded"]
    refund.refresh_from_db()
    assert (refund.state, refund.stripe_id) == ("succeeded", "re_1")


@pytest.mark.parametrize(("units", "restock"), [(5, False), (None, True)])
def test_goods_that_stay_away_or_are_not_counted_move_no_stock(
    units: int | None, restock: bool
) -> None:
    payment = make_paid(units=units)
    refund = request_refund(payment.pk, wish(mugs(payment, 2, restock=restock)), stella())

    succeed(refund.pk, STRIPE)

    assert [item.on_hand for item in StockItem.objects.all()] == ([5] if units else [])


@pytest.mark.parametrize("state", [State.PAID, State.FULFILLING, State.FULFILLED])
def test_an_order_is_refunded_when_all_is_back_and_what_it_was_when_the_bank_returns_it(
    state: State,
) -> None:
    payment = make_paid(state=state)
    payment.order.lines.update(shipped_quantity=2 if state == State.FULFILLED else 0)
    half = request_refund(payment.pk, wish(mugs(payment, 1)), stella())
    rest = request_all(payment.pk, Reason.RETURNED, stella())

    succeed(half.pk, STRIPE)
    assert (state_of(payment), refund_status(payment.order)) == (state, "partially_refunded")
    note_sent(rest.pk, "re_2", STRIPE)
    assert state_of(payment) == state
    succeed(rest.pk, STRIPE)
    assert (state_of(payment), refund_status(payment.order)) == ("refunded", "refunded")
    fail(rest.pk, "The account is closed.", STRIPE)
    assert (state_of(payment), refund_status(payment.order)) == (state, "partially_refunded")

    assert books(payment) == (2160, 1)
    assert on_hand() == 7


def test_nothing_is_refunded_while_nothing_is_back() -> None:
    payment = make_paid()
    request_refund(payment.pk, wish(mugs(payment, 1)), stella())

    assert refund_status(payment.order) == "none"


# --- Everything ------------------------------------------------------------------------------
def test_everything_is_lines_then_shipping_and_what_is_left_over() -> None:
    payment = make_paid()
    Payment.objects.filter(pk=payment.pk).update(amount_minor=5000)

    refund = request_all(payment.pk, Reason.CANCELED, stella())

    assert (refund.amount_minor, refund.shipping_minor, refund.other_minor) == (5000, 648, 32)
    assert [(line.quantity, line.restock) for line in refund.lines.all()] == [(2, True)]


def test_everything_after_a_free_amount_gives_the_lines_less() -> None:
    payment = make_paid()
    request_refund(payment.pk, wish(other=1000), stella())

    refund = request_all(payment.pk, Reason.CANCELED, stella())

    assert (refund.amount_minor, refund.shipping_minor, refund.other_minor) == (3968, 0, 0)
    with pytest.raises(RefundRefusedError, match="back already, or on its way"):
        request_all(payment.pk, Reason.CANCELED, stella())


# --- Money that does not pay the order -------------------------------------------------------
def test_an_odd_payment_gives_back_money_and_no_goods() -> None:
    order = make_order(state=State.CANCELED)
    payment = make_payment(order, Payment.Outcome.LATE, amount_minor=5100, currency="EUR")

    for refused in (wish(mugs(payment, 1)), wish(shipping=1)):
        with pytest.raises(RefundRefusedError, match="did not pay for the goods"):
            request_refund(payment.pk, refused, stella())
    refund = request_all(payment.pk, Reason.LATE, SCHEDULE)
    succeed(refund.pk, STRIPE)

    assert (refund.amount_minor, refund.other_minor, refund.lines.count()) == (5100, 5100, 0)
    assert state_of(payment) == State.CANCELED
    assert refund_status(order) == "none"
    event = order.events.get(kind=Kind.REFUND_SUCCEEDED)
    assert (event.amount_minor, event.data["currency"]) == (5100, "EUR")


# --- Made in Stripe's dashboard --------------------------------------------------------------
def test_a_refund_of_stripes_dashboard_is_booked_once_and_may_close_the_order() -> None:
    payment = make_paid()

    refund = record_from_stripe(payment.pk, "re_1", 4968, STRIPE)
    again = record_from_stripe(payment.pk, "re_1", 4968, STRIPE)

    assert refund == again is not None
    assert books(payment) == (4968, 0)
    succeed(again.pk, STRIPE)
    assert (state_of(payment), on_hand()) == (State.REFUNDED, 5)


def test_a_refund_of_stripes_dashboard_waits_for_room() -> None:
    payment = make_paid()
    ours = request_refund(payment.pk, wish(other=4000), stella())

    assert record_from_stripe(payment.pk, "re_1", 4968, STRIPE) is None
    fail(ours.pk, "The charge has been refunded already.", STRIPE)

    assert record_from_stripe(payment.pk, "re_1", 4968, STRIPE) is not None
    assert books(payment) == (4968, 0)
