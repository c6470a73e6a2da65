"""What every part of one running stand-in shares, and what one API call works with."""

import threading
from dataclasses import dataclass, field

from sandbox import API_VERSION, endpoints
from sandbox.clock import Clock
from sandbox.config import Config
from sandbox.errors import Json, StripeError, missing
from sandbox.faults import Faults
from sandbox.ids import new_id
from sandbox.schema import Contract
from sandbox.store import Store

NO_ADDRESS: Json = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


@dataclass
class World:
    """One running stand-in; `rang` wakes the worker that delivers webhooks and settles payments."""

    config: Config
    store: Store
    contract: Contract = field(default_factory=Contract)
    faults: Faults = field(default_factory=Faults)
    clock: Clock = field(default_factory=Clock)
    rang: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        with self.store.transaction():
            self.clock.ahead = self.store.rows("SELECT ahead FROM clock")[0]["ahead"]
            endpoints.configure(self.store, self.config, self.clock.now())

    def plan_deliveries(self, event: Json, receivers: list[str]) -> None:
        """Keep one delivery of an event for each of the endpoints."""
        now, snapshot = self.clock.now(), event["data"]["object"]
        for endpoint_id in receivers:
            self.store.change(
                "INSERT INTO deliveries (event_id, endpoint_id, about, state, created, next_at)"
                " VALUES (?, ?, ?, 'pending', ?, ?)",
                event["id"],
                endpoint_id,
                snapshot.get("payment_intent") or snapshot["id"],
                now,
                now,
            )

    def breach(self, call: str, problems: list[str]) -> None:
        """Keep the stand-in's own breaches of Stripe's contract, for the tests to find."""
        with self.store.transaction():
            for problem in problems:
                self.store.note_violation(call, problem)


@dataclass
class Call:
    """One API call, or the clock acting on its own; runs inside a transaction of the store."""

    world: World
    params: Json = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    public: bool = False
    request_id: str | None = None
    idempotency_key: str | None = None
    early: list[tuple[str, float]] = field(default_factory=list)
    """The events to be delivered before the answer, and how many seconds to wait for that."""

    @property
    def store(self) -> Store:
        """Return where objects are kept."""
        return self.world.store

    @property
    def now(self) -> int:
        """Return the second since 1970 by the stand-in's clock."""
        return int(self.world.clock.now())

    def need(self, kind: str, object_id: str, param: str) -> Json:
        """Return an object; raise the 404 in Stripe's shape when there is none."""
        found = self.store.find(kind, object_id)
        if found is None:
            raise missing(kind, object_id, param)
        return found

    def settle_later(self, object_id: str, outcome: str, due_at: float | None = None) -> None:
        """Have the clock move an object on, after STRIPE_SANDBOX_SETTLE_SECONDS or at a time."""
        if due_at is None:
            due_at = self.world.clock.now() + self.world.config.settle_seconds
        self.store.change(
            "INSERT OR REPLACE INTO settlements VALUES (?, ?, ?)", object_id, due_at, outcome
        )

    def emit(self, event_type: str, snapshot: Json) -> None:
        """Keep an event about an object as it is now, and its deliveries."""
        receivers = endpoints.receivers(self.store, event_type)
        event: Json = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now,
            "data": {"object": snapshot},
            "livemode": False,
            "pending_webhooks": len(receivers),
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": event_type,
        }
        for problem in self.world.contract.event_problems(event):
            self.store.note_violation(event_type, problem)
        self.store.add(event, {})
        self.world.plan_deliveries(event, receivers)
        if self.request_id and (early := self.world.faults.strike("webhook_early", event_type)):
            self.early.append((event["id"], early.seconds))


def refuse_unused(call: Call, used: frozenset[str]) -> None:
    """Raise when Stripe would know a parameter that the stand-in does not act on."""
    for name in call.params:
        if name not in used:
            raise StripeError(
                f"The stand-in does not act on {name}; leave it out or use a Stripe test account.",
                code="parameter_unsupported_by_stand_in",
                param=name,
            )


def merge_metadata(old: dict[str, str], wish: dict[str, str] | str) -> dict[str, str]:
    """Return the metadata after an update: an empty value removes its key, "" removes all."""
    if isinstance(wish, str):
        return {}
    merged = {key: value for key, value in {**old, **wish}.items() if value != ""}
    if len(merged) > 50:
        raise StripeError("You can only have 50 metadata keys.", param="metadata")
    for key, value in merged.items():
        if len(key) > 40:
            raise StripeError(
                f"Metadata keys can have up to 40 characters: {key}", param=f"metadata[{key}]"
            )
        if len(value) > 500:
            raise StripeError(
                f"Metadata values can have up to 500 characters: {key}", param=f"metadata[{key}]"
            )
    return merged


def full_address(wish: Json | str | None) -> Json | None:
    """Return an address with every field that Stripe shows, or None."""
    if not wish or isinstance(wish, str):
        return None
    return {name: wish.get(name) or None for name in NO_ADDRESS}


def full_shipping(wish: Json | str | None) -> Json | None:
    """Return a shipping hash with every field that Stripe shows, or None."""
    if not wish or isinstance(wish, str):
        return None
    return {
        "address": full_address(wish.get("address")) or NO_ADDRESS,
        "carrier": wish.get("carrier") or None,
        "name": wish["name"],
        "phone": wish.get("phone") or None,
        "tracking_number": wish.get("tracking_number") or None,
    }
