"""Licence keys: from a pool or made, as many as were bought, and never sold twice."""

from unittest.mock import patch

import pytest

from orders import licences
from orders.granting import ask_to_grant, grant_line, revoke_line, revoke_units
from orders.models import Grant, LicenceGrant, Order, OrderEvent
from orders.refusals import GrantRefusedError
from orders.states import SCHEDULE
from shop.licence_keys import add_keys
from shop.models import LicenceKey, Product, Variant
from tests.at_once import all_at_once, meet_before
from tests.grants.goods import a_licence, grant_of, refund, sell
from tests.orders.paid import stella

pytestmark = [pytest.mark.django_db, pytest.mark.both]
LICENCE = Product.Kind.LICENCE


def keys_of(order: Order) -> list[str]:
    """Return the keys that are valid."""
    licences = grant_of(order, LICENCE).licences.filter(revoked_at=None)
    return list(licences.values_list("key", flat=True))


def assert_pool_is_stock(variant: Variant) -> None:
    """The stock of a counted licence is the number of its free keys."""
    variant.refresh_from_db()
    assert variant.stock is not None
    assert variant.stock.on_hand == variant.licence_keys.filter(taken_by="").count()


def granted(variant: Variant, units: int) -> Order:
    order = sell((variant, units))
    grant_line(grant_of(order, LICENCE), SCHEDULE)
    return order


def test_keys_are_taken_from_the_pool_in_its_order() -> None:
    pool = a_licence(["A-1", "A-2", "A-3"])

    order = granted(pool, 2)

    assert keys_of(order) == ["A-1", "A-2"]
    assert LicenceKey.objects.get(key="A-2").taken_by == order.number
    assert LicenceKey.objects.get(key="A-3").taken_by == ""
    assert_pool_is_stock(pool)


def test_granting_twice_gives_the_same_keys_and_one_event() -> None:
    order = granted(a_licence(["A-1", "A-2", "A-3"]), 1)

    assert not grant_line(grant_of(order, LICENCE), SCHEDULE)

    assert keys_of(order) == ["A-1"]
    assert order.events.filter(kind=OrderEvent.Kind.GRANTED).count() == 1


def test_keys_that_are_made_are_all_different_and_can_be_read_aloud() -> None:
    keys = keys_of(granted(a_licence(), 3))

    assert len(set(keys)) == 3
    for key in keys:
        groups = key.split("-")
        assert [len(group) for group in groups] == [4] * 7
        assert not set("".join(groups)) & set("ILOU")


def test_too_few_keys_are_refused_and_none_is_given() -> None:
    pool = a_licence(["A-1", "A-2"])
    order = sell((pool, 2))
    LicenceKey.objects.get(key="A-2").delete()

    with pytest.raises(GrantRefusedError, match="2 keys are due, 1 are free"):
        grant_line(grant_of(order, LICENCE), SCHEDULE)

    assert grant_of(order, LICENCE).state == Grant.State.DUE
    assert keys_of(order) == []
    assert LicenceKey.objects.get(key="A-1").taken_by == ""


def test_a_key_that_somebody_has_is_not_given_once_more() -> None:
    granted(a_licence(["A-1"]), 1)
    order = sell((a_licence(["A-1"]), 1))

    with pytest.raises(GrantRefusedError, match="given to somebody before"):
        grant_line(grant_of(order, LICENCE), SCHEDULE)


def test_a_licence_that_left_the_shop_is_refused() -> None:
    pool = a_licence(["A-1"])
    order = sell((pool, 1))
    pool.delete()

    with pytest.raises(GrantRefusedError, match="no longer in the shop"):
        grant_line(grant_of(order, LICENCE), SCHEDULE)


def test_the_newest_key_goes_with_a_unit_that_is_taken_back() -> None:
    pool = a_licence(["A-1", "A-2"])
    order = granted(pool, 2)
    refund(order, LICENCE, 1, take_back=True)

    for _ in range(2):
        revoke_units(grant_of(order, LICENCE), SCHEDULE)

    assert keys_of(order) == ["A-1"]
    assert grant_of(order, LICENCE).state == Grant.State.GRANTED
    assert_pool_is_stock(pool)


def test_money_alone_takes_no_key() -> None:
    order = granted(a_licence(["A-1", "A-2"]), 2)
    refund(order, LICENCE, 1, take_back=False)

    assert revoke_units(grant_of(order, LICENCE), SCHEDULE) == 0

    assert keys_of(order) == ["A-1", "A-2"]


def test_a_revoked_key_is_never_sold_again() -> None:
    pool = a_licence(["A-1"])
    order = granted(pool, 1)
    refund(order, LICENCE, 1, take_back=True)

    revoke_line(grant_of(order, LICENCE), SCHEDULE)

    assert keys_of(order) == []
    assert LicenceKey.objects.get().taken_by == order.number
    assert_pool_is_stock(pool)


