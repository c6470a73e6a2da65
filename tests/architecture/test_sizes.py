"""Files and functions stay small. These numbers may be lowered, never raised."""

import ast

from tests.architecture.tree import files, name, parsed

FILE_LINES = 500
FUNCTION_LINES = 60
TEST_LINES = 50


def test_no_file_is_too_long() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in files(".py", ".js")}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    too_long = {
        f"{file}: {node.name}": lines
        for file, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > _limit(node.name)
    }
    assert too_long == {}


def _limit(function: str) -> int:
    return TEST_LINES if function.startswith("test_") else FUNCTION_LINES
