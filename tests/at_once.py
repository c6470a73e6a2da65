"""Many threads at once, each with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from django.db import connections


def all_at_once(times: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work` in as many threads, which begin together; returns what they returned."""
    gate = threading.Barrier(times)

    def run(number: int) -> Any:
        try:
            gate.wait()
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


class Meeting:
    """A point where threads wait for each other, until it is clear that not all will come."""

    def __init__(self, times: int) -> None:
        self._barrier = threading.Barrier(times)
        self.came = 0

    def wait(self) -> None:
        """Wait half a second at most. Once one has waited in vain, nobody waits any more."""
        self.came += 1
        try:
            self._barrier.wait(timeout=0.5)
        except threading.BrokenBarrierError:
            return


def meet_before(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, times: int) -> None:
    """Let all who call this function of the module come to it before any goes in, if they can."""
    meeting = Meeting(times)
    work = getattr(module, name)

    def meet_then_work(*args: Any, **kwargs: Any) -> Any:
        meeting.wait()
        return work(*args, **kwargs)

    monkeypatch.setattr(module, name, meet_then_work)
