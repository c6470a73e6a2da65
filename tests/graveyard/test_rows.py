"""Each row of the table in README.md has its one test, and its guard exists."""

import ast
import re
from collections import Counter

import pytest

from tests.architecture.tree import ROOT, parsed

ROW = re.compile(r"^\| (\w+) \| (.+) \| `(\S+): (\w+)` \|$", re.MULTILINE)
ROWS = {row[1]: row for row in ROW.finditer((ROOT / "tests/graveyard/README.md").read_text())}


@pytest.fixture(scope="module")
def tests() -> Counter[tuple[str, str]]:
    """Return how often each test function stands in each folder."""
    return Counter(
        (file.rpartition("/")[0], node.name)
        for file, tree in parsed(("tests",))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_the_table_was_read() -> None:
    assert len(ROWS) == 27


@pytest.mark.parametrize("name", ROWS)
def test_a_row_has_one_test_and_its_guard_exists(
    name: str, tests: Counter[tuple[str, str]]
) -> None:
    assert {place: n for place, n in tests.items() if place[1] == f"test_{name}"} == {
        ("tests/graveyard", f"test_{name}"): 1
    }
    guard = (ROOT / ROWS[name][3]).read_text()
    assert f"def {ROWS[name][4]}(" in guard
