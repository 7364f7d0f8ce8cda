"""Cartoons of the views: shapes that tell them apart, not anatomy to learn from."""

from collections.abc import Callable

from canvas import Canvas, ellipse

__all__ = ["SCENES"]


def _head(c: Canvas) -> None:
    c.soft(ellipse(0, 0, 138, 108), 12)
    c.soft(ellipse(0, 0, 122, 92), 84)
    c.ring(ellipse(0, 0, 122, 92), 255, 5)
    for side in (-1, 1):  # a few echoes of the surface of the brain
        for x in range(-80, 90, 32):
            c.wall(ellipse(x, side * 71, 12, 4, 0, (0, 180) if side < 0 else (180, 360)), 85, 1.5)


def _transthalamic(c: Canvas) -> None:
    _head(c)
    c.wall([(-112, 0), (-68, 0)], 170, 2)
    c.wall([(-34, 0), (-18, 0)], 150, 2)
    c.wall([(38, 0), (112, 0)], 170, 2)
    c.soft([(-66, -8), (-36, -8), (-36, 8), (-66, 8)], 8)
    for side in (-1, 1):
        c.wall([(-66, side * 8), (-36, side * 8)], 150, 2)
        c.soft(ellipse(8, side * 15, 26, 13, side * 12), 40)
        c.wall(ellipse(-4, side * 60, 62, 10, side * 4, (200, 340) if side > 0 else (20, 160)), 90, 2)
    c.caliper((0, -92), (0, 92))
    c.caliper(*ellipse(0, 0, 122, 92))


def _transventricular(c: Canvas) -> None:
    _head(c)
    c.wall([(-112, 0), (-70, 0)], 170, 2)
    c.wall([(-38, 0), (112, 0)], 160, 2)
    c.soft([(-68, -7), (-40, -7), (-40, 7), (-68, 7)], 8)
    for side in (-1, 1):
        c.soft(ellipse(46, side * 36, 46, 13, side * 14), 6)
        c.wall(ellipse(46, side * 36, 46, 13, side * 14, (180, 340) if side > 0 else (20, 180)), 190, 2.5)
        c.wall(ellipse(46, side * 36, 46, 13, side * 14, (20, 160) if side > 0 else (200, 340)), 120, 2)
        c.soft(ellipse(36, side * 34, 26, 9, side * 14), 205)
    c.caliper((66, 28), (60, 52))


def _transcerebellar(c: Canvas) -> None:
    _head(c)
    c.wall([(-112, 0), (-70, 0)], 170, 2)
    c.wall([(-40, 0), (20, 0)], 150, 2)
    c.soft([(-68, -7), (-42, -7), (-42, 7), (-68, 7)], 8)
    c.soft(ellipse(98, 0, 17, 30), 6)
    for side in (-1, 1):
        c.soft(ellipse(66, side * 24, 21, 24, side * 8), 62)
        c.ring(ellipse(66, side * 24, 21, 24, side * 8), 150, 2)
        c.soft(ellipse(0, side * 14, 22, 11, side * 10), 44)
    c.soft(ellipse(68, 0, 13, 9), 165)
    c.caliper((66, -48), (66, 48))


def _spine(c: Canvas, x: float, y: float) -> None:
    for dx, dy in ((0, 0), (-13, 13), (13, 13)):
        c.dot(x + dx, y + dy, 5.5, 245)
    c.shadow([(x - 15, y + 12), (x + 15, y + 12), (x + 30, y + 90), (x - 30, y + 90)], 120)


def _abdomen(c: Canvas) -> None:
    c.soft(ellipse(0, 0, 126, 118), 14)
    c.soft(ellipse(0, 0, 108, 100), 96)
    c.ring(ellipse(0, 0, 108, 100), 190, 4)
    c.soft(ellipse(54, 6, 25, 19, 15), 4)
    c.tube([(-2, -86), (-4, -52), (-10, -30), (-24, -16), (-44, -12)], 9)
    c.ring(ellipse(8, 46, 9, 9), 130, 2)
    c.soft(ellipse(8, 46, 7, 7), 4)
    _spine(c, -2, 70)
    c.caliper(*ellipse(0, 0, 108, 100))


def _thorax(c: Canvas) -> None:
    c.soft(ellipse(0, 0, 124, 112), 14)
    c.soft(ellipse(0, 0, 106, 96), 112)
    c.ring(ellipse(0, 0, 106, 96), 165, 4)
    for side in (-1, 1):
        c.wall(ellipse(0, 0, 97, 88, 0, (90 + side * 28, 90 + side * 96)), 225, 4)
    c.soft(ellipse(16, -14, 47, 38, 38), 96)
    c.ring(ellipse(16, -14, 47, 38, 38), 120, 2)
    for x, y, rx, ry in ((-4, -26, 15, 12), (20, -38, 14, 10), (14, 6, 18, 13), (40, -10, 17, 12)):
        c.soft(ellipse(x, y, rx, ry, 38), 5)  # the four dots
    c.wall([(-10, 6), (36, -38)], 110, 2)
    c.ring(ellipse(4, 46, 8, 8), 130, 2)
    c.soft(ellipse(4, 46, 6, 6), 4)
    _spine(c, -4, 68)


def _femur(c: Canvas) -> None:
    c.soft(ellipse(0, 6, 150, 62, -4), 104)
    c.ring(ellipse(0, 6, 150, 62, -4), 110, 3)
    c.soft(ellipse(0, -84, 170, 26), 10)
    upper = [(-98, 12), (-84, 3), (-20, -3), (30, -3), (82, 2), (98, 10)]
    lower = [(98, 17), (82, 11), (30, 7), (-20, 7), (-84, 13), (-98, 20)]
    c.soft([*upper, *lower], 235)
    c.wall(upper, 255, 5)
    c.wall([*lower, lower[0]][:6], 200, 4)
    c.shadow([(-94, 20), (94, 20), (122, 170), (-122, 170)], 95)
    c.caliper((-100, 15), (100, 13))


