"""Receipts: numbers without gaps, one for each paid order, and what stands on them."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from orders.models import Order, OrderEvent, OrderLine, Payment, Receipt, ReceiptCounter
from orders.receipts import NotPaidError, issue
from tests.orders.factory import ADDRESS, make_order, make_payment, make_refund

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def make_receipt(**fields: Any) -> Receipt:
    with time_machine.travel(NOON, tick=False):
        order = make_order(**{"state": State.PAID, **fields})
        make_payment(order, Payment.Outcome.ACCEPTED, intent_id=f"pi_receipt_{order.pk}")
        return issue(order)


def shown(client: Client, receipt: Receipt) -> str:
    """The receipt's own part, without white space between its tags."""
    order = receipt.order
    answer = client.get(f"/orders/{order.number}/receipt/", {"key": order.access_key})
    assert answer.status_code == 200
    html = answer.content.decode()
    return re.sub(r"\s+", " ", re.sub(r">\s+<", "><", html[html.index("<article") :]))


# --- The number ------------------------------------------------------------------------------
def test_numbers_follow_each_other_and_are_told() -> None:
    receipts = [make_receipt() for _ in range(3)]

    assert [receipt.number for receipt in receipts] == [1, 2, 3]
    event = receipts[2].order.events.get(kind=OrderEvent.Kind.RECEIPT_ISSUED)
    assert event.data == {"number": 3}
    assert ReceiptCounter.objects.get().last == 3


def test_an_order_keeps_its_receipt() -> None:
    first = make_receipt()

    assert issue(first.order) == first
    assert first.order.events.filter(kind=OrderEvent.Kind.RECEIPT_ISSUED).count() == 1
    assert ReceiptCounter.objects.get().last == 1


def test_a_receipt_that_is_undone_leaves_no_gap() -> None:
    order = make_order(state=State.PAID)
    with transaction.atomic():
        issue(order)
        transaction.set_rollback(True)

    assert make_receipt().number == 1
    assert issue(order).number == 2


@pytest.mark.parametrize("state", [State.PENDING, State.CANCELED, State.FAILED])
def test_an_order_that_was_not_paid_gets_none(state: State) -> None:
    order = make_order(state=state)

    with pytest.raises(NotPaidError, match=f"is {state}: it has no receipt"):
        issue(order)

    assert not Receipt.objects.exists()
    assert not ReceiptCounter.objects.exists()


def test_an_order_that_was_refunded_meanwhile_gets_one() -> None:
    assert issue(make_order(state=State.REFUNDED)).number == 1


# --- The page --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fact",
    [
        "Cartwright Goods",
        "12 Kiln Lane<br>Portland OR 97209",
        "Tax number 93-1234567",
        "Receipt 1</h1>",
        "<dt>Issued</dt><dd>Nov. 24, 2026</dd>",
        "Ada Buyer<br>1 Main Street<br>Apt 2<br>Springfield, IL 62701<br>United States<br>guest@",
        "Stoneware mug, Colour: Moss",
        "2 × $20.00",
        'Tax <span class="receipt-rate">8 %</span>',
        '<td class="amount">$40.00</td><td class="amount">$3.20</td><td class="amount">$43.20</td>',
        '<td class="amount">$6.00</td><td class="amount">$0.48</td><td class="amount">$6.48</td>',
        '<td class="amount">$46.00</td><td class="amount">$3.68</td><td class="amount">$49.68</td>',
        "Paid on Nov. 24, 2026 (pi_receipt_",
        "<dd>$49.68</dd>",
    ],
)
def test_a_receipt_says(client: Client, fact: str) -> None:
    assert fact in shown(client, make_receipt())


def test_a_discount_stands_with_its_line_and_is_taken_off_before_tax(client: Client) -> None:
    receipt = make_receipt(discount_minor=400, total_minor=4568)
    OrderLine.objects.update(discount_minor=400)

    html = shown(client, receipt)

    assert "Discount −$4.00" in html
    assert '<td class="amount">$36.00</td>' in html
    assert '<td class="amount">$42.00</td>' in html


