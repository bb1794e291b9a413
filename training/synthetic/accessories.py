"""Glasses and sunglasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synthetic.fields import Floats
from training.synthetic.geometry import Material, Mesh, grid_faces, tube
from training.synthetic.head import SIDES, Head
from training.synthetic.identity import Rgb

_RIM_POINTS, _LENS_RINGS = 44, 15
LENS_BLACK: Rgb = (0.004, 0.004, 0.005)
SUNGLASSES_FRAME: Rgb = (0.01, 0.01, 0.01)


@dataclass(frozen=True)
class FrameShape:
    """Shape of a pair of glasses, cm."""

    half_width: float
    half_height: float
    roundness: float
    """Exponent of the rim's superellipse: 1 is an ellipse, less is boxier."""
    wire: float
    """Radius of the rim."""


FRAMES: dict[str, FrameShape] = {
    "round": FrameShape(2.35, 2.2, 1.0, 0.12),
    "square": FrameShape(2.7, 1.95, 0.55, 0.19),
    "thin": FrameShape(2.6, 1.65, 0.72, 0.08),
}
SUNGLASSES = "sunglasses"
ACCESSORIES: tuple[str, ...] = (*FRAMES, SUNGLASSES)


def glasses(head: Head, kind: str) -> list[Mesh]:
    """The parts of a pair of glasses of this kind (``ACCESSORIES``), in the frame of the unturned head."""
    dark = kind == SUNGLASSES
    shape = FRAMES["square" if dark else kind]
    rgb = SUNGLASSES_FRAME if dark else head.identity.glasses_rgb
    eyes, depth = head.identity.eyes, _distance(head)
    parts = []
    for side in SIDES:
        parts.append(tube(_rim(head, shape, side, depth), shape.wire, rgb, Material.FRAME, closed=True))
        parts.append(tube(_temple(head, shape, side, depth), shape.wire * 0.9, rgb, Material.FRAME))
        if dark:
            parts.append(_lens(head, shape, side, depth))
    t = np.linspace(-1, 1, 12)
    arch = 1 - t**2
    reach = eyes.x + 0.12 - shape.half_width + 0.1
    bridge = np.stack([t * reach, eyes.y + 0.35 + 0.22 * arch, depth + 0.12 * arch], 1)
    return [*parts, tube(bridge, shape.wire, rgb, Material.FRAME)]


def _distance(head: Head) -> float:
    """z of the rims: before the root of the nose and clear of the lashes."""
    root = (np.abs(head.x) < 0.5) & (np.abs(head.y - 0.3) < 0.4) & (head.points[:, 2] > 5)
    return float(max(head.points[root, 2].max() + 0.35, head.eye_centres[0][2] + 2.15))


def _outline(shape: FrameShape, angle: Floats) -> tuple[Floats, Floats]:
    cos, sin = np.cos(angle), np.sin(angle)
    x = shape.half_width * np.sign(cos) * np.abs(cos) ** shape.roundness
    return x, shape.half_height * np.sign(sin) * np.abs(sin) ** shape.roundness - 0.25


def _curved(x: Floats, side: int, depth: float) -> Floats:
    """Lenses bend back towards the temples."""
    return depth - 0.09 * ((side * x + 1.6) / 2.2) ** 2


def _rim(head: Head, shape: FrameShape, side: int, depth: float) -> Floats:
    x, y = _outline(shape, np.linspace(0, 2 * np.pi, _RIM_POINTS, endpoint=False))
    eyes = head.identity.eyes
    return np.stack([side * (eyes.x + 0.12) + x, eyes.y + y, _curved(x, side, depth)], 1)


def _temple(head: Head, shape: FrameShape, side: int, depth: float) -> Floats:
    eyes = head.identity.eyes
    start = np.array([side * (eyes.x + 0.12 + shape.half_width), eyes.y + 0.35, depth - 0.5])
    end = np.array([side * (head.ear_x + 0.55), eyes.y + 0.15, 0.6])
    bulge = np.sin(np.pi * np.linspace(0, 1, 10))
    return np.linspace(start, end, 10) + np.outer(bulge, [side * 0.5, 0, 0])


def _lens(head: Head, shape: FrameShape, side: int, depth: float) -> Mesh:
    radius, angle = np.meshgrid(np.linspace(0, 1, _LENS_RINGS), np.linspace(0, 2 * np.pi, _RIM_POINTS))
    edge_x, edge_y = _outline(shape, angle)
    x, y = radius * edge_x, radius * (edge_y + 0.25) - 0.25
    z = _curved(x, side, depth) + 0.15 * (1 - radius**2)
    eyes = head.identity.eyes
    points = np.stack([side * (eyes.x + 0.12) + x, eyes.y + y, z], -1).reshape(-1, 3)
    faces = grid_faces(_RIM_POINTS, _LENS_RINGS)
    return Mesh(points, faces, LENS_BLACK, Material.LENS, 0.6, cull=False)
