from typing import Any

import pytest

from checkout.forms import CheckoutForm, DigitalCheckoutForm, form_for

ADA = {
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "country": "US",
    "line1": "12 Analytical Way",
    "city": "Portland",
    "region": "OR",
    "postcode": "97201",
    "billing_same": "on",
}
BERLIN = {
    "billing_name": "Ada GmbH",
    "billing_country": "DE",
    "billing_line1": "Torstraße 1",
    "billing_postcode": "10119",
    "billing_city": "Berlin",
}


def errors(**changes: Any) -> dict[str, list[str]]:
    form = CheckoutForm({**ADA, **changes})
    return {name: [str(error) for error in found] for name, found in form.errors.items()}


def shown(form: CheckoutForm) -> list[str]:
    return [field.name for field in form.delivery_fields]


def test_a_guest_sees_seven_fields_and_one_behind_a_link() -> None:
    form = CheckoutForm(initial={"country": "US"})
    assert ["email", *shown(form)] == [
        "email",
        "name",
        "country",
        "line1",
        "line2",
        "city",
        "region",
        "postcode",
    ]


def test_what_was_typed_comes_back_as_details() -> None:
    form = CheckoutForm({**ADA, "line2": "Flat 3"})
    assert form.is_valid(), form.errors
    details = form.details()
    assert details.email == "ada@example.com"
    assert details.shipping == {
        "name": "Ada Lovelace",
        "country": "US",
        "line1": "12 Analytical Way",
        "line2": "Flat 3",
        "city": "Portland",
        "region": "OR",
        "postcode": "97201",
    }
    assert details.billing == {}


def test_another_billing_address_comes_back_with_the_parts_of_its_country() -> None:
    form = CheckoutForm({**ADA, **BERLIN, "billing_same": False})
    assert form.is_valid(), form.errors
    billing = form.details().billing
    assert (billing["city"], billing["country"], billing["region"]) == ("Berlin", "DE", "")


def test_a_hidden_billing_address_is_not_looked_at() -> None:
    form = CheckoutForm({**ADA, "billing_country": "DE"})
    assert form.is_valid(), form.errors
    assert form.details().billing == {}


def test_a_billing_address_that_is_asked_for_must_be_given() -> None:
    assert errors(billing_same=False) == {
        "billing_name": ["Enter the full name for the invoice."],
        "billing_country": ["Choose a country from the list."],
        "billing_line1": ["Enter the street and the house number."],
        "billing_city": ["Enter the city."],
        "billing_region": ["Choose the state."],
        "billing_postcode": ["Enter the ZIP code."],
    }


def test_an_empty_form_says_for_each_field_what_to_do() -> None:
    form = CheckoutForm({"country": "US", "billing_same": True})
    assert form.errors == {
        "email": ["Enter your email so that we can send the receipt."],
        "name": ["Enter the full name for the parcel."],
        "line1": ["Enter the street and the house number."],
        "city": ["Enter the city."],
        "region": ["Choose the state."],
        "postcode": ["Enter the ZIP code."],
    }


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("ada", "This email is missing an @: write it like name@example.com."),
        ("ada@", "This email is not complete: write it like name@example.com."),
        ("ada@example", "This email is not complete: write it like name@example.com."),
        ("ada love@example.com", "This email is not complete: write it like name@example.com."),
    ],
)
def test_an_email_that_cannot_be_right_is_refused_by_its_fault(email: str, sentence: str) -> None:
    assert errors(email=email) == {"email": [sentence]}


def test_a_slip_in_the_mail_domain_is_not_refused() -> None:
    assert errors(email="ada@gmial.com") == {}


def test_a_postcode_that_looks_foreign_is_not_refused() -> None:
    assert errors(postcode="not a zip") == {}
    field = CheckoutForm(ADA)["postcode"].field.widget.attrs
    assert field["data-hint"] == "Here it is usually written like 95014. Is this right?"


def test_a_region_that_the_country_lacks_is_refused() -> None:
    assert errors(region="Bavaria") == {"region": ["Choose the state."]}


