"""A head with an expression: displaced vertices, openings for mouth and eyes, and how the head turns on the neck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synthetic.drawing import turn_points
from training.synthetic.expression import Expression
from training.synthetic.fields import Floats, Ints, ridge, rotation, smooth_max, smoothstep
from training.synthetic.head import EYEBALL_RADIUS, SIDES, Head
from training.synthetic.identity import Identity
from training.synthetic.movement import MOVING, Movements
from training.synthetic.skull import FACES

NECK_PIVOT = np.array([0, -12.5, -2.0])
"""The head turns about this point, cm."""
STILL_BELOW, TURNED_ABOVE = -19.5, -11.0
"""Heights between which the neck twists, cm."""


@dataclass(frozen=True)
class EyeZone:
    """What the lids did around one eye: values at some of the head's vertices."""

    vertices: Ints
    lid_line: Floats
    """0..1: the dark line of the upper lashes."""
    crease: Floats
    """0..1: the upper lid's fold."""
    waterline: Floats
    """0..1: the pink edge of the lower lid."""


@dataclass(frozen=True)
class PosedHead:
    """A head with an expression, not yet turned."""

    points: Floats
    """float32 [N, 3]."""
    faces: Ints
    cut: Floats
    """float32 [N]: negative inside the openings of mouth and eyes."""
    eye_zones: tuple[EyeZone, EyeZone]


@dataclass(frozen=True)
class Turn:
    """The pose of the head, degrees: yaw to the picture's right, pitch down, roll anticlockwise."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def matrix(self) -> Floats:
        """float32 [3, 3]."""
        return rotation(*np.radians([self.yaw, self.pitch, self.roll]))

    def __call__(self, points: Floats) -> Floats:
        """Points [..., 3] of the head and the neck: the neck twists between chest and head."""
        flat = np.ascontiguousarray(points, np.float32).reshape(-1, 3)
        turned: Floats = turn_points(flat, self.matrix, NECK_PIVOT, STILL_BELOW, TURNED_ABOVE)
        return turned.reshape(points.shape)

    def rigid(self, points: Floats) -> Floats:
        """Points [..., 3] of something that moves as one piece with the head."""
        pivot = NECK_PIVOT.astype(np.float32)
        return ((points.astype(np.float32) - pivot) @ self.matrix.T + pivot).astype(np.float32)


def lid_curves(identity: Identity, expression: Expression, side: int, x: Floats) -> tuple[Floats, Floats]:
    """Heights of the upper and lower lid's edge above the eye's middle at outward distances ``x``, cm."""
    eyes, closed = identity.eyes, expression.closed(side)
    opening = eyes.opening * (1 + 0.5 * expression.wide)
    upper = (0.485 * opening - 0.10 * eyes.hood) * (1 - 0.36 * expression.squint) * (1 - 0.32 * expression.droop)
    lower = 0.43 * opening * (1 - 0.62 * expression.squint)
    upper, lower = upper * (1 - closed) - 0.30 * closed, lower * (1 - closed) + 0.34 * closed
    t = np.clip(x / eyes.half_width, -1, 1)
    slant = eyes.tilt * t - 0.06 * (t < 0) * t * t
    arch = np.clip(1 - np.abs(t + 0.06) ** 2.3, 0, 1) ** 0.85 * (1 - 0.12 * t)
    bowl = np.clip(1 - np.abs(t - 0.08) ** 2.1, 0, 1) ** 0.9
    return slant + upper * arch, slant - lower * bowl


def pose_head(head: Head, movements: Movements, expression: Expression) -> PosedHead:
    """Apply the expression to the head."""
    points = head.points.copy()
    for name in MOVING:
        strength = getattr(expression, name)
        if strength:
            points += strength * movements.field(name)
    cut, faces = _open_mouth(head, expression)
    first, second = (_close_lids(head, expression, points, cut, k) for k in (0, 1))
    return PosedHead(points, faces, cut, (first, second))


def mouth_gap(head: Head, expression: Expression, vertices: Ints) -> Floats:
    """cm between the lips above the vertices."""
    profile = head.mouth_profile[vertices]
    return (expression.jaw * profile**0.55 + expression.upper * np.sqrt(profile)) * (profile > 0)


def _open_mouth(head: Head, expression: Expression) -> tuple[Floats, Ints]:
    """The cut between the lips, and the triangles without those that would bridge the gap."""
    cut = np.ones(len(head.points), np.float32)
    zone = head.mouth_zone
    gap = mouth_gap(head, expression, zone)
    if gap.max() <= 0.04:
        return cut, FACES
    margin = np.where(gap > 0, 0.075 * smoothstep(0, 0.3, gap) - 0.012 * smoothstep(0.06, 0, gap), -0.02)
    cut[zone] = np.minimum(np.abs(head.above_mouth[zone]) - margin, 1)
    numbers, corners = head.crossing_faces
    bridging = mouth_gap(head, expression, corners.ravel()).reshape(-1, 3).max(1) > 0.05
    return cut, np.delete(FACES, numbers[bridging], axis=0)


def _close_lids(head: Head, expression: Expression, points: Floats, cut: Floats, k: int) -> EyeZone:
    """Lay the skin over the eyeball and cut the eye open between the lids (both in place)."""
    identity, eyes, side, centre = head.identity, head.identity.eyes, SIDES[k], head.eye_centres[k]
    near = (np.abs(points[:, 0] - centre[0]) < 2.6) & (np.abs(points[:, 1] - centre[1]) < 2.3) & (points[:, 2] > 2)
    zone = np.flatnonzero(near)
    x, y = (points[zone, 0] - centre[0]) * side, points[zone, 1] - centre[1]
    upper, lower = lid_curves(identity, expression, side, x)
    closed = expression.closed(side)
    inside = smoothstep(eyes.half_width * 1.12, eyes.half_width * 0.9, np.abs(x))
    z = _over_eyeball(points[zone, 2], centre[2], x, y)
    fold = y - (upper + 0.40 * eyes.opening - 0.10 * eyes.hood)
    z = z - eyes.crease * 0.26 * (1 - 0.35 * closed) * ridge(fold, 0.13) * inside
    z = z + 0.10 * ridge(fold - 0.28, 0.28) * inside * (0.5 + eyes.hood)
    points[zone, 2] = z - 0.07 * ridge(y - lower + 0.42, 0.16) * inside
    outside = np.maximum(y - upper, lower - y)
    outside = np.where(upper - lower < 0.04 + 0.2 * closed, 0.3, outside)
    cut[zone] = np.minimum(cut[zone], np.where(np.abs(x) < eyes.half_width * 0.97, outside, 0.3))
    lid_line = ridge(np.maximum(y - upper, 0), 0.085) * (np.abs(y - upper) < 0.4) * (y > upper - 0.12) * inside
    waterline = ridge(np.maximum(lower - y, 0), 0.07) * (y < lower + 0.05) * inside
    return EyeZone(zone, lid_line, eyes.crease * ridge(fold, 0.10) * inside, waterline)


def _over_eyeball(z: Floats, centre_z: float, x: Floats, y: Floats) -> Floats:
    """The skin's depth raised to lie on the eyeball with its lid."""
    radius = EYEBALL_RADIUS + 0.11
    on_ball = x**2 + y**2 < radius**2 * 0.985
    ball = centre_z + np.sqrt(np.clip(radius**2 - x**2 - y**2, 0, None))
    return np.where(on_ball, smooth_max(z, np.where(on_ball, ball, -9), 0.16), z)
