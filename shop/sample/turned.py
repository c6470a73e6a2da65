"""Things turned on a wheel or a lathe: a profile swung round an upright axis, lit by the window.

The surface is painted in narrow upright slices; each slice has a gradient whose stops are the
light that falls on that part of the surface, so shading follows the form of any profile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, cos, hypot, pi, sin, sqrt

from shop.sample.paint import Point, Sheet, darker, lighter, line_through, mix, oval
from shop.sample.scene import cast_shadow, contact_shadow

SLICES = 56
TUBE_SLICES = 14
STEPS = 10
TILT = 0.2
LIGHT = (-0.58, -0.5, 0.64)
HALFWAY = (-0.32, -0.276, 0.906)
FULL = 0.62  # the share of light at which a surface shows its own colour


@dataclass(frozen=True)
class Ring:
    """One level of a turned form: its height on the picture, its radius, its slope outwards."""

    y: float
    radius: float
    out: float
    up: float


@dataclass(frozen=True)
class Finish:
    """How a surface answers light: its colour and how sharp and bright its highlight is."""

    colour: str
    gloss: float = 0.0
    sharpness: float = 24
    contrast: float = 1.0

    def lit(self, right: float, down: float, near: float) -> str:
        """The colour of a surface that faces this way (a unit vector from the picture)."""
        facing = (right, down, near)
        fall = sum(a * b for a, b in zip(facing, LIGHT, strict=True))
        tone = (fall + 0.45) / 1.45 + 0.12 * max(0.0, right) ** 3
        if tone < FULL:
            colour = darker(self.colour, min(0.72, (FULL - tone) * 0.85 * self.contrast))
        else:
            colour = lighter(self.colour, (tone - FULL) * 0.75 * self.contrast)
        shine = max(0.0, sum(a * b for a, b in zip(facing, HALFWAY, strict=True)))
        return mix(colour, "#ffffff", self.gloss * shine**self.sharpness)


class Turned:
    """A turned form standing at `cx`; `profile` lists (height, radius) from the top down.

    A point given twice makes an edge, all others are rounded.
    """

    def __init__(self, cx: float, profile: Sequence[Point], tilt: float = TILT) -> None:
        self.cx = cx
        self.tilt = tilt
        self.rings = _rings(profile)

    @property
    def top(self) -> Ring:
        return self.rings[0]

    @property
    def foot(self) -> Ring:
        return self.rings[-1]

    def at(self, ring: Ring, angle: float) -> Point:
        return (
            self.cx + ring.radius * sin(angle),
            ring.y + self.tilt * ring.radius * cos(angle),
        )

    def between(self, upper: float, lower: float) -> list[Ring]:
        return [ring for ring in self.rings if upper <= ring.y <= lower]

    def outline(self) -> str:
        """Path data of the whole form against the light, its back edge included."""
        left = [self.at(ring, -pi / 2) for ring in reversed(self.rings)]
        right = [self.at(ring, pi / 2) for ring in self.rings]
        over = [self.at(self.top, pi + pi / 2 - pi * i / 16) for i in range(1, 16)]
        under = [self.at(self.foot, pi / 2 - pi * i / 16) for i in range(1, 16)]
        return line_through([*left, *over, *right, *under])

    def patch(self, upper: float, lower: float, left: float, right: float) -> str:
        """Path data of a piece of the surface: two heights, and two angles in radians."""
        rings = self.between(upper, lower)
        turns = [left + (right - left) * i / 24 for i in range(25)]
        return line_through(
            [
                *(self.at(rings[0], turn) for turn in turns),
                *(self.at(ring, right) for ring in rings[1:-1]),
                *(self.at(rings[-1], turn) for turn in reversed(turns)),
                *(self.at(ring, left) for ring in reversed(rings[1:-1])),
            ]
        )

    def paint(self, sheet: Sheet, finish: Finish, upper: float = -1e4, lower: float = 1e4) -> None:
        """Paint the surface between two heights, slice by slice from the left.

        Every slice reaches half under the next one: no seams.
        """
        rings = self.between(upper, lower)
        height = max(1.0, rings[-1].y - rings[0].y)
        for count in range(SLICES):
            left = -1 + 2 * count / SLICES
            angle = asin(left + 1 / SLICES)
            reach = asin(min(1.0, left + 3 / SLICES))
            stops = [
                (
                    (ring.y - rings[0].y) / height,
                    finish.lit(ring.out * sin(angle), -ring.up, ring.out * cos(angle)),
                    1.0,
                )
                for ring in rings
            ]
            fall = self.tilt * rings[0].radius * cos(angle)
            fill = sheet.linear((0, rings[0].y + fall), (0, rings[-1].y + fall), *stops)
            sheet.path(self.patch(rings[0].y, rings[-1].y, asin(left), reach), fill)

    def window(
        self, sheet: Sheet, upper: float, lower: float, strength: float, at: float = -0.75
    ) -> None:
        """The window mirrored in a glaze: two upright panes."""
        for left, right in ((at, at + 0.2), (at + 0.25, at + 0.38)):
            pane = self.patch(upper, lower, left, right)
            sheet.path(pane, "#ffffff", opacity=strength, filter=sheet.blur(3))

    def speckle(self, sheet: Sheet, colour: str, count: int, opacity: float = 0.4) -> None:
        """Iron spots in a stoneware glaze."""
        sheet.begin(clip_path=sheet.clip(self.outline()), opacity=opacity)
        for _ in range(count):
            ring = sheet.random.choice(self.rings[1:-1])
            x, y = self.at(ring, sheet.random.uniform(-1.45, 1.45))
            size = sheet.random.uniform(0.8, 2.6)
            sheet.ellipse(x, y + sheet.random.uniform(-9, 9), size, size * 0.8, colour)
        sheet.end()

    def stand(self, sheet: Sheet, strength: float = 0.34) -> None:
        """The two shadows of the form where it stands; paint it afterwards."""
        drop = self.foot.radius * self.tilt
        cast_shadow(sheet, self.outline(), self.foot.y + drop * 0.4, strength)
        contact_shadow(sheet, self.cx, self.foot.y, self.foot.radius, drop)


def mouth(sheet: Sheet, form: Turned, finish: Finish, lip: float) -> str:
    """An open rim `lip` wide and the inner wall behind it; gives the opening's path data."""
    ring = form.top
    cx, r, k = form.cx, ring.radius, form.tilt
    edge = sheet.linear(
        (cx - r, 0),
        (cx + r, 0),
        (0, lighter(finish.colour, 0.55), 1),
        (0.5, lighter(finish.colour, 0.3), 1),
        (1, darker(finish.colour, 0.08), 1),
    )
    sheet.ellipse(cx, ring.y, r, r * k, edge)
    inner = r - lip
    wall = sheet.linear(
        (cx - inner, ring.y - inner * k),
        (cx + inner * 0.9, ring.y + inner * k),
        (0, darker(finish.colour, 0.62), 1),
        (0.5, darker(finish.colour, 0.4), 1),
        (0.9, darker(finish.colour, 0.08), 1),
        (1, darker(finish.colour, 0.12), 1),
    )
    depth = inner * k - lip * 0.25
    sheet.ellipse(cx, ring.y, inner, depth, wall)
    return oval(cx, ring.y, inner, depth)


