"""Woven goods: a blanket, cushions, towels, an apron, napkins and a bag."""

from collections.abc import Callable
from functools import partial

from shop.sample.cloth import (
    BRASS,
    Fold,
    disc,
    folds,
    fringe,
    hanging,
    herringbone,
    light_across,
    linen,
    peg,
    rail,
    stitches,
    waffle,
)
from shop.sample.marks import wheel
from shop.sample.paint import Sheet, darker, lighter, line_through, rounded, tag
from shop.sample.plants import OLIVE, branch
from shop.sample.scene import (
    TEXTILES,
    cast_shadow,
    contact_shadow,
    drop_shadow,
    flat_room,
    table_room,
    wall,
)

OAT = "#e2d3b6"
MOSS = "#7f8c66"
RUST = "#b5653f"
INDIGO = "#4b5a78"
FLAX = "#cdb48c"
CHALK = "#efe8da"
OCHRE = "#d0a04c"
FOG = "#a9b7b8"


def blanket(sheet: Sheet, colour: str) -> None:
    wall(sheet, TEXTILES)
    left, right, top, bottom = 270, 920, 236, 880
    back = line_through(hanging(left + 40, right + 22, top, bottom - 120))
    points = hanging(left, right, top, bottom)
    front = line_through(points)
    drop_shadow(sheet, front, 34)
    rail(sheet, 170, 1030, 240)
    sheet.path(back, darker(colour, 0.3))
    drop_shadow(sheet, front, 12)
    hem = [(left + 8 + (right - left - 16) * i / 26, bottom - 6) for i in range(27)]
    fringe(sheet, hem, 74, lighter(colour, 0.1))
    cloth = rounded(left - 20, top - 16, right - left + 40, bottom - top + 60, 14)
    sheet.begin(
        clip_path=sheet.clip(line_through([(left, top - 18), (right, top - 18), *points[2:]]))
    )
    sheet.path(cloth, colour)
    for y, height in ((620, 26), (668, 70), (760, 26)):
        sheet.path(rounded(left - 20, y, right - left + 40, height, 2), lighter(colour, 0.62))
    herringbone(sheet, cloth, colour)
    edge = sheet.linear(
        (0, top - 18),
        (0, top + 40),
        (0, lighter(colour, 0.8), 0.55),
        (0.3, colour, 0),
        (1, darker(colour, 0.6), 0.14),
    )
    sheet.path(rounded(left - 20, top - 18, right - left + 40, 58, 1), edge)
    sheet.end()
    creases = [
        Fold((390, 250), (372, 960), 46, 0.3),
        Fold((440, 260), (430, 960), 38, -0.3),
        Fold((560, 250), (580, 960), 52, 0.24),
        Fold((622, 280), (640, 960), 40, -0.28),
        Fold((740, 250), (752, 960), 54, 0.32),
        Fold((800, 250), (818, 960), 36, -0.24),
        Fold((905, 250), (912, 960), 46, 0.34),
    ]
    folds(sheet, front, colour, creases)
    light_across(sheet, front, colour, left, right)


