"""Two requests of one shopper at the same moment, on PostgreSQL."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections
from django.db.models import QuerySet
from django.test import Client

from accounts.models import User
from cart import current, lines
from cart.models import Cart
from checkout import paying
from orders import placing
from shop.models import Variant
from tests.at_once import Meeting, all_at_once
from tests.checkout.shopper import ADA
from tests.factories import make_cart, make_shipping, make_variant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _only_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")


@pytest.fixture
def meeting_after_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests that add both look what is in the cart before either writes, if they can."""
    meeting = Meeting(2)
    refuse = lines._refuse

    def refuse_then_meet(*args: Any) -> Any:
        price = refuse(*args)
        meeting.wait()
        return price

    monkeypatch.setattr(lines, "_refuse", refuse_then_meet)


def add_twice(cart: Cart, variant: Variant, quantity: int) -> list[str]:
    """Two requests at once; returns how each ended."""

    def add(_number: int) -> str:
        try:
            lines.add(Cart.objects.get(pk=cart.pk), variant, quantity)
        except (IntegrityError, lines.CartRefusedError) as error:
            return type(error).__name__
        return "added"

    return sorted(all_at_once(2, add))


@pytest.mark.usefixtures("meeting_after_the_look")
def test_without_the_lock_two_adds_make_two_lines_and_one_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "_keep", lambda cart: None)

    assert add_twice(make_cart(), make_variant(), 2) == ["IntegrityError", "added"]


@pytest.mark.usefixtures("meeting_after_the_look")
def test_two_adds_at_once_are_one_line_with_both() -> None:
    cart = make_cart()

    assert add_twice(cart, make_variant(), 2) == ["added", "added"]
    assert cart.lines.get().quantity == 4


@pytest.mark.usefixtures("meeting_after_the_look")
def test_two_adds_at_once_do_not_pass_99() -> None:
    variant = make_variant(units=None)
    cart = make_cart(variant, quantity=40)

    assert add_twice(cart, variant, 40) == ["CartRefusedError", "added"]
    assert cart.lines.get().quantity == 80


@pytest.fixture
def signed_in(buyer: User) -> Client:
    """The buyer, whose account has 2 mugs, signs in with 3 more of them in the visitor's cart."""
    variant = make_variant(units=None)
    make_cart(variant, quantity=2, user=buyer)
    client = Client()
    client.post("/cart/add/", {"variant": variant.sku, "quantity": 3})
    client.force_login(buyer)
    return client


def look_at_the_cart(signed_in: Client) -> None:
    """Two tabs at once show the cart."""

    def look(_number: int) -> int:
        tab = Client()
        tab.cookies.load(signed_in.cookies.output(header="", sep=";"))
        return tab.get("/cart/").status_code

    assert all_at_once(2, look) == [200, 200]


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """Two requests that merge both reach the moving of lines, if they can."""
    meeting = Meeting(2)
    move = current._move_lines

    def meet_then_move(*carts: Cart) -> None:
        meeting.wait()
        move(*carts)

    monkeypatch.setattr(current, "_move_lines", meet_then_move)
    return meeting


def test_without_the_lock_two_requests_merge_the_same_cart(
    signed_in: Client, merges: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)

    look_at_the_cart(signed_in)

    assert merges.came == 2


def test_two_requests_at_once_merge_once(signed_in: Client, merges: Meeting) -> None:
    look_at_the_cart(signed_in)

    assert merges.came == 1
    assert Cart.objects.get(user__isnull=False).lines.get().quantity == 5


def test_two_devices_at_once_make_one_cart_for_the_account(buyer: User) -> None:
    """One brings a cart from before the sign-in, the other puts the first thing in."""
    brought, put = make_variant(units=None), make_variant(units=None)
    laptop, phone = Client(), Client()
    laptop.post("/cart/add/", {"variant": brought.sku, "quantity": 1})
    for client in (laptop, phone):
        client.force_login(buyer)

    def act(number: int) -> int:
        if number:
            return phone.post("/cart/add/", {"variant": put.sku}).status_code
        return laptop.get("/cart/").status_code

    assert all_at_once(2, act) == [200, 302]
    cart = Cart.objects.get(user=buyer)
    assert set(cart.lines.values_list("variant_id", flat=True)) == {brought.pk, put.pk}


def test_a_first_cart_made_by_another_device_meanwhile_takes_in_the_visitors(
    buyer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors = make_cart(make_variant())
    save = Cart.save

    def make_rival(_number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        rival = Cart(user=buyer, currency="USD", country="US")
        Cart.objects.bulk_create([rival], ignore_conflicts=True)

    def make_rival_then_save(cart: Cart, **fields: Any) -> None:
        all_at_once(1, make_rival)
        save(cart, **fields)

    monkeypatch.setattr(Cart, "save", make_rival_then_save)

    current._merge(buyer, visitors.token)

    account = Cart.objects.get(user=buyer)
    visitors.refresh_from_db()
    assert visitors.merged_into == account
    assert account.lines.count() == 1


def wait_until_waited_for() -> None:
    """Return once another connection waits for what this one has locked."""
    deadline = time.monotonic() + 5
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND "
                "pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone():
                return
            time.sleep(0.02)
    raise AssertionError("Nobody waits.")


def test_signing_in_with_another_cart_while_pay_is_pressed(
    buyer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Placing the order refers to the user while the cart is locked; the merge wants the cart."""
    make_shipping(600)
    account, visitors = make_cart(make_variant(), user=buyer), make_cart(make_variant())
    place_order = placing.place_order
    merges: list[Future[None]] = []

    def merge() -> None:
        try:
            current._merge(buyer, visitors.token)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other_device:

        def begin_merge_then_place(*args: Any, **fields: Any) -> Any:
            merges.append(other_device.submit(merge))
            wait_until_waited_for()
            return place_order(*args, **fields)

        monkeypatch.setattr(paying, "place_order", begin_merge_then_place)
        order = paying.place_unpaid(account, ADA)
        merges[0].result()

    assert order.user == buyer
    assert account.lines.count() == 2
