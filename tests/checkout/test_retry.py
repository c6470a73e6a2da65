"""The link in a mail to whoever left: the same things at the checkout, or an honest page."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.signing import get_cookie_signer
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from cart.leaving import Leaving, LeftItem, note_left
from cart.models import Cart, LeftBehind
from checkout import tasks
from checkout.expiring import expire_due
from checkout.paying import start_payment
from inventory.models import StockItem
from inventory.stock import hold
from notifications.models import Delivery
from notifications.outbox import plan_new
from orders.models import Order
from orders.states import State
from shop.models import Price, ShippingRate, Variant
from tests.checkout.shopper import ADA, PROCESSING_CARD, deliver_all, press_pay, shown
from tests.factories import CouponFactory, TaxRateFactory, make_cart, make_shipping, make_variant
from tests.orders.factory import make_order
from tests.shop.shelf import text_of
from tests.standin import StandIn

pytestmark = [pytest.mark.django_db, pytest.mark.both]

CHECKOUT = "/checkout/"


@pytest.fixture
def mug() -> Variant:
    """A mug at $42.00, of ten."""
    make_shipping(600)
    return make_variant(price_minor=4200, units=10)


@pytest.fixture
def oat() -> Variant:
    """A second mug, of one."""
    return make_variant(price_minor=3000, units=1)


def leave(cart: Cart, *variants: Variant, quantity: int = 1, **fields: Any) -> LeftBehind:
    """Note that the variants were left in this cart; returns the row."""
    note_left(
        Leaving(
            **{
                "kind": LeftBehind.Kind.CHECKOUT,
                "mark": timezone.now().isoformat(),
                "cart": cart,
                "email": "ada@example.com",
                "language": "en",
                "currency": "USD",
                "items": [LeftItem(one.pk, str(one), quantity) for one in variants],
                "value_minor": 9720,
                "coupon_code": "",
                "left_at": timezone.now(),
                **fields,
            }
        )
    )
    return LeftBehind.objects.latest("pk")


def browser_of(cart: Cart) -> Client:
    client = Client()
    client.cookies["cart"] = get_cookie_signer(salt="cartcart").sign(cart.token)
    return client


def click(left: LeftBehind, client: Client | None = None, query: str = "") -> Any:
    """Follow the link in the mail."""
    return (client or Client()).get(f"/checkout/retry/{left.token}/{query}")


def told(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def newest_cart() -> Cart:
    return Cart.objects.latest("pk")


def quantities(cart: Cart) -> dict[str, int]:
    return dict(cart.lines.values_list("variant__sku", "quantity"))


# --- The same things --------------------------------------------------------------------------
def test_one_click_leads_to_a_checkout_with_the_same_things(mug: Variant) -> None:
    left = leave(make_cart(mug, quantity=2), mug, quantity=2)
    client = Client()
    response = click(left, client)
    assert (response.status_code, response["Location"]) == (302, CHECKOUT)

    page = client.get(CHECKOUT)
    assert "Pay $97.20" in text_of(page)
    assert 'value="ada@example.com"' in page.content.decode()


def test_the_very_cart_is_used_as_it_is_now(mug: Variant, oat: Variant) -> None:
    cart = make_cart(mug, quantity=3)
    left = leave(cart, mug, oat)
    click(left, browser_of(cart))
    assert quantities(cart) == {mug.sku: 3}
    assert Cart.objects.count() == 1


def test_the_very_cart_is_filled_again_when_it_is_empty(mug: Variant) -> None:
    cart = make_cart()
    click(leave(cart, mug, quantity=2), browser_of(cart))
    assert quantities(cart) == {mug.sku: 2}


def test_two_clicks_do_not_double_the_things(mug: Variant) -> None:
    left, client = leave(make_cart(mug), mug), Client()
    click(left, client)
    click(left, client)
    assert quantities(newest_cart()) == {mug.sku: 1}


def test_what_the_visitor_has_in_another_cart_stays(mug: Variant, oat: Variant) -> None:
    left, own = leave(make_cart(mug), mug), make_cart(oat)
    click(left, browser_of(own))
    assert quantities(own) == {mug.sku: 1, oat.sku: 1}


def test_an_accounts_cart_is_not_opened_to_somebody_who_is_not_signed_in(
    mug: Variant, oat: Variant, buyer: User
) -> None:
    accounts = make_cart(mug, oat, user=buyer)
    click(leave(accounts, mug, email=buyer.email))
    assert newest_cart() != accounts
    assert newest_cart().user is None
    assert quantities(newest_cart()) == {mug.sku: 1}


def test_the_things_are_priced_in_the_currency_in_which_they_were_seen(
    mug: Variant, settings: Settings
) -> None:
    Price.objects.create(variant=mug, currency="EUR", amount_minor=3900)
    client = Client()
    response = click(leave(make_cart(mug, currency="EUR"), mug, currency="EUR"), client)
    assert response.cookies["currency"].value == "EUR"
    assert newest_cart().currency == "EUR"
    assert "€39.00" in text_of(client.get(CHECKOUT))


def test_a_currency_that_the_shop_gave_up_is_not_used(mug: Variant) -> None:
    response = click(leave(make_cart(mug), mug, currency="XXX"))
    assert "currency" not in response.cookies
    assert newest_cart().currency == "USD"


# --- Coupons ----------------------------------------------------------------------------------
def test_the_coupon_is_there_again(mug: Variant) -> None:
    coupon = CouponFactory(code="SPRING")
    click(leave(make_cart(mug), mug, coupon_code="SPRING"))
    assert newest_cart().coupon == coupon


def test_a_coupon_that_ended_is_said(mug: Variant) -> None:
    CouponFactory(code="SPRING", ends_at=timezone.now())
    response = click(leave(make_cart(mug), mug, coupon_code="SPRING"))
    assert newest_cart().coupon is None
    assert "The coupon SPRING ended" in told(response)


def test_a_coupon_in_the_link_wins_over_the_one_that_was_left(mug: Variant) -> None:
    CouponFactory(code="SPRING")
    welcome = CouponFactory(code="WELCOME")
    left, client = leave(make_cart(mug), mug, coupon_code="SPRING"), Client()
    response = click(left, client, "?coupon=WELCOME")
    assert response["Location"] == f"/checkout/retry/{left.token}/"
    client.get(response["Location"])
    assert newest_cart().coupon == welcome
    assert "WELCOME" in text_of(client.get(CHECKOUT))


# --- What is gone -----------------------------------------------------------------------------
def sell_out(variant: Variant) -> None:
    assert variant.stock is not None
    hold("TAKE-AWAY", "somebody else", {variant.stock.pk: variant.stock.on_hand})


def test_what_is_sold_out_is_said_and_the_rest_is_in_the_cart(mug: Variant, oat: Variant) -> None:
    left = leave(make_cart(mug, oat), mug, oat)
    sell_out(oat)
    response = click(left)
    assert response["Location"] == CHECKOUT
    assert quantities(newest_cart()) == {mug.sku: 1}
    words = told(response)
    assert f"{oat} is sold out." in words
    assert f'href="{oat.product.get_absolute_url()}?variant={oat.sku}"' in words
    assert "Everything else is in your cart." in words


def test_what_is_short_is_said(oat: Variant) -> None:
    response = click(leave(make_cart(oat), oat, quantity=3))
    assert quantities(newest_cart()) == {oat.sku: 1}
    assert f"Only 1 of {oat} is left" in told(response)


def test_the_very_cart_loses_what_cannot_be_had(mug: Variant, oat: Variant) -> None:
    cart = make_cart(mug, oat)
    left = leave(cart, mug, oat)
    sell_out(oat)
    client = browser_of(cart)
    click(left, client)
    assert quantities(cart) == {mug.sku: 1}
    assert client.get(CHECKOUT).status_code == 200


@pytest.mark.parametrize("how", ["deleted", "sold out", "hidden", "no price"])
def test_when_all_is_gone_a_page_says_so(mug: Variant, how: str) -> None:
    left = leave(make_cart(), mug)
    name = str(mug)
    if how == "deleted":
        mug.delete()
    elif how == "sold out":
        sell_out(mug)
    elif how == "hidden":
        Variant.objects.update(is_active=False)
    else:
        Price.objects.all().delete()
    response = click(left)
    page = text_of(response)
    assert response.status_code == 200
    assert "What you wanted is gone" in page
    assert name in page
    link = f"{mug.product.get_absolute_url()}?variant={mug.sku}"
    assert (link in response.content.decode()) == (how != "deleted")


def test_a_product_that_is_hidden_has_no_link(mug: Variant) -> None:
    left = leave(make_cart(), mug)
    mug.product.is_published = False
    mug.product.save()
    assert mug.product.get_absolute_url() not in click(left).content.decode()


# --- Bought, unknown, too old -----------------------------------------------------------------
def test_what_was_bought_leads_to_its_order(mug: Variant) -> None:
    order = make_order(email="Ada@example.com")
    left = leave(make_cart(mug), mug)
    LeftBehind.objects.update(recovered_at=timezone.now(), recovered_by=order.number)
    assert click(left)["Location"] == order.get_absolute_url()


def test_the_order_of_another_address_is_not_shown(mug: Variant) -> None:
    order = make_order(email="other@example.com")
    left = leave(make_cart(mug), mug)
    LeftBehind.objects.update(recovered_at=timezone.now(), recovered_by=order.number)
    response = click(left)
    assert "This order is taken care of" in text_of(response)
    assert order.access_key not in response.content.decode()


def test_an_unknown_link_leads_home() -> None:
    response = Client().get("/checkout/retry/unknown/")
    assert response.status_code == 404
    assert 'href="/"' in response.content.decode()


def test_after_30_days_the_link_is_over(mug: Variant) -> None:
    left = leave(make_cart(mug), mug)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        response = click(left)
    assert response.status_code == 404
    assert "no longer good" in text_of(response)
    assert Cart.objects.count() == 1


def test_nothing_of_it_is_kept_or_indexed(mug: Variant) -> None:
    for response in (click(leave(make_cart(mug), mug)), Client().get("/checkout/retry/unknown/")):
        assert "no-store" in response["Cache-Control"]
        assert response["X-Robots-Tag"] == "noindex"


def test_only_a_get_follows_it(mug: Variant) -> None:
    left = leave(make_cart(mug), mug)
    for method in ("post", "head"):
        assert getattr(Client(), method)(f"/checkout/retry/{left.token}/").status_code == 405
    assert Cart.objects.count() == 1


# --- Held again -------------------------------------------------------------------------------
@pytest.fixture
def declined(cart: Cart, standin: StandIn) -> LeftBehind:
    """Two mugs whose payment was declined."""
    standin.pay(press_pay(cart).client_secret, "4000000000000002")
    deliver_all()
    return LeftBehind.objects.get()


def end_hold() -> None:
    Order.objects.filter(state=State.PENDING).update(held_until=timezone.now())
    list(expire_due())


def pending() -> Order:
    return Order.objects.get(state=State.PENDING)


def held() -> int:
    return StockItem.objects.get().held


def test_the_goods_are_held_again_for_the_same_details(declined: LeftBehind) -> None:
    end_hold()
    assert held() == 0
    client = Client()
    response = click(declined, client)

    assert "held for you for 15 minutes" in told(response)
    assert held() == 2
    first, again = Order.objects.order_by("pk")
    assert (again.email, again.shipping_address) == (first.email, first.shipping_address)
    assert pending() == again
    page = client.get(CHECKOUT).content.decode()
    for typed in ("ada@example.com", "Ada Buyer", "1 Loom Street", "97201"):
        assert f'value="{typed}"' in page


def test_in_the_very_cart_the_order_that_waits_is_held_longer(
    declined: LeftBehind, cart: Cart
) -> None:
    order = pending()
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        click(declined, browser_of(cart))
    longer = pending()
    assert longer == order
    assert longer.held_until > order.held_until


def test_a_newer_order_of_the_very_cart_keeps_its_details(declined: LeftBehind, cart: Cart) -> None:
    end_hold()
    moved = replace(ADA, shipping={**ADA.shipping, "line1": "2 New Street"})
    start_payment(cart, moved, shown(cart))
    click(declined, browser_of(cart))
    assert pending().shipping_address["line1"] == "2 New Street"


def test_the_things_go_to_the_country_of_the_order(declined: LeftBehind) -> None:
    TaxRateFactory(country="DE", percent=19)
    end_hold()
    Order.objects.update(country="DE", shipping_address={**ADA.shipping, "country": "DE"})
    click(declined)
    assert newest_cart().country == "DE"
    assert pending().tax_percent == 19


def test_in_another_browser_the_order_that_waits_makes_room(declined: LeftBehind) -> None:
    """All ten are held by it, or were sold to others: the shopper's own hold is no obstacle."""
    StockItem.objects.update(on_hand=2)
    order = pending()
    response = click(declined)
    assert response["Location"] == CHECKOUT
    assert pending() != order
    assert held() == 2
    assert quantities(newest_cart())
    plan_new()
    assert not Delivery.objects.filter(step="order_expired").exists()


