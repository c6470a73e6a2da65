"""`python -m tests.storm [--seconds 600] …`: the shop in bad weather (`make storm`).

This process runs PostgreSQL and Redis, as servers that can be killed; `weather.py` runs everything
else in a process of its own, which has the shop's settings.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import services

ROOT = Path(__file__).resolve().parent.parent.parent
# What was committed has to survive the kill of the server, as it would with the default settings;
# only the machine's own power cut is left out.
DURABLE = {**services.POSTGRES_OPTIONS, "synchronous_commit": "on", "log_min_messages": "panic"}
SECONDS_DOWN = 1


def main(arguments: list[str]) -> int:
    """Run the storm; return 0 when the books close."""
    with (
        tempfile.TemporaryDirectory(prefix="cartwright-storm-") as folder,
        services.running_postgres(DURABLE) as postgres,
        services.running_redis() as redis,
    ):
        storm = subprocess.Popen(
            [
                *(sys.executable, "-m", "django", "shell", "--no-imports", "-c"),
                f"from tests.storm.weather import main; main({folder!r}, {arguments!r})",
            ],
            cwd=ROOT,
            env=_environment(postgres, redis),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert storm.stdout is not None
        for line in storm.stdout:
            # The weather cannot kill what it does not own: it asks.
            if line == "kill postgres\n":
                _kill(postgres)
            elif line == "kill redis\n":
                _kill(redis)
            else:
                print(line, end="", flush=True)
        return storm.wait()


def _kill(server: services.Server) -> None:
    server.kill()
    time.sleep(SECONDS_DOWN)
    server.start()


def _environment(postgres: services.Server, redis: services.Server) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(32),
        "DEBUG": "true",
        "BASE_URL": "http://127.0.0.1",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": services.postgres_url(postgres),
        "REDIS_URL": services.redis_url(redis),
        "ADMIN_EMAIL": "owner@example.com",
        "EMAIL_URL": "memorymail://",
        "STRIPE_SECRET_KEY": "sk_test_" + secrets.token_hex(12),
        "STRIPE_PUBLISHABLE_KEY": "pk_test_" + secrets.token_hex(12),
        "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(12),
        # Each shopper comes from an address of his own.
        "TRUSTED_PROXY_COUNT": "1",
        "RESERVATION_MINUTES": "1",
        "DECLINE_GRACE_MINUTES": "1",
    }


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except services.ServiceError as error:
        sys.exit(str(error))