def test_a_country_that_does_not_exist_is_refused() -> None:
    assert errors(country="XX") == {"country": ["Choose a country from the list."]}


def test_a_text_that_is_too_long_says_how_much_fits() -> None:
    assert errors(line1="x" * 201) == {"line1": ["This is too long: shorten it to 200 characters."]}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  李\u3000小龍 ", "李 小龍"),
        ("Zoe\u0308 O’Brien", "Zoë O’Brien"),
        ("سارة\u200cعلی", "سارة\u200cعلی"),
        ("Ada\x00\x07\r\nLovelace", "Ada Lovelace"),
        ("Ada\ud800 Love\udffflace", "Ada Lovelace"),
    ],
)
def test_a_name_may_be_in_any_script(typed: str, kept: str) -> None:
    form = CheckoutForm({**ADA, "name": typed})
    assert form.is_valid(), form.errors
    assert form.details().shipping["name"] == kept


def test_a_postcode_is_kept_in_capitals() -> None:
    form = CheckoutForm({**ADA, "country": "GB", "region": "", "postcode": "sw1a 1aa"})
    assert form.is_valid(), form.errors
    assert form.details().shipping["postcode"] == "SW1A 1AA"


def test_browsers_know_how_to_fill_each_field() -> None:
    form = CheckoutForm(initial={"country": "US"})
    tokens = {name: field.widget.attrs.get("autocomplete") for name, field in form.fields.items()}
    assert tokens.pop("billing_same") is None
    assert tokens["email"] == "email"
    for prefix, section in (("", "shipping"), ("billing_", "billing")):
        assert {name: tokens[prefix + name] for name in ("name", "line1", "city", "region")} == {
            "name": f"{section} name",
            "line1": f"{section} address-line1",
            "city": f"{section} address-level2",
            "region": f"{section} address-level1",
        }
        assert tokens[f"{prefix}postcode"] == f"{section} postal-code"
        assert tokens[f"{prefix}country"] == f"{section} country"
        assert tokens[f"{prefix}line2"] == f"{section} address-line2"


def test_phones_show_the_keyboard_that_fits() -> None:
    def keyboard(country: str) -> object:
        form = CheckoutForm(initial={"country": country})
        return form.fields["postcode"].widget.attrs.get("inputmode")

    assert keyboard("US") == "numeric"
    assert keyboard("GB") is None
    assert keyboard("JP") == "numeric", "its dash may be left out"
    assert keyboard("PL") is None, "its dash may not"


# --- Nothing is sent ----------------------------------------------------------------------------
def test_where_nothing_is_sent_only_email_name_and_country_are_asked() -> None:
    form = DigitalCheckoutForm(initial={"country": "DE"})

    assert list(form.fields) == ["email", "name", "country"]
    assert [field.name for field in form.receipt_fields] == ["name", "country"]
    assert form["country"].value() == "DE"
    assert form["name"].field.widget.attrs["autocomplete"] == "billing name"


def test_where_nothing_is_sent_the_address_is_a_name_and_a_country() -> None:
    form = DigitalCheckoutForm(ADA)
    assert form.is_valid(), form.errors
    details = form.details()
    assert (details.email, details.billing) == ("ada@example.com", {})
    assert details.shipping.pop("name") == "Ada Lovelace"
    assert details.shipping.pop("country") == "US"
    assert set(details.shipping.values()) == {""}


def test_where_nothing_is_sent_an_empty_form_still_says_what_to_do() -> None:
    assert DigitalCheckoutForm({"country": "XX"}).errors == {
        "email": ["Enter your email so that we can send the receipt."],
        "name": ["Enter the full name for the receipt."],
        "country": ["Choose a country from the list."],
    }


@pytest.mark.parametrize(
    ("needs_delivery", "form"), [(True, CheckoutForm), (False, DigitalCheckoutForm)]
)
def test_the_form_goes_by_whether_something_is_sent(needs_delivery: bool, form: type) -> None:
    assert form_for(needs_delivery=needs_delivery) is form
