"""What the tools say about the whole project; `make lint` runs these tests too."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.architecture.tree import ROOT, files

BIN = Path(sys.executable).parent


def assert_satisfied(tool: str, *arguments: str) -> None:
    """Fail with what the tool prints unless it exits with 0."""
    done = subprocess.run(
        [str(BIN / tool), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{tool} is not satisfied:\n{done.stdout}{done.stderr}"


def test_mypy_finds_no_error() -> None:
    assert_satisfied("mypy", ".")


def test_ruff_finds_no_error() -> None:
    assert_satisfied("ruff", "check", "--quiet", ".")


def test_ruff_would_format_nothing() -> None:
    assert_satisfied("ruff", "format", "--check", "--quiet", ".")


def test_djade_would_format_no_template() -> None:
    templates = [str(path) for path in files(".html", under=("templates",))]
    assert_satisfied("djade", "--check", "--target-version", "5.2", *templates)


def test_no_import_points_up_a_floor() -> None:
    assert_satisfied("lint-imports")


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=1)
