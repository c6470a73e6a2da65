"""Tax calculations: one flat rate for each country, for goods and shipping alike."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.errors import Json, NotBegunError
from sandbox.ids import new_id
from sandbox.money import check_currency
from sandbox.world import Call, full_address, merge_metadata, refuse_unused

LIFETIME = 90 * 86_400
GOODS, SHIPPING = "txcd_99999999", "txcd_92010001"
USED = frozenset(
    {"currency", "customer", "customer_details", "line_items", "shipping_cost", "tax_date"}
    | {"expand"}
)


@dataclass(frozen=True)
class Rate:
    """A country's tax: hundredths of a percent, and what the tax is called."""

    basis_points: int
    tax_type: str
    name: str

    @property
    def percentage(self) -> str:
        """Return the rate as Stripe writes it, such as "8.1"."""
        return f"{self.basis_points / 100:.2f}".rstrip("0").rstrip(".")


RATES = {
    "AT": Rate(2000, "vat", "VAT"),
    "AU": Rate(1000, "gst", "GST"),
    "BE": Rate(2100, "vat", "VAT"),
    "CA": Rate(500, "gst", "GST"),
    "CH": Rate(810, "vat", "VAT"),
    "DE": Rate(1900, "vat", "VAT"),
    "DK": Rate(2500, "vat", "VAT"),
    "ES": Rate(2100, "vat", "VAT"),
    "FR": Rate(2000, "vat", "VAT"),
    "GB": Rate(2000, "vat", "VAT"),
    "IE": Rate(2300, "vat", "VAT"),
    "IT": Rate(2200, "vat", "VAT"),
    "JP": Rate(1000, "jct", "Consumption tax"),
    "NL": Rate(2100, "vat", "VAT"),
    "SE": Rate(2500, "vat", "VAT"),
    "US": Rate(800, "sales_tax", "Sales tax"),
}
UNTAXED = Rate(0, "vat", "VAT")


def create(call: Call) -> Json:
    """Calculate the tax of line items and shipping for where the customer is."""
    refuse_unused(call, USED)
    customer = _customer(call)
    country = customer["address"]["country"]
    exempt = customer["taxability_override"] != "none"
    rate = UNTAXED if exempt else RATES.get(country, UNTAXED)
    calculation_id = new_id("taxcalc")
    items = [
        _item(calculation_id, number, wish, rate)
        for number, wish in enumerate(call.params["line_items"])
    ]
    shipping = _shipping(call, country, rate)
    taxed = [*items, *([shipping] if shipping else [])]
    by_behaviour = {
        behaviour: sum(each["amount_tax"] for each in taxed if each["tax_behavior"] == behaviour)
        for behaviour in ("exclusive", "inclusive")
    }
    reason = "customer_exempt" if exempt else "standard_rated" if rate.basis_points else None
    calculation: Json = {
        "id": calculation_id,
        "object": "tax.calculation",
        "amount_total": sum(each["amount"] for each in taxed) + by_behaviour["exclusive"],
        "currency": check_currency(call.params["currency"]),
        "customer": call.params.get("customer"),
        "customer_details": customer,
        "expires_at": call.now + LIFETIME,
        "livemode": False,
        "ship_from_details": None,
        "shipping_cost": shipping,
        "tax_amount_exclusive": by_behaviour["exclusive"],
        "tax_amount_inclusive": by_behaviour["inclusive"],
        "tax_breakdown": _breakdown(taxed, country, rate, reason or "not_collecting"),
        "tax_date": call.params.get("tax_date", call.now),
    }
    # Nothing reads a calculation again, so none is kept; expand=line_items is answered here.
    if "line_items" in call.params.get("expand", ()):
        url = f"/v1/tax/calculations/{calculation_id}/line_items"
        calculation["line_items"] = {
            "object": "list", "data": items, "has_more": False, "url": url
        }  # fmt: skip
    return calculation


def _customer(call: Call) -> Json:
    given = call.params.get("customer_details", {})
    address = full_address(given.get("address"))
    if "customer" in call.params and not given:
        customer = call.need("customer", call.params["customer"], "customer")
        address = (customer["shipping"] or {}).get("address") or customer["address"]
    if address is None or not address["country"]:
        raise NotBegunError(
            "We could not determine the customer's location: give customer_details[address] with "
            "a country.",
            code="customer_tax_location_invalid",
            param="customer_details[address]",
        )
    return {
        "address": address,
        "address_source": given.get("address_source", "shipping"),
        "ip_address": given.get("ip_address"),
        "tax_ids": given.get("tax_ids", []),
        "taxability_override": given.get("taxability_override", "none"),
    }


def _item(calculation_id: str, number: int, wish: Json, rate: Rate) -> Json:
    behaviour = wish.get("tax_behavior", "exclusive")
    return {
        "id": new_id("tax_li"),
        "object": "tax.calculation_line_item",
        "amount": wish["amount"],
        "amount_tax": _tax(wish["amount"], rate, behaviour),
        "livemode": False,
        "metadata": merge_metadata({}, wish.get("metadata", {})),
        "product": wish.get("product"),
        "quantity": wish.get("quantity", 1),
        "reference": wish.get("reference") or f"L{number + 1}",
        "tax_behavior": behaviour,
        "tax_breakdown": None,
        "tax_code": wish.get("tax_code", GOODS),
    }


def _shipping(call: Call, country: str, rate: Rate) -> Json | None:
    wish = call.params.get("shipping_cost")
    if wish is None:
        return None
    if "amount" not in wish:
        raise NotBegunError(
            "The stand-in has no shipping rates: give shipping_cost[amount].",
            param="shipping_cost[amount]",
        )
    behaviour = wish.get("tax_behavior", "exclusive")
    return {
        "amount": wish["amount"],
        "amount_tax": _tax(wish["amount"], rate, behaviour),
        "tax_behavior": behaviour,
        "tax_code": wish.get("tax_code", SHIPPING),
    }


def _tax(amount: int, rate: Rate, behaviour: str) -> int:
    """Return the tax of an amount in minor units; half a unit is rounded away from zero."""
    base = 10_000 if behaviour == "exclusive" else 10_000 + rate.basis_points
    size = (2 * abs(amount) * rate.basis_points + base) // (2 * base)
    return size if amount >= 0 else -size


def _breakdown(taxed: list[Json], country: str, rate: Rate, reason: str) -> list[Json]:
    """Return one row for what the tax came on top of, and one for what had it inside."""
    rows = []
    for behaviour in ("exclusive", "inclusive"):
        parts = [each for each in taxed if each["tax_behavior"] == behaviour]
        if not parts:
            continue
        tax = sum(each["amount_tax"] for each in parts)
        inside = tax if behaviour == "inclusive" else 0
        rows.append(
            {
                "amount": tax,
                "inclusive": behaviour == "inclusive",
                "tax_rate_details": {
                    "country": country,
                    "flat_amount": None,
                    "percentage_decimal": rate.percentage,
                    "rate_type": "percentage",
                    "state": None,
                    "tax_type": rate.tax_type,
                },
                "taxability_reason": reason,
                "taxable_amount": sum(each["amount"] for each in parts) - inside,
            }
        )
    return rows


ROUTES: dict[str, Callable[[Call], Json]] = {"POST /v1/tax/calculations": create}
