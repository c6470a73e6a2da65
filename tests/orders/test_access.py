"""How orders are found: by an index however many there are, and by nothing that cannot be one."""

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from orders.access import orders_of
from tests.orders.factory import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_the_orders_of_an_account_are_found_by_indexes(buyer: User) -> None:
    make_order(user=buyer)
    found = orders_of(buyer)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # With one order, reading them all is what costs least, in whatever order.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")

    plan = found.order_by("-pk").explain()

    assert "orders_by_email" in plan
    assert "SCAN orders_order" not in plan
    assert "SubPlan" not in plan


@pytest.mark.parametrize("page", ["", "status/", "receipt/", "purchases/", "tickets/1/"])
def test_a_number_with_a_character_that_no_database_takes_is_refused(
    client: Client, page: str
) -> None:
    assert client.get(f"/orders/%00/{page}").status_code == 400


@pytest.mark.parametrize("address", ["/account/orders/", "/account/purchases/"])
def test_a_list_before_a_number_that_cannot_be_is_refused(
    client: Client, buyer: User, address: str
) -> None:
    client.force_login(buyer)

    assert client.get(f"{address}?before=%00").status_code == 400


def test_a_code_of_a_ticket_that_cannot_be_is_refused(client: Client, staff: User) -> None:
    client.force_login(staff)

    assert client.post("/admin/orders/booking/tickets/%00/").status_code == 400
