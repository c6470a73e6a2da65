"""The timeline in words: each kind of event with its actor, cause and amount."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.models import OrderEvent
from orders.states import SCHEDULE, STRIPE, append_event, by_staff
from orders.timeline import timeline_of
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Kind = OrderEvent.Kind


@pytest.mark.parametrize(
    ("kind", "data", "what", "details"),
    [
        (
            Kind.REFUND_REQUESTED,
            {"refund": 7, "reason": "returned", "note": "chipped"},
            "Refund requested",
            ("refund 7", "goods returned", "“chipped”"),
        ),
        (
            Kind.REFUND_FAILED,
            {"refund": 7, "why": "The account is closed."},
            "Refund failed",
            ("refund 7", "The account is closed."),
        ),
        (
            Kind.DECLINED,
            {"code": "insufficient_funds"},
            "Payment declined",
            ("not enough money on the card (insufficient_funds)",),
        ),
        (Kind.DECLINED, {"code": "lost_card"}, "Payment declined", ("lost card",)),
        (
            Kind.DISPUTE_OPENED,
            {
                "dispute": "dp_1",
                "status": "needs_response",
                "reason": "product_not_received",
                "evidence_due_at": "2026-12-24T12:00:00+00:00",
            },
            "Dispute opened",
            ("dp_1", "needs an answer", "product not received", "answer by Dec. 24, 2026, noon"),
        ),
        (
            Kind.MESSAGE_SENT,
            {"message": "order_confirmed", "recipient": "a@b.c", "subject": "Your order"},
            "Message sent",
            ("“Your order”", "order confirmed", "to a@b.c"),
        ),
        (Kind.PLACED, {"units": 3}, "Order placed, stock held", ("3 units held",)),
        (
            Kind.SHIPPED,
            {
                "shipment": 4,
                "carrier": "DHL",
                "tracking_number": "00340",
                "units": [{"title": "Mug", "quantity": 2}, {"title": "Bowl", "quantity": 1}],
            },
            "Parcel sent",
            ("parcel 4", "2 × Mug, 1 × Bowl", "DHL", "00340"),
        ),
        (
            Kind.ADMITTED,
            {"grant": 3, "product": "Evening class", "attendee": "Ada", "seat": 2},
            "Ticket admitted",
            ("Evening class", "Ada", "seat 2"),
        ),
        (
            Kind.REVOKED,
            {"grant": 3, "product": "Player", "pieces": 1},
            "Revoked",
            ("Player", "taken back: 1"),
        ),
        (Kind.RECEIPT_ISSUED, {"number": 12}, "Receipt issued", ("number 12",)),
        (Kind.PAID, {"from": "pending"}, "Paid", ("it was “waiting for payment”",)),
        (
            Kind.FULFILLED,
            {"from": "refunded"},
            "No longer refunded: “sent” again",
            ("it was “refunded”",),
        ),
        (Kind.HOLD_EXTENDED, {"until": "soon"}, "Hold extended", ("until soon",)),
        (Kind.ATTEMPT, {"new_key": "x"}, "Payment started", ("new key: x",)),
    ],
)
def test_an_event_reads_as_a_sentence(
    kind: OrderEvent.Kind, data: dict[str, Any], what: str, details: tuple[str, ...]
) -> None:
    order = make_order()
    append_event(order, kind, STRIPE, **data)

    entry = timeline_of(order)[0]

    assert (entry.what, entry.details) == (what, details)


def test_the_newest_comes_first_with_who_did_it_and_money_in_its_own_currency(staff: User) -> None:
    order = make_order()
    append_event(order, Kind.REFUND_REQUESTED, by_staff(staff), 500)
    append_event(order, Kind.PAYMENT_MISMATCH, SCHEDULE, 900, currency="EUR", expected_minor=100)

    entries = timeline_of(order)

    assert [(entry.by, entry.amount) for entry in entries] == [
        ("schedule", "€9.00"),
        ("staff@example.com", "$5.00"),
        ("shopper", "$49.68"),
    ]
    assert entries[0].details == ("$1.00 was expected",)


def test_a_long_history_costs_one_query(
    staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = make_order()
    for _ in range(30):
        append_event(order, Kind.REFUND_REQUESTED, by_staff(staff), 500)

    with django_assert_num_queries(1):
        assert len(timeline_of(order)) == 31


def test_the_page_leads_to_stripes_event_in_the_inbox(client: Client, staff: User) -> None:
    order = make_order()
    append_event(order, Kind.DECLINED, STRIPE, code="lost_card", stripe_event="evt_1")
    client.force_login(staff)

    html = client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()

    assert '<a href="/admin/checkout/webhookevent/?q=evt_1">evt_1</a>' in html