def _aorta(c: Canvas) -> None:
    c.soft(ellipse(0, 10, 138, 104), 88)
    for n in range(7):
        x = -96 + n * 32
        c.dot(x, 74 + abs(n - 3) * -2, 7, 200)
        c.shadow([(x - 7, 80), (x + 7, 80), (x + 9, 150), (x - 9, 150)], 150)
    for x in (-44, -24, -4):
        c.tube([(x + 2, -34), (x - 4, -66)], 7, 140)
    c.tube([*ellipse(-26, 8, 44, 46, 0, (180, 330)), (40, 6), (108, 22)], 17)
    c.soft(ellipse(-64, 36, 32, 26), 8)


def _nt(c: Canvas, turned: bool) -> None:
    c.soft(ellipse(0, 0, 165, 104), 6)
    c.soft(ellipse(-58, -6, 54, 46, 8), 84)
    c.ring(ellipse(-58, -6, 54, 46, 8), 235, 4)
    c.soft(ellipse(60, 20, 92, 42, 6), 92)
    c.wall(ellipse(60, 20, 92, 42, 6, (20, 150)), 120, 3)
    c.wall([(-104, -16), (-118, -22), (-112, -8), (-118, 4), (-106, 14)], 210, 3)
    if turned:
        c.wall(ellipse(-58, -6, 28, 20, 8, (180, 350)), 110, 2)
        return
    c.soft(ellipse(-62, -2, 15, 11), 40)
    back = [(-20, 26), (2, 48), (34, 60), (70, 66)]
    c.soft([*back, (70, 74), (32, 69), (-2, 58), (-28, 36)], 3)
    c.wall(back, 205, 2.5)
    c.wall([(-28, 38), (-2, 60), (32, 71), (72, 76), (120, 74)], 235, 3)
    c.caliper((16, 54), (12, 64))


def _crl(c: Canvas) -> None:
    c.soft(ellipse(0, 4, 168, 100), 5)
    c.soft(ellipse(-78, -2, 46, 40, 6), 90)
    c.ring(ellipse(-78, -2, 46, 40, 6), 230, 4)
    c.soft(ellipse(24, 12, 88, 38, 4), 98)
    c.ring(ellipse(24, 12, 88, 38, 4), 140, 3)
    c.wall([(-40, 26), (0, 36), (50, 38), (96, 28)], 215, 3)
    for x, y, angle in ((-20, -34, 60), (66, -32, 110), (96, -22, 60)):
        c.soft(ellipse(x, y, 24, 7, angle), 96)
    c.wall([(-118, -12), (-129, -18), (-124, -4), (-129, 6)], 205, 3)
    c.caliper((-126, -6), (114, 18))


def _cervix(c: Canvas) -> None:
    c.soft([(-190, -60), (190, -60), (190, 130), (-190, 130)], 82)
    c.soft(ellipse(-128, -12, 62, 60), 4)
    c.soft([(-86, -22), (-86, 28), (-48, 4)], 4)  # the funnel
    c.wall([(-84, -28), (-48, 2)], 190, 3)
    c.wall([(-84, 34), (-48, 6)], 190, 3)
    c.soft([(-60, -26), (96, -14), (104, 26), (-60, 36)], 58)
    c.wall([(-48, 4), (0, 6), (52, 4), (98, 8)], 230, 3)
    c.wall([(-60, -30), (100, -18)], 100, 2)
    c.wall([(-60, 42), (104, 32)], 100, 2)
    c.ring(ellipse(-168, 36, 64, 58, 0, (230, 380)), 230, 5)
    c.caliper((-46, 4), (98, 8))


def _symphysis(c: Canvas) -> None:
    c.soft(ellipse(-78, -62, 42, 18, 32), 60)
    c.ring(ellipse(-78, -62, 42, 18, 32), 225, 4)
    c.soft(ellipse(34, 52, 108, 84, 24), 92)
    c.ring(ellipse(34, 52, 108, 84, 24), 255, 6)
    c.shadow([(-30, 60), (120, 60), (140, 180), (-60, 180)], 110)
    c.caliper((-112, -84), (-44, -41))
    c.caliper((-44, -41), (132, 36))


def _other(c: Canvas) -> None:
    for _ in range(7):
        x, y = c.rng.uniform(-120, 120), c.rng.uniform(-70, 90)
        c.soft(
            ellipse(x, y, c.rng.uniform(18, 62), c.rng.uniform(10, 34), c.rng.uniform(0, 180)),
            c.rng.choice((5, 24, 70, 110)),
        )
    for _ in range(5):
        x, y = c.rng.uniform(-110, 110), c.rng.uniform(-60, 90)
        c.wall(
            ellipse(x, y, c.rng.uniform(20, 54), c.rng.uniform(8, 26), c.rng.uniform(0, 180), (200, 320)),
            c.rng.randint(110, 190),
            3,
        )


#: One drawing for each view id of the domain.
SCENES: dict[str, Callable[[Canvas], None]] = {
    "transventricular": _transventricular,
    "transthalamic": _transthalamic,
    "transcerebellar": _transcerebellar,
    "thorax_4ch": _thorax,
    "aortic_arch": _aorta,
    "abdomen_ac": _abdomen,
    "femur_fl": _femur,
    "nt_midsagittal": lambda canvas: _nt(canvas, turned=False),
    "nt_nonstandard": lambda canvas: _nt(canvas, turned=True),
    "crl": _crl,
    "cervix_tv": _cervix,
    "transperineal_aop": _symphysis,
    "fada_cervical": _cervix,
    "other": _other,
}
