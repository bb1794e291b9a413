"""Eight garments: one torso surface, shaped and painted; shirts open at the neck, suits have lapels and a tie."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.interpolate import PchipInterpolator

from training.synthetic.fields import Floats, Mask, bump, ridge, smoothstep
from training.synthetic.geometry import Material, Mesh, grid_faces
from training.synthetic.identity import Identity, Rgb
from training.synthetic.palette import CLOTH_COLOURS

ROWS, COLUMNS = 90, 150
_HEIGHTS = [0, 0.10, 0.25, 0.42, 0.62, 1]
"""Shares of the way from the collar down at which the torso's outline is given."""
NECKLINE_DEPTH = {"shirt": 4.2, "suit": 12.5, "coat": 6.5}
"""cm that an open front reaches down."""
_THROAT_Y = -17.4


class _Garment:
    """A torso while it is painted; flat arrays over its vertices."""

    def __init__(self, identity: Identity, kind: str, rgb: Floats, rng: np.random.Generator) -> None:
        self.identity, self.kind, self.rgb, self.rng = identity, kind, rgb, rng
        self.points, self.down = _torso(identity, kind)
        self.x, self.y, z = self.points.T
        self.ax, self.front = np.abs(self.x), z > 0
        self.colour = np.tile(rgb, (len(self.points), 1))
        self.cavity = np.ones(len(self.points))
        self.skin = np.asarray(identity.skin.tone) * 0.95
        self.pattern = int(rng.integers(0, 5))

    def any_colour(self, first: int = 0, last: int = len(CLOTH_COLOURS)) -> Floats:
        return np.asarray(list(CLOTH_COLOURS.values())[self.rng.integers(first, last)])

    def opening(self, slope: float) -> Floats:
        """cm outside the V of an open front (negative inside)."""
        depth = NECKLINE_DEPTH[self.kind]
        return self.ax - np.clip((self.y - _THROAT_Y + depth) * slope, 0, None)

    def paint(self, where: Mask, rgb: Floats | Rgb | float) -> None:
        self.colour[where] = rgb

    def seam(self, where: Mask, shade: float) -> None:
        self.cavity[where] = shade


def garment(identity: Identity, kind: str, rgb: Floats, rng: np.random.Generator) -> Mesh:
    """The clothed torso. ``rgb``: the cloth's colour; stripes, prints, shirts and ties are drawn from ``rng``."""
    cloth = _Garment(identity, kind, rgb, rng)
    _PAINTERS[kind](cloth)
    gloss = 0.2 if kind == "coat" else 0.12
    colour = np.clip(cloth.colour, 0.005, 0.9)
    faces = grid_faces(ROWS, COLUMNS)
    return Mesh(cloth.points, faces, colour, Material.CLOTH, gloss, cloth.cavity, cull=False)


def _torso(identity: Identity, kind: str) -> tuple[Floats, Floats]:
    """Vertices [N, 3] cm and their way from the collar (0) down (1) [N]."""
    m = identity.masculinity
    down = np.linspace(0, 1, ROWS)[:, None]
    angle = np.linspace(-np.pi, np.pi, COLUMNS)[None]
    shoulder = 17.0 + 2.4 * m + identity.skull.fullness * 0.6
    widths = [4.8 + 0.8 * m, 6.3 + 0.8 * m, 11.0 + 0.8 * m, shoulder - 1.2, shoulder, shoulder * 0.97]
    width = PchipInterpolator(_HEIGHTS, widths)(down)
    height = PchipInterpolator(_HEIGHTS, [-14.2, -16.0, -18.2, -20.4, -24.8, -40])(down)
    depth = PchipInterpolator(_HEIGHTS, [5.3, 6.0, 7.4, 8.8, 9.8, 10.2])(down) + 0.3
    if kind in ("hoodie", "coat"):
        width, depth = width + 0.9, depth + 0.8
    if kind == "turtleneck":
        width = np.where(down < 0.1, width - 0.2 * (1 - down / 0.1), width)
        height = np.where(down < 0.16, height + 3.6 * (1 - down / 0.16), height)
    cos, sin = np.cos(angle), np.sin(angle)
    forward = np.clip(cos, 0, 1)
    x = width * np.sign(sin) * np.abs(sin) ** 0.9
    dip = 1.9 * smoothstep(0, 0.12, down) * (1 - smoothstep(0.12, 0.6, down))
    dip = dip + (0.2 if kind == "turtleneck" else 1.3) * (1 - smoothstep(0, 0.2, down))
    y = height - dip * forward
    z = -2.2 + depth * np.sign(cos) * np.abs(cos) ** 0.85 + 0.4 * (cos > 0)
    z = z + (1 - m) * 1.6 * bump(np.abs(x) - 7, y + 33, 4.5, 5) * forward
    z = z + _folds(x, y) * smoothstep(0.15, 0.5, down) * 1.6 * forward
    points = np.stack(np.broadcast_arrays(x, y, z), -1).reshape(-1, 3)
    return points, np.broadcast_to(down, (ROWS, COLUMNS)).ravel()


