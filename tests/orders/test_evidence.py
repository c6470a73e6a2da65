"""The evidence pack: all that speaks for an order on one page, and nothing of the shop's own."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from orders.granting import grant_line
from orders.models import (
    Booking,
    Dispute,
    DownloadCount,
    Grant,
    LicenceGrant,
    Order,
    OrderEvent,
    Payment,
)
from orders.shipping import ship
from orders.states import SCHEDULE, STRIPE, append_event, by_staff, move
from shop.models import DownloadFile
from tests.factories import make_variant
from tests.orders.factory import (
    ADDRESS,
    add_line,
    make_grant,
    make_order,
    make_payment,
    make_refund,
)
from tests.orders.paid import make_paid

pytestmark = [pytest.mark.django_db, pytest.mark.both]

State = Order.State
Kind = OrderEvent.Kind
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def order(staff: User) -> Order:
    """Ordered, paid, sent, told, partly refunded and disputed, an hour between each two."""
    with time_machine.travel(NOON, tick=False) as clock:
        order = make_order(placed_from="203.0.113.7", billing_address={**ADDRESS, "name": "Acme"})
        clock.shift(timedelta(hours=1))
        payment = make_payment(order, Payment.Outcome.ACCEPTED, intent_id="pi_evidence")
        move(order.pk, State.PAID, STRIPE)
        clock.shift(timedelta(hours=1))
        append_event(
            order, Kind.MESSAGE_SENT, SCHEDULE, recipient=order.email, subject="Your order"
        )
        clock.shift(timedelta(hours=1))
        move(order.pk, State.FULFILLED, by_staff(staff))
        clock.shift(timedelta(hours=1))
        make_refund(payment, "succeeded", amount_minor=500)
        Dispute.objects.create(
            payment=payment,
            stripe_id="du_1",
            status="needs_response",
            reason="fraudulent",
            amount_minor=4468,
            opened_at=NOON + timedelta(days=7),
            evidence_due_at=NOON + timedelta(days=14),
        )
    return order


def pack(client: Client, order: Order) -> str:
    """The page's own part, without white space between its tags."""
    answer = client.get(f"/admin/orders/order/{order.pk}/evidence/")
    assert answer.status_code == 200
    html = answer.content.decode()
    return re.sub(r">\s+<", "><", html[html.index('id="content-main"') :])


@pytest.mark.parametrize(
    "fact",
    [
        "Cartwright Goods",
        # The dispute.
        "The cardholder says that they did not make this payment (fraudulent)",
        "$44.68",
        "Needs an answer",
        "8 December 2026, 12:00 UTC",
        # Who, when and from where.
        "Ada Buyer",
        "guest@example.com",
        "None: ordered as a guest",
        "24 November 2026, 12:00 UTC",
        "203.0.113.7",
        # What.
        "Stoneware mug, Colour: Moss (MUG-1)",
        "$20.00",
        "$40.00",
        "Tax (8 %)",
        "$49.68",
        # Where to.
        "Springfield, IL 62701<br>United States",
        "Acme",
        "1 December 2026 to 4 December 2026",
        "<dt>Sent</dt><dd>24 November 2026, 15:00 UTC</dd>",
        # Money.
        "pi_evidence",
        "$49.68, 24 November 2026, 13:00 UTC",
        "$5.00, succeeded, 24 November 2026, 16:00 UTC",
        # Messages.
        "24 November 2026, 14:00 UTC</div><div>Your order<br>",
        "to guest@example.com",
    ],
)
def test_the_pack_holds(client: Client, staff: User, order: Order, fact: str) -> None:
    client.force_login(staff)

    assert fact in pack(client, order)


def test_the_timeline_runs_from_the_first_to_the_last(
    client: Client, staff: User, order: Order
) -> None:
    client.force_login(staff)

    html = pack(client, order)

    timeline = html[html.index("Everything that happened") :]
    whats = re.findall(r"</span></div><div>([^<]*)<", timeline)
    assert whats == ["Order placed, stock held", "Paid", "Message sent", "Sent"]


def test_the_shops_own_notes_are_not_the_banks_business(
    client: Client, staff: User, order: Order
) -> None:
    append_event(order, Kind.REFUND_REQUESTED, by_staff(staff), 500, note="A tiresome buyer")
    append_event(
        order,
        Kind.MESSAGE_SENT,
        SCHEDULE,
        recipient="owner@example.com",
        subject="Answer by Monday",
    )
    client.force_login(staff)

    html = pack(client, order)

    assert "Refund requested" in html
    assert "tiresome" not in html
    assert staff.email not in html
    assert "Monday" not in html


def test_an_order_of_an_account_names_it_and_since_when(
    client: Client, staff: User, buyer: User
) -> None:
    User.objects.filter(pk=buyer.pk).update(date_joined=datetime(2024, 3, 1, tzinfo=UTC))
    client.force_login(staff)

    assert "buyer@example.com, since 1 March 2024" in pack(client, make_order(user=buyer))


def test_an_unpaid_order_says_what_there_is_not(client: Client, staff: User) -> None:
    client.force_login(staff)

    html = pack(client, make_order())

    for said in ("Not recorded", "No payment was received.", "Not yet", "The same address"):
        assert said in html
    assert "Dispute" not in html


def test_what_people_typed_is_escaped(client: Client, staff: User) -> None:
    client.force_login(staff)

    html = pack(client, make_order(shipping_address={**ADDRESS, "name": "<b>Ada</b>"}))

    assert "&lt;b&gt;Ada&lt;/b&gt;" in html
    assert "<b>Ada" not in html


