"""The stand-in for Stripe as a process, and the shopper's browser without a browser."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Literal

Json = dict[str, Any]
ROOT = Path(__file__).parent.parent


def free_port() -> int:
    """Return a free port on the loopback, below those that outgoing connections are given.

    So nothing takes it while a killed stand-in is down.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class StandIn:
    """One stand-in with keys of its own; `start`, then `stop`, or `kill` to see what survives."""

    def __init__(self, data: Path, settle_seconds: float = 0.2) -> None:
        self.data = data
        self.settle_seconds = settle_seconds
        self.secret_key = "sk_test_" + secrets.token_hex(12)
        self.publishable_key = "pk_test_" + secrets.token_hex(12)
        self.webhook_secret = "whsec_" + secrets.token_hex(12)
        self.port = free_port()
        self.webhook_url = ""
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address for the SDK, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def js_url(self) -> str:
        """Return the address of the script for the browser."""
        return f"{self.url}/endive/stripe.js"

    def environment(self) -> dict[str, str]:
        """Return what the process is told."""
        return {
            **os.environ,
            "STRIPE_PORT": str(self.port),
            "STRIPE_SANDBOX_DATA": str(self.data),
            "STRIPE_SECRET_KEY": self.secret_key,
            "STRIPE_PUBLISHABLE_KEY": self.publishable_key,
            "STRIPE_WEBHOOK_SECRET": self.webhook_secret,
            "STRIPE_WEBHOOK_URL": self.webhook_url,
            "STRIPE_SANDBOX_MAILBOX": str(self.data.parent / "mailbox"),
            "STRIPE_SANDBOX_SETTLE_SECONDS": str(self.settle_seconds),
        }

    def start(self, webhook_url: str = "") -> "StandIn":
        """Run it, again on the same port and data after a kill; return once it answers."""
        self.webhook_url = webhook_url or self.webhook_url
        log = self.data.with_suffix(".log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sandbox", "serve"],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                self.state()
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError(f"the stand-in did not start:\n{log_of(self.data)}")

    def stop(self) -> None:
        """End it politely."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def arm(self, kind: str, match: str = "*", times: int = 1, seconds: float = 0) -> None:
        """Arm a fault for the next calls or event types that match (sandbox/README.md)."""
        wish = {"kind": kind, "match": match, "times": times, "seconds": seconds}
        self._control("faults", wish)

    def state(self) -> Json:
        """Return counts, captured sums by currency, delivery counts and the intents."""
        return self._control("state", None)

    def contract_violations(self) -> list[Json]:
        """Return the stand-in's own breaches of Stripe's contract."""
        found: list[Json] = self._control("contract_violations", None)["violations"]
        return found

    def reset(self) -> None:
        """Forget everything."""
        self._control("reset", {})

    def resend(self, event_id: str) -> None:
        """Deliver an event once more."""
        self._control(f"events/{event_id}/resend", {})

    def settle(self, intent_id: str, outcome: Literal["succeeded", "failed"]) -> None:
        """End the processing of a payment now."""
        self._control(f"payment_intents/{intent_id}/settle", {"outcome": outcome})

    def pay(
        self,
        client_secret: str,
        card_number: str = "4242424242424242",
        authenticate: Literal["complete", "fail"] = "complete",
    ) -> Json:
        """Confirm an intent as the browser does; return {"paymentIntent"} or {"error"}.

        A 3-D Secure challenge is passed or failed as asked.
        """
        status, method = self.browser_call("payment_methods", card_fields(card_number))
        if status != 200:
            return method
        intent_id = client_secret.partition("_secret_")[0]
        status, intent = self.browser_call(
            f"payment_intents/{intent_id}/confirm",
            {
                "client_secret": client_secret,
                "payment_method": method["id"],
                "use_stripe_sdk": "true",
            },
        )
        if status != 200:
            return intent
        if intent["status"] == "requires_action":
            intent = self.end_challenge(client_secret, authenticate)
            if intent["last_payment_error"]:
                return {"error": {**intent["last_payment_error"], "payment_intent": intent}}
        return {"paymentIntent": intent}

    def end_challenge(self, client_secret: str, authenticate: Literal["complete", "fail"]) -> Json:
        """Pass or fail the challenge of an intent; return the intent as the browser sees it."""
        intent_id = client_secret.partition("_secret_")[0]
        query = urllib.parse.urlencode({"payment_intent_client_secret": client_secret})
        form = urllib.parse.urlencode({"outcome": authenticate}).encode()
        with urllib.request.urlopen(f"{self.url}/challenge/{intent_id}?{query}", form, timeout=20):
            pass
        return self.retrieve_as_browser(client_secret)

    def retrieve_as_browser(self, client_secret: str) -> Json:
        """Return the reduced intent that a client secret opens."""
        intent_id = client_secret.partition("_secret_")[0]
        query = {"client_secret": client_secret, "key": self.publishable_key}
        address = f"{self.url}/v1/payment_intents/{intent_id}?{urllib.parse.urlencode(query)}"
        return _fetch(urllib.request.Request(address))[1]

    def browser_call(self, path: str, form: dict[str, str]) -> tuple[int, Json]:
        """Return status and body of a POST with the publishable key."""
        data = urllib.parse.urlencode({**form, "key": self.publishable_key}).encode()
        return _fetch(urllib.request.Request(f"{self.url}/v1/{path}", data))

    def _control(self, path: str, body: Json | None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}", data, {"Content-Type": "application/json"}
        )
        status, answer = _fetch(request)
        if status != 200:
            raise RuntimeError(f"the stand-in refused {path}: {answer}")
        return answer


def card_fields(number: str) -> dict[str, str]:
    """Return what the card frame sends for a card that is valid for another year."""
    return {
        "type": "card",
        "card[number]": number,
        "card[exp_month]": "12",
        "card[exp_year]": str(time.gmtime().tm_year + 1),
        "card[cvc]": "1234" if number.startswith("37") else "123",
    }


def log_of(data: Path) -> str:
    """Return what the stand-in with that data file has said."""
    log = data.with_suffix(".log")
    return log.read_text(encoding="utf-8") if log.exists() else ""


def _fetch(request: urllib.request.Request) -> tuple[int, Json]:
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
