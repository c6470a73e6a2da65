"""Kitchen and light: a kettle, a board, jars, candles, a lamp and a mill."""

from collections.abc import Callable
from functools import partial

from shop.sample.cloth import BRASS
from shop.sample.paint import Sheet, darker, lighter, mix, oval
from shop.sample.scene import KITCHEN, cast_shadow, contact_shadow, drop_shadow, table_room
from shop.sample.turned import Finish, Turned, lip_front, mouth, tube
from shop.sample.wood import BEECH, OAK, WALNUT, wood_grain

CREAM = "#f0e6d2"
FOREST = "#4c6a58"
OCHRE = "#d29b43"
CHALK = "#f2ebdf"
WAX = "#dfae55"
CORK = "#c39a6b"


def kettle(sheet: Sheet, colour: str) -> None:
    table_room(sheet, KITCHEN)
    finish = Finish(colour, gloss=0.4, sharpness=40)
    form = Turned(
        600,
        [
            (610, 130),
            (610, 130),
            (622, 160),
            (690, 232),
            (800, 272),
            (900, 280),
            (940, 262),
            (952, 250),
            (952, 250),
        ],
    )
    form.stand(sheet)
    for x in (432, 768):
        tube(
            sheet,
            [(x, 690), (x + (8 if x < 600 else -8), 600), (x + (40 if x < 600 else -40), 500)],
            [18, 16, 16],
            Finish("#5d554e", 0.3),
        )
    spout = [(420, 830), (330, 790), (275, 690), (196, 610)]
    tube(sheet, spout, [150, 104, 66, 46], finish)
    sheet.ellipse(195, 609, 25, 11, darker(colour, 0.6), transform="rotate(-34 195 609)")
    form.paint(sheet, finish)
    sheet.path(form.patch(934, 952, -1.57, 1.57), darker("#4a4a48", 0.1), opacity=0.75)
    form.window(sheet, 700, 850, 0.4, at=-0.85)
    lid = Turned(600, [(572, 30), (580, 70), (600, 128), (616, 140), (616, 140)])
    sheet.ellipse(600, 620, 152, 31, darker(colour, 0.6), opacity=0.6, filter=sheet.blur(4))
    lid.paint(sheet, finish)
    sheet.path(lid.patch(604, 616, -1.57, 1.57), darker("#4a4a48", 0.1), opacity=0.6)
    knob = Turned(600, [(520, 6), (526, 26), (544, 34), (560, 22), (572, 18), (584, 28), (584, 28)])
    knob.paint(sheet, Finish(BEECH, 0.15))
    grip = [(462, 500), (520, 436), (600, 416), (680, 436), (738, 500)]
    tube(sheet, grip, [34, 42, 44, 42, 34], Finish(BEECH, 0.12))


def board(sheet: Sheet) -> None:
    table_room(sheet, KITCHEN)
    outline = (
        "M430 392C490 384 540 380 552 352C560 330 548 236 552 190C556 150 644 150 648 190"
        "C652 236 640 330 648 352C660 380 710 384 770 392C806 398 836 420 838 458L846 876"
        "C846 912 820 938 784 938H416C380 938 354 912 354 876L362 458C364 420 394 398 430 392Z"
    )
    place = "rotate(0)"
    drop_shadow(sheet, outline, 26, place)
    contact_shadow(sheet, 605, 940, 250, 14)
    sheet.begin(transform=place)
    sheet.path(outline, darker(OAK, 0.42), transform="translate(12 2)")
    fill = sheet.sheen((354, 180), (846, 940), OAK, 0.42, 0.2)
    sheet.path(outline, fill)
    wood_grain(sheet, outline, across=0.05, along=0.0025, strength=0.27)
    sheet.stroke(outline, lighter(OAK, 0.6), 3, opacity=0.5, transform="translate(2 2)")
    sheet.ellipse(600, 212, 20, 20, darker("#a8765a", 0.35))
    sheet.ellipse(604, 216, 17, 17, "#b98466")
    loop = "M600 214C560 150 570 96 604 96C640 96 640 150 602 214"
    sheet.stroke(loop, "#6d4528", 9)
    sheet.stroke(loop, "#94643c", 4, transform="translate(-1.5 -1)")
    sheet.end()
    pair_of_lemons(sheet)


