"""Draws synthetic, ultrasound-like pictures: a sector, speckle, and a cartoon of the named view.

    python bench/draw.py VIEW --seed 7 -o picture.png      one picture; VIEW is a view id of the domain
    python bench/draw.py --samples                         the pictures of samples/ again

They are drawings, not scans: no picture of a person went into them, they carry the word SYNTHETIC on the
picture and in the PNG's text, and they show nothing that could be read clinically. Equal arguments give
equal bytes with the same version of Pillow. Needs Pillow and the standard library.
"""

import argparse
import io
import math
import random
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, PngImagePlugin

sys.path.insert(0, str(Path(__file__).resolve().parent))  # run as a file or imported from elsewhere

from canvas import Canvas
from scenes import SCENES

__all__ = ["MARK", "SAMPLES", "VIEWS", "draw"]

#: Written on every picture and into its PNG text under this key.
MARK = "SYNTHETIC"
VIEWS = tuple(SCENES)
WIDTH, HEIGHT = 480, 360
#: A curved probe: centre of its curvature, radius of its face, of the deepest echo (pixels), half angle.
APEX, NEAR, FAR, HALF = (240.0, -78.0), 108.0, 420.0, math.radians(34)
LEVELS = 20
BRIGHTER = [round(255 * (value / 255) ** 0.82) for value in range(256)]

_MID = "mid_trimester_full"
#: Pictures of samples/: path, view, seed, whether calipers are drawn.
SAMPLES: tuple[tuple[str, str, int, bool], ...] = (
    (f"{_MID}/image_1.png", "transthalamic", 1, True),
    (f"{_MID}/image_2.png", "transventricular", 2, False),
    (f"{_MID}/image_3.png", "abdomen_ac", 3, True),
    (f"{_MID}/image_4.png", "femur_fl", 4, True),
    (f"{_MID}/image_5.png", "thorax_4ch", 5, False),
    (f"{_MID}/image_6.png", "transcerebellar", 6, False),
    ("fada_chatbot/IMG_0042.png", "transthalamic", 42, False),
    ("low_scores/image_1.png", "other", 11, False),
    ("low_scores/image_2.png", "thorax_4ch", 12, False),
    ("low_scores/image_3.png", "transventricular", 13, False),
    ("duplicate_views/image_1.png", "femur_fl", 21, True),
    ("duplicate_views/image_2.png", "femur_fl", 21, True),
    ("duplicate_views/image_3.png", "femur_fl", 22, True),
    ("first_trimester/crl.png", "crl", 31, True),
    ("first_trimester/nt.png", "nt_midsagittal", 32, True),
    ("first_trimester/head_and_neck.png", "nt_nonstandard", 33, False),
    ("cervical_length/cervix.png", "cervix_tv", 41, True),
    ("growth_32_weeks/head.png", "transthalamic", 51, True),
    ("growth_32_weeks/abdomen.png", "abdomen_ac", 52, True),
    ("growth_32_weeks/femur.png", "femur_fl", 53, True),
    ("intrapartum/symphysis.png", "transperineal_aop", 61, True),
    ("timm/aorta_01.png", "aortic_arch", 71, False),
)


def draw(view: str, seed: int | str, calipers: bool = False) -> bytes:
    """A PNG (480 x 360, a few grey levels, below 30 kB) of a view that the domain names by this id.

    Raises:
        KeyError: There is no drawing of such a view.
    """
    rng = random.Random(f"{view}:{seed}")
    canvas = Canvas((WIDTH, HEIGHT), rng)
    SCENES[view](canvas)
    echo = _speckle(rng)
    picture = ImageChops.multiply(canvas.tissue(), echo)
    picture = ImageChops.screen(picture, ImageChops.multiply(canvas.echoes(), _lift(echo, 150)))
    picture = ImageChops.multiply(picture, canvas.shadows())
    picture = ImageChops.multiply(picture.point(BRIGHTER), _sector())
    if calipers:
        canvas.measure(ImageDraw.Draw(picture))
    _annotate(picture)
    return _png(picture, view)


