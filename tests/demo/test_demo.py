"""`make demo` without make: it starts, answers, stops without a trace, and goes on where it was."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.services import free_port

SECONDS_TO_START = 180
SECONDS_TO_STOP = 20


@dataclass
class Demo:
    """A demo with a folder and ports of its own."""

    data: Path
    port: int = field(default_factory=free_port)
    stripe_port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log_file(self) -> Path:
        """Return where the latest start prints to."""
        return self.data.with_suffix(".log")

    def start(self, **variables: str) -> "subprocess.Popen[bytes]":
        """Start it; Ctrl-C can be sent to its process."""
        environment = {
            **os.environ,
            "DEMO_DATA": str(self.data),
            "PORT": str(self.port),
            "STRIPE_PORT": str(self.stripe_port),
            **variables,
        }
        with self.log_file.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.demo"],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self.process

    def log(self) -> str:
        """Return what the latest start has printed so far."""
        return self.log_file.read_text()

    def refusal(self, **variables: str) -> str:
        """Return what a start that must fail at once prints."""
        assert self.start(**variables).wait(SECONDS_TO_STOP) == 1
        return self.log()

    def wait_for_welcome(self) -> None:
        """Wait until it says where it is."""
        process = self.process
        assert process
        _until(lambda: "Ctrl-C" in self.log() or process.poll() is not None, SECONDS_TO_START)
        assert process.poll() is None, self.log()

    def left_over(self) -> list[str]:
        """Return the processes that were told of this demo's folder and still run."""
        mark = f"DEMO_DATA={self.data}\0".encode()
        return [
            path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if _has(path, mark)
        ]


def _has(path: Path, mark: bytes) -> bool:
    try:
        return mark in path.read_bytes()
    except OSError:
        return False


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert condition()


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the demos of this module go on from each other."""
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture
def demo(data: Path) -> Iterator[Demo]:
    """Return a demo to start; it's stopped afterwards."""
    demo = Demo(data)
    yield demo
    if demo.process and demo.process.poll() is None:
        demo.process.terminate()
        demo.process.wait(SECONDS_TO_STOP)


def test_it_opens_a_shop_with_goods_and_ctrl_c_ends_it(demo: Demo) -> None:
    process = demo.start()
    demo.wait_for_welcome()

    assert _get(f"http://127.0.0.1:{demo.port}/healthz") == "ok"
    assert "/products/" in _get(f"http://127.0.0.1:{demo.port}/")
    assert "Mail" in _get(f"http://127.0.0.1:{demo.stripe_port}/mailbox/")
    assert "staff@example.com" in demo.log()
    assert "4242 4242 4242 4242" in demo.log()

    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS_TO_STOP) == 0, demo.log()
    assert "Traceback" not in demo.log()
    assert demo.left_over() == []


def test_the_next_start_goes_on_and_even_a_killed_demo_leaves_nothing_behind(demo: Demo) -> None:
    keys = demo.data / "keys.json"
    before = keys.read_text() if keys.exists() else None
    process = demo.start()
    demo.wait_for_welcome()
    assert before in (None, keys.read_text())
    assert json.loads(keys.read_text())["DEMO_STAFF_PASSWORD"] in demo.log()
    assert keys.stat().st_mode & 0o077 == 0, "Others can read the keys."

    process.kill()
    _until(lambda: demo.left_over() == [], SECONDS_TO_STOP)


def test_a_file_that_names_a_real_database_is_left_alone(demo: Demo, tmp_path: Path) -> None:
    secret, real = tmp_path / "database_url", tmp_path / "real.sqlite3"
    secret.write_text(f"sqlite:///{real}")

    demo.start(DATABASE_URL_FILE=str(secret))
    demo.wait_for_welcome()

    assert not real.exists()


@pytest.mark.parametrize(("variable", "other"), [("PORT", 8001), ("STRIPE_PORT", 12112)])
def test_a_taken_port_is_told_in_a_sentence(demo: Demo, variable: str, other: int) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        taken = somebody.getsockname()[1]
        assert demo.refusal(**{variable: str(taken)}) == (
            f"Port {taken} ({variable}) is taken by another program: stop it, "
            f"or choose another with `make demo {variable}={other}`.\n"
        )


@pytest.mark.parametrize("port", ["eighty", "0", "65536", "-1", "8000 "])
def test_a_malformed_port_is_told_in_a_sentence(demo: Demo, port: str) -> None:
    assert demo.refusal(PORT=port) == (
        f"PORT is {port!r}, which is not a port from 1 to 65535: "
        "choose another with `make demo PORT=8001`.\n"
    )


def test_one_port_for_both_is_told_in_a_sentence(demo: Demo) -> None:
    assert demo.refusal(STRIPE_PORT=str(demo.port)) == (
        f"PORT and STRIPE_PORT are both {demo.port}: choose another for one.\n"
    )