def pair_of_lemons(sheet: Sheet) -> None:
    """A lemon, and a half with its cut face to the viewer."""
    whole = (
        "M-104 6C-84 -66 -34 -86 14 -82C64 -78 92 -42 118 -14"
        "C126 0 122 14 108 20C84 62 40 84 -12 80C-58 76 -86 52 -104 6Z"
    )
    contact_shadow(sheet, 850, 1030, 88, 20)
    sheet.begin(transform="translate(850 962) rotate(-8)")
    sheet.path(
        whole,
        sheet.radial(
            (-30, -34),
            170,
            (0, "#fff0a8", 1),
            (0.4, "#eec64a", 1),
            (0.85, "#b98a24", 1),
            (1, "#9a6f1c", 1),
        ),
    )
    sheet.end()
    contact_shadow(sheet, 672, 1058, 66, 16)
    sheet.ellipse(676, 992, 76, 74, "#c99a2c")
    sheet.ellipse(670, 992, 74, 74, "#f3d25f")
    sheet.ellipse(669, 992, 66, 66, "#fbf2cf")
    for turn in range(9):
        sheet.path(
            "M0 -5C9 -22 15 -44 11 -55Q0 -61 -11 -55C-15 -44 -9 -22 0 -5Z",
            "#f0cd55",
            transform=f"translate(669 992) rotate({turn * 40 + 12})",
        )


def jar(sheet: Sheet) -> None:
    table_room(sheet, KITCHEN)
    form = Turned(
        590,
        [
            (420, 150),
            (420, 150),
            (450, 150),
            (490, 174),
            (540, 196),
            (620, 200),
            (760, 200),
            (890, 200),
            (935, 190),
            (956, 168),
            (956, 168),
        ],
        tilt=0.17,
    )
    form.stand(sheet, 0.26)
    glass = form.outline()
    sheet.path(glass, "#fdf6ea", opacity=0.24)
    inside = Turned(
        590,
        [(590, 188), (590, 188), (740, 188), (890, 188), (925, 178), (940, 160), (940, 160)],
        0.17,
    ).outline()
    sheet.path(inside, "#c88f52")
    sheet.begin(clip_path=sheet.clip(inside))
    chickpeas(sheet)
    shade = sheet.linear(
        (402, 0),
        (778, 0),
        (0, "#4a2c16", 0.4),
        (0.25, "#4a2c16", 0),
        (0.55, "#4a2c16", 0.1),
        (1, "#3a2010", 0.62),
    )
    sheet.path(inside, shade)
    sheet.end()
    sheet.stroke(glass, "#fffaf0", 5, opacity=0.45)
    form.window(sheet, 550, 880, 0.5, at=-0.95)
    sheet.path(form.patch(560, 900, 1.18, 1.3), "#ffffff", opacity=0.32, filter=sheet.blur(3))
    cork_stopper(sheet)
    lip_front(sheet, form, mix("#fffaf0", KITCHEN.wall, 0.35), 5)


def cork_stopper(sheet: Sheet) -> None:
    """A wide cork whose lower part sits in the neck of the jar."""
    cork = Turned(
        590, [(330, 160), (330, 160), (338, 164), (400, 158), (436, 140), (436, 140)], tilt=0.17
    )
    cork.paint(sheet, Finish(CORK))
    sheet.ellipse(590, 330, 160, 27, sheet.sheen((430, 300), (750, 360), CORK, 0.5, 0.05))
    sheet.begin(clip_path=sheet.clip(cork.outline()))
    for _ in range(150):
        x, y = sheet.random.uniform(420, 760), sheet.random.uniform(305, 460)
        size = sheet.random.uniform(1.5, 5)
        sheet.ellipse(x, y, size, size * 0.6, darker(CORK, 0.45), opacity=0.4)
    sheet.end()


def chickpeas(sheet: Sheet) -> None:
    """Overlapping rows of round seeds, each with its own tone and highlight."""
    for row in range(15):
        for column in range(17):
            x = 395 + column * 25 + (row % 2) * 12 + sheet.random.uniform(-4, 4)
            y = (
                572
                + row * 27
                + sheet.random.uniform(-5, 5)
                + 30 * (1 - ((x - 590) / 200) ** 2) * (row < 2)
            )
            tone = mix("#dcae74", "#c48c50", sheet.random.random())
            sheet.ellipse(x + 2, y + 3, 17, 16, "#7a4d24", opacity=0.55)
            sheet.ellipse(x, y, 16, 15, tone)
            sheet.ellipse(x - 5, y - 5, 5.5, 4.5, lighter(tone, 0.6), opacity=0.8)


