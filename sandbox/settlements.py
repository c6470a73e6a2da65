"""What was arranged for later, by a card or by a deadline, and is due now."""

import logging
import sqlite3

from sandbox import disputes, payments, refunds
from sandbox.api import checkout_sessions, payment_methods
from sandbox.errors import Json, PaymentDeclinedError, StripeError
from sandbox.world import Call, World

log = logging.getLogger("stripe")


def settle_due(world: World) -> None:
    """Settle what is due by the stand-in's clock, each in a transaction of its own."""
    with world.store.transaction():
        due = world.store.rows(
            "SELECT * FROM settlements WHERE due_at <= ? ORDER BY due_at", world.clock.now()
        )
    for row in due:
        try:
            with world.store.transaction():
                _settle(Call(world), row)
        except StripeError as error:
            # Something else has moved it meanwhile, such as a lever.
            log.info("%s is not %s: %s", row["object_id"], row["outcome"], error)
            with world.store.transaction():
                _forget(world, row)


def settle_payment(call: Call, intent: Json, outcome: str) -> Json:
    """End the processing of an intent; return it."""
    try:
        return payments.settle(call, intent, "succeeded" if outcome == "succeeded" else "failed")
    except PaymentDeclinedError as declined:
        failed: Json = declined.error["payment_intent"]
        return failed


def _settle(call: Call, row: sqlite3.Row) -> None:
    """Move one object on, unless its settlement has gone meanwhile."""
    found = call.store.find_any(row["object_id"])
    if not _forget(call.world, row) or found is None:
        return
    match found["object"]:
        case "payment_intent":
            settle_payment(call, found, row["outcome"])
        case "refund":
            refunds.settle(call, found, row["outcome"])
        case "dispute":
            disputes.settle(call, found, row["outcome"])
        case "checkout.session":
            checkout_sessions.expire_when_open(call, found)
        case "charge":
            card = payment_methods.behaviour(call, found["payment_method"])
            reason = card.dispute or "fraudulent"
            disputes.open_dispute(call, found, None, reason, inquiry=card.inquiry)


def _forget(world: World, row: sqlite3.Row) -> int:
    return world.store.change(
        "DELETE FROM settlements WHERE object_id = ? AND outcome = ?",
        row["object_id"],
        row["outcome"],
    )
