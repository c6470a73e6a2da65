"""The report's page and its tables as CSV, as staff see them."""

import csv
from datetime import date
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from cart.models import LeftBehind
from orders.models import Order, Payment
from orders.states import STRIPE, move
from shop.funnel import record
from shop.models import FunnelEvent
from tests.orders.factory import make_order, make_payment, make_refund
from tests.report.year import make_year
from tests.shop.shelf import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.both]

PAGE = "/admin/report/"
TABLES = [
    "funnel",
    "over-time",
    "winning-back",
    "coupons",
    "refunds",
    "best-sellers",
    "sources",
]


@pytest.fixture
def stella(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def make_sale(**fields: Any) -> Payment:
    order = make_order(**fields)
    move(order.pk, Order.State.PAID, STRIPE)
    return make_payment(order, Payment.Outcome.ACCEPTED)


def rows(response: Any) -> list[list[str]]:
    return list(csv.reader(StringIO(response.content.decode("utf-8-sig"))))


def test_staff_see_what_was_sold_and_given_back(stella: Client) -> None:
    make_refund(make_sale(), "succeeded", amount_minor=968)
    make_sale(currency="EUR")

    text = text_of(stella.get(PAGE))

    assert "Revenue $40.00 $49.68 taken, $9.68 refunded, $0.00 lost in disputes" in text
    assert "Paid orders 1 1 by new buyers, 0 by returning ones" in text
    assert "Refunds 1 $9.68, 19.5% of what was taken" in text
    assert "Stoneware mug" in text


def test_what_was_given_away_is_among_what_was_sold(stella: Client) -> None:
    amounts = {"discount_minor": 4000, "shipping_minor": 0, "shipping_tax_minor": 0}
    free = make_order(**amounts, tax_minor=0, total_minor=0)
    free.lines.update(discount_minor=4000, tax_minor=0)
    move(free.pk, Order.State.PAID, STRIPE)

    _heading, row = rows(stella.get(f"{PAGE}best-sellers.csv"))

    assert row == ["Stoneware mug", "2", "0", "0.00"]


def test_an_order_whose_refund_failed_late_was_sold_once(stella: Client) -> None:
    with time_machine.travel("2026-11-19 12:00Z"):
        order = make_sale().order
        move(order.pk, Order.State.REFUNDED, STRIPE)
    with time_machine.travel("2026-11-21 12:00Z"):
        move(order.pk, Order.State.PAID, STRIPE)
        for day, sold in (("2026-11-19", 1), ("2026-11-21", 0)):
            table = stella.get(f"{PAGE}best-sellers.csv", {"from": day, "to": day})
            assert len(rows(table)) == 1 + sold


def test_another_currency_is_chosen(stella: Client) -> None:
    make_sale(currency="EUR")

    assert "Revenue €49.68" in text_of(stella.get(PAGE, {"currency": "EUR"}))


def test_a_shop_without_a_single_visit_has_a_report(stella: Client) -> None:
    text = text_of(stella.get(PAGE))

    assert "Nothing has happened in these days" in text
    assert "Carts abandoned –" in text


def test_abandonment_is_what_was_not_paid(stella: Client) -> None:
    now = timezone.now()
    for kind, count in (("cart", 10), ("checkout", 4), ("paid", 3)):
        for number in range(count):
            record(FunnelEvent.Kind(kind), f"{number}", now)

    text = text_of(stella.get(PAGE))

    assert "Carts abandoned 70.0% of 10 carts were not paid" in text
    assert "Checkouts abandoned 25.0% of 4 checkouts were not paid" in text


def test_the_mails_earn_what_the_held_out_do_not_buy(stella: Client) -> None:
    for number in range(300):
        is_held_out = number >= 200
        has_bought = number < 40 or number >= 295
        LeftBehind.objects.create(
            kind=LeftBehind.Kind.PAYMENT,
            mark=str(number),
            email=f"{number}@example.com",
            currency="USD",
            value_minor=5000,
            items=[],
            left_at=timezone.now(),
            is_held_out=is_held_out,
            recovered_at=timezone.now() if has_bought else None,
            recovered_by=f"ORDER-{number}" if has_bought else "",
            recovered_minor=5000 if has_bought else 0,
        )

    text = text_of(stella.get(PAGE))

    # 20 % of 200 bought instead of 5 %: 30 more at $50.
    assert "Earned by messages $1,500.00 40 of 200 written to bought after all" in text
    assert "chance" not in text
    assert "Only" not in text


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"from": "yesterday", "to": "2026-11-21"}, "such as 2026-11-21"),
        ({"from": "2026-02-30", "to": "2026-03-01"}, "such as 2026-11-21"),
        ({"from": "2026-11-21"}, "such as 2026-11-21"),
        ({"from": "2026-11-21", "to": "2026-11-20"}, "Exchange them"),
        ({"from": "2020-01-01", "to": "2026-11-20"}, "more than three years"),
        ({"from": "0001-01-01", "to": "9999-12-31"}, "between the years"),
        ({"days": "8"}, "Choose one of the periods"),
        ({"currency": "XXX"}, "does not sell in this currency"),
    ],
)
def test_days_that_make_no_period_are_refused_in_words_and_kept(
    stella: Client, asked: dict[str, str], told: str
) -> None:
    response = stella.get(PAGE, asked)

    assert told in text_of(response)
    for name in {"from", "to"} & asked.keys():
        assert f'name="{name}" value="{asked[name]}"' in response.content.decode()
    refused = stella.get(f"{PAGE}funnel.csv", asked)
    assert refused.status_code == 400
    assert told in refused.content.decode()


