"""Colours, SVG elements, and the sheet that collects the elements of one picture."""

from collections.abc import Iterable, Sequence
from random import Random

SIZE = 1200
SHADE = "#2e1a12"
GLOW = "#fff7ea"

Point = tuple[float, float]
Stop = tuple[float, str, float]


def mix(first: str, second: str, share: float) -> str:
    """The colour that lies `share` (0 to 1) of the way from `first` to `second`, as #rrggbb."""
    share = min(1.0, max(0.0, share))
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def darker(colour: str, share: float) -> str:
    """Towards a warm brown: shadows in one picture share one hue and never look like soot."""
    return mix(colour, SHADE, share)


def lighter(colour: str, share: float) -> str:
    return mix(colour, GLOW, share)


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def tag(name: str, *children: str, **attributes: str | float) -> str:
    """One SVG element; `stroke_width` becomes `stroke-width`, a trailing underscore is dropped."""
    written = ""
    for key, value in attributes.items():
        text = value if isinstance(value, str) else number(value)
        written += f' {key.rstrip("_").replace("_", "-")}="{text}"'
    return f"<{name}{written}>{''.join(children)}</{name}>"


def line_through(points: Iterable[Point], *, closed: bool = True) -> str:
    """Path data for straight lines through the points."""
    joined = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return f"M{joined}Z" if closed else f"M{joined}"


def curve_through(points: Sequence[Point], *, closed: bool = False) -> str:
    """Path data for a smooth curve (Catmull-Rom) through every point."""
    count = len(points)

    def at(index: int) -> Point:
        return points[index % count] if closed else points[min(max(index, 0), count - 1)]

    data = f"M{number(points[0][0])} {number(points[0][1])}"
    for i in range(count if closed else count - 1):
        before, start, end, after = at(i - 1), at(i), at(i + 1), at(i + 2)
        controls = (
            start[0] + (end[0] - before[0]) / 6,
            start[1] + (end[1] - before[1]) / 6,
            end[0] - (after[0] - start[0]) / 6,
            end[1] - (after[1] - start[1]) / 6,
            *end,
        )
        data += "C" + " ".join(number(value) for value in controls)
    return data + ("Z" if closed else "")


def rounded(x: float, y: float, width: float, height: float, radius: float) -> str:
    """Path data for a rectangle with rounded corners."""
    r = number(radius)
    return (
        f"M{number(x + radius)} {number(y)}h{number(width - 2 * radius)}a{r} {r} 0 0 1 {r} {r}"
        f"v{number(height - 2 * radius)}a{r} {r} 0 0 1 -{r} {r}h{number(2 * radius - width)}"
        f"a{r} {r} 0 0 1 -{r} -{r}v{number(2 * radius - height)}a{r} {r} 0 0 1 {r} -{r}Z"
    )


def oval(cx: float, cy: float, rx: float, ry: float) -> str:
    """Path data for an ellipse."""
    a, b, wide = number(rx), number(ry), number(2 * rx)
    return f"M{number(cx - rx)} {number(cy)}a{a} {b} 0 1 0 {wide} 0a{a} {b} 0 1 0 -{wide} 0Z"


class Sheet:
    """One square picture: elements in painting order, and the definitions that they point to."""

    def __init__(self, name: str) -> None:
        self.random = Random(name)  # noqa: S311  the same specks again, not a secret
        self._identities: dict[str, str] = {}
        self._definitions: dict[str, str] = {}
        self._elements: list[str] = []

    def add(self, element: str) -> None:
        self._elements.append(element)

    def path(self, data: str, fill: str, **attributes: str | float) -> None:
        self.add(tag("path", d=data, fill=fill, **attributes))

    def stroke(self, data: str, colour: str, width: float, **attributes: str | float) -> None:
        self.add(
            tag(
                "path",
                d=data,
                fill="none",
                stroke=colour,
                stroke_width=width,
                stroke_linecap="round",
                stroke_linejoin="round",
                **attributes,
            )
        )

    def ellipse(
        self, cx: float, cy: float, rx: float, ry: float, fill: str, **attributes: str | float
    ) -> None:
        self.add(tag("ellipse", cx=cx, cy=cy, rx=rx, ry=ry, fill=fill, **attributes))

    def define(self, name: str, *children: str, **attributes: str | float) -> str:
        """A reference such as url(#d7); equal definitions are stored once."""
        key = tag(name, *children, **attributes)
        identity = self._identities.setdefault(key, f"d{len(self._identities)}")
        if identity not in self._definitions:
            self._definitions[identity] = tag(name, *children, id=identity, **attributes)
        return f"url(#{identity})"

    def linear(self, start: Point, end: Point, *stops: Stop) -> str:
        return self.define(
            "linearGradient",
            *_stops(stops),
            gradientUnits="userSpaceOnUse",
            x1=start[0],
            y1=start[1],
            x2=end[0],
            y2=end[1],
        )

    def sheen(self, start: Point, end: Point, colour: str, light: float, dark: float) -> str:
        """A colour that is lighter at the start and darker at the end, each by its share."""
        return self.linear(
            start,
            end,
            (0, lighter(colour, light), 1),
            (0.5, colour, 1),
            (1, darker(colour, dark), 1),
        )

    def radial(self, centre: Point, radius: float, *stops: Stop) -> str:
        return self.define(
            "radialGradient",
            *_stops(stops),
            gradientUnits="userSpaceOnUse",
            cx=centre[0],
            cy=centre[1],
            r=radius,
        )

    def blur(self, deviation: float) -> str:
        return self.define(
            "filter",
            tag("feGaussianBlur", stdDeviation=deviation),
            filterUnits="userSpaceOnUse",
            x=-200,
            y=-200,
            width=SIZE + 400,
            height=SIZE + 400,
            color_interpolation_filters="sRGB",
        )

    def clip(self, data: str) -> str:
        return self.define("clipPath", tag("path", d=data))

    def pattern(
        self, width: float, height: float, *children: str, transform: str = "scale(1)"
    ) -> str:
        return self.define(
            "pattern",
            *children,
            patternUnits="userSpaceOnUse",
            width=width,
            height=height,
            patternTransform=transform,
        )

    def begin(self, **attributes: str | float) -> None:
        """Open a group: what follows, up to `end`, shares its clip, turn or opacity."""
        self.add(tag("g", **attributes).removesuffix("</g>"))

    def end(self) -> None:
        self.add("</g>")

    def render(self) -> str:
        return tag(
            "svg",
            tag("defs", *self._definitions.values()),
            *self._elements,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {SIZE} {SIZE}",
            width=SIZE,
            height=SIZE,
        )


def _stops(stops: Iterable[Stop]) -> list[str]:
    return [
        tag("stop", offset=f"{offset:.4f}", stop_color=colour, stop_opacity=opacity)
        for offset, colour, opacity in stops
    ]