def cushion(sheet: Sheet, colour: str) -> None:
    table_room(sheet, TEXTILES)
    corners = ((255, 330), (905, 300), (930, 940), (270, 965))
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    outline = (
        f"M{ax} {ay}C400 352 760 332 {bx} {by}C902 480 902 780 {cx} {cy}"
        f"C780 952 420 960 {dx} {dy}C290 800 280 500 {ax} {ay}Z"
    )
    cast_shadow(sheet, outline, 955, 0.36)
    contact_shadow(sheet, 600, 948, 300, 22)
    sheet.path(outline, darker(colour, 0.28))
    sheet.begin(clip_path=sheet.clip(outline))
    for size, tone, blur, opacity in (
        (0.86, colour, 34, 1.0),
        (0.6, lighter(colour, 0.16), 60, 0.9),
        (0.3, lighter(colour, 0.34), 70, 0.9),
    ):
        x, y = 585 - 90 * (1 - size), 628 - 130 * (1 - size)
        place = f"translate({x:.1f} {y:.1f}) scale({size}) translate(-590 -634)"
        sheet.add(
            tag(
                "g",
                tag("path", d=outline, fill=tone, transform=place),
                filter=sheet.blur(blur),
                opacity=opacity,
            )
        )
    sheet.end()
    linen(sheet, outline, colour, 0.9)
    creases = [
        Fold((262, 340), (410, 500), 22, 0.22),
        Fold((290, 338), (455, 462), 20, -0.22),
        Fold((330, 352), (520, 430), 18, 0.12),
        Fold((898, 312), (770, 470), 24, 0.26),
        Fold((866, 318), (722, 440), 18, -0.2),
        Fold((902, 380), (830, 520), 18, -0.14),
        Fold((922, 930), (790, 790), 26, 0.28),
        Fold((880, 930), (740, 820), 20, -0.14),
        Fold((278, 955), (410, 800), 24, 0.26),
        Fold((282, 900), (372, 760), 18, -0.2),
        Fold((330, 940), (470, 830), 18, -0.12),
        Fold((300, 960), (900, 945), 90, 0.3),
        Fold((925, 400), (935, 900), 90, 0.26),
        Fold((320, 360), (860, 340), 50, -0.25),
        Fold((520, 560), (610, 800), 150, -0.1),
    ]
    folds(sheet, outline, colour, creases)
    sheet.stroke(outline, darker(colour, 0.32), 11)
    sheet.stroke(outline, lighter(colour, 0.22), 5, transform="translate(-1.6 -1.6)")


def towels(sheet: Sheet, colour: str) -> None:
    table_room(sheet, TEXTILES)
    cast_shadow(sheet, rounded(250, 520, 700, 430, 40), 950, 0.36)
    contact_shadow(sheet, 600, 948, 345, 18)
    for bottom, left, right, height in (
        (952, 250, 950, 150),
        (806, 262, 938, 146),
        (664, 330, 870, 120),
    ):
        folded(sheet, colour, left, right, bottom, height)


def folded(
    sheet: Sheet, colour: str, left: float, right: float, bottom: float, height: float
) -> None:
    """A towel folded in three, seen at its rounded fold."""
    top = bottom - height
    middle = (left + right) / 2
    outline = (
        f"M{left + 44} {top + 4}C{middle - 90} {top - 7} {middle + 120} {top + 6}"
        f" {right - 40} {top + 2}"
        f"C{right + 16} {top + 6} {right + 14} {bottom - 4} {right - 38} {bottom - 1}"
        f"C{middle + 100} {bottom + 3} {middle - 120} {bottom - 5} {left + 42} {bottom}"
        f"C{left - 18} {bottom - 6} {left - 16} {top + 10} {left + 44} {top + 4}Z"
    )
    fill = sheet.linear(
        (0, top),
        (0, bottom),
        (0, lighter(colour, 0.42), 1),
        (0.35, colour, 1),
        (0.78, darker(colour, 0.16), 1),
        (1, darker(colour, 0.46), 1),
    )
    sheet.path(outline, fill)
    waffle(sheet, outline, colour)
    seams = [
        Fold((left + 70, top + height * share), (right + 20, top + height * share - 2), 15, 0.42)
        for share in (0.36, 0.68)
    ]
    ridges = [
        Fold((left + 60, top + height * share), (right, top + height * share - 2), 14, -0.4)
        for share in (0.44, 0.76)
    ]
    folds(sheet, outline, colour, [*seams, *ridges])
    light_across(sheet, outline, colour, left, right)


