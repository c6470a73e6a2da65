"""The rooms that the goods stand in: a wall with a table, a wall alone, or a top seen from above.

The light is the same everywhere: a window at the upper left, so shadows fall to the right.
"""

from dataclasses import dataclass

from shop.sample.paint import SIZE, Sheet, darker, lighter, line_through, mix, rounded, tag

HORIZON = 820


@dataclass(frozen=True)
class Room:
    """The two colours of a category's backdrop."""

    wall: str
    table: str


CERAMICS = Room(wall="#e6d3c1", table="#f2e6d8")
TEXTILES = Room(wall="#c6ccb8", table="#e2e2d2")
DESK = Room(wall="#e9d3a4", table="#ecd9b0")
KITCHEN = Room(wall="#d9a98b", table="#eccbb0")
WORKSHOP = Room(wall="#aebcc6", table="#d5dde0")


def wall(sheet: Sheet, room: Room, height: float = SIZE) -> None:
    """A lit wall with the pale print of a window on it."""
    tone = room.wall
    light = sheet.radial(
        (240, 160),
        1250,
        (0, lighter(tone, 0.42), 1),
        (0.5, tone, 1),
        (1, darker(tone, 0.2), 1),
    )
    sheet.path(f"M0 0H{SIZE}V{height}H0Z", light)
    soft = sheet.blur(9)
    glow = sheet.linear((300, 0), (1000, 700), (0, GLASS, 0.34), (1, GLASS, 0.1))
    sheet.begin(filter=soft, clip_path=sheet.clip(f"M0 0H{SIZE}V{height}H0Z"))
    for row in range(2):
        for column in range(2):
            x, y = 560 + column * 215, 60 + row * 300 + column * 62
            corners = ((x, y), (x + 195, y + 56), (x + 195, y + 336), (x, y + 280))
            sheet.path(line_through(corners), glow)
    sheet.end()


GLASS = "#fffaf0"


def table_room(sheet: Sheet, room: Room) -> None:
    """A wall and, below the horizon, a table top that catches the light on its left."""
    wall(sheet, room, HORIZON)
    corner = sheet.linear(
        (0, HORIZON - 130),
        (0, HORIZON),
        (0, darker(room.wall, 0.5), 0),
        (1, darker(room.wall, 0.5), 0.2),
    )
    sheet.path(f"M0 {HORIZON - 130}H{SIZE}V{HORIZON}H0Z", corner)
    top = sheet.linear(
        (0, HORIZON),
        (900, SIZE + 150),
        (0, lighter(room.table, 0.35), 1),
        (0.55, room.table, 1),
        (1, darker(room.table, 0.16), 1),
    )
    sheet.path(f"M0 {HORIZON}H{SIZE}V{SIZE}H0Z", top)
    sheet.path(f"M0 {HORIZON}H{SIZE}v3H0Z", lighter(room.table, 0.6), opacity=0.6)


def flat_room(sheet: Sheet, room: Room) -> None:
    """A table top seen from straight above, brighter towards the window."""
    tone = mix(room.wall, room.table, 0.45)
    light = sheet.radial(
        (260, 220),
        1300,
        (0, lighter(tone, 0.5), 1),
        (0.5, tone, 1),
        (1, darker(tone, 0.2), 1),
    )
    sheet.path(f"M0 0H{SIZE}V{SIZE}H0Z", light)
    beam = sheet.linear((0, 0), (1200, 900), (0, GLASS, 0.4), (1, GLASS, 0.08))
    sheet.begin(filter=sheet.blur(16))
    for left, right in ((-420, -90), (-40, 300)):
        corners = ((left, -60), (right, -60), (right + 1250, 1260), (left + 1250, 1260))
        sheet.path(line_through(corners), beam)
    sheet.end()


def cast_shadow(sheet: Sheet, outline: str, ground: float, strength: float = 0.3) -> None:
    """The shadow of an upright thing: its outline laid over the table, to the right and back."""
    lean, flat = 0.72, 0.2
    laid = f"matrix(1 0 {-lean} {flat} {lean * ground} {ground - flat * ground})"
    far = tag("path", d=outline, fill=darker("#8a6a52", 0.35), transform=laid)
    blurred = tag("g", far, filter=sheet.blur(16), opacity=strength)
    table = sheet.clip(f"M0 {HORIZON}H{SIZE}V{SIZE}H0Z")
    sheet.add(tag("g", blurred, clip_path=table))


def contact_shadow(sheet: Sheet, cx: float, cy: float, rx: float, ry: float) -> None:
    """The dark line where a thing touches the table: without it the thing floats."""
    dark = darker("#8a6a52", 0.6)
    sheet.ellipse(cx + 14, cy + 3, rx * 1.1, ry * 1.25, dark, opacity=0.34, filter=sheet.blur(12))
    sheet.ellipse(cx + 3, cy + 2, rx, ry, dark, opacity=0.5, filter=sheet.blur(3.5))


def drop_shadow(sheet: Sheet, outline: str, height: float, transform: str = "scale(1)") -> None:
    """The shadow of a thing that lies flat (or hangs): the higher, the longer and the softer."""
    dark = darker("#8a6a52", 0.5)
    for reach, blur, opacity in ((1.0, 1.0, 0.3), (0.35, 0.35, 0.34)):
        shape = tag("path", d=outline, fill=dark, transform=transform)
        moved = tag("g", shape, transform=f"translate({height * reach} {height * reach * 0.9})")
        sheet.add(tag("g", moved, filter=sheet.blur(height * blur * 0.75), opacity=opacity))


def grain(sheet: Sheet) -> None:
    """A breath of paper grain over the finished picture, which ties all parts together."""
    noise = sheet.define(
        "filter",
        tag("feTurbulence", type="fractalNoise", baseFrequency=0.7, numOctaves=2, seed=7),
        tag(
            "feColorMatrix", type="matrix", values="0 0 0 0 .25 0 0 0 0 .15 0 0 0 0 .1 0 0 0 .9 -.4"
        ),
        x="0",
        y="0",
        width="1",
        height="1",
        color_interpolation_filters="sRGB",
    )
    sheet.path(rounded(0, 0, SIZE, SIZE, 0), "#000000", filter=noise, opacity=0.12)
