"""The uses of a coupon: held by an order, then confirmed or given back, never above the limit."""

import pytest
from django.db import connection
from django.db.utils import IntegrityError

from cart import coupons
from cart.models import Coupon, CouponRedemption
from tests.at_once import Meeting, all_at_once
from tests.factories import CouponFactory

State = CouponRedemption.State
both = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def coupon(db: None) -> Coupon:
    coupon: Coupon = CouponFactory(code="FEW", max_uses=2)
    return coupon


def uses(coupon: Coupon) -> tuple[int, int]:
    """The counter, and the live redemptions that it must equal."""
    coupon.refresh_from_db()
    return coupon.uses, coupon.redemptions.exclude(state=State.RELEASED).count()


class TestVerbs:
    pytestmark = both

    def test_a_held_use_counts(self, coupon: Coupon) -> None:
        coupons.hold("few", "A", holder="cart")

        assert uses(coupon) == (1, 1)

    def test_a_confirmed_use_stays_whatever_comes_later(self, coupon: Coupon) -> None:
        coupons.hold("FEW", "A", holder="cart")

        coupons.confirm("A")
        coupons.confirm("A")
        coupons.release("A")

        assert uses(coupon) == (1, 1)
        assert coupon.redemptions.get().state == State.CONFIRMED

    def test_an_order_that_comes_to_nothing_gives_its_use_back_once(self, coupon: Coupon) -> None:
        coupons.hold("FEW", "A", holder="cart")

        coupons.release("A")
        coupons.release("A")
        coupons.confirm("A")

        assert uses(coupon) == (0, 0)

    def test_an_order_whose_use_was_given_back_may_hold_again(self, coupon: Coupon) -> None:
        for _ in range(2):
            coupons.hold("FEW", "A", holder="cart")
            coupons.release("A")
        coupons.hold("FEW", "A", holder="cart")

        assert uses(coupon) == (1, 1)

    def test_the_last_use_is_the_last(self, coupon: Coupon) -> None:
        coupons.hold("FEW", "A", holder="cart")
        coupons.hold("FEW", "B", holder="other")

        with pytest.raises(coupons.CouponRefusedError):
            coupons.hold("FEW", "C", holder="third")

        assert uses(coupon) == (2, 2)

    def test_a_coupon_that_was_switched_off_is_refused(self, coupon: Coupon) -> None:
        Coupon.objects.update(is_active=False)

        with pytest.raises(coupons.CouponRefusedError):
            coupons.hold("FEW", "A", holder="cart")

    def test_without_a_limit_there_is_no_last_use(self, db: None) -> None:
        endless: Coupon = CouponFactory(code="ENDLESS", max_uses=None)

        for number in range(5):
            coupons.hold("ENDLESS", str(number), holder="cart")

        assert uses(endless) == (5, 5)

    def test_the_database_refuses_a_second_coupon_for_an_order(self, coupon: Coupon) -> None:
        coupons.hold("FEW", "A", holder="cart")

        with pytest.raises(IntegrityError, match=r"cart_one_coupon_per_order|UNIQUE"):
            coupons.hold("FEW", "A", holder="cart")

        assert uses(coupon) == (1, 1)

    def test_the_database_refuses_more_uses_than_the_limit(self, coupon: Coupon) -> None:
        with pytest.raises(IntegrityError, match="cart_coupon_uses_within_limit"):
            Coupon.objects.update(uses=3)


@pytest.mark.django_db(transaction=True)
class TestTheLastUsesInParallel:
    """20 orders at once want the last 2 uses."""

    ORDERS = 20

    @pytest.fixture(autouse=True)
    def _only_postgresql(self, db: None) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer at a time: there is no race to run")

    def test_without_the_guard_everybody_gets_one(self, coupon: Coupon) -> None:
        meeting = Meeting(self.ORDERS)

        def look_then_hold(number: int) -> None:
            seen = Coupon.objects.get()
            meeting.wait()
            if seen.max_uses is not None and seen.uses < seen.max_uses:
                Coupon.objects.update(uses=seen.uses + 1)
                seen.redemptions.create(reference=str(number), holder=str(number))

        all_at_once(self.ORDERS, look_then_hold)

        assert uses(coupon) == (1, self.ORDERS)

    def test_the_last_uses_go_to_as_many_orders(self, coupon: Coupon) -> None:
        def hold(number: int) -> bool:
            try:
                coupons.hold("FEW", str(number), holder=str(number))
            except coupons.CouponRefusedError:
                return False
            return True

        held = all_at_once(self.ORDERS, hold)

        assert sum(held) == 2
        assert uses(coupon) == (2, 2)