def flame(sheet: Sheet, x: float, y: float, size: float) -> None:
    """A candle flame whose wick stands at the point, and its glow."""
    glow = sheet.radial(
        (x, y - 40 * size),
        330 * size,
        (0, "#ffe9b0", 0.75),
        (0.35, "#ffd98c", 0.25),
        (1, "#ffd98c", 0),
    )
    sheet.ellipse(x, y - 40 * size, 330 * size, 330 * size, glow)
    sheet.stroke(f"M{x} {y + 8}L{x + 1} {y - 20 * size}", "#4a352a", 5 * size)
    sheet.begin(transform=f"translate({x} {y}) scale({size})")
    body = (
        "M0 0C-24 -10 -28 -44 -12 -72C-4 -88 0 -104 2 -120C10 -98 28 -70 26 -40C25 -16 14 -2 0 0Z"
    )
    sheet.path(
        body,
        sheet.linear(
            (0, 0), (0, -120), (0, "#f39a3c", 0.9), (0.35, "#ffd46b", 1), (1, "#fff4cf", 1)
        ),
    )
    sheet.path(
        "M0 -6C-12 -14 -13 -36 -4 -54C2 -40 14 -30 12 -18C11 -10 6 -6 0 -6Z", "#fffdf0", opacity=0.9
    )
    sheet.end()


def pillars(sheet: Sheet) -> None:
    table_room(sheet, KITCHEN)
    for cx, top, foot, radius in ((640, 420, 905, 112), (430, 590, 945, 124), (800, 720, 985, 120)):
        form = Turned(
            cx,
            [
                (top, radius),
                (top, radius),
                (top + 14, radius + 4),
                (foot - 10, radius + 4),
                (foot, radius),
                (foot, radius),
            ],
        )
        form.stand(sheet, 0.3)
        finish = Finish(WAX, gloss=0.1, contrast=0.8)
        form.paint(sheet, finish)
        warm = sheet.linear((0, top), (0, top + 200), (0, "#fff0b8", 0.6), (1, "#ffd27a", 0))
        sheet.path(form.patch(top, foot, -1.57, 1.57), warm)
        mouth(sheet, form, finish, 16)
        pool = oval(cx, top + 2, radius - 16, (radius - 16) * 0.2 - 3)
        sheet.path(
            pool,
            sheet.radial(
                (cx, top), radius, (0, "#fff3c4", 1), (0.6, "#f2c768", 1), (1, "#d79d43", 1)
            ),
        )
        flame(sheet, cx, top + 2, 0.72)


def candlestick(sheet: Sheet) -> None:
    table_room(sheet, KITCHEN)
    metal = Finish("#deb45a", gloss=0.95, sharpness=30, contrast=1.75)
    plate = Turned(600, [(925, 190), (925, 190), (934, 192), (950, 170), (950, 170)])
    plate.stand(sheet)
    stem_outline = Turned(600, [(300, 24), (300, 24), (640, 27), (925, 30), (925, 30)]).outline()
    cast_shadow(sheet, stem_outline, 935, 0.28)
    ring = [(770, 920), (850, 890), (868, 930), (800, 950), (770, 930)]
    tube(sheet, ring, [16, 15, 15, 15, 16], metal)
    plate.paint(sheet, metal)
    mouth(sheet, plate, Finish("#deb45a"), 10)
    stem = Turned(
        600,
        [
            (664, 52),
            (664, 52),
            (676, 54),
            (716, 36),
            (740, 22),
            (760, 34),
            (782, 22),
            (830, 20),
            (880, 34),
            (918, 84),
            (922, 88),
            (922, 88),
        ],
    )
    sheet.ellipse(612, 925, 104, 20, darker(BRASS, 0.7), opacity=0.5, filter=sheet.blur(6))
    stem.paint(sheet, metal)
    mouth(sheet, stem, metal, 8)
    taper = Turned(600, [(300, 22), (300, 22), (320, 24), (664, 33), (664, 33)])
    taper.paint(sheet, Finish("#f3e8d2", contrast=0.9))
    sheet.ellipse(600, 300, 22, 5, "#fff3d6")
    flame(sheet, 600, 300, 1)