def apron(sheet: Sheet, colour: str) -> None:
    wall(sheet, TEXTILES)
    outline = (
        "M478 356C560 366 640 366 722 356C728 470 770 540 862 566C872 720 880 880 888 1046"
        "C790 1066 700 1048 600 1056C500 1064 410 1050 312 1048C320 880 328 720 338 566"
        "C430 540 472 470 478 356Z"
    )
    drop_shadow(sheet, outline, 30)
    for data in (
        "M590 170C540 230 500 290 488 366",
        "M612 170C660 230 700 290 712 366",
        "M345 580C322 660 352 760 318 850",
        "M856 580C886 660 856 740 880 836",
    ):
        sheet.stroke(
            data,
            darker(colour, 0.5),
            22,
            opacity=0.25,
            transform="translate(9 9)",
            filter=sheet.blur(5),
        )
        sheet.stroke(data, darker(colour, 0.14), 20)
        sheet.stroke(data, lighter(colour, 0.14), 8, transform="translate(-3 0)", opacity=0.6)
    peg(sheet, 600, 160)
    sheet.path(outline, colour)
    linen(sheet, outline, colour, 0.9)
    creases = [
        Fold((500, 380), (400, 1060), 50, 0.26),
        Fold((540, 420), (470, 1060), 40, -0.24),
        Fold((620, 400), (600, 1060), 60, 0.16),
        Fold((690, 380), (720, 1060), 46, -0.22),
        Fold((715, 400), (800, 1060), 56, 0.3),
        Fold((350, 570), (340, 1060), 30, -0.3),
        Fold((850, 580), (872, 1060), 44, 0.34),
    ]
    folds(sheet, outline, colour, creases)
    pocket = (
        "M462 660C550 668 650 668 740 660L748 850"
        "C740 872 724 880 700 881L502 881C478 880 462 872 456 850Z"
    )
    drop_shadow(sheet, pocket, 7)
    sheet.path(pocket, lighter(colour, 0.06))
    linen(sheet, pocket, colour, 0.9)
    folds(
        sheet,
        pocket,
        colour,
        [Fold((720, 680), (735, 880), 50, 0.24), Fold((490, 680), (480, 880), 40, -0.2)],
    )
    thread = lighter(colour, 0.6)
    stitches(sheet, "M472 684C560 692 640 692 732 684M602 690V872", thread)
    stitches(sheet, "M492 376C560 384 640 384 708 376", thread)
    for x in (492, 708):
        disc(sheet, x, 372, 11, BRASS)
    light_across(sheet, outline, colour, 320, 880)


def napkins(sheet: Sheet, colour: str) -> None:
    flat_room(sheet, TEXTILES)
    for turn, tone in (
        (-24, darker(colour, 0.16)),
        (-14, lighter(colour, 0.2)),
        (-4, darker(colour, 0.08)),
        (6, colour),
    ):
        place = f"translate(600 610) rotate({turn})"
        square = rounded(-270, -270, 540, 540, 9)
        drop_shadow(sheet, square, 9, place)
        sheet.begin(transform=place)
        fill = sheet.sheen((-270, -270), (270, 270), tone, 0.24, 0.16)
        sheet.path(square, fill)
        linen(sheet, square, tone)
        stitches(sheet, rounded(-248, -248, 496, 496, 4), lighter(tone, 0.6), 2.6)
        sheet.end()
    sheet.begin(transform="translate(600 610) rotate(6)")
    half = "M-270 0V-270H270V0Z"
    fold_light = sheet.linear(
        (0, -40), (0, 12), (0, lighter(colour, 0.6), 0), (1, lighter(colour, 0.6), 0.5)
    )
    sheet.path(half, fold_light)
    sheet.path(
        "M-270 0H270V34H-270Z",
        sheet.linear((0, 0), (0, 34), (0, darker(colour, 0.7), 0.34), (1, darker(colour, 0.7), 0)),
    )
    sheet.end()
    sheet.begin(opacity=0.28, transform="translate(12 12)", filter=sheet.blur(6))
    branch(sheet, [(430, 800), (560, 660), (680, 560), (820, 470)], "#4a3526", 15, 96, breadth=0.2)
    sheet.end()
    branch(sheet, [(430, 800), (560, 660), (680, 560), (820, 470)], OLIVE, 15, 96, breadth=0.2)


def tea_towel(sheet: Sheet) -> None:
    wall(sheet, TEXTILES)
    left, right, top, bottom = 390, 800, 250, 960
    points = hanging(left, right, top, bottom, 8)
    front = line_through([(left, top - 18), (right, top - 18), *points[2:]])
    back = line_through(hanging(left + 34, right + 26, top, bottom - 190))
    drop_shadow(sheet, back, 24)
    drop_shadow(sheet, front, 30)
    rail(sheet, 220, 980, 250)
    sheet.path(back, darker(CHALK, 0.24))
    drop_shadow(sheet, front, 10)
    sheet.begin(clip_path=sheet.clip(front))
    sheet.path(rounded(300, 220, 600, 800, 1), CHALK)
    for x, width in ((420, 10), (440, 34), (484, 10), (696, 10), (716, 34), (760, 10)):
        sheet.path(rounded(x, 200, width, 830, 1), INDIGO, opacity=0.85)
    for y, width in ((840, 10), (860, 34), (904, 10)):
        sheet.path(rounded(300, y, 620, width, 1), INDIGO, opacity=0.62)
    linen(sheet, rounded(300, 220, 600, 800, 1), CHALK, 0.9)
    sheet.end()
    creases = [
        Fold((470, 250), (452, 1000), 46, 0.26),
        Fold((520, 250), (512, 1000), 40, -0.4),
        Fold((610, 250), (632, 1000), 54, 0.24),
        Fold((668, 250), (690, 1000), 34, -0.4),
        Fold((780, 250), (790, 1000), 46, 0.3),
        Fold((380, 262), (820, 262), 24, 0.16),
        Fold((380, 238), (820, 238), 14, -0.6),
    ]
    folds(sheet, front, CHALK, creases)
    light_across(sheet, front, CHALK, left, right)


