"""The short form of `make storm`: a minute of bad weather, and the books close."""

import subprocess
import sys

import pytest
from django.db import connection

from tests.storm.processes import ROOT

pytestmark = [pytest.mark.storm]


def test_a_minute_of_storm_is_weathered() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the storm brings a PostgreSQL of its own")
    storm = subprocess.run(
        [
            *(sys.executable, "-m", "tests.storm"),
            *("--seconds=60", "--kill-every=7", "--shoppers=4", "--orders=20"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert "STORM WEATHERED" in storm.stdout, storm.stdout + storm.stderr
    assert storm.returncode == 0
