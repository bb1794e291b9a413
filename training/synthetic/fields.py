"""Small smooth functions of which the whole world is built (vectorised, no state)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[Any]
"""A float array; shapes are given in the docstrings."""
Ints: TypeAlias = NDArray[Any]
"""An array of whole numbers, mostly vertex or face numbers."""
Mask: TypeAlias = NDArray[Any]
"""A boolean array."""


def smoothstep(low: ArrayLike, high: ArrayLike, x: ArrayLike) -> Floats:
    """0 at ``low``, 1 at ``high``, cubic between; ``low > high`` gives the falling step."""
    low = np.asarray(low)
    t = np.clip((np.asarray(x) - low) / (np.asarray(high) - low), 0, 1)
    return t * t * (3 - 2 * t)


def bump(dx: ArrayLike, dy: ArrayLike, width_x: float, width_y: float) -> Floats:
    """Gaussian hill of height 1, ``exp(-(dx/width_x)^2 - (dy/width_y)^2)``."""
    return np.exp(-((np.asarray(dx) / width_x) ** 2) - (np.asarray(dy) / width_y) ** 2)


def ridge(distance: ArrayLike, width: float) -> Floats:
    """Gaussian of one distance: 1 on the line, falling over ``width``."""
    return np.exp(-((np.asarray(distance) / width) ** 2))


def smooth_max(a: Floats, b: Floats, radius: float) -> Floats:
    """Maximum with a rounded seam of the given radius."""
    h = np.clip(0.5 + 0.5 * (a - b) / radius, 0, 1)
    return b * (1 - h) + a * h + radius * h * (1 - h)


def unit(v: Floats) -> Floats:
    """Vectors [..., 3] scaled to length 1."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-6)


def sine_noise(points: Floats, seed: int, frequency: float) -> Floats:
    """Smooth noise of unit order at points [N, 3]: seven sine waves in random directions."""
    rng = np.random.default_rng(seed)
    total = np.zeros(len(points))
    for _ in range(7):
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        wave = (direction * (frequency * (0.7 + 0.6 * rng.random()))).astype(np.float32)
        total = total + np.sin(points @ wave + rng.random() * 6.28)
    return total / 2.6


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """float32 [3, 3] for angles in radians: pitch first, then yaw, then roll (columns act on column vectors)."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (about_z @ about_y @ about_x).astype(np.float32)
