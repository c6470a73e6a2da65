"""Paper and desk things, most of them seen from straight above."""

from collections.abc import Callable
from functools import partial
from math import cos, pi

from shop.sample.cloth import BRASS, disc, linen
from shop.sample.marks import wheel
from shop.sample.paint import Sheet, darker, lighter, mix, rounded
from shop.sample.scene import (
    DESK,
    drop_shadow,
    flat_room,
    wall,
)
from shop.sample.wood import OAK, WALNUT, pencil, wood_grain

FOREST = "#4f6650"
BRICK = "#b25c42"
NIGHT = "#3b4860"
PAPER = "#f6efe0"
OCHRE = "#d19a3c"
ROSE = "#cf9483"


def laid_pencil(
    sheet: Sheet, x: float, y: float, turn: float, length: float, width: float, colour: str
) -> None:
    """A pencil lying on the table, its blunt end at the point."""
    place = f"translate({x} {y}) rotate({turn})"
    drop_shadow(
        sheet, f"M0 {-width / 2}H{length - 40}L{length} 0L{length - 40} {width / 2}H0Z", 8, place
    )
    sheet.begin(transform=place)
    pencil(sheet, length, width, colour)
    sheet.end()


def cloth_notebook(sheet: Sheet, colour: str) -> None:
    flat_room(sheet, DESK)
    place = "translate(570 600) rotate(-7)"
    cover = rounded(-275, -390, 550, 780, 14)
    drop_shadow(sheet, rounded(-275, -390, 566, 792, 14), 26, place)
    sheet.begin(transform=place)
    sheet.path(rounded(-271, -382, 562, 786, 12), darker(colour, 0.35))
    sheet.path(rounded(-262, -386, 546, 782, 6), "#ece2cd")
    for line in range(4):
        inset = 3.5 * line
        sheet.stroke(f"M{270 + inset} -380V{386 + inset}", "#cdbf9f", 1.2)
    sheet.stroke("M120 380L112 446L128 436L140 450L138 380", BRICK if colour != BRICK else OCHRE, 3)
    ribbon = BRICK if colour != BRICK else OCHRE
    sheet.path("M112 370L106 450L121 438L134 453L132 370Z", ribbon)
    fill = sheet.sheen((-275, -390), (275, 390), colour, 0.3, 0.2)
    sheet.path(cover, fill)
    linen(sheet, cover, colour, 0.95)
    groove = sheet.linear(
        (-226, 0),
        (-196, 0),
        (0, darker(colour, 0.7), 0),
        (0.5, darker(colour, 0.7), 0.5),
        (1, lighter(colour, 0.6), 0.3),
    )
    sheet.path("M-226 -390H-196V390H-226Z", groove)
    sheet.stroke("M-262 -388H262", lighter(colour, 0.6), 2, opacity=0.5)
    wheel(sheet, 33, 1.5, 62, lighter(colour, 0.5), 0.35)
    wheel(sheet, 31, 0, 62, darker(colour, 0.6), 0.55)
    sheet.end()
    laid_pencil(sheet, 985, 980, -97, 620, 26, OCHRE if colour != BRICK else FOREST)


def pocket_notebooks(sheet: Sheet) -> None:
    flat_room(sheet, DESK)
    for x, y, turn, colour in (
        (450, 560, -17, ROSE),
        (620, 590, -2, FOREST),
        (770, 650, 13, OCHRE),
    ):
        place = f"translate({x} {y}) rotate({turn})"
        cover = rounded(-195, -280, 390, 560, 16)
        drop_shadow(sheet, cover, 15, place)
        sheet.begin(transform=place)
        sheet.path(rounded(-193, -277, 393, 562, 16), "#e6dcc6")
        fill = sheet.sheen((-195, -280), (195, 280), colour, 0.3, 0.14)
        sheet.path(cover, fill)
        sheet.path(
            "M-195 -264a16 16 0 0 1 16 -16H-176V280H-179a16 16 0 0 1 -16 -16Z", darker(colour, 0.25)
        )
        sheet.path(rounded(-92, -150, 210, 116, 4), PAPER)
        for y_line in (-112, -86, -60):
            sheet.stroke(f"M-70 {y_line}H96", mix(colour, "#a08f75", 0.5), 2, opacity=0.7)
        wheel(sheet, 13, 205, 26, lighter(colour, 0.7), 0.7)
        sheet.end()


