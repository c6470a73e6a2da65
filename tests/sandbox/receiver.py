"""A shop that only receives webhooks, and answers them as it is told."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


class Receiver:
    """Keeps every delivery; `answers` are used up first, then it is 200 for ever."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        self.pause_seconds = 0.0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Return the address that webhooks go to."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/webhook"

    def forget(self) -> None:
        """Forget the deliveries so far."""
        self.deliveries.clear()
        self.answers.clear()
        self.pause_seconds = 0.0

    def stop(self) -> None:
        """Listen no more."""
        self.server.shutdown()
        self.server.server_close()

    def types(self) -> list[str]:
        """Return the types of the events received, in the order in which they came."""
        return [json.loads(body)["type"] for body, _signature in self.deliveries]

    def events(self, event_type: str) -> list[Json]:
        """Return the events of one type."""
        bodies = [json.loads(body) for body, _signature in self.deliveries]
        return [body for body in bodies if body["type"] == event_type]

    def wait_for(self, event_type: str, times: int = 1) -> Json:
        """Return the last of that many events of a type, once they have come."""
        eventually(lambda: len(self.events(event_type)) >= times, f"{times} × {event_type}")
        return self.events(event_type)[times - 1]


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait at most ten seconds until something holds."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not happen within 10 seconds"
        time.sleep(0.02)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(receiver.pause_seconds)
            receiver.deliveries.append((body, self.headers["Stripe-Signature"]))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Handler
