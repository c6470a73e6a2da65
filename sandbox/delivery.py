"""One try to deliver one event to one endpoint, with all that can be made to go wrong with it."""

import hashlib
import hmac
import json
import logging
import sqlite3
import time
from email.message import Message
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from sandbox import endpoints
from sandbox.errors import Json
from sandbox.world import World

LONGEST_PAUSE = 60.0
GIVE_UP_AFTER = 3 * 86_400.0
TIMEOUT = 20.0

log = logging.getLogger("webhook")


class _NoRedirect(HTTPRedirectHandler):
    """A redirect is not a delivery."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


OPENER = build_opener(ProxyHandler({}), _NoRedirect())


def signature(secrets: list[str], body: bytes, at: int) -> str:
    """Return the Stripe-Signature header for a body sent at that second, one v1 for each secret."""
    signed = f"{at}.".encode() + body
    parts = [hmac.new(each.encode(), signed, hashlib.sha256).hexdigest() for each in secrets]
    return ",".join([f"t={at}", *(f"v1={part}" for part in parts)])


def deliver(world: World, delivery_id: int) -> None:
    """Make one try, and note what came of it."""
    store = world.store
    with store.transaction():
        rows = store.rows("SELECT * FROM deliveries WHERE id = ?", delivery_id)
        row = rows[0] if rows else None
        event = store.find("event", row["event_id"]) if row else None
        endpoint = store.find("webhook_endpoint", row["endpoint_id"]) if row else None
    if row is None or event is None:
        return
    if endpoint is None or endpoint["status"] != "enabled":
        _note(world, row, "failed", "the endpoint is gone or disabled", row["next_at"])
    elif not _kept_back(world, row, event["type"]):
        answer = _try(world, event, endpoint)
        log.info("%s %s → %s", event["type"], event["data"]["object"]["id"], answer)
        _judge(world, row, answer)


def _kept_back(world: World, row: sqlite3.Row, event_type: str) -> bool:
    """Return whether a fault keeps the delivery from being made now."""
    now, faults = world.clock.now(), world.faults
    if faults.strike("webhook_lost", event_type):
        _note(world, row, "lost", "lost: a fault on demand", now)
    elif delayed := faults.strike("webhook_delayed", event_type):
        _note(world, row, "pending", "delayed: a fault on demand", now + delayed.seconds)
    elif not row["held"] and (held := faults.strike("webhook_reordered", event_type)):
        _note(world, row, "pending", "held back: a fault on demand", now + held.seconds, held=1)
    else:
        return False
    return True


def _try(world: World, event: Json, endpoint: Json) -> str:
    """Send the event, twice when a fault says so; return the last answer."""
    kind, faults = event["type"], world.faults
    with world.store.transaction():
        secrets = endpoints.secrets_of(world.store, endpoint["id"], world.clock.now())
    if faults.strike("webhook_wrongly_signed", kind):
        secrets = ["whsec_wrong"]
    stale = faults.strike("webhook_stale", kind)
    body = json.dumps(event, indent=2).encode()
    if faults.strike("webhook_doubled", kind):
        _send(endpoint["url"], body, secrets, stale.seconds if stale else 0)
    return _send(endpoint["url"], body, secrets, stale.seconds if stale else 0)


def _judge(world: World, row: sqlite3.Row, answer: str) -> None:
    now = world.clock.now()
    if answer.startswith("2"):
        _note(world, row, "delivered", answer, now, tried=1)
    elif now - row["created"] > GIVE_UP_AFTER:
        _note(world, row, "failed", answer, now, tried=1)
    else:
        pause = min(2.0 ** min(row["attempts"], 10), LONGEST_PAUSE)
        _note(world, row, "pending", answer, now + pause, tried=1)
    with world.store.transaction():
        released = world.store.change(
            "UPDATE deliveries SET next_at = ? WHERE state = 'pending' AND held = 1"
            " AND attempts = 0 AND about = ? AND id <> ?",
            now,
            row["about"],
            row["id"],
        )
    if released:
        world.rang.set()


def _note(
    world: World,
    row: sqlite3.Row,
    state: str,
    answer: str,
    next_at: float,
    *,
    tried: int = 0,
    held: int = 0,
) -> None:
    with world.store.transaction():
        world.store.change(
            "UPDATE deliveries SET state = ?, answer = ?, next_at = ?, attempts = attempts + ?,"
            " held = max(held, ?) WHERE id = ?",
            state,
            answer,
            next_at,
            tried,
            held,
            row["id"],
        )


def _send(url: str, body: bytes, secrets: list[str], seconds_ago: float) -> str:
    """Return the status of the answer, or why there was none."""
    # By the machine's clock, not the stand-in's: the shop compares it with its own.
    at = int(time.time() - seconds_ago)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(secrets, body, at),
        "User-Agent": "Stripe/1.0 (stand-in for tests)",
    }
    # Both ways to make an endpoint have seen to it that this is http or https.
    request = Request(url, body, headers, method="POST")  # noqa: S310
    try:
        with OPENER.open(request, timeout=TIMEOUT) as response:
            return str(response.status)
    except HTTPError as error:
        error.close()
        return str(error.code)
    except (URLError, OSError, HTTPException) as error:
        return f"no answer: {error}"
