"""Failures on demand: armed by a test, each strikes a number of times or at a rate."""

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Literal, get_args

from sandbox.errors import Json

Kind = Literal[
    "webhook_lost",
    "webhook_doubled",
    "webhook_delayed",
    "webhook_reordered",
    "webhook_stale",
    "webhook_wrongly_signed",
    "webhook_early",
    "error_before",
    "error_after",
    "rate_limited",
    "conflict",
    "connection_dropped",
    "timeout_after",
    "slow",
    "outside_fails",
]
KINDS = get_args(Kind)
KNOWN = frozenset({"kind", "match", "times", "rate", "seed", "seconds", "should_retry"})
# How long, where a wish does not say.
SECONDS: dict[str, float] = {
    "webhook_reordered": 2,
    "webhook_stale": 600,
    "webhook_early": 5,
    "timeout_after": 60,
}


@dataclass
class Fault:
    """What goes wrong, for which calls or event types, and how often.

    `times` is how often it is still to strike; with a `rate` that is None, and it strikes each
    occurrence with that probability. `should_retry` is the header of a refusal, None for none.
    """

    kind: Kind
    match: str
    times: int | None
    rate: float | None
    seconds: float
    should_retry: bool | None
    dice: Random
    struck: int = 0

    def strikes(self, subject: str) -> bool:
        """Return whether it strikes now, and count it."""
        if not fnmatchcase(subject, self.match):
            return False
        if self.rate is not None:
            strikes = self.dice.random() < self.rate
        else:
            strikes = bool(self.times)
            self.times = (self.times or 0) - strikes
        self.struck += strikes
        return strikes

    def as_json(self) -> Json:
        """Return what a test is told about it."""
        shown = ("kind", "match", "times", "rate", "seconds", "struck")
        return {name: getattr(self, name) for name in shown}


@dataclass
class Faults:
    """The armed faults; they are forgotten when the process ends."""

    armed: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, wish: Json) -> None:
        """Arm {"kind", "match", "times" or "rate" and "seed", "seconds", "should_retry"}.

        Raises ValueError with a sentence for a wish that cannot be read.
        """
        fault = _read(wish)
        with self.lock:
            self.armed.append(fault)

    def strike(self, kind: Kind, subject: str) -> Fault | None:
        """Return the fault that strikes now and use it up once; None when all is well.

        The subject is an event type, or a call such as "POST /v1/payment_intents"; a fault's match
        is a pattern in which * stands for anything.
        """
        with self.lock:
            for fault in self.armed:
                if fault.kind == kind and fault.strikes(subject):
                    return fault
        return None

    def listed(self) -> list[Json]:
        """Return all that was armed, in that order, also what is used up."""
        with self.lock:
            return [fault.as_json() for fault in self.armed]

    def clear(self) -> None:
        """Disarm everything."""
        with self.lock:
            self.armed.clear()


def _read(wish: Json) -> Fault:
    if unknown := wish.keys() - KNOWN:
        raise ValueError(f"{min(unknown)} is unknown; a fault has {', '.join(sorted(KNOWN))}")
    kind: Any = wish.get("kind")
    rate = wish.get("rate")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    if rate is not None and "times" in wish:
        raise ValueError("a fault strikes some times or at a rate, not both")
    if rate is not None and not 0 <= float(rate) <= 1:
        raise ValueError("rate must be between 0 and 1")
    seconds = wish.get("seconds")
    return Fault(
        kind=kind,
        match=str(wish.get("match", "*")),
        times=int(wish.get("times", 1)) if rate is None else None,
        rate=None if rate is None else float(rate),
        seconds=SECONDS.get(kind, 0) if seconds is None else float(seconds),
        should_retry=wish.get("should_retry"),
        dice=Random(wish.get("seed")),  # noqa: S311 - no secret comes of it
    )
