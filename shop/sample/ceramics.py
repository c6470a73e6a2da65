"""Stoneware: mugs, bowls, vases, a teapot and planters."""

from collections.abc import Callable
from functools import partial

from shop.sample.paint import Point, Sheet, darker, lighter
from shop.sample.plants import FERN, OLIVE, STRAW, branch, leaf, plume
from shop.sample.scene import CERAMICS, contact_shadow, table_room
from shop.sample.turned import Finish, Turned, lip_front, mouth, tube

OAT = "#e6d8bf"
MOSS = "#8b9a78"
INK = "#4a5766"
CLAY = "#c27f60"
CHALK = "#f0eae0"
OCHRE = "#d0a052"
SLATE = "#7d8c92"
BARE = "#c9a27e"
IRON = "#3b2a1c"


def glaze(colour: str) -> Finish:
    return Finish(colour, gloss=0.2)


def mug(sheet: Sheet, colour: str) -> None:
    table_room(sheet, CERAMICS)
    form = Turned(
        560,
        [
            (500, 212),
            (500, 212),
            (520, 214),
            (680, 219),
            (850, 210),
            (930, 182),
            (956, 150),
            (956, 150),
        ],
    )
    form.stand(sheet)
    spine = [(750, 580), (830, 566), (886, 622), (886, 700), (840, 790), (735, 820)]
    tube(sheet, spine, [54, 46, 42, 42, 44, 54], glaze(colour))
    form.paint(sheet, glaze(colour))
    form.paint(sheet, Finish(BARE), 914)
    form.window(sheet, 560, 760, 0.3)
    form.speckle(sheet, IRON, 90)
    mouth(sheet, form, glaze(colour), 14)


def bowl(sheet: Sheet, colour: str) -> None:
    table_room(sheet, CERAMICS)
    form = Turned(
        600,
        [
            (640, 330),
            (640, 330),
            (660, 331),
            (760, 305),
            (860, 225),
            (915, 140),
            (925, 128),
            (950, 124),
            (950, 124),
        ],
        tilt=0.27,
    )
    form.stand(sheet)
    form.paint(sheet, glaze(colour))
    form.paint(sheet, Finish(BARE), 905)
    form.window(sheet, 690, 790, 0.26, at=-0.85)
    form.speckle(sheet, IRON, 110)
    opening = mouth(sheet, form, glaze(colour), 16)
    sheet.begin(clip_path=sheet.clip(opening))
    pool = sheet.radial((640, 720), 260, (0, lighter(colour, 0.3), 0.75), (1, colour, 0))
    sheet.ellipse(640, 715, 260, 75, pool)
    sheet.end()


def pear(sheet: Sheet, x: float, y: float, size: float, turn: float, colour: str) -> None:
    """A pear whose belly is centred on the point."""
    body = (
        "M0 -150C38 -150 44 -104 56 -66C70 -26 104 -4 104 58C104 120 58 150 0 150"
        "C-58 150 -104 120 -104 58C-104 -4 -70 -26 -56 -66C-44 -104 -38 -150 0 -150Z"
    )
    fill = sheet.radial(
        (-44, -6),
        230,
        (0, lighter(colour, 0.42), 1),
        (0.35, colour, 1),
        (0.8, darker(colour, 0.38), 1),
        (1, darker(colour, 0.5), 1),
    )
    sheet.begin(transform=f"translate({x} {y}) rotate({turn}) scale({size})")
    sheet.path(body, fill)
    blush = sheet.radial((40, 50), 90, (0, "#b5553a", 0.35), (1, "#b5553a", 0))
    sheet.path(body, blush)
    sheet.stroke("M0 -146C4 -170 2 -184 14 -200", "#5b4028", 10)
    sheet.end()


