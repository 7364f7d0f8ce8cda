"""Pictures for reports: small, bare, the same on every run, and no file that harms."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from factories import a_picture
from reportgen.exporters.pictures import PictureError, picture


def opened(path: Path) -> Image.Image:
    image = Image.open(io.BytesIO(picture(path)))
    image.load()
    assert image.format == "JPEG"
    return image


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_format_becomes_a_small_jpeg(tmp_path: Path, form: str, mode: str) -> None:
    path = tmp_path / "a.bin"
    a_picture(1, (1300, 900)).convert(mode).save(path, form)
    image = opened(path)
    assert image.size == (640, 443)
    assert image.mode in {"L", "RGB"}
    assert picture(path) == picture(path)


def test_a_small_picture_is_not_enlarged(tmp_path: Path) -> None:
    a_picture(1, (300, 200)).save(tmp_path / "a.png")
    assert opened(tmp_path / "a.png").size == (300, 200)


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "I;16", "I", "F", "CMYK", "YCbCr"])
def test_every_mode_is_printed(tmp_path: Path, mode: str) -> None:
    source = a_picture(2, (64, 48))
    if mode == "I;16":
        image = Image.frombytes(
            "I;16", source.size, b"".join(struct.pack("<H", v * 200) for v in source.tobytes())
        )
    else:
        image = source.convert(mode)
    path = tmp_path / "a.tif"
    image.save(path, "JPEG" if mode == "YCbCr" else "PNG" if mode == "LA" else "TIFF")
    made = opened(path)
    assert made.size == (64, 48)
    low, high = made.convert("L").getextrema()
    assert high - low > 100


def test_transparency_becomes_paper(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert opened(tmp_path / "a.png").getpixel((5, 5)) == (255, 255, 255)


def test_orientation_is_applied_and_metadata_left_behind(tmp_path: Path) -> None:
    image = Image.new("RGB", (200, 100), "black")
    image.paste((255, 255, 255), (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif[0x010E] = "PATIENT NAME"
    path = tmp_path / "a.jpg"
    image.save(path, exif=exif, comment=b"PATIENT NAME", icc_profile=b"PROFILE-OF-PATIENT")
    data = picture(path)
    made = Image.open(io.BytesIO(data))
    assert made.size == (100, 200)
    assert made.getpixel((50, 20))[0] > 200
    assert made.getpixel((50, 180))[0] < 50
    assert b"PATIENT" not in data
    assert not made.getexif()
    assert "icc_profile" not in made.info
    assert "comment" not in made.info


def test_the_first_frame_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("L", (10, 10), shade) for shade in (250, 10)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert opened(tmp_path / "a.gif").convert("L").getpixel((5, 5)) > 200


def test_a_text_is_not_an_image(tmp_path: Path) -> None:
    for content in (b"", b"hello", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0", b"%PDF-1.4"):
        (tmp_path / "a.png").write_bytes(content)
        with pytest.raises(PictureError, match="not an image file"):
            picture(tmp_path / "a.png")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP"])
def test_a_damaged_image_is_named(tmp_path: Path, form: str) -> None:
    stream = io.BytesIO()
    a_picture(3).save(stream, form)
    whole = stream.getvalue()
    for keep in (len(whole) // 2, len(whole) // 10, 60, 20):
        (tmp_path / "a").write_bytes(whole[:keep])
        with pytest.raises(PictureError, match=r"^(damaged image file|not an image file)$"):
            picture(tmp_path / "a")


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    for side in (9_000, 30_000):
        head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
        (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
        with pytest.raises(PictureError, match="picture too large"):
            picture(tmp_path / "a.png")


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        picture(tmp_path / "none.png")


def test_the_error_never_holds_the_path(tmp_path: Path) -> None:
    (tmp_path / "EXAMPLE_Anna.png").write_bytes(b"x")
    with pytest.raises(PictureError) as caught:
        picture(tmp_path / "EXAMPLE_Anna.png")
    assert "Anna" not in str(caught.value)
    assert isinstance(caught.value, ValueError)
