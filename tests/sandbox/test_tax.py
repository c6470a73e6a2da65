"""Tax calculations: flat rates by country, exclusive and inclusive, with shipping."""

from typing import Any

import pytest
import stripe


def calculate(
    client: stripe.StripeClient, country: str, *amounts: int, **more: Any
) -> stripe.tax.Calculation:
    """Calculate the tax of some amounts for a country."""
    behaviour = more.pop("tax_behavior", "exclusive")
    params: Any = {
        "currency": "eur",
        "customer_details": {"address": {"country": country}, "address_source": "shipping"},
        "line_items": [{"amount": amount, "tax_behavior": behaviour} for amount in amounts],
        "expand": ["line_items"],
        **more,
    }
    return client.v1.tax.calculations.create(params)


def test_tax_comes_on_top_of_exclusive_amounts(client: stripe.StripeClient) -> None:
    found = calculate(client, "DE", 1000, 333, shipping_cost={"amount": 500})
    assert (found.tax_amount_exclusive, found.tax_amount_inclusive) == (348, 0)
    assert found.amount_total == 1000 + 333 + 500 + 190 + 63 + 95
    assert found.shipping_cost is not None
    assert found.shipping_cost.amount_tax == 95
    assert found.line_items is not None
    assert [item.amount_tax for item in found.line_items.data] == [190, 63]
    (row,) = found.tax_breakdown
    assert (row.amount, row.taxable_amount, row.tax_rate_details.percentage_decimal) == (
        348,
        1833,
        "19",
    )


def test_tax_is_inside_inclusive_amounts(client: stripe.StripeClient) -> None:
    found = calculate(client, "CH", 1081, tax_behavior="inclusive")
    assert (found.tax_amount_inclusive, found.amount_total) == (81, 1081)
    assert found.tax_breakdown[0].taxable_amount == 1000
    assert found.tax_breakdown[0].tax_rate_details.percentage_decimal == "8.1"


@pytest.mark.parametrize(("country", "reason"), [("BR", "not_collecting")])
def test_no_tax_is_collected_elsewhere(
    client: stripe.StripeClient, country: str, reason: str
) -> None:
    found = calculate(client, country, 1000)
    assert (found.amount_total, found.tax_breakdown[0].taxability_reason) == (1000, reason)


def test_an_exempt_customer_pays_no_tax(client: stripe.StripeClient) -> None:
    details = {"address": {"country": "DE"}, "taxability_override": "customer_exempt"}
    found = calculate(client, "DE", 1000, customer_details=details)
    assert found.amount_total == 1000
    assert found.tax_breakdown[0].taxability_reason == "customer_exempt"


def test_a_customers_own_address_is_taken(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"address": {"country": "FR"}})
    found = client.v1.tax.calculations.create(
        {"currency": "eur", "customer": customer.id, "line_items": [{"amount": 1000}]}
    )
    assert found.tax_amount_exclusive == 200


def test_without_a_country_there_is_no_tax(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="customer's location") as refused:
        client.v1.tax.calculations.create({"currency": "eur", "line_items": [{"amount": 1}]})
    assert refused.value.code == "customer_tax_location_invalid"
