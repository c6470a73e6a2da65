"""Refunds: never more than was captured, and what becomes of those that take time or fail."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.sandbox.paid import charge_of, pay, types_since
from tests.sandbox.receiver import Receiver, eventually
from tests.standin import StandIn


def refund(client: stripe.StripeClient, intent: stripe.PaymentIntent, **more: Any) -> stripe.Refund:
    """Refund a payment."""
    params: Any = {"payment_intent": intent.id, **more}
    return client.v1.refunds.create(params)


def status(client: stripe.StripeClient, refund_id: str) -> str | None:
    """Return a refund's status as it is now."""
    return client.v1.refunds.retrieve(refund_id).status


def test_a_part_and_then_the_rest_can_be_refunded(
    client: stripe.StripeClient, shop: Receiver
) -> None:
    intent = pay(client)
    part = refund(client, intent, amount=2500, reason="requested_by_customer")
    assert (part.status, part.amount, part.reason) == ("succeeded", 2500, "requested_by_customer")
    charge = charge_of(client, intent)
    assert (charge.amount_refunded, charge.refunded) == (2500, False)
    rest = client.v1.refunds.create({"charge": charge.id, "metadata": {"order": "7"}})
    assert (rest.amount, rest.to_dict()["metadata"]) == (7500, {"order": "7"})
    charge = charge_of(client, intent)
    assert (charge.amount_refunded, charge.refunded) == (10_000, True)
    shop.wait_for("charge.refunded", 2)
    amounts = {
        event["data"]["object"]["amount_refunded"] for event in shop.events("charge.refunded")
    }
    assert amounts == {2500, 10_000}
    assert types_since(client) == ["refund.created", "charge.refunded"] * 2
    assert client.v1.payment_intents.retrieve(intent.id).amount_received == 10_000


@pytest.mark.parametrize(
    ("before", "amount", "message", "code"),
    [
        (0, 10_001, "Refund amount ($100.01) is greater than charge amount ($100.00)", None),
        (
            2500,
            7501,
            "Refund amount ($75.01) is greater than unrefunded amount on charge ($75.00)",
            None,
        ),
        (10_000, 1, "has already been refunded.", "charge_already_refunded"),
        (10_000, None, "has already been refunded.", "charge_already_refunded"),
    ],
)
def test_never_more_than_was_captured(
    client: stripe.StripeClient, before: int, amount: int | None, message: str, code: str | None
) -> None:
    intent = pay(client)
    if before:
        refund(client, intent, amount=before)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refund(client, intent, **({} if amount is None else {"amount": amount}))
    assert message in str(refused.value.user_message)
    assert refused.value.code == code
    assert charge_of(client, intent).amount_refunded == before


def test_twenty_at_once_never_refund_more_than_was_captured(client: stripe.StripeClient) -> None:
    intent = pay(client)

    def attempt(_number: int) -> int:
        try:
            return refund(client, intent, amount=3000).amount
        except stripe.InvalidRequestError:
            return 0

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(attempt, range(20))) == 9000
    assert charge_of(client, intent).amount_refunded == 9000


def test_the_same_key_refunds_once(client: stripe.StripeClient) -> None:
    intent = pay(client)
    options: stripe.RequestOptions = {"idempotency_key": "refund-1"}
    params: Any = {"payment_intent": intent.id, "amount": 2500}
    first, second = (client.v1.refunds.create(params, options) for _ in range(2))
    assert first.id == second.id
    assert charge_of(client, intent).amount_refunded == 2500


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "One of the following params should be provided"),
        ({"payment_intent": "pi_x", "charge": "ch_x"}, "One of the following params"),
        ({"payment_intent": "pi_x"}, "No such payment_intent: 'pi_x'"),
        ({"charge": "ch_x"}, "No such charge: 'ch_x'"),
        ({"charge": "ch_x", "amount": 0}, "greater than or equal to 1"),
        ({"charge": "ch_x", "reason": "mood"}, "must be one of duplicate, fraudulent"),
        ({"charge": "ch_x", "refund_application_fee": True}, "does not act on"),
    ],
)
def test_refunds_that_cannot_be_read_are_refused(
    client: stripe.StripeClient, params: Any, message: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.refunds.create(params)


def test_what_was_not_captured_cannot_be_refunded(client: stripe.StripeClient) -> None:
    unpaid = client.v1.payment_intents.create({"amount": 4200, "currency": "usd"})
    authorised = pay(client, capture_method="manual")
    for intent in (unpaid, authorised):
        with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
            refund(client, intent)


def test_only_the_captured_part_of_an_authorisation_can_be_refunded(
    client: stripe.StripeClient,
) -> None:
    intent = pay(client, capture_method="manual")
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 6000})
    with pytest.raises(stripe.InvalidRequestError, match=r"unrefunded amount on charge \(\$60"):
        refund(client, intent, amount=6001)
    assert refund(client, intent).amount == 6000


