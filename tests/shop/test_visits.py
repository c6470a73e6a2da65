"""Visits: counted once a browser and day, with nothing in them that leads to a person."""

from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from cart.models import Cart
from shop.models import FunnelEvent
from shop.visits import clean_source
from tests.factories import make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]

KEY = "1x2y3z4a5b6c"


def tell(client: Client, **fields: str) -> Any:
    return client.post("/visit/", {"key": KEY, **fields})


def test_a_visit_is_counted_once_however_often_it_is_told(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with time_machine.travel("2026-11-21 12:00Z"), django_assert_num_queries(1):
        assert tell(client, source="Newsletter/November").status_code == 204
    tell(client, source="other")

    visit = FunnelEvent.objects.get()
    assert (visit.kind, visit.key) == (FunnelEvent.Kind.VISIT, KEY)
    assert (visit.day, visit.source) == (date(2026, 11, 21), "newsletter/november")


def test_it_needs_no_token(db: None) -> None:
    assert tell(Client(enforce_csrf_checks=True)).status_code == 204


def test_there_is_no_cookie_without_a_source(client: Client) -> None:
    assert "source" not in tell(client).cookies


def test_the_last_source_is_remembered_for_thirty_days(client: Client) -> None:
    tell(client, source="newsletter")
    cookie = tell(client, source="search.example").cookies["source"]
    tell(client)

    assert cookie.value == "search.example"
    assert (cookie["max-age"], cookie["samesite"]) == (30 * 24 * 60 * 60, "Lax")
    assert cookie["httponly"]
    assert client.cookies["source"].value == "search.example"


@pytest.mark.parametrize("key", ["", "short", "A" * 20, "a" * 41, "a" * 12 + "\x00", "ä" * 12])
def test_a_key_that_is_none_of_ours_is_refused(client: Client, key: str) -> None:
    response = client.post("/visit/", {"key": key, "source": "x"})

    assert response.status_code == 400
    assert "12 to 40" in response.content.decode()
    assert not FunnelEvent.objects.exists()
    assert "source" not in response.cookies


def test_a_visit_is_only_told_by_post(client: Client) -> None:
    assert client.get("/visit/").status_code == 405


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("  Big Sale ", "big-sale"),
        ("shop.example:8000", "shop.example:8000"),
        ("<script>\x00\r\nSet-Cookie: a=b;", "-script-set-cookie:-a-b-"),
        ("ü" * 200, "-"),
        ("a" * 200, "a" * 80),
    ],
)
def test_a_source_keeps_only_what_campaigns_and_hosts_are_made_of(told: str, kept: str) -> None:
    assert clean_source(told) == kept


def test_a_first_thing_in_the_cart_counts_with_its_source(client: Client) -> None:
    mug, bowl = make_variant(), make_variant()
    tell(client, source="newsletter")
    for variant in (mug, bowl, mug):
        client.post("/cart/add/", {"variant": variant.sku})

    cart = Cart.objects.get()
    counted = FunnelEvent.objects.get(kind=FunnelEvent.Kind.CART)
    assert counted.key.startswith(f"{cart.pk} ")
    assert counted.source == cart.source == "newsletter"


def test_an_account_that_fills_its_cart_again_another_day_counts_again(
    client: Client, buyer: User
) -> None:
    mug = make_variant()
    for day in ("2026-11-20 12:00Z", "2026-11-21 12:00Z"):
        with time_machine.travel(day):
            client.force_login(buyer)
            client.post("/cart/add/", {"variant": mug.sku})
            Cart.objects.get().lines.all().delete()

    assert FunnelEvent.objects.filter(kind=FunnelEvent.Kind.CART).count() == 2


def test_a_later_source_wins_and_none_forgets_the_earlier(client: Client) -> None:
    mug = make_variant()
    tell(client, source="newsletter")
    client.post("/cart/add/", {"variant": mug.sku})
    tell(client, source="search.example")
    client.get("/cart/")
    assert Cart.objects.get().source == "search.example"

    del client.cookies["source"]
    client.get("/cart/")
    assert Cart.objects.get().source == "search.example"


def test_a_refused_thing_counts_nothing(client: Client) -> None:
    client.post("/cart/add/", {"variant": make_variant(units=0).sku})

    assert not FunnelEvent.objects.exists()