def lamp(sheet: Sheet, colour: str) -> None:
    table_room(sheet, KITCHEN)
    glow = sheet.radial(
        (600, 560), 560, (0, "#fff0c4", 0.85), (0.4, "#ffdf9c", 0.3), (1, "#ffdf9c", 0)
    )
    sheet.ellipse(600, 560, 560, 560, glow)
    finish = Finish(colour, gloss=0.3, sharpness=36)
    base = Turned(
        600,
        [
            (560, 44),
            (560, 44),
            (700, 46),
            (830, 62),
            (900, 130),
            (935, 165),
            (955, 168),
            (955, 168),
        ],
    )
    sheet.ellipse(600, 985, 380, 80, "#fff6d8", opacity=0.5, filter=sheet.blur(34))
    base.stand(sheet, 0.2)
    base.paint(sheet, finish)
    light = sheet.linear((0, 560), (0, 800), (0, "#fff2c6", 0.6), (1, "#fff2c6", 0))
    sheet.path(base.patch(560, 955, -1.57, 1.57), light)
    shade = Turned(
        600,
        [
            (250, 8),
            (252, 60),
            (275, 150),
            (330, 240),
            (420, 306),
            (520, 330),
            (548, 332),
            (548, 332),
        ],
        tilt=0.12,
    )
    under = sheet.radial((600, 560), 330, (0, "#fffbe6", 1), (0.5, "#ffe7a8", 1), (1, "#f0bf6a", 1))
    sheet.ellipse(600, 548, 332, 40, under)
    shade.paint(sheet, finish)
    inner = sheet.linear((0, 470), (0, 600), (0, "#ffe9b8", 0), (1, "#ffe9b8", 0.6))
    sheet.path(shade.patch(430, 548, -1.57, 1.57), inner)
    shade.window(sheet, 330, 440, 0.35, at=-0.8)
    finial = Turned(600, [(222, 6), (228, 18), (242, 20), (256, 14), (256, 14)])
    finial.paint(sheet, Finish(BRASS, 0.6))


def pepper_mill(sheet: Sheet) -> None:
    table_room(sheet, KITCHEN)
    form = Turned(
        590,
        [
            (430, 86),
            (430, 86),
            (446, 96),
            (500, 100),
            (560, 76),
            (610, 62),
            (680, 68),
            (800, 104),
            (900, 122),
            (940, 120),
            (955, 112),
            (955, 112),
        ],
    )
    form.stand(sheet)
    form.paint(sheet, Finish(WALNUT, 0.22, contrast=1.1))
    head = Turned(
        590,
        [(290, 10), (294, 40), (320, 78), (360, 92), (400, 84), (418, 72), (430, 74), (430, 74)],
    )
    sheet.ellipse(590, 436, 84, 16, "#26140b", opacity=0.6, filter=sheet.blur(3))
    head.paint(sheet, Finish(WALNUT, 0.22, contrast=1.1))
    for part in (form, head):
        wood_grain(sheet, part.outline(), across=0.06, along=0.005, strength=0.4)
    form.window(sheet, 470, 520, 0.25, at=-0.7)
    form.window(sheet, 810, 910, 0.22, at=-0.75)
    head.window(sheet, 335, 385, 0.25, at=-0.75)
    knob = Turned(590, [(244, 5), (250, 20), (266, 24), (282, 16), (294, 20), (294, 20)])
    knob.paint(sheet, Finish(BRASS, 0.7, 30, 1.2))
    for _ in range(26):
        x, y = sheet.random.uniform(770, 1010), sheet.random.uniform(960, 1060)
        peppercorn(sheet, x, y, sheet.random.uniform(8, 12))


def peppercorn(sheet: Sheet, x: float, y: float, radius: float) -> None:
    contact_shadow(sheet, x + 2, y + radius * 0.8, radius * 0.8, radius * 0.3)
    tone = mix("#3c2d26", "#6a4a38", sheet.random.random())
    fill = sheet.radial(
        (x - radius * 0.4, y - radius * 0.4),
        radius * 1.5,
        (0, lighter(tone, 0.4), 1),
        (0.5, tone, 1),
        (1, darker(tone, 0.5), 1),
    )
    sheet.ellipse(x, y, radius, radius * 0.96, fill)


DRAWINGS: dict[str, Callable[[Sheet], None]] = {
    "enamel-kettle": partial(kettle, colour=CREAM),
    "enamel-kettle-forest": partial(kettle, colour=FOREST),
    "oak-serving-board": board,
    "cork-top-jar": jar,
    "beeswax-pillar": pillars,
    "brass-candlestick": candlestick,
    "dome-lamp": partial(lamp, colour=CHALK),
    "dome-lamp-ochre": partial(lamp, colour=OCHRE),
    "walnut-pepper-mill": pepper_mill,
}
