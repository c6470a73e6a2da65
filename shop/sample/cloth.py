"""What woven things share: their weave, their folds, and the pegs and rails they hang on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sin

from shop.sample.paint import (
    Point,
    Sheet,
    curve_through,
    darker,
    lighter,
    line_through,
    number,
    tag,
)
from shop.sample.scene import drop_shadow
from shop.sample.turned import Finish, tube

OAK = "#c79c68"
BRASS = "#cda552"


@dataclass(frozen=True)
class Fold:
    """A soft crease from a point to a point; a negative depth is a ridge that catches light."""

    start: Point
    end: Point
    width: float
    depth: float


def linen(sheet: Sheet, outline: str, colour: str, scale: float = 1) -> None:
    """The slubby cross weave of linen inside the outline: noise drawn out across, and down."""
    fine, long = number(0.28 / scale), number(0.022 / scale)
    threads = []
    for name, frequency, seed in (("weft", f"{long} {fine}", 3), ("warp", f"{fine} {long}", 8)):
        threads += [
            tag(
                "feTurbulence",
                type="fractalNoise",
                baseFrequency=frequency,
                numOctaves=2,
                seed=seed,
            ),
            tag("feColorMatrix", type="matrix", values=_thread(colour), result=name),
        ]
    weave = sheet.define(
        "filter",
        *threads,
        tag(
            "feMerge",
            tag("feMergeNode", in_="weft"),
            tag("feMergeNode", in_="warp"),
            result="cloth",
        ),
        tag("feComposite", in_="cloth", in2="SourceGraphic", operator="in"),
        x=0,
        y=0,
        width=1,
        height=1,
        color_interpolation_filters="sRGB",
    )
    sheet.path(outline, "#000000", filter=weave)


def _thread(colour: str) -> str:
    """A colour matrix that turns noise into threads a little darker than the cloth."""
    dark = darker(colour, 0.44)
    red, green, blue = (number(int(dark[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return f"0 0 0 0 {red} 0 0 0 0 {green} 0 0 0 0 {blue} 0 0 0 0.85 -0.33"


def herringbone(sheet: Sheet, outline: str, colour: str) -> None:
    dark, light = darker(colour, 0.6), lighter(colour, 0.8)
    weave = sheet.pattern(
        36,
        12,
        tag(
            "path",
            d="M0 12L18 0L36 12",
            fill="none",
            stroke=dark,
            stroke_width=3,
            stroke_opacity=0.16,
        ),
        tag(
            "path",
            d="M0 6L18 -6L36 6M0 18L18 6L36 18",
            fill="none",
            stroke=light,
            stroke_width=2.4,
            stroke_opacity=0.28,
        ),
    )
    sheet.path(outline, weave)


def waffle(sheet: Sheet, outline: str, colour: str, turn: float = 0) -> None:
    """Small square hollows: dark at the upper left, where their own edge shades them."""
    dark, light = darker(colour, 0.55), lighter(colour, 0.8)
    weave = sheet.pattern(
        20,
        20,
        tag("path", d="M3 17V3H17", fill="none", stroke=dark, stroke_width=4, stroke_opacity=0.2),
        tag("path", d="M3 18H18V3", fill="none", stroke=light, stroke_width=3, stroke_opacity=0.5),
        transform=f"rotate({turn})",
    )
    sheet.path(outline, weave)


def folds(sheet: Sheet, outline: str, colour: str, creases: Iterable[Fold]) -> None:
    """Soft dark hollows and pale ridges, clipped to the outline."""
    sheet.begin(clip_path=sheet.clip(outline))
    for fold in creases:
        tone = darker(colour, 0.65) if fold.depth > 0 else lighter(colour, 0.75)
        (x1, y1), (x2, y2) = fold.start, fold.end
        bend = ((x1 + x2) / 2 + (y2 - y1) * 0.03, (y1 + y2) / 2)
        sheet.stroke(
            curve_through([fold.start, bend, fold.end]),
            tone,
            fold.width,
            opacity=abs(fold.depth),
            filter=sheet.blur(fold.width * 0.42),
        )
    sheet.end()


def light_across(sheet: Sheet, outline: str, colour: str, left: float, right: float) -> None:
    """The fall of the window light over a hanging cloth, from its left edge to its right."""
    fill = sheet.linear(
        (left, 0),
        (right, 120),
        (0, lighter(colour, 0.7), 0.3),
        (0.45, colour, 0),
        (1, darker(colour, 0.7), 0.3),
    )
    sheet.path(outline, fill)


def hanging(left: float, right: float, top: float, bottom: float, sway: float = 7) -> list[Point]:
    """The corners and hem of a cloth that hangs from a rail: the hem is gently wavy."""
    steps = 48
    hem = [
        (
            right - (right - left) * i / steps,
            bottom + sway * sin(i * 0.5) * (0.6 + 0.4 * sin(i * 0.17)),
        )
        for i in range(steps + 1)
    ]
    middle = (top + bottom) / 2
    return [(left, top), (right, top), (right + 5, middle), *hem, (left - 5, middle)]


def rail(sheet: Sheet, left: float, right: float, y: float) -> None:
    """An oak rail held by two brass posts."""
    bar = line_through([(left, y - 13), (right, y - 13), (right, y + 13), (left, y + 13)])
    drop_shadow(sheet, bar, 26)
    tube(sheet, [(left, y), ((left + right) / 2, y), (right, y)], [26, 26, 26], Finish(OAK))
    for x in (left + 34, right - 34):
        disc(sheet, x, y, 19, BRASS)


def disc(sheet: Sheet, x: float, y: float, radius: float, colour: str) -> None:
    """The round end of a peg, seen from the front."""
    fill = sheet.radial(
        (x - radius * 0.4, y - radius * 0.45),
        radius * 1.6,
        (0, lighter(colour, 0.6), 1),
        (0.45, colour, 1),
        (1, darker(colour, 0.5), 1),
    )
    sheet.ellipse(x, y, radius, radius, fill)


def peg(sheet: Sheet, x: float, y: float) -> None:
    """A turned oak peg that sticks out of the wall."""
    round_end = f"M{x - 30} {y}a30 30 0 1 0 60 0a30 30 0 1 0 -60 0Z"
    drop_shadow(sheet, round_end, 22)
    disc(sheet, x, y, 30, OAK)
    sheet.ellipse(x, y, 12, 12, darker(OAK, 0.3), opacity=0.25)


def stitches(sheet: Sheet, data: str, colour: str, width: float = 3) -> None:
    sheet.stroke(data, colour, width, stroke_dasharray="9 8", opacity=0.75)


def fringe(sheet: Sheet, hem: Sequence[Point], length: float, colour: str) -> None:
    """Knotted tassels along a hem."""
    tones = (colour, darker(colour, 0.14), lighter(colour, 0.2))
    for i, (x, y) in enumerate(hem):
        for strand in range(-2, 3):
            end = length * sheet.random.uniform(0.86, 1.08)
            tip = (x + strand * 4 + sheet.random.uniform(-3, 3), y + end)
            data = curve_through([(x, y), (x + strand * 1.2, y + end * 0.45), tip])
            sheet.stroke(data, tones[(i + strand) % 3], 4)
        sheet.ellipse(x, y + length * 0.2, 6.5, 8, darker(colour, 0.08))