def test_a_link_with_strange_letters_is_no_link() -> None:
    for token in ("é", "a b", "x" * 500):
        assert Client().get(f"/checkout/retry/{token}/").status_code == 404


def test_a_payment_under_way_is_not_made_twice(
    cart: Cart, standin: StandIn, declined: LeftBehind
) -> None:
    order = pending()
    secret = press_pay(cart).client_secret
    standin.pay(secret, PROCESSING_CARD)
    response = click(declined)
    assert response["Location"] == order.get_absolute_url()
    assert Order.objects.get() == order


def test_a_link_holds_the_goods_three_times_at_most(declined: LeftBehind) -> None:
    for _scan in range(4):
        end_hold()
        response = click(declined)
    assert response["Location"] == CHECKOUT
    assert "held for you" not in told(response)
    assert held() == 0


def test_what_is_gone_is_not_held(declined: LeftBehind) -> None:
    end_hold()
    hold("TAKE-AWAY", "somebody else", {StockItem.objects.get().pk: 9})
    response = click(declined)
    assert "Only 1 of" in told(response)
    assert quantities(newest_cart()) != {}
    assert held() == 10


def test_too_many_unpaid_orders_hold_no_more(declined: LeftBehind, settings: Settings) -> None:
    end_hold()
    make_order(email="ada@example.com")
    settings.MAX_HOLDS_PER_SHOPPER = 1
    response = click(declined)
    assert response["Location"] == CHECKOUT
    assert "held for you" not in told(response)
    assert held() == 0


