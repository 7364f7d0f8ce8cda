"""The pictures of a case: found without ever leaving the folder that they must be in."""

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from reportgen.errors import InputError
from reportgen.files import sha256_file
from reportgen.nouns import Case, Image, Picture

__all__ = ["find_pictures"]

_NOT_NAMED = "no file was named"
_NOT_FOUND = "file not found"
_UNREADABLE = "file cannot be read"
_NO_IMAGE = "not an image file"
_OUTSIDE = "file is outside the folder of the pictures"
#: First bytes of PNG, JPEG, GIF, BMP, TIFF and WebP (whose kind stands from byte 8 on).
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"RIFF")
_ABSOLUTE = re.compile(r"[\\/]|.*:", re.DOTALL)


def find_pictures(
    case: Case, folder: Path, tries: Sequence[Sequence[str]] | None = None
) -> tuple[Picture, ...]:
    """Find each image's picture, or say why there is none.

    Args:
        case: A valid case.
        folder: Folder of the input, or of the pictures; nothing outside it is opened.
        tries: For foreign shapes, the relative paths to try for each image; None for a native case, where
            ``file`` is a promise and a path that leads elsewhere is refused.

    Raises:
        InputError: A native path is absolute, a URL, or leads out of the folder; or a sha256 is wrong.
    """
    if tries is None:
        return tuple(_native(image, f"images[{n}]", folder) for n, image in enumerate(case.images))
    return tuple(_foreign(image, paths, folder) for image, paths in zip(case.images, tries, strict=True))


def _native(image: Image, path: str, folder: Path) -> Picture:
    if image.file is None:
        return Picture(image_id=image.image_id, note=_NOT_NAMED)
    if _ABSOLUTE.match(image.file):
        raise InputError(
            "The file is an absolute path, a network path, a drive or a URL; it was not opened.",
            "Give a path relative to the input's folder, or name the folder with --images.",
            path=f"{path}.file",
        )
    target = _inside(folder, image.file)
    if target is None:
        raise InputError(
            "The file leads out of the folder of the pictures; it was not opened.",
            "Put the picture into that folder, or name another with --images.",
            path=f"{path}.file",
        )
    picture = _look(image.image_id, target)
    if image.sha256 and picture.sha256 and picture.sha256 != image.sha256:
        raise InputError(
            "The picture is not the one that was classified: its sha256 differs.",
            "Supply the right picture, or correct the sha256.",
            path=f"{path}.sha256",
        )
    return picture if picture.path else picture.model_copy(update={"sha256": None})


def _foreign(image: Image, paths: Sequence[str], folder: Path) -> Picture:
    found = Picture(image_id=image.image_id, note=_NOT_FOUND if paths else _NOT_NAMED)
    for path in paths:
        target = None if _ABSOLUTE.match(path) else _inside(folder, path)
        found = _look(image.image_id, target) if target else Picture(image_id=image.image_id, note=_OUTSIDE)
        if found.note != _NOT_FOUND:
            break
    return found if found.path else found.model_copy(update={"sha256": None})


def _inside(folder: Path, relative: str) -> Path | None:
    """The path with symbolic links followed, or None where it is outside the folder."""
    try:
        # Not Path.resolve, which raises on a loop of links before Python 3.13.
        root = Path(os.path.realpath(folder))
        target = Path(os.path.realpath(root / relative.replace("\\", "/")))
    except (OSError, ValueError):  # an embedded null
        return None
    return target if target.is_relative_to(root) and target != root else None


def _look(image_id: str, target: Path) -> Picture:
    try:
        if not stat.S_ISREG(target.stat().st_mode):
            return Picture(image_id=image_id, note=_NO_IMAGE)
        digest = sha256_file(target)
        with target.open("rb") as stream:
            head = stream.read(12)
    except (FileNotFoundError, NotADirectoryError):
        return Picture(image_id=image_id, note=_NOT_FOUND)
    except OSError:
        return Picture(image_id=image_id, note=_UNREADABLE)
    is_image = head.startswith(_MAGIC) and (not head.startswith(b"RIFF") or head[8:] == b"WEBP")
    if not is_image:
        return Picture(image_id=image_id, sha256=digest, note=_NO_IMAGE)
    return Picture(image_id=image_id, path=target, sha256=digest)
