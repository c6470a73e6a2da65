"""What is learned, read and made: a booklet, a program, a course, recipes, a morning at the wheel.

All lie on one blue-grey table and are seen from straight above.
"""

from collections.abc import Callable
from math import cos, pi, sin

from shop.sample.booklet import DIAMOND, drawdown
from shop.sample.desk import BRICK, FOREST, NIGHT, OCHRE, PAPER, ROSE, laid_pencil
from shop.sample.marks import wheel
from shop.sample.paint import Sheet, darker, lighter, mix, oval, rounded
from shop.sample.scene import WORKSHOP, drop_shadow, flat_room
from shop.sample.wood import BEECH, wood_grain

CLAY = "#c08a66"
SLIP = "#d9b596"
STEEL = "#8b9094"


def weave(sheet: Sheet, x: float, y: float, size: float, cells: int, dark: str) -> None:
    """The diamond draft as squares, `cells` across and down, in a field of `size`."""
    step = size / cells
    data = "".join(
        f"M{x + column * step:.1f} {y + row * step:.1f}h{step:.1f}v{step:.1f}h-{step:.1f}Z"
        for row, line in enumerate(drawdown(DIAMOND, cells))
        for column, is_up in enumerate(line)
        if is_up
    )
    sheet.path(data, dark)


def pattern_booklet(sheet: Sheet) -> None:
    flat_room(sheet, WORKSHOP)
    place = "translate(590 600) rotate(-6)"
    spread = rounded(-430, -310, 860, 620, 6)
    drop_shadow(sheet, spread, 16, place)
    sheet.begin(transform=place)
    for layer in range(3):
        sheet.path(rounded(-430 + 2 * layer, -310 - 3 * layer, 860, 620, 6), darker(PAPER, 0.12))
    fold = sheet.linear(
        (-430, 0),
        (430, 0),
        (0, "#fdf9ef", 1),
        (0.47, "#f7f0df", 1),
        (0.5, "#d3c5a8", 1),
        (0.53, "#fdf9ef", 1),
        (1, "#efe4cd", 1),
    )
    sheet.path(rounded(-430, -318, 860, 620, 6), fold)
    weave(sheet, 62, -250, 310, 32, NIGHT)
    sheet.stroke(rounded(54, -258, 326, 326, 2), darker(PAPER, 0.4), 2)
    for line in range(4):
        sheet.stroke(f"M62 {112 + line * 36}H{(372, 350, 366, 240)[line]}", "#cbbd9f", 7)
    sheet.stroke("M-372 -236H-170", BRICK, 14)
    for line in range(11):
        right = (-66, -80, -60, -92, -180)[line % 5]
        sheet.stroke(f"M-372 {-176 + line * 36}H{right}", "#cbbd9f", 7)
    for y in (-150, 140):
        sheet.stroke(f"M0 {y}v44", STEEL, 5)
    sheet.end()
    laid_pencil(sheet, 930, 1060, -112, 520, 28, FOREST)


def loom_planner(sheet: Sheet) -> None:
    flat_room(sheet, WORKSHOP)
    place = "translate(570 570) rotate(5)"
    body = rounded(-400, -300, 800, 600, 46)
    drop_shadow(sheet, body, 20, place)
    sheet.begin(transform=place)
    sheet.path(body, sheet.sheen((-400, -300), (400, 300), "#4a4844", 0.3, 0.3))
    sheet.stroke(rounded(-396, -296, 792, 592, 43), lighter(STEEL, 0.5), 3, opacity=0.5)
    sheet.path(rounded(-356, -256, 712, 512, 14), darker(NIGHT, 0.45))
    sheet.path(rounded(-356, -256, 712, 60, 14), darker(NIGHT, 0.2))
    for number, colour in enumerate((BRICK, OCHRE, FOREST)):
        sheet.ellipse(-322 + number * 34, -226, 10, 10, colour)
    sheet.path(rounded(-330, -170, 400, 400, 6), "#f3ead6")
    weave(sheet, -330, -170, 400, 40, mix(NIGHT, FOREST, 0.25))
    for number, colour in enumerate((ROSE, OCHRE, PAPER, FOREST, BRICK)):
        sheet.path(rounded(110, -170 + number * 62, 40, 40, 8), colour)
        sheet.stroke(f"M174 -150m0 {number * 62}h{(130, 100, 146, 90, 120)[number]}", "#8892a3", 8)
    sheet.path(rounded(110, 168, 210, 62, 31), OCHRE)
    glare = sheet.linear((-356, -256), (200, 256), (0, "#ffffff", 0.2), (0.6, "#ffffff", 0))
    sheet.path(rounded(-356, -256, 712, 512, 14), glare)
    sheet.end()
    key_tag(sheet, "translate(830 880) rotate(-18)")


