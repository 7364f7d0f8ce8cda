"""A site's logo as a small PNG without anything but pixels: from a PNG or an SVG that asks for nothing."""

import io
import re
from pathlib import Path

from lxml import etree
from PIL import Image, UnidentifiedImageError

from reportgen.errors import UsageError

__all__ = ["logo_png"]

#: Largest file that is read, and the largest side of what is printed: 45 mm at 600 dots an inch.
MOST_BYTES, LONGEST = 2_000_000, 1060
#: Largest picture that is decoded, in pixels.
MOST_PIXELS = 20_000_000
_OUTSIDE = re.compile(r"@import|\\|url\((?![\"']?#)")
#: Of height and width: a logo of one pixel by many thousand is a bomb.
_MOST_RATIO = 20.0
_NOT_DRAWN = frozenset(
    {"script", "foreignobject", "iframe", "audio", "video", "handler", "listener", "image", "feimage"}
)
_CURE = "Give a PNG, or an SVG without scripts and outside references."


def logo_png(path: Path) -> bytes:
    """The logo on white, at most ``LONGEST`` pixels wide and high; the same bytes on every run.

    Raises:
        UsageError: The file is missing, is no PNG or SVG, is damaged, too large, or an SVG that holds a
            script or refers to something outside of itself.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"The logo {path} is larger than {MOST_BYTES // 1_000_000} MB.", _CURE)
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"The logo {path} cannot be read ({type(error).__name__}).", _CURE) from None
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        data = _drawn(data, path)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UsageError(f"The logo {path} has more than {MOST_PIXELS:,} pixels.", _CURE)
            return _on_white(image)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        raise UsageError(f"The logo {path} is a damaged picture.", _CURE) from None


def _on_white(image: Image.Image) -> bytes:
    layer = image.convert("RGBA")
    layer.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    flat = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    stream = io.BytesIO()
    flat.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _drawn(data: bytes, path: Path) -> bytes:
    """An SVG as PNG, if it is one that draws and does nothing else."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise UsageError(f"The logo {path} is neither a PNG nor an SVG.", _CURE) from None
    if etree.QName(root).localname != "svg":
        raise UsageError(f"The logo {path} is neither a PNG nor an SVG.", _CURE)
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise UsageError(f"The logo {path} declares entities of its own.", _CURE)
    for element in root.iter():
        reason = _forbidden(element)
        if reason:
            raise UsageError(f"The logo {path} {reason} (line {element.sourceline}).", _CURE)
    wide, high = _size(root)
    if not 1 / _MOST_RATIO <= wide / high <= _MOST_RATIO:
        raise UsageError(f"The logo {path} is far longer on one side than on the other.", _CURE)
    try:
        import resvg_py
    except ImportError:
        raise UsageError(
            "An SVG logo needs the package resvg-py.", "pip install 'reportgen[svg]', or give a PNG."
        ) from None
    try:
        width, height = (LONGEST, None) if wide >= high else (None, LONGEST)
        text = etree.tostring(root, encoding="unicode")
        # Fonts of the system would make the same file another picture on another machine.
        drawn = resvg_py.svg_to_bytes(
            svg_string=text, width=width, height=height, skip_system_fonts=True, font_files=_fonts()
        )
        return bytes(drawn)
    except ValueError:
        raise UsageError(f"The logo {path} is an SVG that cannot be drawn.", _CURE) from None


def _size(root: "etree._Element") -> tuple[float, float]:
    """Width and height, in whatever unit; of a file that does not say, a square's."""
    box = re.findall(r"-?[0-9.]+(?:e-?[0-9]+)?", root.get("viewBox", ""), re.IGNORECASE)
    given = box[2:4] if len(box) == 4 else [root.get("width", ""), root.get("height", "")]
    found = [re.match(r"\s*([0-9.]+)", one) for one in given]
    try:
        wide, high = (float(one[1]) if one else 1.0 for one in found)
    except ValueError:
        return 1.0, 1.0
    return (wide, high) if wide > 0 and high > 0 else (1.0, 1.0)


def _fonts() -> list[str]:
    folder = Path(__file__).resolve().parent / "exporters" / "pdf" / "fonts"
    return [str(path) for path in sorted(folder.glob("NotoSans-*.ttf"))]


def _forbidden(element: "etree._Element") -> str | None:
    """What an element does beside drawing, or None."""
    if not isinstance(element.tag, str):
        return "holds a processing instruction" if element.tag is etree.PI else None
    name = etree.QName(element).localname.lower()
    if name in _NOT_DRAWN:
        return f"holds <{name}>"
    for key, value in element.attrib.items():
        attribute, text = etree.QName(key).localname.lower(), "".join(value.split()).lower()
        if attribute.startswith("on"):
            return "holds a script"
        if attribute in {"href", "src"} and not text.startswith("#"):
            return "refers to something outside of itself"
        if _OUTSIDE.search(text):
            return "refers to something outside of itself"
    if name == "style" and _OUTSIDE.search("".join((element.text or "").split()).lower()):
        return "refers to something outside of itself"
    return None
