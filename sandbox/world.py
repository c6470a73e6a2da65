"""What every part of one running stand-in shares, and what one API call works with."""

import threading
import time
from dataclasses import dataclass, field

from sandbox import API_VERSION
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
    rang: threading.Event = field(default_factory=threading.Event)

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

    @property
    def store(self) -> Store:
        """Return where objects are kept."""
        return self.world.store

    def need(self, kind: str, object_id: str, param: str) -> Json:
        """Return an object; raise the 404 in Stripe's shape when there is none."""
        found = self.store.find(kind, object_id)
        if found is None:
            raise missing(kind, object_id, param)
        return found

    def emit(self, event_type: str, snapshot: Json) -> None:
        """Keep an event about an object as it is now, and its delivery when there is a receiver."""
        now = time.time()
        receiver = bool(self.world.config.webhook_url)
        event: Json = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(now),
            "data": {"object": snapshot},
            "livemode": False,
            "pending_webhooks": int(receiver),
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": event_type,
        }
        for problem in self.world.contract.event_problems(event):
            self.store.note_violation(event_type, problem)
        self.store.add(event, {})
        if receiver:
            self.store.change(
                "INSERT INTO deliveries (event_id, state, created, next_at)"
                " VALUES (?, 'pending', ?, ?)",
                event["id"],
                now,
                now,
            )


def page_of(call: Call, objects: list[Json], url: str) -> Json:
    """Return one page of a list, newest first, by limit, starting_after and ending_before."""
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError("Invalid limit: must be between 1 and 100", param="limit")
    ids = [each["id"] for each in objects]
    if before := call.params.get("ending_before"):
        end = _position(ids, before, "ending_before")
        start = max(0, end - limit)
        has_more = start > 0
    else:
        after = call.params.get("starting_after")
        start = _position(ids, after, "starting_after") + 1 if after else 0
        end = start + limit
        has_more = end < len(objects)
    return {"object": "list", "data": objects[start:end], "has_more": has_more, "url": url}


def _position(ids: list[str], wanted: str, param: str) -> int:
    if wanted not in ids:
        raise StripeError(f"No such object: '{wanted}'", code="resource_missing", param=param)
    return ids.index(wanted)


def within(created: int, wish: int | Json) -> bool:
    """Return whether a time satisfies `created`, given as a second or as gt, gte, lt, lte."""
    if isinstance(wish, int):
        return created == wish
    return bool(
        created > wish.get("gt", created - 1)
        and created >= wish.get("gte", created)
        and created < wish.get("lt", created + 1)
        and created <= wish.get("lte", created)
    )


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
