"""Draw the pictures of the sample catalogue: `python -m shop.sample.draw`.

Only developers run this, and only after changing a drawing: the pictures are part of the source.
The same code, resvg and Pillow give the same bytes again.
"""

from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from pathlib import Path

import resvg_py
from PIL import Image

from shop.sample import ceramics, desk, kitchen, textiles, workshop
from shop.sample.paint import Sheet
from shop.sample.scene import grain

PICTURES = Path(__file__).parent / "pictures"
DRAWINGS = {
    **ceramics.DRAWINGS,
    **textiles.DRAWINGS,
    **desk.DRAWINGS,
    **kitchen.DRAWINGS,
    **workshop.DRAWINGS,
}
QUALITY = 80
MOST_BYTES = 60_000


def picture(name: str) -> bytes:
    """The drawing of this name as a WebP file. Raises ValueError when it is too heavy to serve."""
    sheet = Sheet(name)
    DRAWINGS[name](sheet)
    grain(sheet)
    png = resvg_py.svg_to_bytes(svg_string=sheet.render(), skip_system_fonts=True)
    file = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").save(file, "WEBP", quality=QUALITY, method=6)
    if file.tell() > MOST_BYTES:
        raise ValueError(
            f"{name}.webp has {file.tell()} bytes, more than {MOST_BYTES}: draw less texture."
        )
    return file.getvalue()


def main() -> None:
    """Replace all pictures, and print the size of each."""
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.webp"):
        old.unlink()
    with ProcessPoolExecutor() as workers:
        for name, data in zip(DRAWINGS, workers.map(picture, DRAWINGS), strict=True):
            (PICTURES / f"{name}.webp").write_bytes(data)
            print(f"{len(data):6} {name}.webp")


if __name__ == "__main__":
    main()
