"""A refund that failed: out of the sums, with its reason, and repeated once."""

import pytest

from inventory.models import StockItem
from orders.models import OrderEvent, OrderLine, Payment, Refund
from orders.refund_pricing import RefundRefusedError
from orders.refunding import fail, note_sent, repeat, request_all, request_refund, succeed
from orders.states import STRIPE
from tests.orders.paid import make_dispute, make_paid, mugs, stella, wish

pytestmark = [pytest.mark.django_db, pytest.mark.both]

WHY = "The account of the card is closed."


def on_hand() -> int:
    return StockItem.objects.get().on_hand


def failed_refund(payment: Payment) -> Refund:
    """A mug and the shipping, $28.08, that Stripe could not give back."""
    refund = request_refund(payment.pk, wish(mugs(payment, 1), shipping=648), stella())
    note_sent(refund.pk, "re_1", STRIPE)
    fail(refund.pk, WHY, STRIPE)
    refund.refresh_from_db()
    return refund


def test_a_failed_refund_is_in_no_sum_and_keeps_its_reason() -> None:
    payment = make_paid()
    refund = failed_refund(payment)
    fail(refund.pk, "again", STRIPE)

    payment.refresh_from_db()
    assert (payment.refunded_minor, OrderLine.objects.get().refunded_quantity) == (0, 0)
    assert (refund.state, refund.error) == ("failed", WHY)
    event = payment.order.events.get(kind=OrderEvent.Kind.REFUND_FAILED)
    assert event.data == {"refund": refund.pk, "why": WHY}
    assert on_hand() == 5


def test_what_has_failed_does_not_succeed_any_more() -> None:
    payment = make_paid()
    refund = failed_refund(payment)

    succeed(refund.pk, STRIPE)

    refund.refresh_from_db()
    assert (refund.state, on_hand()) == ("failed", 5)


def test_a_repeat_is_a_new_refund_of_the_same_parts_with_a_key_of_its_own() -> None:
    payment = make_paid()
    failed = failed_refund(payment)

    again = repeat(failed.pk, stella())

    assert (again.repeats, again.amount_minor, again.shipping_minor) == (failed, 2808, 648)
    assert again.idempotency_key != failed.idempotency_key
    assert again.stripe_id is None
    succeed(again.pk, STRIPE)
    assert on_hand() == 6
    payment.refresh_from_db()
    assert payment.refunded_minor == 2808


def test_goods_that_are_back_already_stay_back_and_come_back_no_second_time() -> None:
    payment = make_paid()
    refund = request_all(payment.pk, Refund.Reason.RETURNED, stella())
    succeed(refund.pk, STRIPE)
    fail(refund.pk, WHY, STRIPE)
    assert on_hand() == 7

    again = repeat(refund.pk, stella())
    succeed(again.pk, STRIPE)
    fail(again.pk, WHY, STRIPE)
    succeed(repeat(again.pk, stella()).pk, STRIPE)

    assert on_hand() == 7
    payment.order.refresh_from_db()
    assert payment.order.state == "refunded"


def test_goods_that_are_back_already_cannot_come_back_by_another_refund() -> None:
    payment = make_paid()
    refund = request_refund(payment.pk, wish(mugs(payment, 2)), stella())
    succeed(refund.pk, STRIPE)
    fail(refund.pk, WHY, STRIPE)

    with pytest.raises(RefundRefusedError, match="2 of 2 came back before"):
        request_refund(payment.pk, wish(mugs(payment, 1)), stella())
    again = request_all(payment.pk, Refund.Reason.RETURNED, stella())
    succeed(again.pk, STRIPE)

    assert on_hand() == 7


def test_only_what_failed_is_repeated_and_only_once() -> None:
    payment = make_paid()
    failed = failed_refund(payment)
    again = repeat(failed.pk, stella())

    with pytest.raises(RefundRefusedError, match="has been repeated already"):
        repeat(failed.pk, stella())
    with pytest.raises(RefundRefusedError, match="has not failed"):
        repeat(again.pk, stella())

    assert Refund.objects.count() == 2


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        ({"other": 4000}, "Only .9.68 of this payment"),
        ({"shipping": 1}, "At most .6.47 of the shipping"),
        ({"units": 2}, "0 can still be refunded, not 1"),
    ],
)
def test_what_was_given_back_meanwhile_is_not_repeated(
    meanwhile: dict[str, int], said: str
) -> None:
    payment = make_paid()
    failed = failed_refund(payment)
    units = [mugs(payment, meanwhile.pop("units"))] if "units" in meanwhile else []
    request_refund(payment.pk, wish(*units, **meanwhile), stella())

    with pytest.raises(RefundRefusedError, match=said):
        repeat(failed.pk, stella())


def test_a_repeat_stops_where_the_bank_has_taken_the_money() -> None:
    payment = make_paid()
    failed = failed_refund(payment)
    make_dispute(payment, withdrawn_minor=4968)

    with pytest.raises(RefundRefusedError, match="cannot be refunded as well"):
        repeat(failed.pk, stella())
