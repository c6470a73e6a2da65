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

    def arm(
        self,
        kind: str,
        match: str = "*",
        times: int = 1,
        seconds: float | None = None,
        *,
        rate: float | None = None,
        seed: int | None = None,
        should_retry: bool | None = None,
    ) -> None:
        """Arm a fault for the next calls or event types that match (sandbox/README.md).

        With a rate it strikes each of them with that probability, until it is disarmed.
        """
        wish: Json = {"kind": kind, "match": match, "seconds": seconds, "seed": seed}
        wish["should_retry"] = should_retry
        wish |= {"times": times} if rate is None else {"rate": rate}
        self.control("faults", {name: value for name, value in wish.items() if value is not None})

    def faults(self) -> list[Json]:
        """Return the armed faults; each says in `struck` how often it has struck."""
        found: list[Json] = self.control("faults", None)["faults"]
        return found

    def disarm(self) -> None:
        """Disarm every fault."""
        self.control("faults", None, "DELETE")

    def advance_clock(self, seconds: float) -> float:
        """Move the clock on; return its time. Deadlines that pass are met within 0.2 seconds."""
        now: float = self.control("clock", {"advance_seconds": seconds})["now"]
        return now

    def state(self) -> Json:
        """Return counts, sums by currency (captured; balance by category), and the intents."""
        return self.control("state", None)

    def contract_violations(self) -> list[Json]:
        """Return the stand-in's own breaches of Stripe's contract."""
        found: list[Json] = self.control("contract_violations", None)["violations"]
        return found

    def repo_invitations(self) -> list[Json]:
        """Return who was invited at GitHub: "repository", "user_name", "state"."""
        found: list[Json] = self.control("outside", None)["invitations"]
        return found

    def whatsapp_messages(self) -> list[Json]:
        """Return what was sent by WhatsApp: "sent_by", "recipient", "body"."""
        found: list[Json] = self.control("outside", None)["messages"]
        return found

    def fail_outside(self, party: Literal["github", "whatsapp"], times: int) -> None:
        """Have another party than Stripe answer its next calls with 503."""
        self.arm("outside_fails", f"{party} *", times)

    def reset(self) -> None:
        """Forget everything."""
        self.control("reset", {})

    def resend(self, event_id: str) -> None:
        """Deliver an event once more."""
        self.control(f"events/{event_id}/resend", {})

    def settle(self, intent_id: str, outcome: Literal["succeeded", "failed"]) -> None:
        """End the processing of a payment now."""
        self.control(f"payment_intents/{intent_id}/settle", {"outcome": outcome})

    def refund_in_dashboard(self, intent_id: str, amount: int | None = None) -> Json:
        """Refund a payment as staff do at Stripe, by default all that is left; return it."""
        return self.control(f"payment_intents/{intent_id}/refund", {"amount": amount})

    def settle_refund(
        self,
        refund_id: str,
        outcome: Literal["succeeded", "failed", "canceled", "requires_action"],
    ) -> Json:
        """End a pending refund, or fail one that had succeeded; return it."""
        return self.control(f"refunds/{refund_id}/settle", {"outcome": outcome})

    def fail_refund(self, refund_id: str, reason: str = "expired_or_canceled_card") -> Json:
        """Fail a refund that is pending or had succeeded; return it."""
        wish = {"outcome": "failed", "failure_reason": reason}
        return self.control(f"refunds/{refund_id}/settle", wish)

    def open_dispute(
        self,
        intent_id: str,
        amount: int | None = None,
        reason: str = "fraudulent",
        *,
        inquiry: bool = False,
    ) -> Json:
        """Have the bank dispute a payment, or only inquire about it; return the dispute."""
        wish = {"amount": amount, "reason": reason, "inquiry": inquiry}
        return self.control(f"payment_intents/{intent_id}/dispute", wish)

    def close_dispute(self, dispute_id: str, outcome: Literal["won", "lost"]) -> Json:
        """Have the bank decide a dispute; return it. An inquiry becomes warning_closed."""
        return self.control(f"disputes/{dispute_id}/close", {"outcome": outcome})

    def escalate_dispute(self, dispute_id: str) -> Json:
        """Turn an inquiry into a dispute that takes the money; return it."""
        return self.control(f"disputes/{dispute_id}/escalate", {})

    def rotate_secret(self, overlap_seconds: float = 0, endpoint_id: str = "we_configured") -> str:
        """Give a webhook endpoint another secret; during the overlap both sign. Return it."""
        wish = {"overlap_seconds": overlap_seconds}
        secret: str = self.control(f"webhook_endpoints/{endpoint_id}/rotate", wish)["secret"]
        return secret

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

    def control(self, path: str, body: Json | None, method: str | None = None) -> Json:
        """Return what a lever answers; raise RuntimeError with its words when it refuses."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}",
            data,
            {"Content-Type": "application/json"},
            method=method,
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