def _speckle(rng: random.Random) -> Image.Image:
    """Speckle as a probe makes it: grains along the beams, wider with depth."""
    beams, depth = 150, 210
    # Rayleigh: the amplitude of many small echoes added up.
    rayleigh = [min(255, round(78 * math.sqrt(-2 * math.log(1 - (n + 0.5) / 256)))) for n in range(256)]
    noise = Image.frombytes("L", (beams, depth), rng.randbytes(beams * depth)).point(rayleigh)
    noise = noise.filter(ImageFilter.GaussianBlur(0.55)).point(lambda v: max(0, min(255, (v - 95) * 2 + 130)))
    step = 12
    mesh = []
    for x in range(0, WIDTH, step):
        for y in range(0, HEIGHT, step):
            corners = ((x, y), (x, y + step), (x + step, y + step), (x + step, y))
            quad = tuple(value for corner in corners for value in _polar(corner, beams, depth))
            mesh.append(((x, y, x + step, y + step), quad))
    return _lift(noise.transform((WIDTH, HEIGHT), Image.Transform.MESH, mesh, Image.Resampling.BILINEAR), 60)


def _polar(point: tuple[int, int], beams: int, depth: int) -> tuple[float, float]:
    dx, dy = point[0] - APEX[0], point[1] - APEX[1]
    angle, radius = math.atan2(dx, dy), math.hypot(dx, dy)
    across = (angle / HALF + 1) / 2 * (beams - 1)
    down = (radius - NEAR) / (FAR - NEAR) * (depth - 1)
    return min(max(across, 0), beams - 1), min(max(down, 0), depth - 1)


def _lift(image: Image.Image, low: int) -> Image.Image:
    return image.point(lambda value: low + value * (255 - low) // 255)


def _sector() -> Image.Image:
    """The fan that the probe sees, with echoes fading with depth."""
    mask = Image.new("L", (WIDTH * 2, HEIGHT * 2), 0)
    pen = ImageDraw.Draw(mask)
    angles = [HALF * n / 40 for n in range(-40, 41)]
    for ring in range(24):  # from the deepest ring inwards, each brighter
        outer, inner = FAR - (FAR - NEAR) * ring / 24, FAR - (FAR - NEAR) * (ring + 1) / 24
        arc = [
            (APEX[0] + r * math.sin(a), APEX[1] + r * math.cos(a))
            for r, turn in ((outer, 1), (inner, -1))
            for a in angles[::turn]
        ]
        pen.polygon(
            [(x * 2, y * 2) for x, y in arc], fill=165 + round(90 * math.sin(math.pi * (ring + 6) / 36))
        )
    return mask.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _annotate(picture: Image.Image) -> None:
    pen = ImageDraw.Draw(picture)
    pen.text((10, 7), MARK, fill=255, font=ImageFont.load_default(20))
    pen.text((10, 31), "drawing, no patient", fill=150, font=ImageFont.load_default(11))
    for n in range(13):  # depth marks
        y = 36 + n * 24
        pen.line((466 if n % 2 else 460, y, 472, y), fill=150)
    for n in range(64):  # grey wedge
        pen.line((10, 340 - n, 16, 340 - n), fill=min(255, n * 4))


def _png(picture: Image.Image, view: str) -> bytes:
    grey = picture.point(lambda value: round(round(value * (LEVELS - 1) / 255) * 255 / (LEVELS - 1)))
    text = PngImagePlugin.PngInfo()
    text.add_text(
        MARK, f"{MARK}: a drawing of the view {view} by reportgen's bench/draw.py; no patient, no scan"
    )
    stream = io.BytesIO()
    grey.quantize(LEVELS, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True, pnginfo=text)
    return stream.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """Draw one picture, or those of samples/."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("view", nargs="?", choices=VIEWS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calipers", action="store_true")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--samples", action="store_true", help="draw the pictures of samples/ again")
    options = parser.parse_args(arguments)
    if options.samples:
        folder = Path(__file__).resolve().parents[1] / "samples"
        for name, view, seed, calipers in SAMPLES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(draw(view, seed, calipers))
        return 0
    if options.view is None or options.output is None:
        parser.error("give a view and -o FILE, or --samples")
    options.output.write_bytes(draw(options.view, options.seed, options.calipers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