def fruit_bowl(sheet: Sheet) -> None:
    table_room(sheet, CERAMICS)
    form = Turned(
        600,
        [
            (670, 390),
            (670, 390),
            (688, 390),
            (780, 340),
            (870, 225),
            (903, 148),
            (925, 138),
            (948, 148),
            (948, 148),
        ],
        tilt=0.22,
    )
    finish = glaze(INK)
    form.stand(sheet)
    mouth(sheet, form, finish, 15)
    for x, y, size, turn, colour in (
        (420, 610, 0.95, -16, "#c9b65a"),
        (770, 615, 0.95, 20, "#bfae55"),
        (590, 590, 1.08, 4, "#d2ba5f"),
        (480, 690, 0.9, -64, "#c7b058"),
        (710, 695, 0.9, 70, "#d0b25a"),
    ):
        contact_shadow(sheet, x + 20, y + 60, 80 * size, 40)
        pear(sheet, x, y, size, turn, colour)
    form.paint(sheet, finish)
    form.window(sheet, 715, 800, 0.2, at=-0.9)
    form.speckle(sheet, "#d9d2c4", 90, 0.3)
    lip_front(sheet, form, lighter(INK, 0.3), 9)


def shoulder_vase(sheet: Sheet, colour: str) -> None:
    table_room(sheet, CERAMICS)
    form = Turned(
        590,
        [
            (470, 84),
            (470, 84),
            (488, 76),
            (530, 72),
            (570, 96),
            (630, 172),
            (710, 205),
            (820, 178),
            (910, 130),
            (955, 112),
            (955, 112),
        ],
    )
    form.stand(sheet)
    branches: list[tuple[list[Point], str, int, float]] = [
        ([(585, 500), (560, 380), (470, 240), (350, 150)], OLIVE, 17, 96),
        ([(600, 500), (640, 360), (730, 240), (850, 190)], OLIVE, 15, 92),
        ([(592, 500), (600, 340), (585, 200), (610, 80)], OLIVE, 15, 88),
    ]
    mouth(sheet, form, glaze(colour), 12)
    for stem, tone, leaves, size in branches:
        branch(sheet, stem, tone, leaves, size, breadth=0.17, spread=46)
    form.paint(sheet, glaze(colour))
    form.paint(sheet, Finish(BARE), 900)
    form.window(sheet, 625, 760, 0.26, at=-0.85)
    form.speckle(sheet, IRON, 80)
    lip_front(sheet, form, lighter(colour, 0.25), 8)


def bud_vase(sheet: Sheet, colour: str) -> None:
    table_room(sheet, CERAMICS)
    form = Turned(
        590,
        [
            (560, 40),
            (560, 40),
            (580, 32),
            (660, 34),
            (720, 62),
            (790, 128),
            (860, 158),
            (920, 140),
            (952, 100),
            (956, 92),
            (956, 92),
        ],
    )
    form.stand(sheet)
    mouth(sheet, form, glaze(colour), 8)
    plume(sheet, [(588, 590), (584, 430), (540, 260), (440, 150)], STRAW, 62)
    plume(sheet, [(594, 590), (612, 420), (668, 280), (760, 220)], STRAW, 54)
    form.paint(sheet, glaze(colour))
    form.window(sheet, 780, 870, 0.3, at=-0.8)
    form.speckle(sheet, IRON, 60)
    lip_front(sheet, form, lighter(colour, 0.25), 6)


def teapot(sheet: Sheet) -> None:
    table_room(sheet, CERAMICS)
    finish = glaze(MOSS)
    form = Turned(
        600,
        [
            (585, 120),
            (585, 120),
            (600, 158),
            (660, 232),
            (750, 268),
            (850, 240),
            (925, 170),
            (945, 140),
            (956, 138),
            (956, 138),
        ],
    )
    form.stand(sheet)
    spout = [(450, 800), (345, 775), (278, 695), (215, 612)]
    tube(sheet, spout, [120, 104, 66, 48], finish)
    sheet.ellipse(214, 611, 25, 12, darker(MOSS, 0.55), transform="rotate(-32 214 611)")
    handle = [(800, 660), (900, 612), (990, 650), (1000, 740), (940, 830), (810, 860)]
    tube(sheet, handle, [46, 42, 38, 38, 40, 48], finish)
    form.paint(sheet, finish)
    form.paint(sheet, Finish(BARE), 938)
    form.window(sheet, 670, 800, 0.28, at=-0.9)
    lid = Turned(600, [(536, 24), (546, 66), (564, 102), (590, 128), (590, 128)])
    sheet.ellipse(600, 592, 138, 29, darker(MOSS, 0.6), opacity=0.6, filter=sheet.blur(4))
    lid.paint(sheet, finish)
    knob = Turned(600, [(478, 6), (484, 26), (504, 36), (524, 24), (538, 20), (552, 30), (552, 30)])
    knob.paint(sheet, Finish("#b78a5d", gloss=0.15))
    form.speckle(sheet, IRON, 110)
    lid.speckle(sheet, IRON, 20)