def test_refunds_stand_on_it_with_their_days_and_what_remains(client: Client) -> None:
    receipt = make_receipt()
    payment = receipt.order.payments.get()
    with time_machine.travel(datetime(2026, 12, 1, tzinfo=UTC), tick=False):
        make_refund(payment, "succeeded", amount_minor=1000)
    with time_machine.travel(datetime(2026, 12, 3, tzinfo=UTC), tick=False):
        make_refund(payment, "succeeded", amount_minor=250)
        make_refund(payment, "sent", amount_minor=111)
        make_refund(payment, "failed", amount_minor=222)
    make_refund(make_payment(receipt.order, Payment.Outcome.LATE), "succeeded")

    html = shown(client, receipt)

    assert "Refunded on Dec. 1, 2026</dt><dd>−$10.00</dd>" in html
    assert "Refunded on Dec. 3, 2026</dt><dd>−$2.50</dd>" in html
    assert "<dt>Remains</dt><dd>$37.18</dd>" in html
    assert html.count("Refunded on") == 2


def test_the_billing_address_stands_on_it_where_there_is_one(client: Client) -> None:
    html = shown(client, make_receipt(billing_address={**ADDRESS, "name": "Acme <Ltd>"}))

    assert "Acme &lt;Ltd&gt;<br>1 Main Street" in html
    assert "Ada Buyer" not in html


def test_an_order_that_cost_nothing_and_sends_nothing_says_so(client: Client) -> None:
    receipt = make_receipt(delivery_from=None, delivery_until=None)
    Payment.objects.all().delete()

    html = shown(client, receipt)

    assert "There was nothing to pay" in html
    assert "Shipping" not in html


def test_a_shop_without_address_and_tax_number_leaves_them_out(
    client: Client, settings: Settings
) -> None:
    settings.SHOP_ADDRESS, settings.TAX_ID = [], ""

    html = shown(client, make_receipt())

    assert "Tax number" not in html
    assert "<address></address>" not in html


def test_the_page_costs_five_queries_however_many_refunds(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    receipt = make_receipt()
    for _ in range(5):
        make_refund(receipt.order.payments.get(), "succeeded", amount_minor=100)

    # The order, its receipt, payment, refunds and lines; the header's categories.
    with django_assert_num_queries(6):
        shown(client, receipt)


# --- Who sees it -----------------------------------------------------------------------------
def test_the_order_leads_to_its_receipt_with_its_key(client: Client) -> None:
    receipt = make_receipt()
    order = receipt.order

    html = client.get(order.get_absolute_url()).content.decode()

    link = f"/orders/{order.number}/receipt/?key={order.access_key}"
    assert f'<a href="{link}">Receipt 1 to print</a>' in html
    assert client.get(link).status_code == 200


def test_an_order_without_receipt_leads_to_none(client: Client) -> None:
    order = make_order(state=State.PAID)

    html = client.get(order.get_absolute_url()).content.decode()
    answer = client.get(f"/orders/{order.number}/receipt/", {"key": order.access_key})

    assert "Receipt" not in html
    assert answer.status_code == 404


@pytest.mark.parametrize("key", ["", "wrong", "ключ"])
def test_without_the_right_key_there_is_no_receipt(client: Client, key: str) -> None:
    order = make_receipt().order

    assert client.get(f"/orders/{order.number}/receipt/", {"key": key}).status_code == 404


def test_the_account_sees_its_receipt_and_a_stranger_does_not(
    client: Client, buyer: User, stranger: User
) -> None:
    order = make_receipt(user=buyer).order
    client.force_login(stranger)
    theirs = client.get(f"/orders/{order.number}/receipt/")
    client.force_login(buyer)
    mine = client.get(f"/orders/{order.number}/receipt/")

    assert (theirs.status_code, mine.status_code) == (404, 200)
    assert mine["Cache-Control"] == "private, no-store"
    assert '<meta name="robots" content="noindex">' in mine.content.decode()
    assert client.post(f"/orders/{order.number}/receipt/").status_code == 405
