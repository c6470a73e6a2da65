"""Pictures of products: an upload is drawn again as WebP, in the sizes that the pages ask for.

Files are named after what they hold, so one that was served once may be kept for ever.
"""

import hashlib
import struct
from io import BytesIO
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps

from shop.models import Product, ProductImage

WIDTHS = (400, 800, 1200)
MASTER_SIDE = 1600
MAX_BYTES = 20_000_000
MAX_PIXELS = 60_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")


def rendition_url(image: ProductImage, width: int) -> str:
    """Return the address of `image`, at most `width` (one of WIDTHS) pixels wide. No query."""
    return default_storage.url(_rendition_name(str(image.file), width))


def store_picture(product: Product, file: File[bytes], alt: str, position: int = 0) -> ProductImage:
    """Store an uploaded picture in all sizes and return its row. 1 query.

    Raises ValidationError like `write_picture`.
    """
    return ProductImage.objects.create(
        product=product, file=write_picture(file), alt=alt, position=position
    )


def write_picture(file: File[bytes]) -> str:
    """Write the master and its smaller sizes; return the master's name in the storage.

    Turned as its EXIF says, in sRGB, without metadata. Raises ValidationError, with a sentence for
    people, when the file is no picture of ours to read or is too large. No query.
    """
    master = _read(file)
    content = _webp(master)
    name = f"products/{hashlib.sha256(content).hexdigest()[:24]}.webp"
    for width in WIDTHS:
        smaller = _narrowed(master, width) if width < master.width else content
        _write_once(_rendition_name(name, width), smaller)
    _write_once(name, content)
    return name


def _rendition_name(master_name: str, width: int) -> str:
    path = PurePosixPath(master_name)
    return str(path.with_name(f"{path.stem}-{width}.webp"))


def _narrowed(master: Image.Image, width: int) -> bytes:
    smaller = master.copy()
    smaller.thumbnail((width, MASTER_SIDE), Image.Resampling.LANCZOS)
    return _webp(smaller)


def _write_once(name: str, content: bytes) -> None:
    # Two uploads of one picture at the same moment leave a spare copy under another name: harmless.
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))


def _read(file: File[bytes]) -> Image.Image:
    if file.size > MAX_BYTES:
        raise ValidationError(
            _("This file is too large: choose a picture of at most %(megabytes)d MB.")
            % {"megabytes": MAX_BYTES // 1_000_000},
            code="too_large",
        )
    try:
        image = Image.open(file, formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise _too_many_pixels()
        return _normalized(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    # A RuntimeError: how the decoder of AVIF says that it cannot.
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error) as error:
        raise ValidationError(
            _("This file is not a picture we can read: choose a JPEG, PNG, WebP or AVIF file."),
            code="not_a_picture",
        ) from error


def _too_many_pixels() -> ValidationError:
    return ValidationError(
        _("This picture has too many pixels: make it at most %(megapixels)d megapixels.")
        % {"megapixels": MAX_PIXELS // 1_000_000},
        code="too_many_pixels",
    )


def _normalized(image: Image.Image) -> Image.Image:
    image.draft("RGB", (MASTER_SIDE, MASTER_SIDE))
    image = ImageOps.exif_transpose(_in_srgb(image))
    image.thumbnail((MASTER_SIDE, MASTER_SIDE), Image.Resampling.LANCZOS)
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image.convert(mode)
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError):
        # A broken profile: the bare numbers are the best guess at the colours.
        return image.convert(mode)
    return converted or image


def _webp(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "WEBP", quality=82, method=3)
    return buffer.getvalue()
