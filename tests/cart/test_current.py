"""Whose cart is it: by cookie for a visitor, by account after signing in, and by nothing else."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.signing import get_cookie_signer
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from cart.codes import LIMIT
from cart.coupons import hold as hold_coupon
from cart.models import Cart, CouponRedemption
from cart.quoting import price_cart
from inventory import stock
from inventory.stock import available_to
from shop.models import Variant
from tests.factories import CouponFactory, make_cart, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def put(client: Client, variant: Variant, quantity: int = 1) -> None:
    client.post("/cart/add/", {"variant": variant.sku, "quantity": quantity})


def quantities(cart: Cart) -> dict[str, int]:
    return dict(cart.lines.values_list("variant__sku", "quantity"))


def with_token(token: str) -> Client:
    """A browser that somehow has a well signed cookie for the cart with this token."""
    client = Client()
    client.cookies["cart"] = get_cookie_signer(salt="cart" + "cart").sign(token)
    return client


def last_told(client: Client, path: str) -> str:
    """Follow a link and return the latest message that the next page will show."""
    request = client.get(path).wsgi_request
    return [str(message) for message in get_messages(request)][-1]


def test_a_visitors_cart_is_found_by_its_cookie_for_30_days_after_a_change() -> None:
    client, variant = Client(), make_variant()
    put(client, variant)
    cookie = client.cookies["cart"]
    assert (cookie["max-age"], cookie["samesite"]) == (30 * 24 * 60 * 60, "Lax")
    assert cookie["httponly"]

    with time_machine.travel(timezone.now() + timedelta(days=20)):
        put(client, variant)
    with time_machine.travel(timezone.now() + timedelta(days=49)):
        assert b"2 items" in client.get("/cart/").content.replace(
            b'2<span class="visually-hidden">', b"2"
        )
    with time_machine.travel(timezone.now() + timedelta(days=51)):
        assert b"Your cart is empty." in client.get("/cart/").content


def test_looking_around_makes_neither_cart_nor_cookie() -> None:
    client = Client()

    client.get("/cart/")

    assert "cart" not in client.cookies
    assert not Cart.objects.exists()


def test_a_cookie_that_we_did_not_sign_is_worth_nothing() -> None:
    cart = make_cart(make_variant())
    client = Client()
    client.cookies["cart"] = cart.token

    assert b"Your cart is empty." in client.get("/cart/").content


def test_an_accounts_cart_is_never_reached_by_cookie(buyer: User) -> None:
    cart = make_cart(make_variant(), user=buyer)

    client = with_token(cart.token)
    assert b"Your cart is empty." in client.get("/cart/").content
    assert b'class="badge"' not in client.get("/search/").content


def test_a_stranger_with_the_cookie_of_an_accounts_cart_gets_nothing(
    buyer: User, stranger: User
) -> None:
    cart = make_cart(make_variant(), user=buyer)
    client = with_token(cart.token)
    client.force_login(stranger)

    assert b"Your cart is empty." in client.get("/cart/").content
    cart.refresh_from_db()
    assert (cart.user, cart.merged_into) == (buyer, None)


def test_after_signing_out_the_cart_is_out_of_sight_and_back_at_the_next_sign_in(
    buyer: User,
) -> None:
    client, variant = Client(), make_variant()
    put(client, variant)
    client.force_login(buyer)
    client.get("/cart/")

    client.logout()
    assert b"Your cart is empty." in client.get("/cart/").content

    client.force_login(buyer)
    assert variant.product.name in client.get("/cart/").content.decode()


def test_a_visitors_cart_becomes_that_of_an_account_without_one(buyer: User) -> None:
    client, variant = Client(), make_variant()
    put(client, variant, 2)
    client.force_login(buyer)

    response = client.get("/cart/")

    cart = Cart.objects.get()
    assert cart.user == buyer
    assert quantities(cart) == {variant.sku: 2}
    assert response.cookies["cart"].value == ""


def test_two_carts_are_added_up_to_99_and_the_newer_coupon_wins(buyer: User) -> None:
    both, much, old, new = (make_variant(units=None) for _ in range(4))
    account = make_cart(both, old, quantity=2, user=buyer, coupon=CouponFactory(code="OLD"))
    Cart.objects.update(expires_at=timezone.now())
    account.lines.create(variant=much, quantity=60)
    client = Client()
    for variant, quantity in ((both, 3), (much, 60), (new, 1)):
        put(client, variant, quantity)
    CouponFactory(code="NEW")
    client.post("/cart/coupon/", {"code": "NEW"})
    client.force_login(buyer)

    client.get("/cart/")

    account.refresh_from_db()
    assert quantities(account) == {both.sku: 5, old.sku: 2, much.sku: 99, new.sku: 1}
    assert account.coupon is not None
    assert account.coupon.code == "NEW"
    assert account.expires_at > timezone.now() + timedelta(days=29)


def test_the_accounts_coupon_stays_when_the_visitor_had_none(buyer: User) -> None:
    account = make_cart(user=buyer, coupon=CouponFactory())
    client = Client()
    put(client, make_variant())
    client.force_login(buyer)

    client.get("/cart/")

    assert Cart.objects.get(pk=account.pk).coupon is not None


def test_a_merged_cart_is_kept_as_a_mark_and_opens_nothing(buyer: User) -> None:
    account = make_cart(user=buyer)
    client = Client()
    put(client, make_variant())
    visitors = Cart.objects.get(user=None)
    client.force_login(buyer)

    client.get("/cart/")

    visitors.refresh_from_db()
    assert visitors.merged_into == account
    assert not visitors.lines.exists()
    put(with_token(visitors.token), make_variant())
    assert not visitors.lines.exists()
    assert Cart.objects.count() == 3


def test_any_page_merges_at_first_sight_and_counts_both(buyer: User) -> None:
    make_cart(make_variant(), quantity=2, user=buyer)
    client = Client()
    put(client, make_variant(), 3)
    client.force_login(buyer)

    page = client.get("/")

    assert '<span class="badge">5' in page.content.decode()


def test_what_a_visitors_unpaid_order_holds_is_still_to_be_had_after_signing_in(
    buyer: User,
) -> None:
    variant = make_variant(units=1)
    account = make_cart(user=buyer)
    CouponFactory(code="ONCE", max_uses=1)
    client = Client()
    put(client, variant)
    client.post("/cart/coupon/", {"code": "ONCE"})
    visitors = Cart.objects.get(user=None)
    assert variant.stock_id is not None
    stock.hold("K7QM-4T9X", visitors.token, {variant.stock_id: 1})
    hold_coupon("ONCE", "K7QM-4T9X", visitors.token)
    client.force_login(buyer)

    client.get("/cart/")

    account.refresh_from_db()
    assert available_to(account.token, [variant.stock_id]) == {variant.stock_id: 1}
    assert CouponRedemption.objects.get().holder == account.token
    priced = price_cart(account)
    assert priced.is_ready
    assert priced.quote.coupon_code == "ONCE"


def test_the_cart_follows_the_chosen_currency() -> None:
    client = Client()
    put(client, make_variant())
    assert Cart.objects.get().currency == "USD"

    client.post("/currency/", {"currency": "EUR"})
    client.get("/cart/")

    assert Cart.objects.get().currency == "EUR"


def test_the_badge_costs_a_visitor_without_a_cart_no_query_and_others_one(
    buyer: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    newcomer, visitor = Client(), Client()
    put(visitor, make_variant())
    with django_assert_num_queries(1):
        newcomer.get("/search/")  # The categories.
    with django_assert_num_queries(2):
        visitor.get("/search/")


# --- Coupons in links ------------------------------------------------------------------------
def test_a_coupon_in_a_link_applies_by_itself_and_leaves_the_address() -> None:
    CouponFactory(code="SAVE10")
    client = Client()
    put(client, make_variant())

    response = client.get("/search/?q=mug&coupon=save10")

    assert (response.status_code, response["Location"]) == (302, "/search/?q=mug")
    cart = Cart.objects.get()
    assert cart.coupon is not None
    assert cart.coupon.code == "SAVE10"
    messages = [str(message) for message in get_messages(response.wsgi_request)]
    assert messages[-1] == "The coupon SAVE10 is applied to your cart."


def test_a_coupon_in_a_link_waits_for_a_cart() -> None:
    coupon = CouponFactory(code="SAVE10")
    client = Client()

    sentence = "The coupon SAVE10 will be applied to what you put in your cart."
    assert last_told(client, "/?coupon=SAVE10") == sentence
    assert not Cart.objects.exists()

    put(client, make_variant())
    assert Cart.objects.get().coupon == coupon
    assert client.cookies["coupon"].value == ""


def test_a_waiting_coupon_finds_the_cart_of_the_account_that_signs_in(buyer: User) -> None:
    coupon = CouponFactory(code="SAVE10")
    account = make_cart(make_variant(), user=buyer)
    client = Client()
    client.get("/?coupon=SAVE10")
    client.force_login(buyer)

    client.get("/cart/")

    account.refresh_from_db()
    assert account.coupon == coupon


def test_an_unknown_coupon_in_a_link_is_a_message_and_no_error() -> None:
    client = Client()

    assert last_told(client, "/?coupon=NOPE") == "We know no coupon “NOPE”. Check the spelling."
    assert "coupon" not in client.cookies


def test_a_list_in_the_admin_may_filter_by_coupon(staff: User) -> None:
    client = Client()
    client.force_login(staff)

    request = client.get("/admin/cart/couponredemption/?coupon=1").wsgi_request

    assert not get_messages(request)


def test_links_count_as_tries() -> None:
    client = Client()
    for _ in range(LIMIT.times):
        client.get("/?coupon=NOPE")

    sentence = "Too many codes were tried: wait ten minutes and try again."
    assert last_told(client, "/?coupon=NOPE") == sentence
