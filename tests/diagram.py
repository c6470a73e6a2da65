"""`python -m tests.diagram`: draw the order's states in docs/payments.md from orders/states.py."""

import os
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from orders.states import MOVES, State  # noqa: E402 - needs the settings

PAGE = Path(__file__).parent.parent / "docs" / "payments.md"
BEGIN = "<!-- made by make diagram -->\n```mermaid\n"
END = "```\n"


def diagram() -> str:
    """Return the table of moves as a Mermaid diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.PENDING.name}"]
    lines += [
        f"    {state.name} --> {to.name}"
        for state, allowed in MOVES.items()
        for to in State
        if to in allowed
    ]
    return "\n".join(lines) + "\n"


def drawn_in(page: str) -> str:
    """Return the diagram that stands in the page."""
    return page.partition(BEGIN)[2].partition(END)[0]


def redraw() -> None:
    """Put the present diagram in the place of the one on the page."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.replace(BEGIN + drawn_in(page), BEGIN + diagram()), encoding="utf-8")


if __name__ == "__main__":
    redraw()
