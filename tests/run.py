"""`python -m tests.run [pytest's arguments]`: the tests on PostgreSQL and Redis, then on SQLite.

Starts both servers and stops them again; TEST_DATABASE_URL and TEST_REDIS_URL, when set, name
servers to be used instead. The second run is of the tests marked `both`, on SQLite. Everything
given goes to both runs of pytest: `python -m tests.run tests/cart -k merge`.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests import chromium, services

VAR = Path(__file__).resolve().parent.parent / "var"
SECONDS_TO_STOP = 20
NO_TESTS = 5


class Terminated(BaseException):
    """Somebody asked this process to end."""


@dataclass(frozen=True)
class Result:
    """What one run of pytest came to."""

    name: str
    exit_code: int
    passed: int
    failed: int
    skipped: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped "
            f"in {self.seconds:.0f} s"
        )


def main(arguments: list[str]) -> int:
    """Run the tests; return 0 when both runs passed, else the first exit code that is not 0."""
    signal.signal(signal.SIGTERM, _terminate)
    chromium.install_if_missing()
    VAR.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="tests-", dir=VAR) as folder,
        _given_or("TEST_DATABASE_URL", services.postgres) as database_url,
        _given_or("TEST_REDIS_URL", services.redis) as redis_url,
    ):
        sqlite_url = f"sqlite:///{folder}/tests.sqlite3"
        results = [
            _pytest("PostgreSQL", database_url, redis_url, arguments, Path(folder)),
            _pytest("SQLite", sqlite_url, "", _only_both(arguments), Path(folder)),
        ]
    return _summarise(results)


def _given_or(
    variable: str, start: Callable[[], AbstractContextManager[str]]
) -> AbstractContextManager[str]:
    given = os.environ.get(variable)
    return nullcontext(given) if given else start()


def _only_both(arguments: list[str]) -> list[str]:
    """Return the arguments with `-m both`, joined with an expression that was given."""
    if "-m" not in arguments:
        return [*arguments, "-m", "both"]
    at = arguments.index("-m") + 1
    return [*arguments[:at], f"both and ({arguments[at]})", *arguments[at + 1 :]]


def _pytest(
    name: str, database_url: str, redis_url: str, arguments: list[str], folder: Path
) -> Result:
    """Run pytest in two processes and count; when interrupted, let it tidy up first."""
    print(f"\n=== {name}", flush=True)
    report = folder / f"{name}.xml"
    environment = {
        **os.environ,
        "TEST_DATABASE_URL": database_url,
        "TEST_REDIS_URL": redis_url,
    }
    command = [sys.executable, "-m", "pytest", "-n2", "--dist=worksteal", f"--junit-xml={report}"]
    started = time.monotonic()
    process = subprocess.Popen([*command, *arguments], env=environment)
    try:
        exit_code = process.wait()
    except Terminated:
        process.send_signal(signal.SIGINT)
        _wait_or_kill(process)
        raise
    except KeyboardInterrupt:
        # A Ctrl-C in the terminal has reached pytest too.
        _wait_or_kill(process)
        raise
    return _count(name, exit_code, report, time.monotonic() - started)


def _count(name: str, exit_code: int, report: Path, seconds: float) -> Result:
    suites = ET.parse(report).getroot().iter("testsuite") if report.exists() else []
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in suites:
        for key in totals:
            totals[key] += int(suite.get(key, "0"))
    failed = totals["failures"] + totals["errors"]
    passed = totals["tests"] - failed - totals["skipped"]
    return Result(name, exit_code, passed, failed, totals["skipped"], seconds)


def _wait_or_kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _summarise(results: list[Result]) -> int:
    postgres, sqlite = results
    print()
    print(postgres)
    print(sqlite)
    passed, failed, skipped = (
        sum(getattr(result, field) for result in results)
        for field in ("passed", "failed", "skipped")
    )
    print(f"total: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    no_test_of_these_is_for_both = sqlite.exit_code == NO_TESTS
    return postgres.exit_code or (0 if no_test_of_these_is_for_both else sqlite.exit_code)


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise Terminated


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (RuntimeError, services.ServiceError) as error:
        sys.exit(str(error))
    except (KeyboardInterrupt, Terminated):
        sys.exit("Interrupted: the servers are stopped.")
