"""Meshes and strands, the two things that the renderer draws. Lengths in cm: x to the picture's right, y up, z to the
camera; colours are linear RGB in 0..1."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

from training.synthetic.drawing import accumulate_normals
from training.synthetic.fields import Floats, Ints, unit


class Material(IntEnum):
    """What a pixel shows; 0 is the background. The numbers are those of ``shading``."""

    SKIN = 1
    HAIR = 2
    EYE = 3
    CLOTH = 4
    TEETH = 5
    MOUTH = 6
    FRAME = 7
    LENS = 8


@dataclass(frozen=True)
class Mesh:
    """Triangles with one value a vertex for everything that varies over the surface."""

    points: Floats
    """[N, 3] cm."""
    faces: Ints
    """[F, 3] vertex numbers."""
    colour: ArrayLike
    """[N, 3] or [3] linear RGB; for the eyeball its local direction (the kernel paints the iris)."""
    material: Material
    gloss: ArrayLike = 0.3
    """[N] or scalar, 0 matt .. 1 mirror."""
    cavity: ArrayLike = 1.0
    """[N] or scalar: share of the surrounding light that reaches the point."""
    cut: ArrayLike = 1.0
    """[N] or scalar: where the interpolated value is negative the surface has a hole."""
    normals: Floats | None = None
    """[N, 3]; None: computed from the triangles."""
    cull: bool = True
    """Leave out the triangles that face away."""
    shadow: bool = True
    """Throws a shadow."""

    def moved(self, points: Floats, normals: Floats | None = None) -> Mesh:
        """The same mesh with its vertices elsewhere."""
        return replace(self, points=points, normals=normals)


@dataclass(frozen=True)
class Strands:
    """S hairs of P points each."""

    points: Floats
    """[S, P, 3] cm."""
    colour: Floats
    """[S, P, 3] linear RGB."""
    width: Floats
    """[S, P] half width in cm."""
    shadow: bool = field(default=True)

    def moved(self, points: Floats) -> Strands:
        """The same hairs elsewhere."""
        return replace(self, points=points)


def make_strands(points: Floats, colour: ArrayLike, width: ArrayLike, shadow: bool = True) -> Strands:
    """Strands with colour and width spread to every point."""
    return Strands(
        np.ascontiguousarray(points, np.float32),
        np.ascontiguousarray(np.broadcast_to(np.asarray(colour, np.float32), points.shape)),
        np.ascontiguousarray(np.broadcast_to(np.asarray(width, np.float32), points.shape[:2])),
        shadow,
    )


def vertex_normals(points: Floats, faces: Ints) -> Floats:
    """float32 [N, 3] area-weighted unit normals."""
    total = accumulate_normals(np.ascontiguousarray(points, np.float32), np.ascontiguousarray(faces, np.int32))
    return (total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def grid_faces(rows: int, columns: int, wrap: bool = False, flip: bool = False) -> Ints:
    """int32 [F, 3] triangles of a rows x columns vertex grid; ``wrap`` joins the last column to the first."""
    row = np.arange(rows - 1)[:, None] * columns
    column = np.arange(columns if wrap else columns - 1)[None]
    after = (column + 1) % columns
    here, right, below, below_right = row + column, row + after, row + columns + column, row + columns + after
    first, second = (here, below, right), (right, below, below_right)
    if flip:
        first, second = first[::-1], second[::-1]
    return np.stack([np.stack(first, -1), np.stack(second, -1)], 2).reshape(-1, 3).astype(np.int32)


def sample_surface(
    points: Floats, faces: Ints, weight: Floats, count: int, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """``count`` random places on the mesh by area times vertex weight: face numbers [n], barycentrics [n, 3]."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) * weight[faces].mean(1)
    cumulative = np.cumsum(area)
    if cumulative[-1] <= 0:
        return np.zeros(0, int), np.zeros((0, 3))
    face = np.searchsorted(cumulative, rng.random(count) * cumulative[-1])
    r1, r2 = np.sqrt(rng.random(count)), rng.random(count)
    return face.clip(0, len(faces) - 1), np.stack([1 - r1, r1 * (1 - r2), r1 * r2], 1)


def tube(
    path: Floats, radius: float, colour: ArrayLike, material: Material, gloss: float = 0.8, closed: bool = False
) -> Mesh:
    """A round wire along a path [n, 3]."""
    sides = 8
    along = unit(np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0))
    across = unit(np.cross(along, np.array([0.12, 0.23, 1.0])))
    up = np.cross(along, across)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[None, :, None]
    ring = radius * (across[:, None] * np.cos(angle) + up[:, None] * np.sin(angle))
    n = len(path)
    i = np.arange(n if closed else n - 1)[:, None] * sides
    below = (i + sides) % (n * sides)
    j = np.arange(sides)[None]
    after = (j + 1) % sides
    faces = np.stack(
        [np.stack([i + j, below + j, i + after], -1), np.stack([i + after, below + j, below + after], -1)], 2
    ).reshape(-1, 3)
    return Mesh((path[:, None] + ring).reshape(-1, 3), faces, colour, material, gloss, cull=False)
