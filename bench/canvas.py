"""Layers of echo to draw on: what bench/draw.py makes a picture from.

Local coordinates: pixels, origin in the middle of the sector, y downwards; everything is turned, moved and
sized a little by the seed.
"""

import math
import random
from collections.abc import Sequence
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter

__all__ = ["Canvas", "ellipse"]

Point = tuple[float, float]
ZOOM = 2  # drawn larger and reduced: smooth edges


def ellipse(  # noqa: PLR0917 - the usual order of an ellipse
    cx: float, cy: float, rx: float, ry: float, turn: float = 0, span: Point = (0, 360)
) -> list[Point]:
    """Points on an ellipse; ``turn`` and ``span`` in degrees, clockwise from the right."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    points = []
    for n in range(61):
        angle = math.radians(span[0] + (span[1] - span[0]) * n / 60)
        x, y = rx * math.cos(angle), ry * math.sin(angle)
        points.append((cx + x * cos - y * sin, cy + x * sin + y * cos))
    return points


class Canvas:
    """Three layers: soft tissue, strong echoes, and the shadows behind these; and where calipers go."""

    def __init__(self, size: tuple[int, int], rng: random.Random) -> None:
        self.rng = rng
        self._size = size
        big = (size[0] * ZOOM, size[1] * ZOOM)
        self._tissue = self._ground(big)
        self._echo = Image.new("L", big, 0)
        self._shade = Image.new("L", big, 255)
        self._turn = rng.uniform(-9, 9)
        self._scale = rng.uniform(0.94, 1.05)
        self._middle = (size[0] / 2 + rng.uniform(-8, 8), size[1] / 2 + 16 + rng.uniform(-5, 5))
        self._calipers: list[list[Point]] = []

    def _ground(self, big: tuple[int, int]) -> Image.Image:
        coarse = Image.frombytes("L", (13, 10), self.rng.randbytes(130)).point(lambda value: 44 + value // 5)
        return coarse.resize(big, Image.Resampling.BICUBIC)

    def _map(self, points: Sequence[Point]) -> list[Point]:
        cos, sin = math.cos(math.radians(self._turn)), math.sin(math.radians(self._turn))
        size, (mx, my) = self._scale, self._middle
        return [
            ((mx + size * (x * cos - y * sin)) * ZOOM, (my + size * (x * sin + y * cos)) * ZOOM)
            for x, y in points
        ]

    def soft(self, points: Sequence[Point], level: int) -> None:
        """Fill a shape with tissue of a level: 0 is fluid, 255 the strongest echo."""
        ImageDraw.Draw(self._tissue).polygon(self._map(points), fill=level)

    def wall(self, points: Sequence[Point], level: int, width: float = 3) -> None:
        """A strong echo along a line."""
        ImageDraw.Draw(self._echo).line(
            self._map(points), fill=level, width=round(width * ZOOM), joint="curve"
        )

    def tube(self, points: Sequence[Point], width: float, level: int = 165) -> None:
        """A vessel: two walls with fluid between them."""
        mapped = self._map(points)
        echo, tissue = ImageDraw.Draw(self._echo), ImageDraw.Draw(self._tissue)
        echo.line(mapped, fill=level, width=round((width + 4) * ZOOM), joint="curve")
        echo.line(mapped, fill=0, width=round((width - 1) * ZOOM), joint="curve")
        tissue.line(mapped, fill=5, width=round((width + 1) * ZOOM), joint="curve")

    def ring(self, points: Sequence[Point], level: int, width: float = 4) -> None:
        """A closed contour, strongest where it lies across the beam."""
        mapped = self._map(points)
        pen = ImageDraw.Draw(self._echo)
        for one, two in pairwise(mapped):
            slope = math.atan2(two[1] - one[1], two[0] - one[0])
            beam = abs(math.cos(slope))  # beams run downwards
            reach = (two[0] - one[0], two[1] - one[1])
            end = (two[0] + reach[0] * 0.2, two[1] + reach[1] * 0.2)
            pen.line((one, end), fill=round(level * (0.42 + 0.58 * beam)), width=round(width * ZOOM))

    def dot(self, x: float, y: float, radius: float, level: int) -> None:
        """A small strong echo."""
        ImageDraw.Draw(self._echo).polygon(self._map(ellipse(x, y, radius, radius)), fill=level)

    def shadow(self, points: Sequence[Point], level: int) -> None:
        """A shadow behind something that lets no sound through: 255 none, 0 all."""
        ImageDraw.Draw(self._shade).polygon(self._map(points), fill=level)

    def caliper(self, *points: Point) -> None:
        """Two points: a distance; more: a contour."""
        self._calipers.append(self._map(points))

    def tissue(self) -> Image.Image:
        """The layer of soft tissue."""
        return self._reduced(self._tissue, 1.6)

    def echoes(self) -> Image.Image:
        """The layer of strong echoes."""
        return self._reduced(self._echo, 0.9)

    def shadows(self) -> Image.Image:
        """The layer of shadows."""
        return self._reduced(self._shade, 5)

    def _reduced(self, layer: Image.Image, blur: float) -> Image.Image:
        return layer.filter(ImageFilter.GaussianBlur(blur * ZOOM)).resize(self._size, Image.Resampling.BOX)

    def measure(self, pen: ImageDraw.ImageDraw) -> None:
        """Crosses and dotted lines where somebody measured."""
        for points in self._calipers:
            small = [(x / ZOOM, y / ZOOM) for x, y in points]
            for (ax, ay), (bx, by) in pairwise(small):
                steps = max(1, round(math.hypot(bx - ax, by - ay) / 6))
                for n in range(steps):
                    x, y = ax + (bx - ax) * n / steps, ay + (by - ay) * n / steps
                    pen.rectangle((x, y, x + 1, y + 1), fill=235)
            ends = (small[0], small[-1]) if len(small) == 2 else (small[0], small[len(small) // 2])
            for x, y in ends:
                pen.line((x - 6, y, x + 6, y), fill=255, width=2)
                pen.line((x, y - 6, x, y + 6), fill=255, width=2)
