"""Balance transactions: one for every movement of money, and they add up."""

from typing import Any

import pytest
import stripe

from tests.sandbox.paid import charge_of, pay
from tests.standin import StandIn


def test_a_charge_is_booked_with_its_fee(client: stripe.StripeClient) -> None:
    intent = pay(client)
    charge = charge_of(client, intent)
    booked = client.v1.balance_transactions.retrieve(str(charge.balance_transaction))
    assert (booked.type, booked.amount, booked.source) == ("charge", 10_000, charge.id)
    assert (booked.fee, booked.net) == (320, 9680)
    assert [(each.type, each.amount) for each in booked.fee_details] == [("stripe_fee", 320)]
    expand: Any = {"expand": ["latest_charge.balance_transaction"]}
    whole = client.v1.payment_intents.retrieve(intent.id, expand)
    assert isinstance(whole.latest_charge, stripe.Charge)
    assert isinstance(whole.latest_charge.balance_transaction, stripe.BalanceTransaction)


def test_nothing_is_booked_of_what_was_not_captured(client: stripe.StripeClient) -> None:
    authorised = pay(client, capture_method="manual")
    with pytest.raises(stripe.CardError):
        pay(client, method="pm_card_chargeDeclined")
    assert charge_of(client, authorised).balance_transaction is None
    assert client.v1.balance_transactions.list().data == []
    client.v1.payment_intents.capture(authorised.id, {"amount_to_capture": 6000})
    (booked,) = client.v1.balance_transactions.list().data
    assert (booked.amount, booked.source) == (6000, authorised.latest_charge)


def test_everything_that_moves_money_is_booked_and_adds_up(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    refunded, disputed = pay(client), pay(client)
    failed = client.v1.refunds.create({"payment_intent": refunded.id, "amount": 1000})
    stand_in.fail_refund(failed.id)
    client.v1.refunds.create({"payment_intent": refunded.id, "amount": 2500})
    stand_in.close_dispute(stand_in.open_dispute(disputed.id)["id"], "won")
    booked = list(client.v1.balance_transactions.list({"limit": 3}).auto_paging_iter())
    assert [(each.type, each.amount) for each in booked] == [
        ("adjustment", 10_000),
        ("adjustment", -10_000),
        ("refund", -2500),
        ("refund_failure", 1000),
        ("refund", -1000),
        ("charge", 10_000),
        ("charge", 10_000),
    ]
    assert all(each.net == each.amount - each.fee for each in booked)
    assert stand_in.state()["balance"] == {
        "usd": {
            "charge": 20_000,
            "dispute": -10_000,
            "dispute_reversal": 10_000,
            "refund": -3500,
            "refund_failure": 1000,
        }
    }


def test_they_are_listed_by_type_source_currency_and_time(client: stripe.StripeClient) -> None:
    intent = pay(client)
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 2500})
    pay(client, currency="eur")

    def amounts(**filters: Any) -> list[int]:
        params: Any = filters
        return [each.amount for each in client.v1.balance_transactions.list(params).data]

    assert amounts(type="refund") == [-2500]
    assert amounts(source=refund.id) == [-2500]
    assert amounts(source=str(intent.latest_charge), type="charge") == [10_000]
    assert amounts(currency="eur") == [10_000]
    assert amounts(created={"lt": refund.created - 60}) == []
    assert len(amounts(created={"gte": refund.created - 60})) == 3
    with pytest.raises(stripe.InvalidRequestError, match="does not act on payout"):
        amounts(payout="po_1")
