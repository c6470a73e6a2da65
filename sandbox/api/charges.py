"""Charges: one for every try that reached the issuer."""

from typing import Literal

from sandbox import balance, listing
from sandbox.cards import Decline
from sandbox.errors import Json
from sandbox.ids import new_id
from sandbox.world import Call, refuse_unused

Status = Literal["succeeded", "pending", "failed"]


def list_all(call: Call) -> Json:
    """List charges by payment intent, customer and time."""
    refuse_unused(call, listing.PAGING | {"created", "customer", "payment_intent"})
    return listing.page(call, "charge", "/v1/charges", equal=("customer", "payment_intent"))


def retrieve(call: Call) -> Json:
    """Return one charge."""
    return call.need("charge", call.path["charge"], "charge")


def add_charge(
    call: Call, intent: Json, method: Json, status: Status, decline: Decline | None
) -> Json:
    """Keep a charge of the intent's amount and tell about it; return it."""
    captured = status == "succeeded" and intent["capture_method"] != "manual"
    charge: Json = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "TEST PAYMENTS",
        "captured": captured,
        "created": call.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(status, decline),
        "paid": status == "succeeded",
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(method, intent, status),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }
    if captured:
        charge["balance_transaction"] = balance.book_charge(call, charge)["id"]
    call.store.add(charge, {})
    call.emit(f"charge.{status}", charge)
    return charge


def settle_charge(call: Call, charge: Json, decline: Decline | None) -> None:
    """Turn a pending charge into a succeeded or failed one and tell about it."""
    charge["status"] = "failed" if decline else "succeeded"
    charge["paid"] = charge["captured"] = decline is None
    charge["amount_captured"] = 0 if decline else charge["amount"]
    charge["failure_code"] = decline.code if decline else None
    charge["failure_message"] = decline.message if decline else None
    charge["outcome"] = _outcome(charge["status"], decline)
    if decline is None:
        charge["balance_transaction"] = balance.book_charge(call, charge)["id"]
    call.store.save(charge)
    call.emit(f"charge.{charge['status']}", charge)


def _outcome(status: Status, decline: Decline | None) -> Json:
    outcome: Json = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    if decline:
        outcome["network_status"] = "declined_by_network"
        outcome["reason"] = decline.decline_code
        outcome["seller_message"] = "The bank did not return any further details."
        outcome["type"] = "issuer_declined"
    elif status == "pending":
        outcome["seller_message"] = None
    return outcome


def _details(method: Json, intent: Json, status: Status) -> Json:
    card = method["card"]
    return {
        "type": "card",
        "card": {
            "amount_authorized": intent["amount"] if status == "succeeded" else None,
            "authorization_code": None,
            "brand": card["brand"],
            "checks": card["checks"],
            "country": card["country"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "installments": None,
            "last4": card["last4"],
            "mandate": None,
            "network": card["brand"],
            "network_token": {"used": False},
            "network_transaction_id": None,
            "regulated_status": card["regulated_status"],
            "three_d_secure": None,
            "wallet": None,
        },
    }


ROUTES = {"GET /v1/charges": list_all, "GET /v1/charges/{charge}": retrieve}
