"""Who may know what: Stripe's library, the stand-in, the state of an order."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.tree import APPS, SHOP, files, imported, name, parsed

STATE_WRITER = "orders/states.py"
AN_ORDER = re.compile(r"(^|[._])order$")
ORDERS = re.compile(r"\b(Order\.|orders\b)")
WRITING_CALLS = {"update", "create", "update_or_create", "get_or_create"}


def test_one_file_of_the_shop_imports_stripes_library() -> None:
    importers = [file for file, tree in parsed(APPS) if "stripe" in imported(tree)]
    assert importers == ["checkout/stripe_gateway.py"]


def test_the_shop_does_not_know_that_there_is_a_stand_in() -> None:
    # `"sandbox": True` is a rule for browsers, of a content security policy.
    telling = re.compile(r'sandbox(?!": True)|stand-?in\b', re.IGNORECASE)
    knowing = [
        name(path)
        for path in files(".py", ".html", ".txt", ".js", ".css", under=SHOP)
        if telling.search(path.read_text())
    ]
    assert knowing == []


def test_the_stand_in_does_not_use_the_shop() -> None:
    for file, tree in parsed(("sandbox",)):
        assert not imported(tree) & {*APPS, "django", "stripe"}, file


def test_only_the_state_machine_writes_the_state_of_an_order() -> None:
    writers = {file: lines for file, tree in parsed(APPS) if (lines := list(_state_writes(tree)))}
    assert list(writers) == [STATE_WRITER], writers


def _state_writes(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        else:
            targets = []
        if any(map(_is_state_of_an_order, targets)) or _is_writing_call(node):
            yield getattr(node, "lineno", 0)


def _is_state_of_an_order(target: ast.expr) -> bool:
    return (
        isinstance(target, ast.Attribute)
        and target.attr == "state"
        and AN_ORDER.search(ast.unparse(target.value)) is not None
    )


def _is_writing_call(node: ast.AST) -> bool:
    """Tell `Order.objects….update(state=…)` and its like."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITING_CALLS
        and any(keyword.arg == "state" for keyword in node.keywords)
        and ORDERS.search(ast.unparse(node.func.value)) is not None
    )