def tote(sheet: Sheet) -> None:
    wall(sheet, TEXTILES)
    colour = CHALK
    outline = (
        "M352 500C500 516 700 516 848 500C856 660 866 860 872 1010C872 1034 858 1042 838 1044"
        "C700 1056 500 1056 362 1044C342 1042 328 1034 328 1010C334 860 344 660 352 500Z"
    )
    drop_shadow(sheet, outline, 32)
    for data, tone in (
        (
            "M500 520C500 400 570 260 592 196C606 180 616 180 628 196C650 260 730 400 728 520",
            darker(colour, 0.24),
        ),
        (
            "M470 540C476 400 560 250 584 192C598 174 606 174 618 192C640 250 724 400 732 540",
            colour,
        ),
    ):
        sheet.stroke(
            data,
            darker(colour, 0.6),
            34,
            opacity=0.22,
            transform="translate(10 10)",
            filter=sheet.blur(5),
        )
        sheet.stroke(data, darker(tone, 0.12), 34)
        sheet.stroke(data, tone, 28)
    peg(sheet, 602, 180)
    sheet.path(outline, colour)
    linen(sheet, outline, colour)
    creases = [
        Fold((480, 510), (420, 1040), 54, 0.2),
        Fold((440, 510), (380, 1040), 40, -0.5),
        Fold((600, 540), (600, 1000), 130, -0.3),
        Fold((730, 510), (790, 1040), 60, 0.24),
        Fold((850, 520), (868, 1040), 50, 0.3),
        Fold((340, 1040), (860, 1040), 50, 0.26),
        Fold((470, 520), (730, 520), 40, 0.1),
    ]
    folds(sheet, outline, colour, creases)
    thread = darker(colour, 0.3)
    stitches(sheet, "M356 530C500 546 700 546 844 530", thread, 2.4)
    for x in (470, 732):
        tab = rounded(x - 17, 500, 34, 74, 3)
        sheet.path(tab, colour)
        linen(sheet, tab, colour)
        stitches(
            sheet,
            f"M{x - 11} 536V568H{x + 11}V536ZM{x - 11} 536L{x + 11} 568M{x + 11} 536L{x - 11} 568",
            thread,
            2,
        )
    wheel(sheet, 602, 790, 120, INDIGO, 0.88)
    light_across(sheet, outline, colour, 340, 870)


DRAWINGS: dict[str, Callable[[Sheet], None]] = {
    "lambswool-blanket": partial(blanket, colour=OAT),
    "lambswool-blanket-moss": partial(blanket, colour=MOSS),
    "lambswool-blanket-rust": partial(blanket, colour=RUST),
    "linen-cushion": partial(cushion, colour=FLAX),
    "linen-cushion-chalk": partial(cushion, colour=CHALK),
    "linen-cushion-rust": partial(cushion, colour=RUST),
    "linen-cushion-indigo": partial(cushion, colour=INDIGO),
    "waffle-towel": partial(towels, colour=CHALK),
    "waffle-towel-fog": partial(towels, colour=FOG),
    "workshop-apron": partial(apron, colour=INDIGO),
    "workshop-apron-flax": partial(apron, colour=FLAX),
    "linen-napkins": partial(napkins, colour=OCHRE),
    "linen-napkins-fog": partial(napkins, colour=FOG),
    "striped-tea-towel": tea_towel,
    "market-tote": tote,
}
