"""`python -m bench.report [--orders 50000] [--database sqlite]`: the report after a long year.

Makes a year of so many orders, counts every figure a second time from the raw rows, and prints how
long the page takes: in milliseconds, and as a multiple of the least that a page of this shop takes.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import services

TESTS = ["tests/report/test_speed.py", "tests/report/test_figures.py"]


def main() -> int:
    """Run both; return 0 when the figures agree and the page is fast enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    asked = parser.parse_args()
    with services.postgres() if asked.database == "postgresql" else _sqlite() as url:
        os.environ.update(TEST_DATABASE_URL=url, REPORT_ORDERS=str(asked.orders))
        return int(pytest.main(["-q", "-s", "-p", "no:cacheprovider", *TESTS]))


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/bench.sqlite3"


if __name__ == "__main__":
    sys.exit(main())