def planter(sheet: Sheet, colour: str) -> None:
    table_room(sheet, CERAMICS)
    saucer = Turned(590, [(925, 222), (925, 222), (938, 214), (958, 178), (958, 178)])
    form = Turned(
        590,
        [
            (600, 218),
            (600, 218),
            (604, 222),
            (650, 218),
            (655, 206),
            (800, 190),
            (930, 162),
            (930, 162),
        ],
    )
    finish = Finish(colour, gloss=0.06)
    form.stand(sheet)
    saucer.stand(sheet, 0)
    saucer.paint(sheet, finish)
    mouth(sheet, saucer, finish, 12)
    contact_shadow(sheet, 590, 932, 162, 30)
    opening = mouth(sheet, form, finish, 15)
    sheet.begin(clip_path=sheet.clip(opening))
    sheet.ellipse(590, 622, 205, 42, "#4a3526")
    sheet.end()
    foliage(sheet)
    form.paint(sheet, finish)
    rim = form.patch(645, 668, -1.57, 1.57)
    sheet.path(rim, darker(colour, 0.7), opacity=0.3, filter=sheet.blur(5))
    lip_front(sheet, form, lighter(colour, 0.25), 8)


def foliage(sheet: Sheet) -> None:
    """A rubber plant: broad leaves from the far ones to the near."""
    blades: list[tuple[Point, float, float, float, str]] = [
        ((585, 420), 300, 66, 104, darker(FERN, 0.2)),
        ((590, 440), 290, 66, 66, darker(FERN, 0.16)),
        ((575, 470), 300, 70, 142, darker(FERN, 0.1)),
        ((600, 480), 300, 70, 34, darker(FERN, 0.1)),
        ((590, 400), 290, 60, 86, FERN),
        ((580, 530), 270, 66, 164, FERN),
        ((600, 540), 260, 64, 12, FERN),
        ((585, 500), 250, 64, 124, lighter(FERN, 0.06)),
        ((600, 510), 240, 60, 54, lighter(FERN, 0.04)),
    ]
    sheet.stroke("M590 620C584 540 596 470 588 400", "#6a5a3c", 12)
    for root, length, width, angle, colour in blades:
        leaf(sheet, root, length, width, angle, colour)


DRAWINGS: dict[str, Callable[[Sheet], None]] = {
    "everyday-mug": partial(mug, colour=OAT),
    "everyday-mug-moss": partial(mug, colour=MOSS),
    "everyday-mug-ink": partial(mug, colour=INK),
    "everyday-mug-clay": partial(mug, colour=CLAY),
    "breakfast-bowl": partial(bowl, colour=CHALK),
    "breakfast-bowl-clay": partial(bowl, colour=CLAY),
    "fruit-bowl": fruit_bowl,
    "shoulder-vase": partial(shoulder_vase, colour=CHALK),
    "shoulder-vase-clay": partial(shoulder_vase, colour=CLAY),
    "bud-vase": partial(bud_vase, colour=OCHRE),
    "bud-vase-chalk": partial(bud_vase, colour=CHALK),
    "bud-vase-slate": partial(bud_vase, colour=SLATE),
    "round-teapot": teapot,
    "saucer-planter": partial(planter, colour=CLAY),
    "saucer-planter-chalk": partial(planter, colour=CHALK),
}
