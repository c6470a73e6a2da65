"""Addresses are written the way their country does."""

import pytest

from orders.addresses import address_lines

WHERE = {"name": "Ada Buyer", "line1": "5 High Street", "city": "Town", "postcode": "12345"}


@pytest.mark.parametrize(
    ("country", "region", "lines"),
    [
        ("US", "IL", ["Ada Buyer", "5 High Street", "Town, IL 12345", "United States"]),
        ("DE", "", ["Ada Buyer", "5 High Street", "12345 Town", "Germany"]),
        ("GB", "", ["Ada Buyer", "5 High Street", "Town", "12345", "United Kingdom"]),
        ("JP", "Tokyo", ["〒12345", "Tokyo", "5 High Street", "Ada Buyer", "Japan"]),
    ],
)
def test_the_parts_stand_where_the_country_puts_them(
    country: str, region: str, lines: list[str]
) -> None:
    assert address_lines({**WHERE, "country": country, "region": region}) == lines


def test_parts_that_were_not_given_leave_no_trace() -> None:
    address = {"name": "Ada", "line1": "5 High Street", "line2": "", "city": "", "country": "US"}

    assert address_lines(address) == ["Ada", "5 High Street", "United States"]
