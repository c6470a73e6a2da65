"""Levers for tests: failures on demand, a look at the books, and a fresh start."""

import json
import time
from collections import Counter

from werkzeug import Request, Response

from sandbox.clockwork import settle_now
from sandbox.errors import Json, StripeError
from sandbox.world import Call, World


def arm(world: World, request: Request) -> Response:
    """Arm the fault that the body describes."""
    try:
        world.faults.arm(request.get_json())
    except ValueError as error:
        return reply({"error": str(error)}, 400)
    return reply({"armed": len(world.faults.armed)})


def reset(world: World, _request: Request) -> Response:
    """Forget every object, event, delivery, kept answer and fault."""
    world.faults.clear()
    with world.store.transaction():
        world.store.forget()
    return reply({})


def state(world: World, _request: Request) -> Response:
    """Return counts, what was captured per currency in minor units, and the intents."""
    store = world.store
    with store.transaction():
        counts = {
            row["kind"]: row["n"]
            for row in store.rows("SELECT kind, COUNT(*) AS n FROM objects GROUP BY kind")
        }
        charges = list(store.newest_first("charge"))
        intents = list(store.newest_first("payment_intent"))
        deliveries = store.rows("SELECT state, COUNT(*) AS n FROM deliveries GROUP BY state")
    captured: Counter[str] = Counter()
    for charge in charges:
        captured[charge["currency"]] += charge["amount_captured"]
    shown = ("id", "status", "amount", "amount_received", "currency", "metadata", "client_secret")
    return reply(
        {
            "counts": counts,
            "charges_succeeded": sum(each["status"] == "succeeded" for each in charges),
            "captured": {currency: total for currency, total in captured.items() if total},
            "deliveries": {row["state"]: row["n"] for row in deliveries},
            "payment_intents": [{name: each[name] for name in shown} for each in intents],
        }
    )


def contract_violations(world: World, _request: Request) -> Response:
    """Return the stand-in's own breaches of Stripe's contract: always an empty list, one hopes."""
    with world.store.transaction():
        rows = world.store.rows("SELECT call, problem FROM violations ORDER BY seq")
    return reply({"violations": [dict(row) for row in rows]})


def resend(world: World, _request: Request, event_id: str) -> Response:
    """Deliver an event once more."""
    now = time.time()
    with world.store.transaction():
        if world.store.find("event", event_id) is None:
            return reply({"error": f"There is no event {event_id}."}, 404)
        world.store.change(
            "INSERT INTO deliveries (event_id, state, created, next_at)"
            " VALUES (?, 'pending', ?, ?)",
            event_id,
            now,
            now,
        )
    world.rang.set()
    return reply({})


def settle(world: World, request: Request, intent_id: str) -> Response:
    """End the processing of a payment now, with the outcome "succeeded" or "failed"."""
    outcome = request.get_json().get("outcome")
    if outcome not in ("succeeded", "failed"):
        return reply({"error": "outcome must be succeeded or failed"}, 400)
    try:
        with world.store.transaction():
            intent = settle_now(Call(world), intent_id, outcome)
    except StripeError as error:
        return reply({"error": str(error)}, error.status)
    world.rang.set()
    return reply({"status": intent["status"]})


def reply(body: Json, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(json.dumps(body), status, mimetype="application/json")
