"""Small pictures for reports: JPEG, at most 640 pixels, nothing but pixels in them."""

import io
import math
import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = ["PictureError", "picture", "size_of"]

#: Pixels of the longest side: at the most, and as many as are enough; 68 mm are the widest that is printed.
LONGEST, ENOUGH = 640, 480
QUALITY = 80
FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF")
#: Largest picture that is decoded, pixels: a report needs no more, and a bomb is far above it.
MOST_PIXELS = 64_000_000
_WIDE = {"I", "I;16", "I;16B", "I;16L", "I;16N", "F"}


class PictureError(ValueError):
    """A file is no picture that can be printed; the message is a short note for the report."""


def picture(path: Path) -> bytes:
    """Make the JPEG that reports print of an image file: the same bytes on every run.

    The longest side is at most 640 pixels; EXIF orientation is applied; all metadata is left behind;
    of several frames the first is taken.

    Raises:
        PictureError: Not an image file of a known format, damaged, or too large to decode safely.
        OSError: The file cannot be read.
    """
    data = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata is left behind anyway; size is checked here
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return _jpeg(image)
    except PictureError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        bomb = isinstance(error, Image.DecompressionBombError)
        raise PictureError("picture too large" if bomb else "not an image file") from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, MemoryError):
        # What Pillow's decoders raise on damaged files; none of it says anything to a reader of a report.
        raise PictureError("damaged image file") from None


def size_of(data: bytes, form: str) -> tuple[int, int] | None:
    """Width and height in pixels of a JPEG or PNG, or None if the bytes are none that a page can show."""
    try:
        with Image.open(io.BytesIO(data), formats=(form,)) as image:
            shown = form == "PNG" or image.mode in {"L", "RGB"}
            return image.size if shown and all(image.size) else None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None


def _jpeg(image: Image.Image) -> bytes:
    if image.width * image.height > MOST_PIXELS:
        raise PictureError("picture too large")
    # JPEG decodes to a half, a quarter or an eighth at a fraction of the cost.
    share = ENOUGH / max(image.size)
    image.draft(
        image.mode if image.mode in {"L", "RGB"} else None,
        (math.ceil(image.width * share), math.ceil(image.height * share)),
    )
    plain = _plain(ImageOps.exif_transpose(image))
    plain.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    stream = io.BytesIO()
    bare.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _plain(image: Image.Image) -> Image.Image:
    """Grey stays grey, 16 bits become 8, transparency becomes white paper, all else RGB."""
    if image.mode in {"L", "RGB"} and "transparency" not in image.info:
        return image
    if image.mode in _WIDE:
        return _eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Stretch a picture of more than 8 bits from its darkest to its brightest pixel."""
    wide = image.convert("F")
    extrema = wide.getextrema()
    low, high = float(extrema[0]), float(extrema[1])  # type: ignore[arg-type]
    scale = 255 / (high - low) if high > low else 0.0
    return wide.point(lambda value: value * scale - low * scale).convert("L")
