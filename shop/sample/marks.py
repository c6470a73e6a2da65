"""The maker's mark, a cart wheel."""

from math import cos, pi, sin

from shop.sample.paint import Sheet


def wheel(sheet: Sheet, x: float, y: float, radius: float, colour: str, opacity: float = 1) -> None:
    """A wheel with eight spokes: rim, hub, and strokes a tenth of the radius wide."""
    width = radius * 0.1
    sheet.begin(opacity=opacity)
    for inner in (radius, radius * 0.3):
        sheet.ellipse(x, y, inner, inner, "none", stroke=colour, stroke_width=width)
    for spoke in range(8):
        turn = pi * spoke / 4 + pi / 8
        near, far = radius * 0.3, radius * 0.96
        data = f"M{x + near * cos(turn):.2f} {y + near * sin(turn):.2f}"
        data += f"L{x + far * cos(turn):.2f} {y + far * sin(turn):.2f}"
        sheet.path(data, "none", stroke=colour, stroke_width=width * 0.8)
    sheet.end()
