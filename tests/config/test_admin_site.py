"""The staff's pages as a whole: who comes in, what the index shows, what the policy allows."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.orders.factory import make_order

pytestmark = pytest.mark.django_db


def test_staff_sign_in_where_tries_are_counted(client: Client) -> None:
    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"


def test_no_sign_in_is_put_into_a_page(client: Client) -> None:
    order = make_order()
    parts = ("notifications_delivery_of_order", "orders_order_panel")

    for part in (reverse(f"admin:{name}", args=[order.pk]) for name in parts):
        answer = client.get(part, headers={"HX-Request": "true"}, follow=True)

        assert answer.headers["HX-Refresh"] == "true"
        assert answer.content == b""


def test_a_shopper_is_turned_away(client: Client, buyer: User) -> None:
    client.force_login(buyer)

    assert client.get("/admin/", follow=True).status_code == 403


def test_the_index_shows_the_sections_in_the_order_of_work(client: Client, staff: User) -> None:
    client.force_login(staff)

    page = client.get("/admin/")

    assert [str(app["name"]) for app in page.context["app_list"]] == [
        "Orders",
        "Catalogue",
        "Stock",
        "Coupons",
        "People",
        "Permissions",
        "Payments",
        "Messages",
        "Background tasks",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "index",
        "shop_product_changelist",
        "shop_product_add",
        "cart_coupon_add",
        "inventory_stockitem_changelist",
        "accounts_user_add",
    ],
)
def test_no_page_needs_an_exception_from_the_policy(client: Client, staff: User, name: str) -> None:
    client.force_login(staff)

    answer = client.get(reverse(f"admin:{name}"))

    assert "unsafe" not in answer["Content-Security-Policy"]
    page = answer.content.decode()
    assert not re.findall(r"<[^>]*\s(?:style|on\w+)=", page)
    assert not re.findall(r"<script(?![^>]*(?:src=|application/json))", page)
    assert "Cartwright Goods" in page