def cedar_pencils(sheet: Sheet) -> None:
    flat_room(sheet, DESK)
    colours = (FOREST, OCHRE, BRICK, NIGHT, ROSE, "#8c9a80")
    for i, colour in enumerate(colours):
        shift = (i - 2.5) * 74
        slide = 26 * ((i * 2) % 3 - 1)
        x = 250 + shift * 0.62 - slide * 0.78 + 20
        y = 850 + shift * 0.78 + slide * 0.62 - 20
        laid_pencil(sheet, x, y, -38, 800, 42, colour)
    place = "translate(605 585) rotate(-38)"
    sleeve = rounded(-75, -236, 150, 482, 5)
    drop_shadow(sheet, sleeve, 13, place)
    sheet.begin(transform=place)
    fill = sheet.sheen((0, -236), (0, 246), PAPER, 0.4, 0.18)
    sheet.path(sleeve, fill)
    for x in (-60, 60):
        sheet.stroke(f"M{x} -234V244", BRICK, 4, opacity=0.8)
    wheel(sheet, 0, 4, 40, BRICK)
    sheet.end()


def moon_calendar(sheet: Sheet) -> None:
    """The year 2027: a row for each month, a disc for each day with its lit part."""
    wall(sheet, DESK)
    left, top, width, height = 285, 190, 630, 840
    paper = rounded(left, top, width, height, 2)
    drop_shadow(sheet, paper, 22)
    fill = sheet.linear(
        (left, top),
        (left + width, top + height),
        (0, lighter(NIGHT, 0.1), 1),
        (0.5, darker(NIGHT, 0.2), 1),
        (1, darker(NIGHT, 0.45), 1),
    )
    sheet.path(paper, fill)
    cream = "#f1dfb6"
    days_before_new_moon, lunation = 6.85, 29.530588
    day = 0
    for month, days in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)):
        for date in range(days):
            x, y = left + 45 + date * 18, top + 172 + month * 51
            sheet.ellipse(x, y, 8, 8, lighter(NIGHT, 0.16))
            age = (day - days_before_new_moon) % lunation / lunation
            sheet.path(moon(x, y, 8, age), cream)
            day += 1
    wheel(sheet, left + width / 2, top + 82, 30, cream, 0.9)
    sheet.stroke(f"M{left + 37} {top + 785}H{left + width - 37}", cream, 2, opacity=0.5)
    sheet.stroke(
        f"M{left + width / 2} 96L{left + 40} 176M{left + width / 2} 96L{left + width - 40} 176",
        "#8a6a45",
        4,
    )
    disc(sheet, left + width / 2, 94, 11, BRASS)
    for y in (top - 20, top + height - 16):
        bar = rounded(left - 14, y, width + 28, 34, 4)
        drop_shadow(sheet, bar, 10)
        wood = sheet.sheen((0, y), (0, y + 34), OAK, 0.45, 0.35)
        sheet.path(bar, wood)
        wood_grain(sheet, bar, across=0.004, along=0.09, strength=0.35)


def moon(x: float, y: float, radius: float, age: float) -> str:
    """Path data of the lit part of a moon; `age` from 0 (new) over 0.5 (full) to 1."""
    across = radius * abs(cos(2 * pi * age))
    outer = 1 if age < 0.5 else 0
    inner = outer if 0.25 < age < 0.75 else 1 - outer
    r = f"{radius:.2f}"
    return (
        f"M{x:.2f} {y - radius:.2f}A{r} {r} 0 0 {outer} {x:.2f} {y + radius:.2f}"
        f"A{across:.2f} {r} 0 0 {inner} {x:.2f} {y - radius:.2f}Z"
    )


