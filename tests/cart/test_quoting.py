"""A cart as it stands now: live prices and stock, and what is said about them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cart.coupons import hold
from cart.lines import mark_seen
from cart.models import Cart
from cart.quoting import PricedCart, needs_delivery, price_cart
from inventory import stock
from shop.models import EventDetails, Price, ProductImage, TaxRate, Variant
from tests.factories import CouponFactory, ProductFactory, make_cart, make_shipping, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def reprice(variant: Variant, amount_minor: int) -> None:
    Price.objects.filter(variant=variant).update(amount_minor=amount_minor)


def show(cart: Cart) -> PricedCart:
    """Price the cart as its page does: what was shown counts as seen."""
    priced = price_cart(cart)
    mark_seen(priced.lines, cart.currency)
    return priced


def test_a_cart_costs_its_lines_with_shipping_and_the_tax_of_its_country() -> None:
    make_shipping(600)
    TaxRate.objects.create(country="DE", percent=Decimal(19))

    german = price_cart(make_cart(make_variant(price_minor=4200), quantity=2, country="DE"))
    american = price_cart(make_cart(make_variant(price_minor=4200), quantity=2, country="US"))

    assert (german.quote.tax_percent, german.quote.total_minor) == (Decimal(19), 10710)
    assert (american.quote.tax_percent, american.quote.total_minor) == (Decimal(8), 9720)
    assert american.is_ready
    assert american.count == 2


def test_shipping_is_free_where_no_rate_is_set() -> None:
    assert price_cart(make_cart(make_variant())).quote.shipping_minor == 0


def test_an_empty_cart_costs_nothing_and_is_not_ready() -> None:
    make_shipping(600)
    priced = price_cart(make_cart())

    assert (priced.quote.total_minor, priced.count, priced.is_ready) == (0, 0, False)


@time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC))
def test_delivery_counts_working_days() -> None:
    """Ordered on a Friday: the second working day is Tuesday."""
    make_shipping(days_min=2, days_max=5)

    delivery = price_cart(make_cart(make_variant())).delivery

    assert delivery is not None
    assert (delivery.from_date, delivery.until_date) == (date(2026, 11, 24), date(2026, 11, 27))


def test_what_is_not_sent_has_no_shipping_and_no_delivery() -> None:
    make_shipping(600)
    digital = make_variant(price_minor=4200, product=ProductFactory(kind="download"), units=None)
    cart, mixed = make_cart(digital), make_cart(digital, make_variant())

    priced = price_cart(cart)

    assert (priced.quote.shipping_minor, priced.delivery) == (0, None)
    assert [line.kind for line in priced.quote.lines] == ["download"]
    assert price_cart(mixed).quote.shipping_minor == 600
    assert price_cart(mixed).delivery is not None
    assert (needs_delivery(cart), needs_delivery(mixed)) == (False, True)


def test_a_changed_price_is_said_once() -> None:
    variant = make_variant(price_minor=4000)
    cart = make_cart(variant)
    assert show(cart).lines[0].notice == ""

    reprice(variant, 4200)

    [line] = show(cart).lines
    assert line.notice == "Price changed from $40.00 to $42.00 since you last looked."
    assert line.can_be_bought
    assert show(cart).lines[0].notice == ""


def test_another_currency_is_no_change_of_price() -> None:
    variant = make_variant(price_minor=4000)
    Price.objects.create(variant=variant, currency="EUR", amount_minor=3800)
    cart = make_cart(variant)
    show(cart)

    cart.currency = "EUR"

    [line] = show(cart).lines
    assert (line.unit_price_minor, line.notice) == (3800, "")


def test_what_is_left_is_said_and_stops_the_purchase() -> None:
    priced = price_cart(make_cart(make_variant(units=3), quantity=4))

    assert priced.lines[0].notice == "Only 3 left. Lower the quantity to go on."
    assert priced.lines[0].available == 3
    assert not priced.is_ready


def test_one_line_that_cannot_be_bought_stops_the_purchase() -> None:
    priced = price_cart(make_cart(make_variant(), make_variant(units=0)))

    assert [line.notice for line in priced.lines] == ["", "Sold out. Remove it to go on."]
    assert not priced.is_ready


def test_a_fault_and_a_changed_price_are_both_said() -> None:
    variant = make_variant(price_minor=4000, units=0)
    cart = make_cart(variant)
    show(cart)
    reprice(variant, 4200)

    assert price_cart(cart).lines[0].notice == (
        "Sold out. Remove it to go on. Price changed from $40.00 to $42.00 since you last looked."
    )


def test_what_is_no_longer_for_sale_stops_the_purchase() -> None:
    off_shelf, unpublished = make_variant(is_active=False), make_variant()
    unpublished.product.is_published = False
    unpublished.product.save()

    priced = price_cart(make_cart(off_shelf, unpublished))

    assert {line.notice for line in priced.lines} == {"No longer for sale. Remove it to go on."}
    assert not priced.is_ready


def test_an_event_that_begins_meanwhile_is_named() -> None:
    variant = make_variant(product=ProductFactory(kind="event"))
    begins = timezone.now() + timedelta(hours=1)
    EventDetails.objects.create(
        product=variant.product, starts_at=begins, ends_at=begins + timedelta(hours=3), place="Here"
    )
    cart = make_cart(variant)
    assert price_cart(cart).is_ready

    with time_machine.travel(begins):
        [line] = price_cart(cart).lines

    assert line.notice == "This event has begun. Remove it to go on."
    assert not line.can_be_bought


def test_a_line_without_a_price_is_shown_but_not_in_the_quote() -> None:
    euros, dollars = make_variant(currency="EUR"), make_variant(price_minor=4200)

    priced = price_cart(make_cart(euros, dollars))

    line = priced.lines[0]
    assert line.notice == "Not sold in USD. Remove it or choose another currency to go on."
    assert (line.unit_price_minor, line.subtotal_minor) == (None, None)
    assert priced.quote.subtotal_minor == 4200
    assert not priced.is_ready


def test_what_is_not_counted_can_always_be_bought() -> None:
    [line] = price_cart(make_cart(make_variant(units=None), quantity=99)).lines

    assert (line.available, line.can_be_bought) == (None, True)


def test_what_an_unpaid_order_holds_is_still_to_be_had_by_its_cart_and_by_nobody_else() -> None:
    variant = make_variant(units=1)
    own, other = make_cart(variant), make_cart(variant)
    assert variant.stock_id is not None
    stock.hold("K7QM-4T9X", own.token, {variant.stock_id: 1})

    assert price_cart(own).is_ready
    assert price_cart(other).lines[0].notice == "Sold out. Remove it to go on."


def test_a_coupon_that_ended_meanwhile_is_named_and_does_not_count() -> None:
    coupon = CouponFactory(code="SAVE10", percent=10)
    cart = make_cart(make_variant(price_minor=4200), coupon=coupon)
    assert price_cart(cart).quote.discount_minor == 420

    coupon.ends_at = timezone.now() - timedelta(days=400)
    coupon.starts_at = None
    coupon.save()

    priced = price_cart(Cart.objects.get())
    assert priced.coupon_message.startswith("The coupon SAVE10 ended on")
    assert (priced.quote.discount_minor, priced.quote.coupon_code) == (0, "")
    assert priced.is_ready


def test_the_picture_is_the_variants_own_or_else_the_products_first() -> None:
    plain, special = make_variant(), make_variant()
    size = {"width": 8, "height": 8, "alt": "A mug"}
    for variant in (plain, special):
        ProductImage.objects.bulk_create(
            ProductImage(product=variant.product, file=f"{n}.webp", position=n, **size)
            for n in (1, 2)
        )
    special.image = special.product.images.get(position=2)
    special.save()

    lines = price_cart(make_cart(plain, special)).lines

    assert [line.image.file.name for line in lines if line.image] == ["1.webp", "2.webp"]


@pytest.mark.parametrize("count", [1, 30])
def test_at_most_six_queries_whatever_the_number_of_lines(
    count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_shipping()
    coupon = CouponFactory(code="ONCE", max_uses=1)
    made = make_cart(*(make_variant() for _ in range(count)), coupon=coupon)
    hold("ONCE", "K7QM-4T9X", made.token)
    cart = Cart.objects.select_related("coupon").get()

    with django_assert_max_num_queries(6):
        priced = price_cart(cart)
        pictures = [line.image for line in priced.lines]

    assert len(pictures) == count
    assert priced.quote.coupon_code == "ONCE"
