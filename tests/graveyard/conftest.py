import pytest
from django.db import connection

from tests.checkout.conftest import cart

__all__ = ["cart", "only_postgresql"]


@pytest.fixture
def only_postgresql(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no race to run")