def lip_front(sheet: Sheet, form: Turned, colour: str, width: float) -> None:
    """The near half of a rim, for forms painted after what lies inside them."""
    ring = form.top
    front = line_through([form.at(ring, -pi / 2 + pi * i / 32) for i in range(33)], closed=False)
    sheet.stroke(front, colour, width)


def tube(sheet: Sheet, spine: Sequence[Point], widths: Sequence[float], finish: Finish) -> None:
    """A bent round bar (handle, spout, stem): its width at each point of its spine."""
    path = _dense([(x, y, width) for (x, y), width in zip(spine, widths, strict=True)])
    edges = []
    for i, (x, y, width) in enumerate(path):
        before, after = path[max(i - 1, 0)], path[min(i + 1, len(path) - 1)]
        along, down = after[0] - before[0], after[1] - before[1]
        length = hypot(along, down)
        edges.append((x, y, width / 2, down / length, -along / length))
    for start, end in pairwise(edges):
        for count in range(TUBE_SLICES):
            left, right = (2 * (count + add) / TUBE_SLICES - 1 for add in (0, 1))
            middle = (left + right) / 2
            colour = finish.lit(start[3] * middle, start[4] * middle, sqrt(1 - middle * middle))
            quad = line_through(
                (x + nx * half * side, y + ny * half * side)
                for (x, y, half, nx, ny), side in (
                    (start, left),
                    (start, right),
                    (end, right),
                    (end, left),
                )
            )
            sheet.path(quad, colour, stroke=colour, stroke_width=0.8)


def _rings(profile: Sequence[Point]) -> list[Ring]:
    """Rings along the smooth curve through the profile, each with the direction it faces."""
    points = _dense(profile)
    rings = []
    for i, (y, radius) in enumerate(points):
        above, below = points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)]
        down, wide = below[0] - above[0], below[1] - above[1]
        length = hypot(down, wide) or 1.0
        rings.append(Ring(y, max(radius, 0.5), down / length, wide / length))
    return rings


def _dense(points: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Many points on the smooth curve (Catmull-Rom) through a few, in any number of dimensions."""
    last = len(points) - 1
    dense = []
    for i in range(last):
        before, start = points[max(i - 1, 0)], points[i]
        end, after = points[i + 1], points[min(i + 2, last)]
        if start == end:
            continue
        for step in range(STEPS):
            corners = zip(before, start, end, after, strict=True)
            dense.append(tuple(_spline(*corner, step / STEPS) for corner in corners))
    return [*dense, points[-1]]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    """Catmull-Rom between b and c."""
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