def desk_tray(sheet: Sheet) -> None:
    flat_room(sheet, DESK)
    place = "translate(600 600) rotate(-5)"
    outer = rounded(-400, -260, 800, 520, 46)
    inner = rounded(-370, -230, 740, 460, 30)
    drop_shadow(sheet, outer, 24, place)
    sheet.begin(transform=place)
    rim = sheet.sheen((-400, -260), (400, 260), WALNUT, 0.34, 0.24)
    sheet.path(outer, rim)
    floor = sheet.linear(
        (-370, -230),
        (370, 230),
        (0, darker(WALNUT, 0.32), 1),
        (0.5, darker(WALNUT, 0.12), 1),
        (1, lighter(WALNUT, 0.06), 1),
    )
    sheet.path(inner, floor)
    wood_grain(sheet, outer, across=0.003, along=0.05, strength=0.34)
    sheet.begin(clip_path=sheet.clip(inner))
    hollow = f"M-600 -600H600V600H-600Z{rounded(-352, -206, 760, 480, 30)}"
    sheet.path(hollow, "#26140b", opacity=0.6, fill_rule="evenodd", filter=sheet.blur(14))
    sheet.end()
    sheet.stroke(rounded(-369, -229, 738, 458, 29), darker(WALNUT, 0.55), 2, opacity=0.6)
    sheet.stroke("M-330 229H340a30 30 0 0 0 29 -29V-190", lighter(WALNUT, 0.5), 3, opacity=0.6)
    sheet.path("M92 -230H104V230H92Z", darker(WALNUT, 0.3))
    sheet.path("M92 -230H95V230H92Z", lighter(WALNUT, 0.4))
    sheet.end()
    laid_pencil(sheet, 300, 700, -13, 350, 24, OCHRE)
    laid_pencil(sheet, 330, 560, -1, 310, 24, FOREST)
    for x, y, turn in ((790, 470, 20), (860, 520, -50), (800, 560, 80), (880, 430, -10)):
        clip_of_brass(sheet, x, y, turn)
    rubber(sheet)


def clip_of_brass(sheet: Sheet, x: float, y: float, turn: float) -> None:
    """A paper clip."""
    wire = "M-14 -30V22a14 14 0 0 0 28 0V-28a10 10 0 0 0 -20 0V16a5 5 0 0 0 10 0V-18"
    sheet.begin(
        transform=f"translate({x + 5} {y + 6}) rotate({turn})", opacity=0.4, filter=sheet.blur(3)
    )
    sheet.stroke(wire, "#26140b", 5)
    sheet.end()
    sheet.begin(transform=f"translate({x} {y}) rotate({turn})")
    sheet.stroke(wire, darker(BRASS, 0.3), 5)
    sheet.stroke(wire, lighter(BRASS, 0.35), 2.4, transform="translate(-0.8 -0.8)")
    sheet.end()


def rubber(sheet: Sheet) -> None:
    """A rounded eraser in its paper sleeve."""
    place = "translate(835 700) rotate(-14)"
    block = rounded(-66, -36, 132, 72, 12)
    drop_shadow(sheet, block, 10, place)
    sheet.begin(transform=place)
    sheet.path(
        block,
        sheet.sheen((0, -36), (0, 36), PAPER, 0.5, 0.18),
    )
    sheet.path("M-66 -24a12 12 0 0 1 12 -12H18V36H-54a12 12 0 0 1 -12 -12Z", BRICK)
    sheet.path("M-66 12H18V36H-54a12 12 0 0 1 -12 -12Z", darker(BRICK, 0.3), opacity=0.5)
    sheet.end()


def brass_ruler(sheet: Sheet) -> None:
    flat_room(sheet, DESK)
    page = "translate(560 610) rotate(8)"
    drop_shadow(sheet, rounded(-330, -420, 660, 840, 3), 9, page)
    sheet.begin(transform=page)
    sheet.path(
        rounded(-330, -420, 660, 840, 3),
        sheet.linear((-330, -420), (330, 420), (0, "#fdf9ef", 1), (1, "#efe4cd", 1)),
    )
    dots = sheet.pattern(33, 33, '<circle cx="16" cy="16" r="1.9" fill="#b9a784"/>')
    sheet.path(rounded(-320, -410, 640, 820, 3), dots, opacity=0.75)
    sheet.end()
    place = "translate(640 600) rotate(-32)"
    bar = rounded(-470, -62, 940, 124, 5)
    drop_shadow(sheet, bar, 11, place)
    sheet.begin(transform=place)
    metal = sheet.linear(
        (-470, -62),
        (470, 62),
        (0, lighter(BRASS, 0.3), 1),
        (0.22, BRASS, 1),
        (0.36, lighter(BRASS, 0.75), 1),
        (0.44, lighter(BRASS, 0.3), 1),
        (0.62, darker(BRASS, 0.12), 1),
        (0.78, lighter(BRASS, 0.34), 1),
        (1, darker(BRASS, 0.22), 1),
    )
    sheet.path(bar, metal)
    sheet.stroke("M-466 -60H466", lighter(BRASS, 0.85), 3, opacity=0.8)
    sheet.stroke("M-466 60H466", darker(BRASS, 0.55), 3, opacity=0.7)
    for step in range(151):
        x = -440 + step * 5.7
        length = 40 if step % 10 == 0 else 29 if step % 5 == 0 else 18
        sheet.stroke(f"M{x:.1f} -57V{-57 + length}", darker(BRASS, 0.65), 1.7 if step % 5 else 2.4)
    sheet.ellipse(440, 26, 14, 14, "#e9dcc2")
    sheet.stroke("M429 18a14 14 0 0 1 22 0", darker(BRASS, 0.6), 4, opacity=0.7)
    wheel(sheet, -410, 27, 20, darker(BRASS, 0.55), 0.8)
    sheet.end()
    laid_pencil(sheet, 420, 1030, -47, 560, 26, NIGHT)


