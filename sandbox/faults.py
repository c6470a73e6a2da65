"""Failures on demand: armed by a test, each strikes a given number of times and is gone."""

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

from sandbox.errors import Json

Kind = Literal[
    "webhook_lost",
    "webhook_doubled",
    "webhook_delayed",
    "webhook_wrongly_signed",
    "error_before",
    "error_after",
    "connection_dropped",
    "slow",
]
KINDS = get_args(Kind)


@dataclass
class Fault:
    """What goes wrong, for which calls or event types, how often and, for some, how long."""

    kind: Kind
    times: int
    match: str
    seconds: float


@dataclass
class Faults:
    """The armed faults; they are forgotten when the process ends."""

    armed: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, wish: Json) -> None:
        """Arm {"kind", "times", "match", "seconds"}; raise ValueError for an unknown kind."""
        if wish.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        fault = Fault(
            wish["kind"],
            int(wish.get("times", 1)),
            str(wish.get("match", "*")),
            float(wish.get("seconds", 0)),
        )
        with self.lock:
            self.armed.append(fault)

    def strike(self, kind: Kind, subject: str) -> Fault | None:
        """Return the fault that strikes now and use it up once; None when all is well.

        The subject is an event type, or a call such as "POST /v1/payment_intents"; a fault's match
        is a pattern in which * stands for anything.
        """
        with self.lock:
            for fault in self.armed:
                if fault.kind == kind and fault.times > 0 and fnmatchcase(subject, fault.match):
                    fault.times -= 1
                    return fault
        return None

    def clear(self) -> None:
        """Disarm everything."""
        with self.lock:
            self.armed.clear()
