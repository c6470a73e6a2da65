"""What happens by itself: webhooks are delivered, and what was arranged for later is done."""

import logging
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sandbox import settlements
from sandbox.delivery import deliver
from sandbox.world import World

log = logging.getLogger("webhook")


@dataclass
class Clockwork:
    """The worker of one stand-in; what it has to do is kept in the store."""

    world: World
    sending: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Work for ever."""
        with ThreadPoolExecutor(8, thread_name_prefix="webhook") as pool:
            while True:
                self.world.rang.clear()
                try:
                    settlements.settle_due(self.world)
                    for delivery_id in self._due():
                        pool.submit(self._deliver, delivery_id)
                except sqlite3.Error:
                    log.exception("the stand-in's data could not be read; trying again")
                self.world.rang.wait(0.1)

    def _due(self) -> list[int]:
        store = self.world.store
        with store.transaction():
            rows = store.rows(
                "SELECT id FROM deliveries WHERE state = 'pending' AND next_at <= ?"
                " ORDER BY next_at, id",
                self.world.clock.now(),
            )
        with self.lock:
            fresh = [row["id"] for row in rows if row["id"] not in self.sending]
            self.sending.update(fresh)
        return fresh

    def _deliver(self, delivery_id: int) -> None:
        try:
            deliver(self.world, delivery_id)
        except Exception:
            log.exception("delivery %s failed inside the stand-in", delivery_id)
        finally:
            with self.lock:
                self.sending.discard(delivery_id)