def key_tag(sheet: Sheet, place: str) -> None:
    """A paper tag on a string, with the mark and a line of boxes for the key."""
    tag = "M-210 0L-150 -80H196a14 14 0 0 1 14 14V66a14 14 0 0 1 -14 14H-150Z"
    drop_shadow(sheet, tag, 9, place)
    sheet.begin(transform=place)
    sheet.path(tag, sheet.sheen((-210, -80), (210, 80), PAPER, 0.4, 0.14))
    sheet.ellipse(-158, 0, 17, 17, darker(WORKSHOP.table, 0.3))
    sheet.stroke("M-158 0C-250 -40 -300 60 -390 20", BRICK, 6)
    wheel(sheet, 26, -32, 26, BRICK)
    for box in range(6):
        sheet.path(rounded(-102 + box * 48, 18, 36, 36, 5), darker(PAPER, 0.3), opacity=0.7)
    sheet.end()


def bowl_from_above(sheet: Sheet, x: float, y: float, radius: float, colour: str) -> None:
    """A thrown bowl: a lit rim, and walls that sink into shade in the rings of the fingers."""
    drop_shadow(sheet, oval(x, y, radius, radius), radius / 9)
    rim = sheet.sheen((x - radius, y - radius), (x + radius, y + radius), colour, 0.5, 0.25)
    sheet.path(oval(x, y, radius, radius), rim)
    inner = radius * 0.9
    hollow = sheet.radial(
        (x + radius * 0.22, y + radius * 0.24),
        radius,
        (0, lighter(colour, 0.2), 1),
        (0.6, darker(colour, 0.12), 1),
        (1, darker(colour, 0.5), 1),
    )
    sheet.path(oval(x, y, inner, inner), hollow)
    for ring in range(1, 8):
        size = inner * (1 - ring / 8.5)
        sheet.path(
            oval(x + ring * 1.5, y + ring * 1.5, size, size),
            "none",
            stroke=darker(colour, 0.35),
            stroke_width=3,
            opacity=0.45,
        )


def wheel_head(sheet: Sheet, x: float, y: float, radius: float) -> None:
    """The turning plate of a potter's wheel, wet with slip."""
    drop_shadow(sheet, oval(x, y, radius, radius), 22)
    metal = sheet.sheen((x - radius, y - radius), (x + radius, y + radius), STEEL, 0.5, 0.4)
    sheet.path(oval(x, y, radius, radius), metal)
    for ring in range(4, 10):
        size = radius * ring / 10
        sheet.path(oval(x, y, size, size), "none", stroke="#5d6266", stroke_width=2, opacity=0.5)
    turns = [
        (x + radius * 0.88 * cos(at) * (0.72 + at / 30), y + radius * 0.88 * sin(at) * 0.9)
        for at in (step * pi / 12 for step in range(18))
    ]
    points = "L".join(f"{a:.1f} {b:.1f}" for a, b in turns)
    sheet.stroke(f"M{points}", SLIP, 16, opacity=0.55)


def throwing_at_home(sheet: Sheet) -> None:
    flat_room(sheet, WORKSHOP)
    wheel_head(sheet, 520, 540, 400)
    bowl_from_above(sheet, 520, 540, 255, CLAY)
    sponge = "M-96 -40C-60 -92 60 -86 98 -34C124 16 92 74 20 78C-60 82 -124 30 -96 -40Z"
    place = "translate(950 920) rotate(16)"
    drop_shadow(sheet, sponge, 14, place)
    sheet.begin(transform=place)
    sheet.path(sponge, sheet.sheen((-100, -80), (100, 80), "#dcb45c", 0.4, 0.25))
    for _hole in range(36):
        a, b = sheet.random.uniform(-80, 84), sheet.random.uniform(-48, 54)
        sheet.ellipse(a, b, sheet.random.uniform(3, 8), 4, darker("#dcb45c", 0.4), opacity=0.6)
    sheet.end()
    cutting_wire(sheet)


