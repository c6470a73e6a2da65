"""The price of a cart: by example, and what holds for any cart at all."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart.pricing import Discount, Item, Shipping, quote
from shop.money import split
from shop.quotes import Quote

AMOUNTS = st.integers(0, 10**12)
# As fine as the columns of the database allow.
PERCENTS = st.decimals(0, 100, places=3)
COUPONS = st.none() | st.one_of(
    st.builds(Discount, code=st.just("SAVE"), percent=st.decimals(0, 100, places=2)),
    st.builds(Discount, code=st.just("SAVE"), amount_minor=st.integers(0, 5) | AMOUNTS),
)
SHIPPING = st.builds(Shipping, AMOUNTS, st.none() | AMOUNTS)
ITEMS = st.lists(
    st.builds(
        Item,
        variant_id=st.integers(1, 10**9),
        sku=st.just("SKU"),
        title=st.just("Mug"),
        options=st.just(""),
        kind=st.sampled_from(["parcel", "download", "event"]),
        quantity=st.integers(1, 99),
        # Small ones, too, so that remainders are often equal.
        unit_price_minor=st.integers(0, 5) | AMOUNTS,
    ),
    max_size=8,
    unique_by=lambda item: item.variant_id,
)
TERMS = st.fixed_dictionaries({"tax_percent": PERCENTS, "shipping": SHIPPING, "coupon": COUPONS})


def item(
    variant_id: int = 1, quantity: int = 1, unit_price_minor: int = 1000, kind: str = "parcel"
) -> Item:
    return Item(variant_id, f"SKU-{variant_id}", "Mug", "", kind, quantity, unit_price_minor)


def price(*items: Item, **terms: Any) -> Quote:
    """Price items in dollars; without tax, shipping and coupon unless told."""
    defaults = {"tax_percent": Decimal(0), "shipping": Shipping(0), "coupon": None}
    return quote(items, currency="USD", country="US", **{**defaults, **terms})


def test_two_mugs_with_shipping_and_tax() -> None:
    priced = price(
        item(quantity=2, unit_price_minor=4200),
        tax_percent=Decimal(8),
        shipping=Shipping(600),
    )

    assert priced.subtotal_minor == 8400
    assert (priced.tax_minor, priced.shipping_tax_minor) == (720, 48)
    assert priced.total_minor == 9720


def test_a_percentage_is_rounded_half_up_and_spread_by_largest_remainder() -> None:
    priced = price(item(1, 1, 333), item(2, 1, 672), coupon=Discount("HALF", percent=Decimal(50)))

    assert priced.discount_minor == 503
    assert [line.discount_minor for line in priced.lines] == [167, 336]


def test_a_fixed_coupon_takes_no_more_than_the_subtotal() -> None:
    priced = price(item(), coupon=Discount("TENOFF", amount_minor=5000), shipping=Shipping(600))

    assert priced.discount_minor == 1000
    assert priced.total_minor == 600


def test_a_percentage_above_the_whole_takes_no_more_than_the_subtotal() -> None:
    assert price(item(), coupon=Discount("ALL", percent=Decimal(200))).total_minor == 0


@pytest.mark.parametrize(("discount", "shipping"), [(0, 0), (1, 600)])
def test_shipping_is_free_from_a_discounted_subtotal(discount: int, shipping: int) -> None:
    coupon = Discount("OFF", amount_minor=discount)

    assert price(item(), coupon=coupon, shipping=Shipping(600, 1000)).shipping_minor == shipping


def test_an_empty_cart_costs_nothing() -> None:
    priced = price(tax_percent=Decimal(8), shipping=Shipping(600))

    assert (priced.shipping_minor, priced.tax_minor, priced.total_minor) == (0, 0, 0)


@pytest.mark.parametrize("kind", ["download", "licence", "repository", "course", "event"])
def test_shipping_is_charged_only_when_something_is_sent(kind: str) -> None:
    nothing_sent = price(item(1, kind=kind), item(2, kind=kind), shipping=Shipping(600))
    one_sent = price(item(1, kind=kind), item(2), shipping=Shipping(600))

    assert (nothing_sent.shipping_minor, nothing_sent.total_minor) == (0, 2000)
    assert (one_sent.shipping_minor, one_sent.total_minor) == (600, 2600)
    assert [line.kind for line in one_sent.lines] == [kind, "parcel"]
    assert one_sent.needs_delivery
    assert not nothing_sent.needs_delivery


@pytest.mark.parametrize(("price_minor", "tax_minor"), [(6, 0), (7, 1), (18, 1), (19, 2)])
def test_tax_is_rounded_half_up_once(price_minor: int, tax_minor: int) -> None:
    assert price(item(1, 1, price_minor), tax_percent=Decimal(8)).tax_minor == tax_minor


def test_tax_is_rounded_on_the_whole_and_not_on_each_line() -> None:
    priced = price(*(item(n, 1, 6) for n in range(1, 11)), tax_percent=Decimal(8))

    assert priced.tax_minor == 5
    assert [line.tax_minor for line in priced.lines] == [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]


def test_the_yen_has_no_hundredth_part() -> None:
    priced = quote(
        [item(unit_price_minor=4200)],
        currency="JPY",
        country="JP",
        tax_percent=Decimal(10),
        shipping=Shipping(500),
        coupon=None,
    )

    assert (priced.currency, priced.total_minor) == ("JPY", 5170)


@pytest.mark.parametrize(
    ("currency", "price_minor", "discount", "taxes"),
    [("KWD", 4210, 420, [640, 40]), ("ISK", 150_000, 15_000, [22_800, 0])],
)
def test_every_part_can_be_paid_where_the_minor_unit_is_finer_than_payments_are(
    currency: str, price_minor: int, discount: int, taxes: list[int]
) -> None:
    priced = quote(
        [item(quantity=2, unit_price_minor=price_minor)],
        currency=currency,
        country="KW",
        tax_percent=Decimal(8),
        shipping=Shipping(500 if currency == "KWD" else 0),
        coupon=Discount("FIVE", percent=Decimal(5)),
    )

    assert priced.discount_minor == discount
    assert [priced.lines[0].tax_minor, priced.shipping_tax_minor] == taxes


def test_parts_are_multiples_of_a_step_but_for_an_odd_rest() -> None:
    assert split(100, {1: 1, 2: 1, 3: 1}, step=10) == {1: 40, 2: 30, 3: 30}
    assert split(105, {1: 1, 2: 1, 3: 1}, step=10) == {1: 40, 2: 35, 3: 30}


def test_largest_remainder_gives_the_odd_units_to_the_largest_parts() -> None:
    assert split(10, {1: 1, 2: 1, 3: 1}) == {1: 4, 2: 3, 3: 3}
    assert split(5, {7: 0, 8: 2, 9: 8}) == {7: 0, 8: 1, 9: 4}
    assert split(0, {1: 0, 2: 0}) == {1: 0, 2: 0}


def test_the_odd_cent_goes_to_the_same_line_in_whatever_order_they_come() -> None:
    lines, cent = [item(3), item(1), item(2)], Discount("CENT", amount_minor=1)

    for order in (lines, sorted(lines, key=lambda line: line.variant_id)):
        priced = price(*order, coupon=cent)
        assert {line.variant_id: line.discount_minor for line in priced.lines} == {1: 1, 2: 0, 3: 0}


@given(amount=AMOUNTS, weights=st.dictionaries(st.integers(), st.integers(1, 10**12), min_size=1))
def test_split_parts_add_up_and_are_within_one_unit_of_their_share(
    amount: int, weights: dict[int, int]
) -> None:
    parts = split(amount, weights)
    whole = sum(weights.values())

    assert sum(parts.values()) == amount
    assert all(abs(parts[key] * whole - amount * weights[key]) < whole for key in weights)


@given(items=ITEMS, terms=TERMS)
def test_parts_add_up_and_none_is_negative(items: list[Item], terms: dict[str, Any]) -> None:
    priced = price(*items, **terms)  # Quote refuses one that does not add up.

    assert priced.discount_minor <= priced.subtotal_minor
    assert all(line.discount_minor <= line.subtotal_minor for line in priced.lines)
    assert priced.total_minor >= 0


@given(items=ITEMS, terms=TERMS)
def test_what_is_not_sent_costs_no_shipping_and_a_parcel_the_rate_or_nothing(
    items: list[Item], terms: dict[str, Any]
) -> None:
    priced = price(*items, **terms)

    if any(line.kind == "parcel" for line in items):
        assert priced.shipping_minor in (0, terms["shipping"].amount_minor)
    else:
        assert (priced.shipping_minor, priced.shipping_tax_minor) == (0, 0)


@given(data=st.data(), items=ITEMS, terms=TERMS)
def test_the_order_of_lines_makes_no_difference(
    data: st.DataObject, items: list[Item], terms: dict[str, Any]
) -> None:
    shuffled = data.draw(st.permutations(items))
    one, other = price(*items, **terms), price(*shuffled, **terms)

    assert set(one.lines) == set(other.lines)
    assert replace(one, lines=other.lines) == other


@given(items=ITEMS, terms=TERMS, percent=PERCENTS)
def test_a_higher_tax_rate_never_lowers_the_total(
    items: list[Item], terms: dict[str, Any], percent: Decimal
) -> None:
    low, high = sorted([terms["tax_percent"], percent])

    cheaper = price(*items, **{**terms, "tax_percent": low})
    assert cheaper.total_minor <= price(*items, **{**terms, "tax_percent": high}).total_minor


@given(items=ITEMS, terms=TERMS)
def test_a_coupon_never_raises_the_price_of_the_goods(
    items: list[Item], terms: dict[str, Any]
) -> None:
    flat = {**terms, "shipping": Shipping(terms["shipping"].amount_minor)}

    without = price(*items, **{**flat, "coupon": None})
    assert price(*items, **flat).total_minor <= without.total_minor


@given(quantity=st.integers(1, 99), amount=AMOUNTS, terms=TERMS)
def test_one_line_of_many_costs_as_much_as_many_units(
    quantity: int, amount: int, terms: dict[str, Any]
) -> None:
    many = price(item(1, quantity, amount), **terms)
    one = price(item(1, 1, quantity * amount), **terms)

    assert many.total_minor == one.total_minor
    assert many.lines[0].tax_minor == one.lines[0].tax_minor


@pytest.mark.parametrize("bad", [item(quantity=0), item(unit_price_minor=-1)])
def test_nonsense_is_refused(bad: Item) -> None:
    with pytest.raises(ValueError, match="no negative part"):
        price(item(2), bad)
