"""Leaves and branches for vases and pots."""

from collections.abc import Sequence
from itertools import pairwise
from math import atan2, cos, degrees, hypot, pi, sin

from shop.sample.paint import Point, Sheet, curve_through, darker, lighter, mix

OLIVE = "#76834f"
FERN = "#56774f"
STRAW = "#cfae74"


def leaf(sheet: Sheet, root: Point, length: float, width: float, angle: float, colour: str) -> None:
    """One leaf from its root; `angle` in degrees, 0 to the right, 90 upwards."""
    x, y = root
    place = f"translate({x:.2f} {y:.2f}) rotate({-angle:.2f})"
    facing_light = cos((angle - 130) * pi / 180)
    tone = lighter(colour, 0.18) if facing_light > 0 else darker(colour, 0.14)
    upper = (
        f"M0 0C{length * 0.3:.2f} {-width:.2f} {length * 0.75:.2f} {-width * 0.8:.2f} {length} 0"
    )
    lower = f"C{length * 0.75:.2f} {width * 0.8:.2f} {length * 0.3:.2f} {width:.2f} 0 0Z"
    sheet.begin(transform=place)
    sheet.path(upper + lower, tone)
    sheet.path(f"M0 0L{length} 0{lower}", darker(tone, 0.13))
    sheet.stroke(f"M0 0L{length * 0.92:.2f} 0", lighter(tone, 0.25), 1.6, opacity=0.6)
    sheet.end()


def branch(
    sheet: Sheet,
    stem: Sequence[Point],
    colour: str,
    leaves: int,
    size: float,
    *,
    breadth: float = 0.3,
    spread: float = 48,
) -> None:
    """A stem with leaves on both sides that grow smaller towards the tip."""
    sheet.stroke(curve_through(stem), darker(mix(colour, "#6b4f35", 0.5), 0.15), size * 0.055)
    spots = _along(stem, leaves)
    for i, ((x, y), heading) in enumerate(spots):
        share = i / max(1, leaves - 1)
        length = size * (1 - 0.5 * share) * sheet.random.uniform(0.9, 1.1)
        side = 1 if i % 2 else -1
        turn = heading + side * (spread - 22 * share) + sheet.random.uniform(-8, 8)
        leaf(sheet, (x, y), length, length * breadth, turn, colour)
    (x, y), heading = spots[-1]
    leaf(sheet, (x, y), size * 0.5, size * 0.5 * breadth, heading, colour)


def plume(sheet: Sheet, stem: Sequence[Point], colour: str, size: float) -> None:
    """A dried grass head: many fine strokes along the upper part of a stem."""
    sheet.stroke(curve_through(stem), darker(colour, 0.25), 4)
    for (x, y), heading in _along(stem, 46):
        for side in (-1, 1):
            turn = (heading + side * sheet.random.uniform(12, 40)) * pi / 180
            reach = size * sheet.random.uniform(0.6, 1.1)
            tip = (x + reach * cos(turn), y - reach * sin(turn))
            tone = lighter(colour, sheet.random.uniform(0, 0.45))
            bend = (x + reach * 0.5 * cos(turn + 0.2), y - reach * 0.5 * sin(turn + 0.2))
            sheet.stroke(curve_through([(x, y), bend, tip]), tone, 3.2, opacity=0.85)


def _along(stem: Sequence[Point], count: int) -> list[tuple[Point, float]]:
    """Evenly spaced spots on the upper two thirds of a stem, and the stem's heading there."""
    pairs = [(a, b, hypot(b[0] - a[0], b[1] - a[1])) for a, b in pairwise(stem)]
    whole = sum(length for _, _, length in pairs)
    spots = []
    for i in range(count):
        left = whole * (0.3 + 0.68 * i / max(1, count - 1))
        index = 0
        while left > pairs[index][2]:
            left -= pairs[index][2]
            index += 1
        a, b, length = pairs[index]
        share = left / length
        spot = (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
        spots.append((spot, degrees(atan2(a[1] - b[1], b[0] - a[0]))))
    return spots