def test_a_day_ends_at_the_shops_midnight(stella: Client, settings: Settings) -> None:
    settings.TIME_ZONE = "America/New_York"
    with time_machine.travel("2026-11-21 03:00Z"):
        make_sale()
        page = stella.get(PAGE, {"from": "2026-11-20", "to": "2026-11-20"})
        assert "Revenue $49.68" in text_of(page)
        page = stella.get(PAGE, {"from": "2026-11-21", "to": "2026-11-21"})
        assert "Revenue $0.00" in text_of(page)


@pytest.mark.parametrize("table", TABLES)
def test_each_table_can_be_had_as_csv(stella: Client, table: str) -> None:
    with time_machine.travel("2026-11-21 12:00Z"):
        make_year(60, date(2026, 11, 21))
        response = stella.get(f"{PAGE}{table}.csv", {"days": "365", "currency": "EUR"})

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = f"{table}-EUR-2025-11-22-2026-11-21.csv"
    assert name in response.headers["Content-Disposition"]
    heading, *body = rows(response)
    assert body
    assert all(len(row) == len(heading) for row in body)


def test_csv_has_plain_numbers(stella: Client) -> None:
    make_sale(quantity=60)

    heading, *body = rows(stella.get(f"{PAGE}coupons.csv"))

    assert heading[-1] == "Taken (USD)"
    assert body == [["without a coupon", "1", "1.0000", "1", "1302.48", "0", "0.00", "1302.48"]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(stella: Client, text: str) -> None:
    make_sale(coupon_code=text)

    _heading, row = rows(stella.get(f"{PAGE}coupons.csv"))

    assert row[0] == f"'{text}"


def test_there_is_no_other_table(stella: Client) -> None:
    assert stella.get(f"{PAGE}orders.csv").status_code == 404


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}funnel.csv"])
def test_only_staff_who_may_see_orders_see_it(address: str, buyer: User, stranger: User) -> None:
    client = Client()
    assert client.get(address).status_code == 302
    client.force_login(buyer)
    assert client.get(address).status_code == 302
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)
    assert client.get(address).status_code == 403
    assert PAGE not in client.get("/admin/").content.decode()

    stranger.user_permissions.add(Permission.objects.get(codename="view_order"))
    assert client.get(address).status_code == 200
    assert PAGE in client.get("/admin/").content.decode()


def test_the_queries_do_not_grow_with_what_happened(
    stella: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_year(100, timezone.localdate())

    with django_assert_max_num_queries(14):
        stella.get(PAGE, {"days": "365"})
