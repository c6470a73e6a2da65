"""One API call from request to answer: key, contract, idempotency, effect, answer."""

import hashlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from werkzeug import Request, Response

from sandbox import API_VERSION
from sandbox.api import charges, customers, events, payment_intents, payment_methods
from sandbox.errors import Json, NotBegunError, PaymentDeclinedError, StripeError
from sandbox.expansion import expand
from sandbox.forms import decode
from sandbox.ids import new_id
from sandbox.world import Call, World

ROUTES: dict[str, Callable[[Call], Json]] = {
    **charges.ROUTES,
    **customers.ROUTES,
    **events.ROUTES,
    **payment_intents.ROUTES,
    **payment_methods.ROUTES,
}
FOR_BROWSERS = frozenset(
    {
        "POST /v1/payment_methods",
        "GET /v1/payment_intents/{intent}",
        "POST /v1/payment_intents/{intent}/confirm",
    }
)
INTERNAL_ERROR: Json = {
    "error": {"type": "api_error", "message": "An unknown error occurred (a fault on demand)."}
}

log = logging.getLogger("stripe")


@dataclass
class Answer:
    """What goes back: the status, the body as JSON text, and whether it was kept from before."""

    status: int
    text: str
    replayed: bool = False


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
                first = self.world.store.answer(key)
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
        if faults.strike("error_before", subject):
            raise NotBegunError(INTERNAL_ERROR["error"]["message"], status=500, kind="api_error")
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
        if slow := faults.strike("slow", subject):
            time.sleep(slow.seconds)
        return answer

    def _keep(self, call: Call, fingerprint: str, answer: Answer) -> None:
        if call.idempotency_key is not None:
            self.world.store.keep_answer(
                call.idempotency_key, fingerprint, answer.status, answer.text
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
        if self.world.faults.strike("connection_dropped", subject):
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError("a fault on demand")
        response = Response(answer.text, answer.status, mimetype="application/json")
        response.headers["Request-Id"] = request_id
        response.headers["Stripe-Version"] = API_VERSION
        response.headers["Access-Control-Allow-Origin"] = "*"
        if answer.replayed:
            response.headers["Idempotent-Replayed"] = "true"
        return response


def _effect(route: str, call: Call) -> Answer:
    try:
        body = ROUTES[route](call)
    except PaymentDeclinedError as declined:
        return Answer(declined.status, _error_text(call, declined))
    if call.public and body["object"] == "payment_intent":
        body = payment_intents.reduced(body)
    return Answer(200, json.dumps(expand(call, body)))


def _error_text(call: Call, refusal: StripeError) -> str:
    error = refusal.error
    if call.public and "payment_intent" in error:
        error = {**error, "payment_intent": payment_intents.reduced(error["payment_intent"])}
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
