"""What staff upload is drawn again, in every size, and nothing of the upload itself is kept."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms
from pytest_django import Settings

from shop import pictures
from shop.models import ProductImage
from shop.pictures import WIDTHS, rendition_url, store_picture, write_picture
from tests.factories import ProductFactory

ORIENTATION = 0x0112
ARTIST = 0x013B


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("mug", content)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(path: Path) -> Image.Image:
    return Image.open(BytesIO(path.read_bytes()))


def picture(width: int = 2000, height: int = 1000, mode: str = "RGB") -> Image.Image:
    """Return a red picture with a blue left edge."""
    image = Image.new(mode, (width, height), "red")
    image.paste("blue", (0, 0, width // 4, height))
    return image


@pytest.mark.django_db
def test_a_picture_is_stored_in_all_sizes(media: Path) -> None:
    product = ProductFactory.create()

    image = store_picture(product, upload(encoded(picture())), "A red mug", position=2)

    image = ProductImage.objects.get(pk=image.pk)
    assert (image.product, image.alt, image.position) == (product, "A red mug", 2)
    assert (image.width, image.height) == (1600, 800)
    for width in WIDTHS:
        url = rendition_url(image, width)
        assert url.startswith("/media/products/")
        rendition = opened(media / url.removeprefix("/media/"))
        assert (rendition.format, rendition.size) == ("WEBP", (width, width // 2))


def test_a_small_picture_is_not_blown_up(media: Path) -> None:
    name = write_picture(upload(encoded(picture(600, 300))))

    widths = {opened(path).width for path in media.rglob("*.webp")}
    assert widths == {400, 600}
    assert opened(media / name).size == (600, 300)


def test_the_same_picture_is_stored_once(media: Path) -> None:
    first = write_picture(upload(encoded(picture())))
    second = write_picture(upload(encoded(picture())))
    other = write_picture(upload(encoded(picture(500, 500))))

    assert first == second != other
    assert len(list(media.rglob("*.webp"))) == 8


def test_a_picture_is_turned_as_the_camera_was_held(media: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[ARTIST] = "Stella Staff"

    name = write_picture(upload(encoded(picture(), exif=exif)))

    stored = opened(media / name)
    assert stored.size == (800, 1600)
    red, _green, blue = stored.getpixel((400, 10))  # type: ignore[misc]
    assert blue > 200 > red


def test_nothing_is_told_of_the_photographer(media: Path) -> None:
    exif = Image.Exif()
    exif[ARTIST] = "Stella Staff"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(picture(), exif=exif, icc_profile=profile, xmp=b"<x>Stella Staff</x>")
    assert b"Stella" in content

    write_picture(upload(content))

    for path in media.rglob("*.webp"):
        assert b"Stella" not in path.read_bytes()
        assert not {"exif", "icc_profile", "xmp"} & opened(path).info.keys()


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "P"), ("PNG", "RGBA"), ("PNG", "1"), ("WEBP", "RGB")],
)
def test_every_usual_kind_of_picture_is_read(media: Path, kind: str, mode: str) -> None:
    name = write_picture(upload(encoded(picture(mode="RGB").convert(mode), kind)))

    assert opened(media / name).size == (1600, 800)


def test_transparency_stays(media: Path) -> None:
    name = write_picture(upload(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG")))

    assert opened(media / name).getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_a_broken_colour_profile_does_not_lose_the_picture(media: Path) -> None:
    name = write_picture(upload(encoded(picture(), icc_profile=b"rubbish")))

    stored = opened(media / name)
    assert stored.size == (1600, 800)
    assert "icc_profile" not in stored.info


def damaged(content: bytes) -> bytes:
    """Return a file of the same length whose second half is lost."""
    return content[: len(content) // 2].ljust(len(content), b"\0")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"%PDF-1.7",
        encoded(picture())[:4000],
        encoded(picture(), "PNG")[:200],
        encoded(picture(), "AVIF")[:-200],
        damaged(encoded(picture(), "AVIF")),
        encoded(picture(), "GIF"),
        encoded(picture(), "BMP"),
    ],
    ids=[
        *("empty", "svg", "pdf", "cut jpeg", "cut png", "cut avif", "damaged avif"),
        *("gif", "bmp"),
    ],
)
def test_what_is_no_picture_is_refused(media: Path, content: bytes) -> None:
    with pytest.raises(ValidationError, match="choose a JPEG, PNG, WebP or AVIF file"):
        write_picture(upload(content))

    assert not list(media.iterdir())


def test_a_file_of_too_many_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_BYTES", 1_000_000)

    with pytest.raises(ValidationError, match="choose a picture of at most 1 MB"):
        write_picture(upload(b"0" * 1_000_001))


@pytest.mark.parametrize("side", [8_000, 10_000, 13_500])
def test_a_picture_of_too_many_pixels_is_refused(media: Path, side: int) -> None:
    bomb = encoded(Image.new("1", (side, side)), "PNG")
    assert len(bomb) < 100_000

    with pytest.raises(ValidationError, match="make it at most 60 megapixels"):
        write_picture(upload(bomb))

    assert not list(media.iterdir())
