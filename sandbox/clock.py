"""The stand-in's clock: the machine's, moved ahead as far as a test wants it."""

import time
from dataclasses import dataclass


@dataclass
class Clock:
    """What dates everything but the signature of a webhook, which the shop holds against its own.

    `ahead` is in seconds and never negative.
    """

    ahead: float = 0.0

    def now(self) -> float:
        """Return the seconds since 1970 by this clock."""
        return time.time() + self.ahead
