"""One API call from request to answer: key, contract, idempotency, effect, answer."""

import hashlib
import json
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from werkzeug import Request, Response

from sandbox import API_VERSION
from sandbox.api import (
    balance_transactions,
    charges,
    checkout_sessions,
    confirmation_tokens,
    coupons,
    customer_sessions,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    prices,
    products,
    promotion_codes,
    refunds,
    setup_intents,
    tax_calculations,
    webhook_endpoints,
)
from sandbox.errors import Json, NotBegunError, PaymentDeclinedError, StripeError
from sandbox.expansion import expand
from sandbox.faults import Fault, Kind
from sandbox.forms import decode
from sandbox.ids import new_id
from sandbox.world import Call, World

ROUTES: dict[str, Callable[[Call], Json]] = {
    **balance_transactions.ROUTES,
    **charges.ROUTES,
    **checkout_sessions.ROUTES,
    **confirmation_tokens.ROUTES,
    **coupons.ROUTES,
    **customer_sessions.ROUTES,
    **customers.ROUTES,
    **disputes.ROUTES,
    **events.ROUTES,
    **payment_intents.ROUTES,
    **payment_methods.ROUTES,
    **prices.ROUTES,
    **products.ROUTES,
    **promotion_codes.ROUTES,
    **refunds.ROUTES,
    **setup_intents.ROUTES,
    **tax_calculations.ROUTES,
    **webhook_endpoints.ROUTES,
}
FOR_BROWSERS = frozenset(
    {
        "POST /v1/payment_methods",
        "GET /v1/payment_intents/{intent}",
        "POST /v1/payment_intents/{intent}/confirm",
        "GET /v1/setup_intents/{intent}",
        "POST /v1/setup_intents/{intent}/confirm",
    }
)
# The part of an object that a publishable key may see.
REDUCED = {"payment_intent": payment_intents.reduced, "setup_intent": setup_intents.reduced}
INTERNAL_ERROR: Json = {
    "error": {"type": "api_error", "message": "An unknown error occurred (a fault on demand)."}
}
# The faults that strike before anything happened: nothing is kept of them.
BEFORE: dict[Kind, tuple[int, Json]] = {
    "error_before": (500, INTERNAL_ERROR),
    "rate_limited": (
        429,
        {
            "error": {
                "type": "invalid_request_error",
                "code": "rate_limit",
                "message": "Too many requests hit the API too quickly (a fault on demand).",
            }
        },
    ),
    "conflict": (
        409,
        {
            "error": {
                "type": "invalid_request_error",
                "code": "idempotency_key_in_use",
                "message": "There is currently another in-progress request using this Idempotent "
                "Key (a fault on demand).",
            }
        },
    ),
}

log = logging.getLogger("stripe")


