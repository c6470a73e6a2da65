"""The cast: one stand-in, the SDK that talks to it, and a shop that receives its webhooks."""

import threading
from collections.abc import Iterator

import pytest
import stripe
from werkzeug import Request
from werkzeug.serving import make_server

from tests.sandbox.receiver import Receiver
from tests.sandbox.small_shop import Host, Quiet
from tests.standin import StandIn


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIn, Receiver]]:
    """One stand-in and one receiver for the whole run."""
    receiver = Receiver()
    stand_in = StandIn(tmp_path_factory.mktemp("sandbox") / "stripe.sqlite3")
    stand_in.start(webhook_url=receiver.url)
    yield stand_in, receiver
    stand_in.stop()
    receiver.stop()


@pytest.fixture
def stand_in(running: tuple[StandIn, Receiver]) -> Iterator[StandIn]:
    """The stand-in, empty; afterwards it must have kept Stripe's contract throughout."""
    stand_in, receiver = running
    stand_in.reset()
    receiver.forget()
    yield stand_in
    assert stand_in.contract_violations() == []


@pytest.fixture
def shop(running: tuple[StandIn, Receiver], stand_in: StandIn) -> Receiver:
    """The receiver of webhooks, empty."""
    return running[1]


@pytest.fixture
def client(stand_in: StandIn) -> stripe.StripeClient:
    """The official SDK, without retries of its own."""
    return sdk(stand_in)


def sdk(stand_in: StandIn) -> stripe.StripeClient:
    """Return the official SDK for a stand-in."""
    return stripe.StripeClient(
        stand_in.secret_key, base_addresses={"api": stand_in.url}, max_network_retries=0
    )


@pytest.fixture
def host_url(stand_in: StandIn, client: stripe.StripeClient) -> Iterator[str]:
    """The address of the small shop."""
    app = Request.application(Host(stand_in, client))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
