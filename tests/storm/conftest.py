from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from tests.storm.processes import Shop


@pytest.fixture
def shop(tmp_path: Path, settings: Settings, transactional_db: None) -> Iterator[Shop]:
    """Web, worker and stand-in as processes, on the test's own database."""
    if connection.vendor != "postgresql":
        pytest.skip("the processes share the test's database, and SQLite's is in memory")
    running = Shop(tmp_path)
    settings.STRIPE_API_BASE = running.standin.url
    settings.STRIPE_SECRET_KEY = running.standin.secret_key
    running.start()
    yield running
    running.stop()
