"""What happens by itself: webhooks are delivered, and payments in processing are settled."""

import hashlib
import hmac
import json
import logging
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from sandbox import payments
from sandbox.cards import Settlement
from sandbox.errors import Json, PaymentDeclinedError
from sandbox.world import Call, World

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


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the Stripe-Signature header for a body that is sent at that second."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


@dataclass
class Clockwork:
    """The worker of one stand-in; what it has to do is kept in the store."""

    world: World
    sending: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Work for ever."""
        with ThreadPoolExecutor(8, thread_name_prefix="webhook") as pool:
            while True:
                self.world.rang.clear()
                try:
                    self._settle_due()
                    for delivery_id in self._due():
                        pool.submit(self._deliver, delivery_id)
                except sqlite3.Error:
                    log.exception("the stand-in's data could not be read; trying again")
                self.world.rang.wait(0.1)

    def _settle_due(self) -> None:
        store = self.world.store
        with store.transaction():
            due = store.rows("SELECT * FROM settlements WHERE due_at <= ?", time.time())
            for row in due:
                settle_now(Call(self.world), row["intent_id"], row["outcome"])

    def _due(self) -> list[int]:
        store = self.world.store
        with store.transaction():
            rows = store.rows(
                "SELECT id FROM deliveries WHERE state = 'pending' AND next_at <= ? ORDER BY id",
                time.time(),
            )
        with self.lock:
            fresh = [row["id"] for row in rows if row["id"] not in self.sending]
            self.sending.update(fresh)
        return fresh

    def _deliver(self, delivery_id: int) -> None:
        try:
            self._try(delivery_id)
        except Exception:
            log.exception("delivery %s failed inside the stand-in", delivery_id)
        finally:
            with self.lock:
                self.sending.discard(delivery_id)

    def _try(self, delivery_id: int) -> None:
        store, faults = self.world.store, self.world.faults
        with store.transaction():
            rows = store.rows("SELECT * FROM deliveries WHERE id = ?", delivery_id)
            event = store.find("event", rows[0]["event_id"]) if rows else None
        if event is None:
            return
        kind = event["type"]
        if faults.strike("webhook_lost", kind):
            self._note(delivery_id, "lost", "lost: a fault on demand", None)
            return
        if delayed := faults.strike("webhook_delayed", kind):
            self._note(delivery_id, "pending", "delayed", time.time() + delayed.seconds)
            return
        wrong = faults.strike("webhook_wrongly_signed", kind) is not None
        if faults.strike("webhook_doubled", kind):
            self._send(event, wrong)
        answer = self._send(event, wrong)
        log.info("%s %s → %s", kind, event["data"]["object"]["id"], answer)
        self._judge(rows[0], answer)

    def _judge(self, row: sqlite3.Row, answer: str) -> None:
        now = time.time()
        if answer.startswith("2"):
            self._note(row["id"], "delivered", answer, now)
        elif now - row["created"] > GIVE_UP_AFTER:
            self._note(row["id"], "failed", answer, now)
        else:
            pause = min(2.0 ** min(row["attempts"], 10), LONGEST_PAUSE)
            self._note(row["id"], "pending", answer, now + pause, tried=1)

    def _note(
        self, delivery_id: int, state: str, answer: str, next_at: float | None, tried: int = 0
    ) -> None:
        store = self.world.store
        with store.transaction():
            store.change(
                "UPDATE deliveries SET state = ?, answer = ?, next_at = ifnull(?, next_at),"
                " attempts = attempts + ? WHERE id = ?",
                state,
                answer,
                next_at,
                tried,
                delivery_id,
            )

    def _send(self, event: Json, wrongly_signed: bool) -> str:
        """Return the status of the answer, or why there was none."""
        config = self.world.config
        body = json.dumps(event, indent=2).encode()
        secret = "whsec_wrong" if wrongly_signed else config.webhook_secret
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(secret, body, int(time.time())),
            "User-Agent": "Stripe/1.0 (stand-in for tests)",
        }
        # read_config has seen to it that this is http or https.
        request = Request(config.webhook_url, body, headers, method="POST")  # noqa: S310
        try:
            with OPENER.open(request, timeout=TIMEOUT) as response:
                return str(response.status)
        except HTTPError as error:
            error.close()
            return str(error.code)
        except (URLError, OSError, HTTPException) as error:
            return f"no answer: {error}"


def settle_now(call: Call, intent_id: str, outcome: Settlement) -> Json:
    """End the processing of an intent; runs inside a transaction. Return the intent."""
    intent = call.need("payment_intent", intent_id, "intent")
    try:
        return payments.settle(call, intent, outcome)
    except PaymentDeclinedError as declined:
        failed: Json = declined.error["payment_intent"]
        return failed
