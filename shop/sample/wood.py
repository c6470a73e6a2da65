"""Wood grain, and the pencil, which appears in more than one picture."""

from shop.sample.paint import Sheet, darker, lighter, tag

OAK = "#c99d68"
WALNUT = "#86593a"
BEECH = "#d8b07c"


def wood_grain(
    sheet: Sheet, outline: str, *, across: float = 0.07, along: float = 0.004, strength: float = 0.5
) -> None:
    """Long brown veins inside the outline; `across` and `along` are veins per unit, x and y."""
    noise = sheet.define(
        "filter",
        tag(
            "feTurbulence",
            type="fractalNoise",
            baseFrequency=f"{across} {along}",
            numOctaves=3,
            seed=11,
        ),
        tag(
            "feColorMatrix",
            type="matrix",
            values=f"0 0 0 0 .32 0 0 0 0 .17 0 0 0 0 .07 0 0 0 {5 * strength} {-2.2 * strength}",
            result="veins",
        ),
        tag("feComposite", in_="veins", in2="SourceGraphic", operator="in"),
        x=0,
        y=0,
        width=1,
        height=1,
        color_interpolation_filters="sRGB",
    )
    sheet.path(outline, "#000000", filter=noise)


def pencil(sheet: Sheet, length: float, width: float, colour: str) -> None:
    """A hexagonal pencil along the x axis, its point at (length, 0)."""
    half, body, tip = width / 2, length - width * 2.3, width * 2.3
    bands = ((-half, -half / 2, 0.34), (-half / 2, half / 2, 0.0), (half / 2, half, -0.4))
    for top, bottom, tone in bands:
        shade = lighter(colour, tone) if tone > 0 else darker(colour, -tone)
        sheet.path(f"M0 {top}H{body}V{bottom}H0Z", shade)
    wood = sheet.sheen((0, -half), (0, half), BEECH, 0.45, 0.4)
    scallop = half / 2
    sheet.path(
        f"M{body} {-half}L{length} 0L{body} {half}Q{body - 7} {half * 0.75} {body} {scallop}"
        f"Q{body - 9} 0 {body} {-scallop}Q{body - 7} {-half * 0.75} {body} {-half}Z",
        wood,
    )
    lead = body + tip * 0.72
    edge = half * 0.28
    sheet.path(f"M{lead} {-edge}L{length} 0L{lead} {edge}Z", "#3d3733")
    sheet.path(f"M0 {-half}H{width * 0.7}V{half}H0Z", lighter("#e8dcc2", 0.2), opacity=0.9)
    sheet.path(f"M0 {half / 2}H{width * 0.7}V{half}H0Z", "#7a5a3c", opacity=0.35)