@dataclass
class Answer:
    """What goes back: the status, the body as JSON text, whether it was kept, and more headers."""

    status: int
    text: str
    replayed: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Api:
    """The API of one stand-in; `in_flight` holds the idempotency keys of running calls."""

    world: World
    in_flight: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(self, route: str, path: dict[str, str], request: Request) -> Response:
        """Return the answer to a call of a known route."""
        started = time.perf_counter()
        subject = f"{request.method} {request.path}"
        request_id = new_id("req")
        try:
            call = self._read(route, path, request, request_id)
            answer = self._once(route, subject, call)
        except StripeError as error:
            answer = Answer(error.status, json.dumps({"error": error.error}))
        except Exception:
            log.exception("%s failed inside the stand-in", subject)
            answer = Answer(500, json.dumps(INTERNAL_ERROR))
        self._hold_to_contract(route, subject, answer)
        elapsed = 1000 * (time.perf_counter() - started)
        log.info("%s %s (%.0f ms)", subject, answer.status, elapsed)
        return self._response(request, request_id, answer, subject)

    def _read(self, route: str, path: dict[str, str], request: Request, request_id: str) -> Call:
        pairs = list((request.form if request.method == "POST" else request.args).items(multi=True))
        public = self._authenticate(request, dict(pairs).get("key"), route)
        form = decode((name, value) for name, value in pairs if name != "key")
        params = self.world.contract.read_request(route, form)
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        if key is not None and len(key) > 255:
            raise NotBegunError("Idempotency-Key may have at most 255 characters.")
        return Call(self.world, params, path, public, request_id, key)

    def _authenticate(self, request: Request, form_key: str | None, route: str) -> bool:
        """Return whether the key is the publishable one; raise the 401 for any other key."""
        config = self.world.config
        version = request.headers.get("Stripe-Version", API_VERSION)
        if version != API_VERSION:
            raise NotBegunError(f"The stand-in speaks {API_VERSION} only, not {version}.")
        given = request.authorization
        key = (given.token or given.username) if given else form_key
        if key == config.secret_key and given:
            return False
        if key != config.publishable_key:
            raise _wrong_key(key)
        if route not in FOR_BROWSERS:
            raise NotBegunError(
                "This API call cannot be made with a publishable API key. Please use a secret API "
                "key.",
                status=401,
                code="secret_key_required",
            )
        return True

    def _once(self, route: str, subject: str, call: Call) -> Answer:
        """Run the call, or return what the first call under its idempotency key got."""
        key = call.idempotency_key
        if key is None:
            return self._run(route, subject, call, "")
        secret = json.dumps([subject, call.params, call.public], sort_keys=True)
        fingerprint = hashlib.sha256(secret.encode()).hexdigest()
        with self._flying(key):
            with self.world.store.transaction():
                first = self.world.store.answer(key, self.world.clock.now())
            if first is None:
                return self._run(route, subject, call, fingerprint)
        if first["fingerprint"] != fingerprint:
            raise NotBegunError(
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
                kind="idempotency_error",
            )
        return Answer(first["status"], first["body"], replayed=True)

    @contextmanager
    def _flying(self, key: str) -> Iterator[None]:
        with self.lock:
            if key in self.in_flight:
                raise NotBegunError(
                    "There is currently another in-progress request using this Idempotent Key "
                    f"(that probably means you submitted twice, and the other request is still "
                    f"going through): {key}.",
                    status=409,
                    code="idempotency_key_in_use",
                )
            self.in_flight.add(key)
        try:
            yield
        finally:
            with self.lock:
                self.in_flight.remove(key)

    def _run(self, route: str, subject: str, call: Call, fingerprint: str) -> Answer:
        store, faults = self.world.store, self.world.faults
        for kind, (status, body) in BEFORE.items():
            if fault := faults.strike(kind, subject):
                return Answer(status, json.dumps(body), headers=_retry_header(fault))
        try:
            with store.transaction():
                answer = _effect(route, call)
                if faults.strike("error_after", subject):
                    answer = Answer(500, json.dumps(INTERNAL_ERROR))
                self._keep(call, fingerprint, answer)
        except NotBegunError:
            raise
        except StripeError as error:
            answer = Answer(error.status, _error_text(call, error))
            with store.transaction():
                self._keep(call, fingerprint, answer)
        self.world.rang.set()
        self._await_early(call)
        if slow := faults.strike("slow", subject):
            time.sleep(slow.seconds)
        return answer

    def _await_early(self, call: Call) -> None:
        """Let the webhooks that are to come before the answer be tried first."""
        store = self.world.store
        for event_id, seconds in call.early:
            deadline = time.monotonic() + seconds
            untried = True
            while untried and time.monotonic() < deadline:
                time.sleep(0.01)
                with store.transaction():
                    untried = bool(
                        store.rows(
                            "SELECT 1 FROM deliveries WHERE event_id = ? AND state = 'pending'"
                            " AND attempts = 0",
                            event_id,
                        )
                    )

    def _keep(self, call: Call, fingerprint: str, answer: Answer) -> None:
        if call.idempotency_key is not None:
            self.world.store.keep_answer(
                call.idempotency_key,
                fingerprint,
                answer.status,
                answer.text,
                self.world.clock.now(),
            )

    def _hold_to_contract(self, route: str, subject: str, answer: Answer) -> None:
        contract, body = self.world.contract, json.loads(answer.text)
        if answer.status == 200:
            problems = contract.response_problems(route, body)
        else:
            problems = contract.object_problems("error", body)
        if problems:
            log.error("%s breaks Stripe's contract: %s", subject, "; ".join(problems))
            self.world.breach(subject, problems)

    def _response(
        self, request: Request, request_id: str, answer: Answer, subject: str
    ) -> Response:
        connection, faults = request.environ["werkzeug.socket"], self.world.faults
        timeout = faults.strike("timeout_after", subject)
        if timeout:
            # Readable once the client has given up.
            select.select([connection], [], [], timeout.seconds)
        if timeout or faults.strike("connection_dropped", subject):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("a fault on demand")
        response = Response(answer.text, answer.status, mimetype="application/json")
        response.headers["Request-Id"] = request_id
        response.headers["Stripe-Version"] = API_VERSION
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers.update(answer.headers)
        if answer.replayed:
            response.headers["Idempotent-Replayed"] = "true"
        return response


def _retry_header(fault: Fault) -> dict[str, str]:
    if fault.should_retry is None:
        return {}
    return {"Stripe-Should-Retry": "true" if fault.should_retry else "false"}


def _effect(route: str, call: Call) -> Answer:
    try:
        body = ROUTES[route](call)
    except PaymentDeclinedError as declined:
        return Answer(declined.status, _error_text(call, declined))
    if call.public and body["object"] in REDUCED:
        body = REDUCED[body["object"]](body)
    return Answer(200, json.dumps(expand(call, body)))


def _error_text(call: Call, refusal: StripeError) -> str:
    error = refusal.error
    for kind in REDUCED.keys() & error.keys() if call.public else ():
        error = {**error, kind: REDUCED[kind](error[kind])}
    return json.dumps({"error": error})


def _wrong_key(key: str | None) -> NotBegunError:
    if not key:
        message = (
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth."
        )
    elif "_live_" in key:
        message = "A live key was given to the stand-in, which only makes test payments."
    else:
        message = f"Invalid API Key provided: {key[:8]}****{key[-4:]}"
    return NotBegunError(message, status=401)