def cutting_wire(sheet: Sheet) -> None:
    """A wire between two wooden toggles."""
    sheet.stroke("M180 1040C330 960 470 1110 660 1010", "#3c3a36", 9, opacity=0.2)
    sheet.stroke("M176 1032C326 952 466 1102 656 1002", STEEL, 4)
    for x, y, turn in ((176, 1032, 62), (656, 1002, 66)):
        place = f"translate({x} {y}) rotate({turn})"
        toggle = rounded(-66, -17, 132, 34, 17)
        drop_shadow(sheet, toggle, 9, place)
        sheet.begin(transform=place)
        sheet.path(toggle, sheet.sheen((0, -17), (0, 17), BEECH, 0.4, 0.35))
        wood_grain(sheet, toggle, across=0.004, along=0.09, strength=0.4)
        sheet.end()


GLAZES = (
    *("#6f8f86", "#d8c9a3", "#33475b", "#b5573a"),
    *("#c9b7a0", "#55664a", "#8fa7b3", "#7a4a3b"),
    *("#e5dcc8", "#3f5f66", "#c98f3d", "#9c8ba0"),
)


def glaze_recipes(sheet: Sheet) -> None:
    flat_room(sheet, WORKSHOP)
    place = "translate(600 600) rotate(-4)"
    board = rounded(-440, -370, 880, 740, 18)
    drop_shadow(sheet, board, 18, place)
    sheet.begin(transform=place)
    sheet.path(board, sheet.sheen((-440, -370), (440, 370), BEECH, 0.35, 0.25))
    wood_grain(sheet, board, across=0.003, along=0.05, strength=0.2)
    sheet.end()
    for number, colour in enumerate(GLAZES):
        x, y = -318 + number % 4 * 212, -232 + number // 4 * 232
        test_tile(sheet, f"{place} translate({x} {y})", colour)


def test_tile(sheet: Sheet, place: str, colour: str) -> None:
    """A bare tile dipped in a glaze, which ran a little; a hole to hang it by."""
    tile = rounded(-80, -96, 160, 192, 16)
    drop_shadow(sheet, tile, 9, place)
    sheet.begin(transform=place)
    sheet.path(tile, sheet.sheen((-80, -96), (80, 96), CLAY, 0.4, 0.2))
    wave = "".join(
        f"c-8 0 -10 {depth:.1f} -16 {depth:.1f}s-8 -{depth:.1f} -16 -{depth:.1f}"
        for depth in (sheet.random.uniform(6, 40) for _drip in range(5))
    )
    glazed = f"M-80 -80a16 16 0 0 1 16 -16H64a16 16 0 0 1 16 16V34{wave}Z"
    sheet.begin(clip_path=sheet.clip(tile))
    sheet.path(glazed, sheet.sheen((-80, -96), (80, 80), colour, 0.4, 0.2))
    sheet.stroke("M-58 -76H26", lighter(colour, 0.7), 9, opacity=0.55)
    sheet.end()
    sheet.ellipse(0, -68, 11, 11, darker(BEECH, 0.5))
    sheet.end()


def ticket(sheet: Sheet, place: str, colour: str) -> None:
    """A ticket with a notch above and below its perforation, and the mark on its stub."""
    outline = "M-330 -150H120a26 26 0 0 0 52 0H330V150H172a26 26 0 0 0 -52 0H-330Z"
    drop_shadow(sheet, outline, 10, place)
    sheet.begin(transform=place)
    sheet.path(outline, sheet.sheen((-330, -150), (330, 150), colour, 0.35, 0.12))
    sheet.stroke("M146 -112V112", darker(colour, 0.5), 4, stroke_dasharray="6 12", opacity=0.8)
    sheet.stroke(rounded(-306, -126, 400, 252, 8), darker(colour, 0.4), 3, opacity=0.6)
    wheel(sheet, 238, 0, 56, darker(colour, 0.55))
    sheet.stroke("M-270 -70H-60", darker(colour, 0.6), 16)
    for line in range(3):
        right = (56, 20, -90)[line]
        sheet.stroke(f"M-270 {-14 + line * 42}H{right}", darker(colour, 0.3), 8)
    sheet.end()


def morning_at_the_wheel(sheet: Sheet) -> None:
    flat_room(sheet, WORKSHOP)
    bowl_from_above(sheet, 850, 330, 230, SLIP)
    bowl_from_above(sheet, 350, 270, 150, CLAY)
    ticket(sheet, "translate(640 800) rotate(9)", ROSE)
    ticket(sheet, "translate(540 760) rotate(-8)", PAPER)


DRAWINGS: dict[str, Callable[[Sheet], None]] = {
    "pattern-booklet": pattern_booklet,
    "loom-planner": loom_planner,
    "throwing-at-home": throwing_at_home,
    "glaze-recipes": glaze_recipes,
    "morning-at-the-wheel": morning_at_the_wheel,
}
