"""What a shopper may put in a cart, and the sentence that says why not."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cart.coupons import hold
from cart.lines import (
    CartRefusedError,
    add,
    apply_coupon,
    empty,
    parse_quantity,
    remove,
    remove_coupon,
    set_quantity,
)
from cart.models import CartLine, Coupon
from cart.tasks import purge_expired
from inventory import stock
from shop.models import Variant
from tests.factories import CouponFactory, make_cart, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def mug(**fields: Any) -> Variant:
    variant = make_variant(**fields, options={"Size": "M"})
    variant.product.name = "Mug"
    variant.product.save()
    return variant


def fixed(code: str, amount_minor: int, currency: str) -> Coupon:
    return Coupon.objects.create(
        code=code, kind=Coupon.Kind.FIXED, amount_minor=amount_minor, currency=currency
    )


def test_an_added_mug_is_a_line_with_the_price_that_was_seen() -> None:
    cart = make_cart()

    line = add(cart, mug(price_minor=4200), 2)

    assert list(cart.lines.all()) == [line]
    assert (line.quantity, line.seen_price_minor, line.seen_currency) == (2, 4200, "USD")


def test_adding_the_same_again_makes_the_line_longer() -> None:
    cart, variant = make_cart(), mug(units=5)

    add(cart, variant, 2)
    add(cart, variant, 3)

    assert cart.lines.get().quantity == 5


def test_stock_is_asked_for_what_is_in_the_cart_already_too() -> None:
    cart, variant = make_cart(), mug(units=3)
    add(cart, variant, 2)

    with pytest.raises(CartRefusedError, match=r"^Only 3 left, you have 2 in your cart\.$"):
        add(cart, variant, 2)

    assert cart.lines.get().quantity == 2


def test_what_is_not_counted_has_no_limit_but_99() -> None:
    cart, download = make_cart(), mug(units=None)

    add(cart, download, 98)

    sentence = r"^At most 99 of one item can be bought, you have 98 in your cart\.$"
    with pytest.raises(CartRefusedError, match=sentence):
        add(cart, download, 2)


@pytest.mark.parametrize("quantity", [0, -1, 100])
def test_a_quantity_is_from_1_to_99(quantity: int) -> None:
    cart, variant = make_cart(), mug(units=200)

    with pytest.raises(CartRefusedError, match=r"^Enter a whole number from 1 to 99\.$"):
        add(cart, variant, quantity)
    line = add(cart, variant, 1)
    with pytest.raises(CartRefusedError, match=r"^Enter a whole number from 1 to 99\.$"):
        set_quantity(line, quantity)


@pytest.mark.parametrize("text", ["", "two", "1.5", "1e2", "9" * 5000])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CartRefusedError, match=r"^Enter a whole number from 1 to 99\.$"):
        parse_quantity(text)


def test_a_number_may_have_blanks_around_it() -> None:
    assert parse_quantity(" 12 ") == 12


def test_what_is_sold_out_is_refused() -> None:
    with pytest.raises(CartRefusedError, match=r"^Mug \(M\) is sold out\.$"):
        add(make_cart(), mug(units=0), 1)


@pytest.mark.parametrize(("units", "choose"), [(3, "3 or fewer"), (1, "1")])
def test_more_than_there_is_is_refused(units: int, choose: str) -> None:
    line = add(make_cart(), mug(units=units), 1)

    with pytest.raises(CartRefusedError, match=rf"^Only {units} left\. Choose {choose}\.$"):
        set_quantity(line, units + 1)

    line.refresh_from_db()
    assert line.quantity == 1


def test_what_is_no_longer_for_sale_is_refused() -> None:
    off_shelf, unpublished = mug(is_active=False), mug()
    unpublished.product.is_published = False

    for variant in (off_shelf, unpublished):
        with pytest.raises(CartRefusedError, match=r"^Mug \(M\) is no longer for sale\.$"):
            add(make_cart(), variant, 1)


def test_what_has_no_price_in_the_currency_is_refused() -> None:
    sentence = r"^Mug \(M\) is not sold in EUR\. Choose another currency\.$"
    with pytest.raises(CartRefusedError, match=sentence):
        add(make_cart(currency="EUR"), mug(), 1)


def test_the_last_unit_that_is_held_for_ones_own_order_may_still_be_had() -> None:
    variant, other = mug(units=1), make_cart()
    cart = make_cart(variant)
    assert variant.stock_id is not None
    stock.hold("K7QM-4T9X", cart.token, {variant.stock_id: 1})

    set_quantity(cart.lines.get(), 1)

    with pytest.raises(CartRefusedError, match="is sold out"):
        add(other, variant, 1)


def test_a_changed_quantity_and_a_removed_line() -> None:
    cart, variant = make_cart(), mug()
    line = add(cart, variant, 2)

    set_quantity(line, 7)
    assert cart.lines.get().quantity == 7

    remove(line)
    assert not cart.lines.exists()


def test_every_change_keeps_the_cart_for_another_30_days() -> None:
    cart = make_cart(mug(), expires_at=timezone.now() + timedelta(days=1))

    set_quantity(cart.lines.get(), 2)

    cart.refresh_from_db()
    assert cart.expires_at > timezone.now() + timedelta(days=29)


def test_carts_that_nobody_changed_for_30_days_are_deleted() -> None:
    old = make_cart(mug(), expires_at=timezone.now() - timedelta(minutes=1))
    make_cart(mug(), merged_into=old, expires_at=timezone.now() + timedelta(days=1))
    kept = make_cart(mug())

    assert purge_expired() == 2
    assert CartLine.objects.get().cart == kept


def test_what_was_bought_leaves_the_cart_and_what_came_meanwhile_stays() -> None:
    bought, more, other = mug(), mug(), mug()
    cart = make_cart(bought, more, other, quantity=2, coupon=CouponFactory())

    empty(cart, {bought.pk: 2, more.pk: 1})

    left = {line.variant_id: line.quantity for line in cart.lines.all()}
    assert left == {more.pk: 1, other.pk: 2}
    cart.refresh_from_db()
    assert cart.coupon is None


def test_a_line_that_shrank_meanwhile_is_not_bought_below_nothing() -> None:
    variant = mug()
    cart = make_cart(variant, quantity=1)

    empty(cart, {variant.pk: 5})

    assert not cart.lines.exists()


def test_a_coupon_is_found_whatever_its_case_and_the_blanks_around_it() -> None:
    cart, coupon = make_cart(), CouponFactory(code="SAVE10")

    apply_coupon(cart, " save10 ")
    cart.refresh_from_db()
    assert cart.coupon == coupon

    remove_coupon(cart)
    cart.refresh_from_db()
    assert cart.coupon is None


def test_every_coupon_that_cannot_be_used_has_its_own_sentence() -> None:
    cart = make_cart()
    now = timezone.now()
    day = timedelta(days=1)
    CouponFactory(code="OFF", is_active=False)
    CouponFactory(code="SOON", starts_at=now.replace(year=2099, month=3, day=9))
    CouponFactory(code="PAST", ends_at=now.replace(year=2020, month=3, day=9), starts_at=None)
    CouponFactory(code="GONE", max_uses=1, uses=1)
    CouponFactory(code="JUSTENDED", ends_at=now, starts_at=now - day)
    fixed("EUROS", 500, "EUR")

    sentences = {
        "NOPE": "We know no coupon “NOPE”. Check the spelling.",
        "OFF": "The coupon OFF is no longer accepted.",
        "SOON": "The coupon SOON is not valid before Mar 9, 2099.",
        "PAST": "The coupon PAST ended on Mar 9, 2020.",
        "JUSTENDED": "The coupon JUSTENDED ended on",
        "GONE": "The coupon GONE has been used up.",
        "EUROS": "The coupon EUROS is for prices in EUR only.",
    }
    for code, sentence in sentences.items():
        with pytest.raises(CartRefusedError) as refusal:
            apply_coupon(cart, code)
        assert str(refusal.value).startswith(sentence)
    assert cart.coupon is None


def test_a_use_held_for_the_carts_own_order_counts_as_free() -> None:
    cart, stranger = make_cart(), make_cart()
    CouponFactory(code="ONCE", max_uses=1)
    hold("ONCE", "K7QM-4T9X", cart.token)

    apply_coupon(cart, "ONCE")

    with pytest.raises(CartRefusedError, match="used up"):
        apply_coupon(stranger, "ONCE")