def _folds(x: Floats, y: Floats) -> Floats:
    """Depth of the cloth's folds, cm."""
    coarse = np.sin(x * 0.5 + y * 0.9 + 3 * np.sin(y * 0.23 + x * 0.1)) * 0.12
    return coarse + np.sin(x * 1.1 - y * 0.6 + 2 * np.sin(x * 0.3)) * 0.08


def _stripes(c: _Garment) -> None:
    if c.pattern == 0:
        c.colour[np.floor(c.y * 0.55).astype(int) % 2 == 0] *= 0.35


def _hem(c: _Garment) -> None:
    c.colour *= 1 - 0.35 * ridge(c.down - 0.10, 0.014)[:, None]


def _tshirt(c: _Garment) -> None:
    _stripes(c)
    if c.pattern == 1:
        c.paint((np.hypot(c.x, c.y + 31) < 4.5) & c.front, c.any_colour())
    _hem(c)


def _sweater(c: _Garment) -> None:
    _stripes(c)
    _hem(c)


def _hoodie(c: _Garment) -> None:
    _hem(c)
    cord = np.abs(c.ax - (1.6 + 0.05 * (c.y + 20))) < 0.22
    c.paint(cord & (c.y < -19) & (c.y > -28) & c.front, (0.55, 0.55, 0.53))


def _turtleneck(c: _Garment) -> None:
    """Plain."""


def _tank(c: _Garment) -> None:
    _stripes(c)
    strap = (np.abs(c.ax - 6.6) < 1.5) & (c.y > -23.5)
    chest = (c.y > -26.5) & ~strap & (c.y > -20.8 - 0.12 * (7 - c.ax) ** 2 * (c.ax < 7))
    arms = (c.ax > 12.5) & (c.y > -25)
    c.paint(chest | arms, c.skin)


def _shirt(c: _Garment) -> None:
    outside, bottom = c.opening(0.34), _THROAT_Y - NECKLINE_DEPTH["shirt"]
    inner = c.front & (outside < 0) & (c.y > bottom)
    c.paint(inner, c.skin)
    c.paint(c.front & (outside > 0) & (outside < 1.5) & (c.y > -20.5), c.rgb * 1.15)
    c.seam(c.front & (np.abs(outside - 1.5) < 0.25) & (c.y > -20.6), 0.55)
    c.seam(c.front & (c.ax < 0.14) & (c.y < bottom), 0.6)
    for button in np.arange(-24, -42, -3.2):
        c.paint(c.front & (np.hypot(c.x, c.y - button) < 0.32), 0.45)
    if c.pattern == 2:
        c.colour[(np.sin(c.x * 2.2) > 0.55) & ~inner] *= 0.45


def _open_jacket(c: _Garment) -> tuple[Mask, Floats]:
    """Lapels over a shirt; returns the opening and the shirt's colour."""
    outside, bottom = c.opening(0.36), _THROAT_Y - NECKLINE_DEPTH[c.kind]
    inner = c.front & (outside < 0) & (c.y > bottom)
    shirt = np.array([0.62, 0.63, 0.66] if c.rng.random() < 0.7 else [0.30, 0.40, 0.60])
    c.paint(inner, shirt)
    c.paint(c.front & (outside > 0) & (outside < 2.4) & (c.y > bottom + 1.0), c.rgb * 1.35 + 0.01)
    c.seam(c.front & (np.abs(outside - 2.4) < 0.22) & (c.y > bottom + 1), 0.5)
    c.seam(c.front & (np.abs(outside) < 0.2) & (c.y > bottom), 0.5)
    return inner, shirt


def _collar(c: _Garment, inner: Mask, shirt: Floats) -> None:
    collar = c.front & (c.ax < 2.9) & (c.ax > 1.0 + (-17.3 - c.y) * 0.15) & (c.y > -19.0) & inner
    c.paint(collar, shirt * 1.1)


def _coat(c: _Garment) -> None:
    inner, shirt = _open_jacket(c)
    _collar(c, inner, shirt)


def _suit(c: _Garment) -> None:
    """With a tie for men and for a fifth of the women, otherwise with an open neck."""
    inner, shirt = _open_jacket(c)
    if c.identity.masculinity > 0.5 or c.rng.random() < 0.2:
        width = np.interp(c.y, [-32, -19.5, -18.5, -17.5], [1.6, 0.75, 0.95, 0.8])
        tie, rgb = inner & (c.ax < width), c.any_colour(2, 9)
        c.paint(tie, rgb)
        if c.rng.random() < 0.4:
            c.paint(tie & (np.sin((c.x + c.y) * 3) > 0.5), rgb * 0.4 + 0.1)
    else:
        c.paint(inner & (c.y > -21.9) & (c.ax < np.clip((c.y + 22.5) * 0.5, 0, None)), c.skin)
    _collar(c, inner, shirt)


_PAINTERS: dict[str, Callable[[_Garment], None]] = {
    "tshirt": _tshirt,
    "shirt": _shirt,
    "suit": _suit,
    "hoodie": _hoodie,
    "turtleneck": _turtleneck,
    "coat": _coat,
    "tank": _tank,
    "sweater": _sweater,
}
CLOTHES: tuple[str, ...] = tuple(_PAINTERS)
"""The garments by name, in the order in which the data set's sampling picks them."""
