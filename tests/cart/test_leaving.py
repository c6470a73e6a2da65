"""Unfinished purchases: noted once, held out by chance that stays, won back by the first order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.signing import get_cookie_signer
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from cart import lines
from cart.leaving import (
    MOST_HOLDS,
    Leaving,
    LeftItem,
    find_left,
    is_held_out,
    may_hold,
    note_at_checkout,
    note_left,
    note_recovered,
)
from cart.models import Cart, LeftBehind
from shop.models import FunnelEvent
from tests.factories import CouponFactory, make_cart, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]

Kind = LeftBehind.Kind


def leave(cart: Cart, mark: str = "K7QM-4T9X", **fields: Any) -> LeftBehind:
    """Leave two mugs; returns the row."""
    note_left(
        Leaving(
            **{
                "kind": Kind.CHECKOUT,
                "mark": mark,
                "cart": cart,
                "email": "Ada@Example.com",
                "language": "en",
                "currency": "USD",
                "items": [LeftItem(1, "Mug", 2)],
                "value_minor": 9720,
                "coupon_code": "",
                "left_at": timezone.now(),
                **fields,
            }
        )
    )
    return LeftBehind.objects.get(mark=mark)


# --- Noted ------------------------------------------------------------------------------------
def test_what_was_left_is_noted_as_it_was() -> None:
    left = leave(make_cart())
    assert (left.kind, left.email, left.value_minor) == (Kind.CHECKOUT, "ada@example.com", 9720)
    assert left.items == [{"variant": 1, "title": "Mug", "quantity": 2}]
    assert left.planned_at is None


def test_the_same_leaving_is_noted_once_whatever_its_kind() -> None:
    cart = make_cart()
    leave(cart)
    leave(cart)
    leave(cart, kind=Kind.PAYMENT)
    assert LeftBehind.objects.count() == 1


def test_the_database_refuses_a_second_row_of_a_rival(monkeypatch: pytest.MonkeyPatch) -> None:
    cart = make_cart()
    leave(cart)
    # The rival looked before the first row was there.
    monkeypatch.setattr("django.db.models.query.QuerySet.exists", lambda _self: False)
    leave(cart)
    assert LeftBehind.objects.count() == 1


# --- Held out ---------------------------------------------------------------------------------
def test_a_person_is_in_the_same_group_however_the_address_is_written() -> None:
    for number in range(50):
        email = f"Person{number}@Example.com"
        assert is_held_out(email) == is_held_out(email.lower())


def test_about_so_many_percent_are_held_out(settings: Settings) -> None:
    settings.HOLD_OUT_PERCENT = 10
    held_out = sum(is_held_out(f"person{number}@example.com") for number in range(2000))
    assert 140 < held_out < 260


@pytest.mark.parametrize(("percent", "expected"), [(0, False), (100, True)])
def test_none_or_all_are_held_out_when_the_owner_says_so(
    settings: Settings, percent: int, expected: bool
) -> None:
    settings.HOLD_OUT_PERCENT = percent
    assert leave(make_cart()).is_held_out is expected


def test_another_shop_holds_out_other_people(settings: Settings) -> None:
    people = [f"person{number}@example.com" for number in range(300)]
    ours = [is_held_out(person) for person in people]
    settings.SECRET_KEY = "another shop's"
    assert ours != [is_held_out(person) for person in people]


# --- Recovered --------------------------------------------------------------------------------
def test_the_first_order_counts_and_a_second_one_does_not(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    cart = make_cart()
    left = leave(cart)
    with django_assert_num_queries(2):
        note_recovered(cart.pk, "other@example.com", "AAAA-AAAA", 9720, "USD")
    with django_assert_num_queries(1):
        note_recovered(cart.pk, "ada@example.com", "BBBB-BBBB", 500, "USD")
    left.refresh_from_db()
    assert (left.recovered_by, left.recovered_minor) == ("AAAA-AAAA", 9720)
    assert left.recovered_at is not None
    assert FunnelEvent.objects.get(kind="recovered").key == "AAAA-AAAA"


def test_the_same_person_wins_back_what_was_left_in_another_cart() -> None:
    left = leave(make_cart())
    note_recovered(None, "ADA@example.com", "AAAA-AAAA", 9720, "USD")
    left.refresh_from_db()
    assert left.recovered_by == "AAAA-AAAA"


def test_an_order_in_another_currency_wins_it_back_for_no_amount() -> None:
    in_dollars, in_euros = leave(make_cart(), "A"), leave(make_cart(), "B", currency="EUR")
    note_recovered(None, "ada@example.com", "AAAA-AAAA", 9720, "EUR")
    for left, minor in ((in_dollars, 0), (in_euros, 9720)):
        left.refresh_from_db()
        assert (left.recovered_by, left.recovered_minor) == ("AAAA-AAAA", minor)


def test_the_order_of_somebody_else_wins_nothing_back() -> None:
    left = leave(make_cart())
    note_recovered(make_cart().pk, "stranger@example.com", "AAAA-AAAA", 9720, "USD")
    left.refresh_from_db()
    assert left.recovered_at is None


def test_after_30_days_an_order_is_a_new_purchase_and_the_link_ends() -> None:
    cart = make_cart()
    left = leave(cart)
    with time_machine.travel(timezone.now() + timedelta(days=30, minutes=1)):
        note_recovered(cart.pk, left.email, "AAAA-AAAA", 9720, "USD")
        assert find_left(left.token) is None
    left.refresh_from_db()
    assert left.recovered_at is None
    assert find_left(left.token) == left


def test_a_link_holds_the_goods_three_times(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    left = leave(make_cart())
    with django_assert_num_queries(4):
        assert [may_hold(left) for _try in range(4)] == [True, True, True, False]
    assert MOST_HOLDS == 3


# --- What the cart knows ----------------------------------------------------------------------
def test_every_change_of_the_cart_is_dated() -> None:
    variant = make_variant()
    cart = make_cart()
    CouponFactory(code="SPRING")
    changes: list[Callable[[], object]] = [
        lambda: lines.add(cart, variant, 1),
        lambda: lines.set_quantity(cart.lines.get(), 2),
        lambda: lines.apply_coupon(cart, "SPRING"),
        lambda: lines.remove_coupon(cart),
        lambda: lines.remove(cart.lines.get()),
    ]
    start = timezone.now()
    for hours, change in enumerate(changes, start=1):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            change()
            cart.refresh_from_db()
            assert cart.changed_at == timezone.now()


def test_what_is_left_in_a_cart_after_paying_was_not_taken_to_the_checkout() -> None:
    variant = make_variant()
    cart = make_cart(variant, quantity=3, checkout_at=timezone.now())
    lines.empty(cart, {variant.pk: 2})
    cart.refresh_from_db()
    assert cart.checkout_at is None
    assert cart.lines.get().quantity == 1


def test_being_at_the_checkout_is_written_when_there_is_something_new(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    cart = make_cart()
    with django_assert_num_queries(2):
        note_at_checkout(cart, "")
        note_at_checkout(cart, "")
    with django_assert_num_queries(1):
        note_at_checkout(cart, "ada@example.com")
        note_at_checkout(cart, "ada@example.com")
    with time_machine.travel(timezone.now() + timedelta(minutes=6)), django_assert_num_queries(2):
        note_at_checkout(cart, "ada@example.com")
    assert FunnelEvent.objects.get(kind="checkout").key.startswith(f"{cart.pk} ")


def test_a_new_cart_knows_language_and_source(client: Client) -> None:
    client.cookies["source"] = "newsletter"
    client.post("/cart/add/", {"variant": make_variant().sku})
    cart = Cart.objects.get()
    assert (cart.language, cart.source) == ("en", "newsletter")


def test_what_a_visitor_left_belongs_to_the_account_that_he_signs_in_to(buyer: User) -> None:
    visitors, accounts = make_cart(make_variant()), make_cart(user=buyer)
    left = leave(visitors)
    client = Client()
    client.force_login(buyer)
    client.cookies["cart"] = get_cookie_signer(salt="cartcart").sign(visitors.token)
    client.get("/cart/")
    left.refresh_from_db()
    assert left.cart == accounts


# --- For staff --------------------------------------------------------------------------------
def test_staff_see_who_left_what_and_which_order_won_it_back(staff: User) -> None:
    leave(make_cart(), "AAAA-AAAA", left_at=timezone.now() - timedelta(days=40))
    note_recovered(
        leave(make_cart(), "BBBB-BBBB").cart_id, "x@example.com", "K7QM-4T9X", 9720, "USD"
    )
    client = Client()
    client.force_login(staff)
    page = client.get(reverse("admin:cart_leftbehind_changelist")).content.decode()
    assert "ada@example.com" in page
    assert "$97.20" in page
    assert f"{reverse('admin:orders_order_changelist')}?q=K7QM-4T9X" in page


def test_staff_cannot_change_what_was_left(staff: User) -> None:
    left = leave(make_cart())
    client = Client()
    client.force_login(staff)
    address = reverse("admin:cart_leftbehind_change", args=[left.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"email": "x@example.com"}).status_code == 403
    assert client.get(reverse("admin:cart_leftbehind_add")).status_code == 403
