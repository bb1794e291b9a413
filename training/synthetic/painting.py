"""Tools for painting backgrounds: linear RGB arrays [S, S, 3] over a unit square, y down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from training.synthetic.fields import Floats, smoothstep

Rgb = tuple[float, float, float]


class Canvas:
    """The unit square in S x S pixels and the random source of one background."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.size = size
        self.rng = rng
        middle = (np.arange(size) + 0.5) / size
        self.x, self.y = np.meshgrid(middle, middle)

    def plain(self, rgb: ArrayLike) -> Floats:
        """One colour everywhere."""
        return np.broadcast_to(np.asarray(rgb, float), (self.size, self.size, 3)).copy()

    def gradient(self, top: ArrayLike, bottom: ArrayLike, start: float, end: float) -> Floats:
        """From one colour above ``start`` to another below ``end``."""
        return mix(top, bottom, smoothstep(start, end, self.y))

    def clouds(self, base: int = 3, octaves: int = 5, stretch: float = 1.0) -> Floats:
        """[S, S] fractal noise in 0..1; ``base`` cells across, ``stretch`` times as many down."""
        total: Floats = np.zeros((self.size, self.size), np.float32)
        for k in range(octaves):
            cells = base * 2**k
            lattice = self.rng.random((max(2, int(cells * stretch)) + 2, cells + 2)).astype(np.float32)
            total += 0.5**k * _stretched(lattice, self.size)
        return total / 1.94

    def skyline(self, base: int, octaves: int, row: int) -> Floats:
        """[1, S] a rugged line in 0..1: one row of clouds."""
        return self.clouds(base, octaves)[self.size // row][None]

    def discs(
        self,
        picture: Floats,
        count: int,
        radius: tuple[float, float],
        colours: Sequence[Rgb],
        rows: tuple[float, float],
        strength: float = 1.0,
    ) -> Floats:
        """Adds out-of-focus lights, radius and rows (y range) in shares of the side; works in place."""
        for _ in range(count):
            x, y, r = self.rng.random(), self.rng.uniform(*rows), self.rng.uniform(*radius)
            colour = np.asarray(colours[int(self.rng.integers(len(colours)))]) * self.rng.uniform(0.4, 1.3) * strength
            top, bottom = int(max(0, (y - r) * self.size)), int(min(self.size, (y + r) * self.size + 1))
            left, right = int(max(0, (x - r) * self.size)), int(min(self.size, (x + r) * self.size + 1))
            part = slice(top, bottom), slice(left, right)
            d = np.hypot(self.x[part] - x, self.y[part] - y) / r
            picture[part] += (smoothstep(1.0, 0.88, d) * (0.75 + 0.25 * d * d))[..., None] * colour
        return picture


def mix(a: ArrayLike, b: ArrayLike, share: ArrayLike) -> Floats:
    """``a`` where ``share`` [S, S] is 0, ``b`` where it is 1."""
    t = np.asarray(share)[..., None]
    return np.asarray(a) * (1 - t) + np.asarray(b) * t


def _stretched(lattice: Floats, size: int) -> Floats:
    """The lattice [h, w] smoothly interpolated to [size, size]."""
    yy, xx = np.linspace(0, lattice.shape[0] - 1.001, size), np.linspace(0, lattice.shape[1] - 1.001, size)
    y0, x0 = yy.astype(int), xx.astype(int)
    fy, fx = (yy - y0)[:, None].astype(np.float32), (xx - x0)[None].astype(np.float32)
    fy, fx = fy * fy * (3 - 2 * fy), fx * fx * (3 - 2 * fx)
    upper, lower = lattice[y0], lattice[y0 + 1]
    above = upper[:, x0] * (1 - fx) + upper[:, x0 + 1] * fx
    below = lower[:, x0] * (1 - fx) + lower[:, x0 + 1] * fx
    return above * (1 - fy) + below * fy
