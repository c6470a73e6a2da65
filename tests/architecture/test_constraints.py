"""A rule that the database keeps has a test that tries to break it, by name."""

import pytest
from django.apps import apps

from tests.architecture.tree import APPS, files

NAMES = sorted(
    constraint.name
    for app in apps.get_app_configs()
    if app.name in APPS
    for model in app.get_models()
    for constraint in model._meta.constraints
)


@pytest.fixture(scope="module")
def tests() -> str:
    """Return the text of all tests."""
    return "".join(path.read_text() for path in files(".py", under=("tests",)))


@pytest.mark.parametrize("constraint", NAMES)
def test_a_test_tries_to_break(constraint: str, tests: str) -> None:
    assert constraint in tests
