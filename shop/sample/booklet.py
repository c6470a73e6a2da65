"""The files of the sample's pattern booklet: weaving drafts, computed and written as text and SVG.

A draft has four shafts: the order in which warp threads go through them (threading), which shafts
each pedal lifts (tie-up), and the order of the pedals (treadling).
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draft:
    """A weave: shafts and pedals are counted from 0."""

    name: str
    note: str
    threading: tuple[int, ...]
    tie_up: tuple[tuple[int, ...], ...]
    treadling: tuple[int, ...]


TWILL = ((0, 1), (1, 2), (2, 3), (3, 0))
UP, POINT = (0, 1, 2, 3), (0, 1, 2, 3, 2, 1)
DIAMOND = Draft(
    "Goose eye",
    "Small diamonds that close after six threads. Good for towels: firm, and quick to weave.",
    POINT,
    TWILL,
    POINT,
)
DRAFTS = (
    Draft(
        "Plain twill",
        "Two up, two down: the diagonal of denim. Begin here to find an even beat.",
        UP,
        TWILL,
        UP,
    ),
    Draft(
        "Herringbone",
        "The threading turns back after every eighth thread. Our lambswool blanket is woven so.",
        (*UP, *UP, 3, 2, 1, 0, 3, 2, 1, 0),
        TWILL,
        UP,
    ),
    DIAMOND,
)
CELLS = 24
SQUARE = 16


def drawdown(draft: Draft, cells: int) -> list[list[bool]]:
    """Return the cloth, row by row: where the warp lies above the weft, `cells` across and down."""
    return [
        [
            draft.threading[column % len(draft.threading)]
            in draft.tie_up[draft.treadling[row % len(draft.treadling)]]
            for column in range(cells)
        ]
        for row in range(cells)
    ]


def booklet() -> bytes:
    """Return the booklet, as Markdown that also reads well as plain text."""
    parts = [
        "# Three Evenings at the Loom\n",
        (
            "Three drafts for four shafts, from the cloth on our shelves.\n"
            "In the drawings a full square is a warp thread on top, a dot is the weft.\n"
        ),
    ]
    for draft in DRAFTS:
        rows = ("".join("■" if up else "·" for up in row) for row in drawdown(draft, CELLS))
        drawn = "\n".join(f"    {row}" for row in rows)
        parts.append(
            f"## {draft.name}\n\n{draft.note}\n\n"
            f"- Threading: {_counted(draft.threading)}\n"
            f"- Tie-up: {', '.join('+'.join(str(s + 1) for s in lift) for lift in draft.tie_up)}\n"
            f"- Treadling: {_counted(draft.treadling)}\n\n{drawn}\n"
        )
    return "\n".join(parts).encode()


def goose_eye_sheet() -> bytes:
    """Return the goose eye as a drawing to print and pin up."""
    side = CELLS * SQUARE
    squares = "".join(
        f'<rect x="{column * SQUARE}" y="{row * SQUARE}" width="{SQUARE}" height="{SQUARE}"/>'
        for row, line in enumerate(drawdown(DIAMOND, CELLS))
        for column, is_up in enumerate(line)
        if is_up
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f"<title>{DIAMOND.name}</title>"
        f'<path fill="#fdf9ef" d="M0 0h{side}v{side}H0z"/><g fill="#3b4860">{squares}</g></svg>\n'
    ).encode()


def _counted(steps: tuple[int, ...]) -> str:
    return " ".join(str(step + 1) for step in steps)


FILES: dict[str, Callable[[], bytes]] = {
    "pattern-booklet.md": booklet,
    "goose-eye.svg": goose_eye_sheet,
}