def test_a_refund_may_fail_after_it_had_succeeded(
    client: stripe.StripeClient, shop: Receiver
) -> None:
    intent = pay(client, method="pm_card_refundFail")
    first = refund(client, intent, amount=2500)
    assert first.status == "succeeded"
    failed = shop.wait_for("refund.failed")["data"]["object"]
    assert (failed["id"], failed["status"]) == (first.id, "failed")
    assert failed["failure_reason"] == "expired_or_canceled_card"
    charge = charge_of(client, intent)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    back = client.v1.balance_transactions.retrieve(failed["failure_balance_transaction"])
    assert (back.type, back.amount, back.source) == ("refund_failure", 2500, first.id)
    assert types_since(client) == [
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
        "refund.failed",
    ]


@pytest.mark.parametrize(
    ("method", "end", "refunded"),
    [
        ("pm_card_pendingRefund", "succeeded", 2500),
        ("pm_sandbox_pendingRefundFails", "failed", 0),
    ],
)
def test_a_refund_may_be_pending_first(
    client: stripe.StripeClient, method: str, end: str, refunded: int
) -> None:
    intent = pay(client, method=method)
    made = refund(client, intent, amount=2500)
    assert (made.status, made.pending_reason) == ("pending", "processing")
    assert charge_of(client, intent).amount_refunded == 2500
    eventually(lambda: status(client, made.id) == end, end)
    assert charge_of(client, intent).amount_refunded == refunded


def test_levers_end_a_refund(client: stripe.StripeClient, stand_in: StandIn) -> None:
    intent = pay(client)
    made = refund(client, intent, amount=2500)
    stand_in.fail_refund(made.id, "lost_or_stolen_card")
    after = client.v1.refunds.retrieve(made.id)
    assert (after.status, after.failure_reason) == ("failed", "lost_or_stolen_card")
    with pytest.raises(RuntimeError, match="failed cannot become succeeded"):
        stand_in.settle_refund(made.id, "succeeded")
    with pytest.raises(RuntimeError, match="outcome must be"):
        stand_in.settle_refund(made.id, "lost")  # type: ignore[arg-type]


def test_only_a_refund_that_waits_for_the_shopper_can_be_cancelled(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    intent = pay(client, method="pm_card_pendingRefund")
    made = refund(client, intent, amount=2500)
    stand_in.settle_refund(made.id, "requires_action")
    canceled = client.v1.refunds.cancel(made.id)
    assert canceled.status == "canceled"
    assert charge_of(client, intent).amount_refunded == 0
    with pytest.raises(stripe.InvalidRequestError, match="only a refund with the status"):
        client.v1.refunds.cancel(made.id)


def test_a_refund_in_the_dashboard_has_no_key_and_no_metadata(
    client: stripe.StripeClient, stand_in: StandIn, shop: Receiver
) -> None:
    intent = pay(client)
    made = stand_in.refund_in_dashboard(intent.id, 2500)
    event = shop.wait_for("refund.created")
    assert event["data"]["object"]["id"] == made["id"]
    assert event["request"] == {"id": None, "idempotency_key": None}
    assert made["metadata"] == {}
    assert stand_in.refund_in_dashboard(intent.id)["amount"] == 7500
    with pytest.raises(RuntimeError, match="already been refunded"):
        stand_in.refund_in_dashboard(intent.id)


def test_refunds_are_listed_by_payment_and_by_charge(client: stripe.StripeClient) -> None:
    one, other = pay(client), pay(client)
    ids = [refund(client, one, amount=100).id for _ in range(3)]
    refund(client, other)
    by_intent = client.v1.refunds.list({"payment_intent": one.id, "limit": 2})
    assert [each.id for each in by_intent.data] == ids[:0:-1]
    assert by_intent.has_more
    by_charge = client.v1.refunds.list({"charge": str(one.latest_charge)})
    assert [each.id for each in by_charge.data] == ids[::-1]
    assert len(client.v1.refunds.list({"created": {"gt": 0}}).data) == 4
    pages = client.v1.refunds.list({"payment_intent": one.id, "limit": 1}).auto_paging_iter()
    assert [each.id for each in pages] == ids[::-1]


def test_metadata_and_the_objects_around_a_refund(client: stripe.StripeClient) -> None:
    intent = pay(client)
    made = refund(client, intent)
    client.v1.refunds.update(made.id, {"metadata": {"order": "7"}})
    params: Any = {"expand": ["charge", "payment_intent", "balance_transaction"]}
    after = client.v1.refunds.retrieve(made.id, params)
    assert after.to_dict()["metadata"] == {"order": "7"}
    assert isinstance(after.charge, stripe.Charge)
    assert isinstance(after.balance_transaction, stripe.BalanceTransaction)
    expanded: Any = {"expand": ["latest_charge.refunds"]}
    whole = client.v1.payment_intents.retrieve(intent.id, expanded)
    assert isinstance(whole.latest_charge, stripe.Charge)
    assert whole.latest_charge.refunds is not None
    assert [each.id for each in whole.latest_charge.refunds.data] == [made.id]
    listed = client.v1.charges.list({"payment_intent": intent.id})
    assert [each.id for each in listed.data] == [intent.latest_charge]
