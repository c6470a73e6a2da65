"""The pins say exactly what is installed, and nothing about where it comes from."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

PINS = sorted((ROOT / "requirements").glob("*.txt"))
every_file_of_pins = pytest.mark.parametrize("pins", PINS, ids=lambda path: path.name)


def requirements(pins: Path) -> list[str]:
    """Return one logical line for each pinned package."""
    lines = pins.read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if line and not line.lstrip().startswith("#")]


@every_file_of_pins
def test_every_pin_has_one_version_and_hashes(pins: Path) -> None:
    pattern = re.compile(
        r"^[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+( ; .+?)?( +--hash=sha256:\w{64})+ *$"
    )
    assert [line[:60] for line in requirements(pins) if not pattern.match(line)] == []


@every_file_of_pins
def test_no_pin_tells_an_address(pins: Path) -> None:
    text = pins.read_text()
    assert [word for word in ("://", "index-url", "find-links") if word in text] == []


def test_everything_the_project_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = {
        "base.txt": project["dependencies"],
        "demo.txt": project["dependencies"] + extras["demo"],
        "dev.txt": project["dependencies"] + extras["demo"] + extras["dev"],
    }
    for file, wanted in asked.items():
        pinned = {
            line.partition("==")[0].partition("[")[0]
            for line in requirements(ROOT / "requirements" / file)
        }
        names = {re.split(r"[\[><=]", line)[0] for line in wanted} - {"cartwright"}
        assert names - pinned == set(), f"{file} lacks them: type make pins"