def test_the_page_holds_no_inline_code(client: Client, staff: User, order: Order) -> None:
    client.force_login(staff)

    html = client.get(f"/admin/orders/order/{order.pk}/evidence/").content.decode()

    for forbidden in (r"<style", r"\sstyle=", r"\son[a-z]+=", r"<script(?![^>]*(src=|data-))"):
        assert not re.search(forbidden, html), forbidden


# --- Who may see it --------------------------------------------------------------------------
@pytest.mark.parametrize(("permission", "status"), [("view_order", 200), ("view_refund", 403)])
def test_staff_need_the_permission_to_see_orders(
    client: Client, stranger: User, order: Order, permission: str, status: int
) -> None:
    User.objects.filter(pk=stranger.pk).update(is_staff=True)
    stranger.user_permissions.add(Permission.objects.get(codename=permission))
    client.force_login(stranger)

    answer = client.get(f"/admin/orders/order/{order.pk}/evidence/")

    assert answer.status_code == status


def test_a_shopper_and_a_visitor_are_sent_to_the_staff_login(
    client: Client, buyer: User, order: Order
) -> None:
    visitor = client.get(f"/admin/orders/order/{order.pk}/evidence/")
    client.force_login(buyer)
    shopper = client.get(f"/admin/orders/order/{order.pk}/evidence/")

    for answer in (visitor, shopper):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_an_order_that_does_not_exist_has_no_evidence(client: Client, staff: User) -> None:
    client.force_login(staff)

    assert client.get("/admin/orders/order/999999/evidence/").status_code == 404


def test_the_pack_is_only_looked_at(client: Client, staff: User, order: Order) -> None:
    client.force_login(staff)

    assert client.post(f"/admin/orders/order/{order.pk}/evidence/").status_code == 405


def test_the_pack_costs_the_same_however_long_the_history(
    client: Client, staff: User, order: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        append_event(order, Kind.DECLINED, STRIPE, 100, code="card_declined")
    make_payment(order, Payment.Outcome.LATE)
    client.force_login(staff)

    # Session and user; the order, its events, payments, refunds, disputes and lines; its parcels
    # and grants.
    with django_assert_num_queries(10):
        client.get(f"/admin/orders/order/{order.pk}/evidence/")


# --- What was delivered ----------------------------------------------------------------------
@pytest.fixture
def delivered(staff: User) -> Order:
    """An order of which mugs were sent, a file fetched, a key looked at, a ticket admitted."""
    with time_machine.travel(NOON, tick=False):
        order = make_paid().order
        ship(order.pk, [(order.lines.get().pk, 2)], "DHL", "00340", "", by_staff(staff))
        file = DownloadFile.objects.create(product=make_variant().product, name="Manual", file="a")
        download = make_grant(order, "Manual as PDF", "download")
        DownloadCount.objects.create(grant=download, file=file, count=3)
        key = make_grant(order, "Player", "licence")
        LicenceGrant.objects.create(grant=key, key="AAAA-BBBB", shown_at=NOON)
        evening = make_grant(order, "Evening class", "event")
        Booking.objects.create(grant=evening, seat=1, attendee="Ada", admitted_at=NOON)
        Booking.objects.create(grant=evening, seat=2, attendee="Bert")
        make_grant(order, "Source code", "repository", handle="ada-on-github", granted_at=NOON)
    return order


@pytest.mark.parametrize(
    "fact",
    [
        "2 × Stoneware mug<br>",
        "Sent 24 November 2026, 12:00 UTC, DHL, 00340",
        "Manual: downloaded 3 times, last 24 November 2026, 12:00 UTC",
        "Licence key first looked at 24 November 2026, 12:00 UTC",
        "Ada: admitted with the ticket 24 November 2026, 12:00 UTC",
        "Bert: ticket not used",
        "Granted; granted 24 November 2026, 12:00 UTC; to the user ada-on-github",
        "2 × Stoneware mug · DHL · 00340",
    ],
)
def test_the_pack_tells_what_was_delivered(
    client: Client, staff: User, delivered: Order, fact: str
) -> None:
    client.force_login(staff)

    html = pack(client, delivered)

    assert fact in html
    assert "AAAA-BBBB" not in html


def test_what_was_delivered_costs_the_same_however_much(
    client: Client,
    staff: User,
    delivered: Order,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(staff)

    # As above; what is in the parcels; what the buyer made of the grants.
    with django_assert_num_queries(14):
        client.get(f"/admin/orders/order/{delivered.pk}/evidence/")


def where_it_went(client: Client, order: Order) -> str:
    html = pack(client, order)
    return html[html.index("Where it went") : html.index("<h2>Payment</h2>")]


def test_what_was_granted_is_not_called_sent(client: Client, staff: User) -> None:
    order = make_paid(delivery_from=None, delivery_until=None).order
    order.lines.update(kind="download")
    grant_line(Grant.objects.create(line=order.lines.get()), SCHEDULE)
    client.force_login(staff)

    went = where_it_went(client, order)

    assert "Granted; granted " in went
    assert "<dt>Sent</dt>" not in went


def test_of_goods_that_were_not_sent_the_pack_says_not_yet(client: Client, staff: User) -> None:
    order = make_paid().order
    grant_line(Grant.objects.create(line=add_line(order, "Manual", "download")), SCHEDULE)
    client.force_login(staff)

    went = where_it_went(client, order)

    assert "<dt>Sent</dt><dd>Not yet</dd>" in went
    assert "Packing begun" not in went


def test_the_times_of_parcels_are_their_own(client: Client, staff: User, delivered: Order) -> None:
    client.force_login(staff)

    went = where_it_went(client, delivered)

    assert "Sent 24 November 2026, 12:00 UTC, DHL, 00340" in went
    assert "<dt>Sent</dt>" not in went