def letter_set(sheet: Sheet) -> None:
    flat_room(sheet, DESK)
    for x, y, turn, tone in ((660, 480, 11, PAPER), (630, 500, 6, "#fbf6ea")):
        place = f"translate({x} {y}) rotate({turn})"
        page = rounded(-270, -350, 540, 700, 3)
        drop_shadow(sheet, page, 7, place)
        sheet.begin(transform=place)
        sheet.path(page, tone)
        sheet.stroke("M-220 -250H220M-220 -205H220M-220 -160H220M-220 -115H150", "#d9cbb0", 2)
        wheel(sheet, 0, -300, 20, BRICK, 0.8)
        sheet.end()
    for x, y, turn, tone in ((520, 745, -14, darker(ROSE, 0.06)), (540, 770, -7, ROSE)):
        envelope(sheet, f"translate({x} {y}) rotate({turn})", tone)
    laid_pencil(sheet, 1020, 1010, -112, 520, 26, FOREST)


def envelope(sheet: Sheet, place: str, colour: str) -> None:
    """The back of an envelope, closed with a drop of wax."""
    body = rounded(-310, -200, 620, 400, 6)
    drop_shadow(sheet, body, 11, place)
    sheet.begin(transform=place)
    sheet.path(
        body,
        sheet.sheen((-310, -200), (310, 200), colour, 0.3, 0.1),
    )
    for flap, tone in (
        ("M-310 -190L-20 30L-310 196Z", darker(colour, 0.04)),
        ("M310 -190L20 30L310 196Z", darker(colour, 0.1)),
        ("M-306 200L0 -16L306 200Z", lighter(colour, 0.08)),
    ):
        sheet.path(flap, tone)
    flap = "M-306 -200H306L22 46Q0 62 -22 46Z"
    sheet.path(
        flap, darker(colour, 0.7), opacity=0.3, filter=sheet.blur(7), transform="translate(2 8)"
    )
    sheet.path(
        flap,
        sheet.linear(
            (0, -200), (0, 60), (0, lighter(colour, 0.12), 1), (1, lighter(colour, 0.34), 1)
        ),
    )
    wax = "M0 -8C30 -12 58 10 54 42C58 74 30 92 0 88C-32 92 -58 70 -52 40C-58 8 -28 -12 0 -8Z"
    sheet.path(
        wax, darker(colour, 0.7), opacity=0.45, filter=sheet.blur(5), transform="translate(5 7)"
    )
    sheet.path(
        wax,
        sheet.radial(
            (-16, 18), 90, (0, lighter(BRICK, 0.32), 1), (0.5, BRICK, 1), (1, darker(BRICK, 0.4), 1)
        ),
    )
    wheel(sheet, 1, 41, 30, lighter(BRICK, 0.45), 0.5)
    wheel(sheet, 0, 40, 30, darker(BRICK, 0.5), 0.9)
    sheet.end()


DRAWINGS: dict[str, Callable[[Sheet], None]] = {
    "cloth-notebook": partial(cloth_notebook, colour=FOREST),
    "cloth-notebook-brick": partial(cloth_notebook, colour=BRICK),
    "cloth-notebook-night": partial(cloth_notebook, colour=NIGHT),
    "pocket-notebooks": pocket_notebooks,
    "cedar-pencils": cedar_pencils,
    "moon-calendar": moon_calendar,
    "walnut-desk-tray": desk_tray,
    "brass-ruler": brass_ruler,
    "letter-set": letter_set,
}
