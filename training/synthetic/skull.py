"""The head's outline: horizontal slices, each a superellipse, joined by splines into a surface without features."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from training.synthetic.fields import Floats
from training.synthetic.geometry import grid_faces
from training.synthetic.identity import Identity

ROWS, FRONT_COLUMNS, BACK_COLUMNS = 230, 200, 60
"""Vertices of the head: rows from the crown to the shoulders, columns around the front and the back half."""


class Slice(NamedTuple):
    """One ring of the head in cm. A ring is not level: front, side and back have heights of their own."""

    front_y: float
    front_z: float
    side_y: float
    side_z: float
    half_width: float
    back_y: float
    back_z: float
    roundness: float
    """Exponent of the superellipse: 2 is an ellipse, more is boxier."""


FRONT_Y, FRONT_Z, SIDE_Y, SIDE_Z, HALF_WIDTH, BACK_Y, BACK_Z, ROUNDNESS = range(8)


def head_slices(identity: Identity) -> Floats:
    """[slices, 8] from the crown down to the shoulders, fields as in ``Slice``."""
    slices = np.array(_cranium(identity) + _face(identity) + _neck(identity))
    slices[:, [FRONT_Y, SIDE_Y, BACK_Y]] *= identity.skull.height
    slices[:, HALF_WIDTH] *= identity.skull.width
    return slices


def _cranium(identity: Identity) -> list[Slice]:
    skull = identity.skull
    rings = []
    for degrees in (0, 8, 18, 30, 42, 54, 65, 76, 86):
        s, c = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        y = 2.4 + (9.15 + skull.cranium) * c**0.90
        front_z = -0.8 + (9.65 + skull.forehead * s) * s**0.84
        half_width = (7.30 + skull.temple * s * s) * s**0.80
        rings.append(Slice(y, front_z, y - 0.45 * s**3, -0.9, half_width, y - 1.4 * s**2, -0.9 - 9.2 * s**0.86, 2.3))
    return rings


def _face(identity: Identity) -> list[Slice]:
    """From the brow to the chin."""
    skull, nasion = identity.skull, identity.nose.nasion
    jaw, drop, out, chin, gonion = skull.jaw, skull.chin_drop, skull.chin_forward, skull.chin_width, skull.gonion
    full = skull.fullness * 0.28
    return [
        Slice(1.7, 8.65 + skull.forehead * 0.5, 1.15, -0.85, 7.25 + skull.temple * 0.8, -0.2, -10.0, 2.35),
        Slice(0.3, 8.10 + nasion * 0.5, 0.3, -0.5, 7.05 + skull.cheekbone * 0.5, -1.8, -9.9, 2.4),
        Slice(-2.0, 8.35, -1.5, 0.0, 6.92 + full + skull.cheekbone, -3.6, -9.2, 2.3),
        Slice(-4.7, 8.95, -3.7, 0.3, 6.45 + full + skull.cheekbone * 0.6 + jaw * 0.4, -5.6, -7.9, 2.15),
        Slice(-7.0, 9.00, -5.6, 0.5, 5.95 + full + jaw * 0.8 + gonion * 0.35, -7.2, -6.9, 2.05),
        Slice(-8.9 - drop * 0.4, 8.45 + out * 0.6, -7.0, 0.7, 5.5 + full + jaw + gonion * 0.6, -8.6, -6.5, 2.0),
        Slice(
            -10.3 - drop * 0.8, 8.55 + out, -8.0 - drop * 0.2, 1.0, 4.85 + full + jaw + gonion * 0.5 + chin * 0.15,
            -9.8, -6.3, 1.88,
        ),
        Slice(
            -11.4 - drop, 7.75 + out, -8.75 - drop * 0.35, 1.1, 4.2 + full + jaw * 0.8 + gonion * 0.3 + chin * 0.3,
            -10.8, -6.2, 1.85,
        ),
    ]  # fmt: skip


def _neck(identity: Identity) -> list[Slice]:
    """From under the chin to the shoulders."""
    skull, m = identity.skull, identity.masculinity
    jaw, drop, out = skull.jaw, skull.chin_drop, skull.chin_forward
    full, thick = skull.fullness * 0.28, skull.fullness
    return [
        Slice(-11.85 - drop, 6.2 + out * 0.8, -9.6 - drop * 0.4, 0.2, 4.1 + full + jaw * 0.6, -11.6, -6.2, 2.0),
        Slice(
            -11.9 - drop * 0.8, 4.4 + out * 0.4, -10.5 - drop * 0.4, -1.0, 4.05 + full + jaw * 0.35 + 0.2 * m,
            -12.4, -6.2, 2.0,
        ),
        Slice(-12.6 - drop * 0.5, 3.2, -12.0, -1.7, 4.0 + 0.6 * m + thick * 0.25, -13.2, -6.3, 2.0),
        Slice(-14.5, 2.9, -14.4, -2.0, 4.0 + 0.75 * m + thick * 0.3, -15, -6.6, 2.0),
        Slice(-18.0, 3.2, -18, -2.0, 4.7 + 0.75 * m + thick * 0.3, -18, -7.4, 2.0),
        Slice(-22.0, 4.2, -21, -2.2, 9.5, -21, -8.4, 2.0),
    ]  # fmt: skip


def _columns() -> Floats:
    """Angles around the head in radians, 0 in front, densest in the middle of the face."""
    even = np.linspace(-1, 1, FRONT_COLUMNS)
    front = np.arcsin(even) * 0.55 + even * math.pi / 2 * 0.45
    back = np.linspace(math.pi / 2, 3 * math.pi / 2, BACK_COLUMNS + 2)[1:-1]
    return np.concatenate([front, back])


COLUMN_ANGLES = _columns()
FACES = grid_faces(ROWS, len(COLUMN_ANGLES), wrap=True)
"""int32 [F, 3]: the same triangles for every head."""


def loft(slices: Floats) -> tuple[Floats, Floats, Floats]:
    """x, y, z of the surface's vertices, each [rows * columns], rows dense between brow and chin."""
    rings = _rings(slices)
    column = {name: rings[:, k][:, None] for k, name in enumerate(Slice._fields)}
    cos, sin = np.cos(COLUMN_ANGLES)[None], np.sin(COLUMN_ANGLES)[None]
    exponent, front = 2 / column["roundness"], cos >= 0
    x = column["half_width"] * np.sign(sin) * np.abs(sin) ** exponent
    end_z = np.where(front, column["front_z"], column["back_z"])
    z = column["side_z"] + (end_z - column["side_z"]) * np.abs(cos) ** exponent
    end_y = np.where(front, column["front_y"], column["back_y"])
    y = column["side_y"] + (end_y - column["side_y"]) * np.abs(cos) ** np.where(front, 1.15, 1.3)
    return x.ravel(), y.ravel(), z.ravel()


def _rings(slices: Floats) -> Floats:
    """[ROWS, 8] the slices interpolated."""
    steps = np.hypot(np.diff(slices[:, FRONT_Y]), np.diff(slices[:, FRONT_Z]))
    knots = np.r_[0, np.cumsum(steps + 0.25 * np.abs(np.diff(slices[:, HALF_WIDTH])))]
    spline = CubicSpline(knots, slices, axis=0)
    fine = np.linspace(0, knots[-1], 2000)
    front_y = spline(fine)[:, FRONT_Y]
    density = np.where((front_y < 3.2) & (front_y > -12.2), 3.4, 1.0)
    density[:30] = 1
    cumulative = np.r_[0, np.cumsum(density[:-1])]
    rings = spline(np.interp(np.linspace(0, cumulative[-1], ROWS), cumulative, fine))
    rings[:, HALF_WIDTH] = np.maximum(rings[:, HALF_WIDTH], 0.001)
    return rings
