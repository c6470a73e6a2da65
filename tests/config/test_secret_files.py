"""Settings read in a process of their own, as the shop reads them when it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

PRINT = "import django.conf; s = django.conf.settings; print(s.STRIPE_SECRET_KEY, s.SECRET_KEY)"
NEEDED = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "BASE_URL": "http://localhost:8000",
    "DATABASE_URL": "sqlite:///var/unused.sqlite3",
}


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    """Read the settings with these variables and no others; print the two secrets."""
    return subprocess.run(
        [sys.executable, "-c", PRINT],
        env={"PATH": os.environ["PATH"], **NEEDED, **variables},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    stripe_key, secret_key = tmp_path / "stripe", tmp_path / "secret"
    stripe_key.write_text("sk_test_from_a_file")
    secret_key.write_text("mounted")

    answer = start(STRIPE_SECRET_KEY_FILE=str(stripe_key), SECRET_KEY_FILE=str(secret_key))

    assert answer.stdout.strip() == "sk_test_from_a_file mounted"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_break_that_ends_a_file_is_no_part_of_the_secret(tmp_path: Path, end: str) -> None:
    stripe_key = tmp_path / "stripe"
    stripe_key.write_bytes(f"sk_test_from_a_file{end}".encode())

    answer = start(STRIPE_SECRET_KEY_FILE=str(stripe_key), SECRET_KEY="x")

    assert answer.stdout == "sk_test_from_a_file x\n"


def test_a_missing_secret_is_named() -> None:
    answer = start()

    assert answer.returncode != 0
    assert "Set the SECRET_KEY environment variable" in answer.stderr
