"""A site's logo as a small PNG without anything but pixels: from a PNG or an SVG that asks for nothing."""

import io
from pathlib import Path

from lxml import etree
from PIL import Image, UnidentifiedImageError

from reportgen.errors import UsageError

__all__ = ["logo_png"]

#: Largest file that is read, and the largest side of what is printed: 45 mm at 600 dots an inch.
MOST_BYTES, LONGEST = 2_000_000, 1060
#: Largest picture that is decoded, in pixels.
MOST_PIXELS = 20_000_000
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
    if root.getroottree().docinfo.internalDTD is not None:
        raise UsageError(f"The logo {path} declares entities of its own.", _CURE)
    for element in root.iter():
        reason = _forbidden(element)
        if reason:
            raise UsageError(f"The logo {path} {reason} (line {element.sourceline}).", _CURE)
    try:
        import resvg_py
    except ImportError:
        raise UsageError(
            "An SVG logo needs the package resvg-py.", "pip install 'reportgen[svg]', or give a PNG."
        ) from None
    try:
        return bytes(
            resvg_py.svg_to_bytes(svg_string=etree.tostring(root, encoding="unicode"), width=LONGEST)
        )
    except ValueError:
        raise UsageError(f"The logo {path} is an SVG that cannot be drawn.", _CURE) from None


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
        if "url(" in text and text.count("url(") != text.count("url(#"):
            return "refers to something outside of itself"
    style = (element.text or "").lower() if name == "style" else ""
    if "@import" in style or style.count("url(") != style.count("url(#"):
        return "refers to something outside of itself"
    return None
