"""The shop as it runs in earnest: web, worker and stand-in as processes that can be killed."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.standin import StandIn, free_port

ROOT = Path(__file__).resolve().parent.parent.parent


class Shop:
    """Web and worker on the test's own database, and a stand-in that posts its webhooks to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.standin = StandIn(folder / "stripe.sqlite3")
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Run all three, and return once the shop answers."""
        self.standin.start(f"{self.url}/api/webhooks/stripe")
        self.start_web()
        self.start_worker()

    def start_web(self) -> None:
        """Run the web server and wait for its first answer."""
        self._spawn(
            "web",
            "gunicorn",
            "config.wsgi",
            f"--bind=127.0.0.1:{self.port}",
            "--workers=1",
            "--threads=4",
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"The shop did not start:\n{(self.folder / 'web.log').read_text()}")

    def start_worker(self, *options: str) -> None:
        """Run the worker and its supervisor."""
        self._spawn("worker", "django", "worker", *options)

    def kill(self, name: str) -> None:
        """End one part with all its processes, as a power cut would."""
        if name == "stripe":
            self.standin.kill()
        else:
            child = self.children.pop(name)
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(10)

    def restart(self, name: str) -> None:
        """Start again what was killed."""
        if name == "stripe":
            self.standin.start()
        elif name == "web":
            self.start_web()
        else:
            self.start_worker()

    def stop(self) -> None:
        """End everything that still runs."""
        for name in list(self.children):
            self.kill(name)
        self.standin.stop()

    def _spawn(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def environment(self) -> dict[str, str]:
        database = connection.settings_dict
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": settings.SECRET_KEY,
            # Static files need not be collected then.
            "DEBUG": "true",
            "BASE_URL": self.url,
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_URL": (
                f"postgresql://{database['USER']}:{database['PASSWORD']}"
                f"@{database['HOST']}:{database['PORT']}/{database['NAME']}"
            ),
            "REDIS_URL": settings.REDIS_URL,
            "MAILBOX": str(self.folder / "mailbox"),
            "STRIPE_SECRET_KEY": self.standin.secret_key,
            "STRIPE_PUBLISHABLE_KEY": self.standin.publishable_key,
            "STRIPE_WEBHOOK_SECRET": self.standin.webhook_secret,
            "STRIPE_API_BASE": self.standin.url,
            "STRIPE_JS_URL": self.standin.js_url,
        }