def test_stripe_out_of_reach_stops_nobody(declined: LeftBehind, settings: Settings) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert click(declined)["Location"] == CHECKOUT


def test_what_costs_nothing_is_not_bought_by_following_a_link(
    declined: LeftBehind, cart: Cart
) -> None:
    end_hold()
    CouponFactory(code="FREE", percent=100)
    ShippingRate.objects.update(amount_minor=0)
    client = Client()
    click(declined, client, "?coupon=FREE")
    click(declined, client)
    assert not Order.objects.filter(state=State.PAID).exists()


def test_nothing_is_held_or_filled_in_for_somebody_else(
    declined: LeftBehind, stranger: User
) -> None:
    end_hold()
    client = Client()
    client.force_login(stranger)
    assert click(declined, client)["Location"] == CHECKOUT
    assert held() == 0
    page = client.get(CHECKOUT).content.decode()
    assert "Loom Street" not in page
    assert "ada@example.com" not in page


def test_what_the_visitor_has_typed_stays(declined: LeftBehind, cart: Cart) -> None:
    client = browser_of(cart)
    client.post(
        "/checkout/summary/", {"email": "new@example.com", "country": "US", "line1": "7 Way"}
    )
    click(declined, client)
    page = client.get(CHECKOUT).content.decode()
    assert "new@example.com" in page
    assert "Loom Street" not in page


def test_following_the_link_alone_is_no_new_leaving(declined: LeftBehind) -> None:
    """Or the scanner of a mail provider would start the messages over and over."""
    LeftBehind.objects.update(left_at=timezone.now() - timedelta(days=3))
    end_hold()
    client = Client()
    click(declined, client)
    client.get(CHECKOUT)
    end_hold()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        tasks.note_left()
    assert LeftBehind.objects.filter(cart=newest_cart()).count() == 0


def test_the_order_that_is_paid_in_the_end_wins_it_back(
    declined: LeftBehind, standin: StandIn
) -> None:
    click(declined)
    start = press_pay(newest_cart())
    standin.pay(start.client_secret)
    deliver_all()
    declined.refresh_from_db()
    assert declined.recovered_by == start.order.number
