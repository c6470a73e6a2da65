"""What survives a killed process, and what the stand-in refuses to start with."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from sandbox.config import VARIABLES
from sandbox.store import VERSIONS
from tests.sandbox.conftest import sdk
from tests.sandbox.receiver import Receiver
from tests.standin import ROOT, StandIn


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[StandIn]:
    """A stand-in of the test's own, to be killed."""
    stand_in = StandIn(tmp_path / "stripe.sqlite3", settle_seconds=2)
    yield stand_in
    stand_in.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of the test's own."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


def test_objects_answers_and_undelivered_webhooks_survive_a_kill(
    mortal: StandIn, receiver: Receiver
) -> None:
    mortal.start(webhook_url=receiver.url)
    receiver.answers[:] = [503]
    client = sdk(mortal)
    options: stripe.RequestOptions = {"idempotency_key": "order-1"}
    intent = client.v1.payment_intents.create({"amount": 4200, "currency": "usd"}, options)
    receiver.wait_for("payment_intent.created")
    mortal.kill()
    mortal.start()
    receiver.wait_for("payment_intent.created", 2)
    again = client.v1.payment_intents.create({"amount": 4200, "currency": "usd"}, options)
    assert again.id == intent.id
    assert mortal.contract_violations() == []


def test_a_payment_in_processing_is_settled_after_a_kill(
    mortal: StandIn, receiver: Receiver
) -> None:
    mortal.start(webhook_url=receiver.url)
    intent = sdk(mortal).v1.payment_intents.create({"amount": 4200, "currency": "usd"})
    mortal.pay(str(intent.client_secret), "4000000000700007")
    mortal.kill()
    mortal.start()
    receiver.wait_for("payment_intent.succeeded")
    assert mortal.state()["captured"] == {"usd": 4200}


def test_a_file_of_an_older_version_is_brought_up_to_date(
    mortal: StandIn, receiver: Receiver
) -> None:
    old = sqlite3.connect(mortal.data)
    old.executescript(VERSIONS[0])
    event = {"id": "evt_1", "object": "event", "type": "customer.created", "created": 1}
    event["data"] = {"object": {"id": "cus_1", "object": "customer"}}
    old.execute(
        "INSERT INTO objects (id, kind, created, body, hidden) VALUES ('evt_1', 'event', 1, ?, '')",
        [json.dumps(event)],
    )
    old.execute(
        "INSERT INTO deliveries (event_id, state, created, next_at)"
        " VALUES ('evt_1', 'pending', 1, 1)"
    )
    old.commit()
    old.close()
    mortal.start(webhook_url=receiver.url)
    assert receiver.wait_for("customer.created")["id"] == "evt_1"
    assert sdk(mortal).v1.webhook_endpoints.retrieve("we_configured").url == receiver.url


def test_a_taken_port_is_one_sentence(stand_in: StandIn, tmp_path: Path) -> None:
    second = run({**stand_in.environment(), "STRIPE_SANDBOX_DATA": str(tmp_path / "x.sqlite3")})
    assert second.returncode == 1
    assert second.stderr == (
        f"Port {stand_in.port} is taken: stop what uses it, or set STRIPE_PORT to another one.\n"
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("STRIPE_SECRET_KEY", "sk_" + "live_1", "STRIPE_SECRET_KEY is a live key"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_" + "live_1", "STRIPE_PUBLISHABLE_KEY is a live key"),
        ("STRIPE_SECRET_KEY", "", "STRIPE_SECRET_KEY must be set and begin with sk_test_."),
        ("STRIPE_WEBHOOK_SECRET", "secret", "STRIPE_WEBHOOK_SECRET must be set"),
        ("STRIPE_WEBHOOK_URL", "shop", "must be an address"),
        ("STRIPE_PORT", "http", "STRIPE_PORT must be a number, not 'http'."),
        ("STRIPE_SANDBOX_SETTLE_SECONDS", "-1", "must not be negative"),
    ],
)
def test_what_it_does_not_start_with(mortal: StandIn, name: str, value: str, message: str) -> None:
    refused = run({**mortal.environment(), name: value})
    assert refused.returncode == 1
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_help_names_every_variable(mortal: StandIn) -> None:
    shown = run(mortal.environment(), "--help").stdout
    for name in VARIABLES:
        assert name in shown


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *(arguments or ["serve"])],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
