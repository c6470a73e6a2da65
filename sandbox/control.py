"""Levers for tests: failures on demand, the clock, a look at the books, and a fresh start."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from math import isfinite

from werkzeug import Request, Response

from sandbox import endpoints, levers
from sandbox.errors import Json, StripeError
from sandbox.ids import new_id
from sandbox.world import World

SHOWN = ("id", "status", "amount", "amount_received", "currency", "metadata", "client_secret")
# What the shop has not made, or not on purpose.
UNCOUNTED = ("balance_transaction", "webhook_endpoint")


def arm(world: World, request: Request) -> Response:
    """Arm the fault that the body describes."""
    try:
        world.faults.arm(request.get_json())
    except ValueError as error:
        return reply({"error": str(error)}, 400)
    return faults(world, request)


def faults(world: World, _request: Request) -> Response:
    """Return what was armed and how often each fault has struck."""
    return reply({"faults": world.faults.listed()})


def disarm(world: World, request: Request) -> Response:
    """Disarm every fault."""
    world.faults.clear()
    return faults(world, request)


def reset(world: World, _request: Request) -> Response:
    """Forget every object, event, delivery, kept answer and fault, and set the clock right."""
    world.faults.clear()
    with world.store.transaction():
        world.store.forget()
        world.clock.ahead = 0
        endpoints.configure(world.store, world.config, world.clock.now())
    return reply({})


def clock(world: World, request: Request) -> Response:
    """Return the clock's time; a POST moves it on: {"advance_seconds"} or {"now"}."""
    if request.method == "POST":
        wish = request.get_json()
        try:
            move_clock(world, wish)
        except ValueError as error:
            return reply({"error": str(error)}, 400)
    return reply({"now": world.clock.now(), "ahead_seconds": world.clock.ahead})


def move_clock(world: World, wish: Json) -> None:
    """Move the clock on by {"advance_seconds"} or to {"now"}; raise ValueError for going back."""
    numbers = {name: float(wish[name]) for name in ("advance_seconds", "now") if name in wish}
    if len(numbers) != 1 or not all(map(isfinite, numbers.values())):
        raise ValueError("give either advance_seconds or now, a number of seconds")
    ahead = numbers.get("advance_seconds", numbers.get("now", 0) - world.clock.now())
    if ahead < 0:
        raise ValueError("the clock only goes forward; reset sets it right")
    with world.store.transaction():
        world.clock.ahead += ahead
        world.store.change("UPDATE clock SET ahead = ?", world.clock.ahead)
    world.rang.set()


def state(world: World, _request: Request) -> Response:
    """Return counts, sums per currency in minor units, and the intents."""
    with world.store.transaction():
        counts = _counts(world, "SELECT kind, COUNT(*) FROM objects GROUP BY kind")
        deliveries = _counts(world, "SELECT state, COUNT(*) FROM deliveries GROUP BY state")
        charges = _parts(world, "charge", ("currency", "amount_captured", "status"))
        booked = _parts(world, "balance_transaction", ("currency", "reporting_category", "amount"))
        intents = _parts(world, "payment_intent", SHOWN)
    captured: Counter[str] = Counter()
    for each in charges:
        captured[each["currency"]] += each["amount_captured"]
    balance: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in booked:
        balance[each["currency"]][each["reporting_category"]] += each["amount"]
    return reply(
        {
            "counts": {kind: n for kind, n in counts.items() if kind not in UNCOUNTED},
            "charges_succeeded": sum(each["status"] == "succeeded" for each in charges),
            "captured": {currency: total for currency, total in captured.items() if total},
            "balance": balance,
            "deliveries": deliveries,
            "payment_intents": intents,
        }
    )


def contract_violations(world: World, _request: Request) -> Response:
    """Return the stand-in's own breaches of Stripe's contract: always an empty list, one hopes."""
    with world.store.transaction():
        rows = world.store.rows("SELECT call, problem FROM violations ORDER BY seq")
    return reply({"violations": [dict(row) for row in rows]})


def resend(world: World, _request: Request, event_id: str) -> Response:
    """Deliver an event once more, to each endpoint that wants it."""
    with world.store.transaction():
        event = world.store.find("event", event_id)
        if event is None:
            return reply({"error": f"There is no event {event_id}."}, 404)
        world.plan_deliveries(event, endpoints.receivers(world.store, event["type"]))
    world.rang.set()
    return reply({})


def rotate(world: World, request: Request, endpoint_id: str) -> Response:
    """Give an endpoint another secret: {"secret", "overlap_seconds"}; return it."""
    wish = request.get_json()
    secret = wish.get("secret") or new_id("whsec")
    overlap = float(wish.get("overlap_seconds", 0))
    with world.store.transaction():
        if world.store.find("webhook_endpoint", endpoint_id) is None:
            return reply({"error": f"There is no webhook endpoint {endpoint_id}."}, 404)
        endpoints.rotate(world.store, endpoint_id, secret, world.clock.now(), overlap)
    return reply({"secret": secret})


def _counts(world: World, query: str) -> dict[str, int]:
    return dict(map(tuple, world.store.rows(query)))


def _parts(world: World, kind: str, names: tuple[str, ...]) -> list[Json]:
    """Return some properties of all objects of a kind, the newest first."""
    paths = ", ".join(f"'$.{name}'" for name in names)
    rows = world.store.rows(
        # The names are ours.
        f"SELECT json_extract(body, {paths}) FROM objects"  # noqa: S608
        " WHERE kind = ? ORDER BY seq DESC",
        kind,
    )
    return [dict(zip(names, json.loads(row[0]), strict=True)) for row in rows]


def lever(pulled: levers.Lever) -> Callable[..., Response]:
    """Return the view that pulls a lever and answers with what it moved."""

    def view(world: World, request: Request, object_id: str) -> Response:
        try:
            return reply(levers.pull(world, pulled, request.get_json(), object_id))
        except StripeError as error:
            return reply({"error": str(error)}, error.status)

    return view


def reply(body: Json, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(json.dumps(body), status, mimetype="application/json")
