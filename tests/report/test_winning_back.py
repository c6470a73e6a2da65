"""What the messages earn is told only where it can be told."""

import pytest

from notifications.report.winning_back import Comparison, Group

NOBODY = Group()


def test_they_earn_what_more_of_the_written_to_buy() -> None:
    one = Comparison("", Group(200, 40, 200_000), Group(100, 5, 25_000))

    assert one.difference == pytest.approx(0.15)
    assert one.margin == pytest.approx(0.0700, abs=0.0005)
    assert one.earned_minor == 150_000
    assert one.remark == ""


def test_they_lose_where_fewer_of_the_written_to_buy() -> None:
    assert Comparison("", Group(200, 10, 10_000), Group(100, 20, 9)).earned_minor == -30_000


@pytest.mark.parametrize(
    ("written", "held_out", "remark"),
    [
        (Group(200, 40, 200_000), NOBODY, "Nobody was held out"),
        (Group(200, 40, 200_000), Group(99, 5, 1), "Only 99 were held out"),
        (NOBODY, NOBODY, "Nobody was held out"),
    ],
)
def test_of_too_few_nothing_is_told(written: Group, held_out: Group, remark: str) -> None:
    one = Comparison("", written, held_out)

    assert one.earned_minor is None
    assert one.remark.startswith(remark)


def test_a_difference_that_may_be_chance_is_called_so() -> None:
    one = Comparison("", Group(1000, 110, 110_000), Group(110, 10, 10_000))

    assert one.remark == "The difference may be chance."
    assert one.earned_minor == 19_091
