"""The fields of the checkout form: one line of text in any script, and the parts of an address."""

import re
import unicodedata

from django import forms
from django.conf import settings
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from checkout.addresses import AddressRules, Text, address_rules, country_choices

NAMES = ("name", "country", "line1", "line2", "city", "region", "postcode")

EMAIL_MISSING = _("Enter your email so that we can send the receipt.")
EMAIL_WITHOUT_AT = _("This email is missing an @: write it like name@example.com.")
EMAIL_INCOMPLETE = _("This email is not complete: write it like name@example.com.")
COUNTRY_MISSING = _("Choose a country from the list.")

# Typing slips in well-known mail domains: the page suggests, nothing is refused.
MAIL_DOMAIN_SLIPS = {
    "gamil.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gmail.co": "gmail.com",
    "gmail.con": "gmail.com",
    "gmial.com": "gmail.com",
    "gmal.com": "gmail.com",
    "gnail.com": "gmail.com",
    "hotmai.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "hotmial.com": "hotmail.com",
    "iclod.com": "icloud.com",
    "icloud.con": "icloud.com",
    "outlok.com": "outlook.com",
    "outlook.con": "outlook.com",
    "yaho.com": "yahoo.com",
    "yahoo.con": "yahoo.com",
    "yhaoo.com": "yahoo.com",
}


def tidy(text: object) -> str:
    """Return one line of text in Unicode's composed form, without what is no character.

    That is control characters and, as JSON can name them, halves of surrogate pairs.
    """
    composed = unicodedata.normalize("NFC", str(text or ""))
    visible = (
        char
        for char in composed
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cs")
    )
    return re.sub(r"\s+", " ", "".join(visible)).strip()


class TextField(forms.CharField):
    """One line in any script; `missing` says what to do when it is empty, and makes it required."""

    def __init__(
        self, label: Text, missing: Text = "", *, max_length: int = 200, **attrs: str
    ) -> None:
        super().__init__(
            label=label,
            required=bool(missing),
            max_length=max_length,
            error_messages={
                "required": missing,
                "max_length": _("This is too long: shorten it to %(limit_value)d characters."),
            },
            widget=forms.TextInput(attrs),
        )

    def to_python(self, value: object) -> str:
        return tidy(value)


class EmailField(TextField):
    """Where the receipt goes; an error names the fault."""

    def __init__(self) -> None:
        super().__init__(
            _("Email"),
            EMAIL_MISSING,
            max_length=254,
            type="email",
            autocomplete="email",
            inputmode="email",
            autocapitalize="none",
            spellcheck="false",
        )

    def validate(self, value: str) -> None:
        super().validate(value)
        if "@" not in value:
            raise forms.ValidationError(EMAIL_WITHOUT_AT)
        EmailValidator(message=EMAIL_INCOMPLETE)(value)


def address_fields(section: str, country: str, name_missing: Text) -> dict[str, forms.Field]:
    """Return the fields of an address in its country's order; an unknown one has the default's.

    `section` is autofill's word for the address: "shipping" or "billing".
    """
    if country not in dict(country_choices()):
        country = settings.DEFAULT_COUNTRY
    rules = address_rules(country)
    return {
        **_name_and_country(section, name_missing),
        "line1": TextField(
            _("Address"),
            _("Enter the street and the house number."),
            autocomplete=f"{section} address-line1",
        ),
        "line2": TextField(_("Apartment, suite or floor"), autocomplete=f"{section} address-line2"),
        **{name: _part_field(name, rules, section) for name in rules.parts},
    }


def receipt_fields() -> dict[str, forms.Field]:
    """Return the two fields that a receipt needs where nothing is sent."""
    return _name_and_country("billing", _("Enter the full name for the receipt."))


def _name_and_country(section: str, name_missing: Text) -> dict[str, forms.Field]:
    return {
        "name": TextField(_("Full name"), name_missing, autocomplete=f"{section} name"),
        "country": _choice(_("Country"), COUNTRY_MISSING, country_choices(), f"{section} country"),
    }


def _part_field(name: str, rules: AddressRules, section: str) -> forms.Field:
    part = rules.parts[name]
    missing = part.missing if part.required else ""
    if name == "city":
        return TextField(part.label, missing, autocomplete=f"{section} address-level2")
    if name == "postcode":
        return _postcode_field(part.label, missing, rules, section)
    autocomplete = f"{section} address-level1"
    if not rules.regions:
        return TextField(part.label, missing, autocomplete=autocomplete)
    choices = (("", _("Choose…") if part.required else ""), *rules.regions)
    return _choice(part.label, missing, choices, autocomplete)


def _postcode_field(label: Text, missing: Text, rules: AddressRules, section: str) -> TextField:
    """The pattern and its hint are for the page, which suggests; any postcode is taken."""
    attrs = {"autocomplete": f"{section} postal-code", "autocapitalize": "characters"}
    digits = rules.postcode_example.replace("-", "")
    # The keyboard with digits alone may lack the dash.
    if digits.isdigit() and re.fullmatch(rules.postcode_pattern, digits):
        attrs["inputmode"] = "numeric"
    if rules.postcode_pattern and rules.postcode_example:
        attrs["data-pattern"] = rules.postcode_pattern
        attrs["data-hint"] = _("Here it is usually written like %(example)s. Is this right?") % {
            "example": rules.postcode_example
        }
    return TextField(label, missing, max_length=20, **attrs)


def _choice(
    label: Text, missing: Text, choices: tuple[tuple[str, Text], ...], autocomplete: str
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        required=bool(missing),
        choices=choices,
        error_messages={"required": missing, "invalid_choice": missing or COUNTRY_MISSING},
        widget=forms.Select({"autocomplete": autocomplete}),
    )