def test_a_key_that_was_never_given_is_for_sale_again() -> None:
    pool = a_licence(["A-1", "A-2"])
    order = sell((pool, 2))
    refund(order, LICENCE, 1, take_back=True)

    grant_line(grant_of(order, LICENCE), SCHEDULE)

    assert keys_of(order) == ["A-1"]
    assert_pool_is_stock(pool)


def test_all_keys_of_a_grant_that_never_came_are_for_sale_again_once() -> None:
    pool = a_licence(["A-1", "A-2"])
    order = sell((pool, 2))

    for _ in range(2):
        revoke_line(grant_of(order, LICENCE), SCHEDULE)

    assert_pool_is_stock(pool)


def test_staff_can_give_the_same_keys_again() -> None:
    pool = a_licence(["A-1", "A-2"])
    order = granted(pool, 1)
    refund(order, LICENCE, 1, take_back=True)
    revoke_line(grant_of(order, LICENCE), SCHEDULE)

    ask_to_grant(grant_of(order, LICENCE), stella())
    grant_line(grant_of(order, LICENCE), SCHEDULE)

    assert keys_of(order) == ["A-1"]
    assert_pool_is_stock(pool)


def test_a_key_given_after_its_unit_went_back_to_stock_costs_stock() -> None:
    pool = a_licence(["A-1", "A-2"])
    order = sell((pool, 1))
    revoke_line(grant_of(order, LICENCE), SCHEDULE)

    ask_to_grant(grant_of(order, LICENCE), stella())
    grant_line(grant_of(order, LICENCE), SCHEDULE)

    assert keys_of(order) == ["A-1"]
    assert_pool_is_stock(pool)


def test_a_key_of_an_order_from_before_there_were_keys_costs_stock() -> None:
    licence = a_licence()
    order = sell((licence, 1))
    add_keys(licence, ["A-1", "A-2"], "stella")

    grant_line(grant_of(order, LICENCE), SCHEDULE)

    assert keys_of(order) == ["A-1"]
    assert_pool_is_stock(licence)


def test_an_order_from_before_there_were_keys_puts_none_back() -> None:
    licence = a_licence()
    refunded, revoked = sell((licence, 2)), sell((licence, 1))
    add_keys(licence, ["A-1", "A-2"], "stella")
    refund(refunded, LICENCE, 1, take_back=True)

    grant_line(grant_of(refunded, LICENCE), SCHEDULE)
    revoke_line(grant_of(revoked, LICENCE), SCHEDULE)

    assert keys_of(refunded) == ["A-1"]
    assert_pool_is_stock(licence)


def test_an_order_from_before_there_were_keys_takes_none_that_others_hold() -> None:
    licence = a_licence()
    order = sell((licence, 1))
    add_keys(licence, ["A-1"], "stella")
    later = sell((Variant.objects.get(pk=licence.pk), 1))

    with pytest.raises(GrantRefusedError, match="1 keys are due, 0 are free"):
        grant_line(grant_of(order, LICENCE), SCHEDULE)
    grant_line(grant_of(later, LICENCE), SCHEDULE)

    assert keys_of(later) == ["A-1"]
    assert_pool_is_stock(licence)


def test_staff_cannot_give_a_key_for_units_that_are_all_refunded() -> None:
    order = sell((a_licence(["A-1"]), 1))
    refund(order, LICENCE, 1, take_back=True)
    revoke_line(grant_of(order, LICENCE), SCHEDULE)

    with pytest.raises(GrantRefusedError, match="No key was ever given"):
        ask_to_grant(grant_of(order, LICENCE), stella())


def grant_at_once(monkeypatch: pytest.MonkeyPatch, orders: list[Order]) -> list[bool]:
    """Grant the orders in threads that wait for each other once they have chosen their keys."""
    grants = [grant_of(order, LICENCE) for order in orders]
    meet_before(monkeypatch, licences, "_note_taken", len(orders))

    def grant(number: int) -> bool:
        try:
            return grant_line(grants[number], SCHEDULE)
        except GrantRefusedError:
            return False

    return sorted(all_at_once(len(orders), grant))


@pytest.mark.django_db(transaction=True)
def test_orders_at_the_same_moment_get_a_key_each(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = a_licence(["A-1", "A-2"])
    orders = [sell((pool, 1)), sell((pool, 1))]

    assert grant_at_once(monkeypatch, orders) == [True, True]
    assert sorted(keys_of(orders[0]) + keys_of(orders[1])) == ["A-1", "A-2"]


@pytest.mark.django_db(transaction=True)
def test_two_orders_never_share_the_last_key(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = a_licence(["A-1", "A-2"])
    orders = [sell((pool, 1)), sell((pool, 1))]
    LicenceKey.objects.get(key="A-2").delete()

    assert grant_at_once(monkeypatch, orders) == [False, True]
    assert LicenceGrant.objects.count() == 1


def test_a_key_that_was_made_is_more_than_128_bits_long() -> None:
    with patch("orders.licences.secrets.choice", side_effect=lambda letters: letters[-1]):
        assert len(licences.new_key().replace("-", "")) * 5 > 128
