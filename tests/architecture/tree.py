"""The project's own files, as the architecture tests read them."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = (
    "accounts",
    "cart",
    "checkout",
    "config",
    "inventory",
    "notifications",
    "orders",
    "shop",
)
SHOP = (*APPS, "templates", "static")
OURS = (*SHOP, "bench", "sandbox", "tests")


def files(*suffixes: str, under: tuple[str, ...] = OURS) -> list[Path]:
    """Return our files with these endings, sorted; without migrations and installed modules."""
    return sorted(
        path
        for folder in under
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes and not {"migrations", "node_modules"} & set(path.parts)
    )


def parsed(under: tuple[str, ...] = OURS) -> Iterator[tuple[str, ast.Module]]:
    """Yield the path from the root and the syntax tree of each Python file of ours."""
    for path in files(".py", under=under):
        yield name(path), ast.parse(path.read_text())


def name(path: Path) -> str:
    """Return the path as seen from the root."""
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.Module) -> set[str]:
    """Return the names of the packages that a file imports, wherever the import stands."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found
