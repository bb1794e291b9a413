"""What sits in and on the head: eyeballs, ears, the inside of the mouth."""

from __future__ import annotations

import math

import numpy as np

from training.synthetic.expression import Expression
from training.synthetic.fields import Floats, bump, ridge, rotation, smoothstep
from training.synthetic.geometry import Material, Mesh, grid_faces
from training.synthetic.head import EYEBALL_RADIUS, SIDES, Head
from training.synthetic.pose import lid_curves

_EYE_GRID, _BOWL_GRID, _TONGUE_GRID = 34, 24, 18
_TOOTH_COLUMNS, _TOOTH_ROWS = 130, 10
_EAR_RINGS, _EAR_SEGMENTS = 22, 56

IVORY, GUM, THROAT, TONGUE = (0.66, 0.60, 0.50), (0.34, 0.10, 0.10), (0.085, 0.012, 0.012), (0.30, 0.075, 0.07)


def eyeball(head: Head, expression: Expression, k: int) -> tuple[Mesh, Floats]:
    """The front of eye ``k`` and its outward directions [N, 3], which the caller turns with the head."""
    angle = np.linspace(-1.25, 1.25, _EYE_GRID)
    across, up = np.meshgrid(angle, angle)
    outward = np.stack([np.sin(across) * np.cos(up), np.sin(up), np.cos(across) * np.cos(up)], -1).reshape(-1, 3)
    side, centre = SIDES[k], head.eye_centres[k]
    points = centre + outward * EYEBALL_RADIUS
    gaze = rotation(expression.gaze_x * 0.68, -expression.gaze_y * 0.68, 0)
    x, y = (points[:, 0] - centre[0]) * side, points[:, 1] - centre[1]
    upper, lower = lid_curves(head.identity, expression, side, x)
    half_width = head.identity.eyes.half_width
    shadow = (0.50 + 0.50 * smoothstep(-0.02, 0.40, upper - y)) * (0.80 + 0.20 * smoothstep(-0.05, 0.2, y - lower))
    shadow = shadow * (0.84 + 0.16 * smoothstep(half_width, half_width * 0.62, np.abs(x)))
    faces = grid_faces(_EYE_GRID, _EYE_GRID, flip=True)
    return Mesh(points, faces, outward @ gaze, Material.EYE, 0.9, shadow, shadow=False), outward


def ear(head: Head, k: int) -> Mesh:
    """Ear ``k``: a shell with rim, inner ridge and hollow."""
    identity, side = head.identity, SIDES[k]
    u = np.linspace(0, 1, _EAR_RINGS)[:, None]
    angle = np.linspace(0, 2 * np.pi, _EAR_SEGMENTS, endpoint=False)[None]
    back, up = np.cos(angle), np.sin(angle)
    x = 1.75 * (1 + 0.12 * up) * (1 + 0.10 * up * (up < -0.5)) * back * u
    y = 3.15 * (1 - 0.04 * back) * up * u - 0.15
    height = _ear_relief(u, back, up, x, y)
    angle_out, tilt, scale = math.radians(28) + identity.ear_angle, math.radians(10), identity.ear_scale
    x, y, height = (x + 1.2) * scale, y * scale, height * scale
    outwards = height * math.cos(angle_out) + x * math.sin(angle_out)
    backwards = x * math.cos(angle_out) - height * math.sin(angle_out)
    px = side * (head.ear_x + outwards)
    py = -1.6 * identity.skull.height + y * math.cos(tilt) - backwards * math.sin(tilt) * 0.3
    pz = 0.75 - (backwards * math.cos(tilt) + y * math.sin(tilt))
    points = np.stack(np.broadcast_arrays(px, py, pz), -1).reshape(-1, 3).astype(np.float32)
    hollow = 0.62 * bump(x / scale - 0.85, y / scale + 0.35, 0.65, 0.85)
    hollow = hollow + 0.25 * ridge(u - 0.80, 0.06) * smoothstep(-0.6, 0, back + 0.3)
    colour = np.asarray(identity.skin.tone) * np.array([1.0, 0.86, 0.86])
    faces = grid_faces(_EAR_RINGS, _EAR_SEGMENTS, wrap=True, flip=side < 0)
    return Mesh(points, faces, colour, Material.SKIN, 0.3, 1 - hollow.ravel())


def _ear_relief(u: Floats, back: Floats, up: Floats, x: Floats, y: Floats) -> Floats:
    """Height of the ear's surface over its plane, cm; ``u`` 0 in the middle, 1 at the edge."""
    rim = (0.35 + 0.65 * smoothstep(-1.0, -0.2, back)) * smoothstep(-0.98, -0.6, up)
    inner = smoothstep(-0.5, 0.5, back + 0.4 * up) * smoothstep(-0.9, -0.3, up)
    return (
        0.55 * rim * ridge(u - 0.93, 0.09)
        + 0.42 * ridge(u - 0.60, 0.13) * inner
        - 0.75 * bump(x + 0.35, y + 0.35, 0.75, 1.0)
        + 0.35 * bump(x + 1.25, y + 0.35, 0.4, 0.55)
        + 0.15 * smoothstep(-0.5, -0.9, up) * u
        - 0.72 * smoothstep(0.93, 1.0, u)
        + 0.15
    )


def mouth_inside(head: Head, points: Floats, expression: Expression) -> list[Mesh]:
    """Throat, teeth and tongue, as far as the mouth is open. ``points``: the posed head."""
    jaw, upper, at = expression.jaw, expression.upper, head.at
    if jaw < 0.05 and upper < 0.05:
        return []
    lips = (np.abs(head.x) < 0.3) & (np.abs(head.above_mouth) < 0.5) & (points[:, 2] > 5)
    depth = float(np.median(points[lips, 2]))
    meshes = [_throat(at.mouth_y, at.mouth_half_width, depth, expression)]
    top = at.mouth_y + 1.1
    meshes.append(_teeth(top, at.mouth_y - 0.24 + 0.16 * upper - 0.05 * jaw, depth - 0.62, True, 0.95))
    if jaw > 0.3:
        gum, edge = at.mouth_y - 0.70 - jaw, at.mouth_y + 0.06 - jaw * 0.96
        meshes.append(_teeth(gum, edge, depth - 0.95 - 0.33 * jaw, False, 0.8))
    if jaw > 0.6:
        meshes.append(_tongue(at.mouth_y, depth, jaw))
    return meshes


def _square(count: int) -> tuple[Floats, Floats]:
    side = np.linspace(-1, 1, count)
    x, y = np.meshgrid(side, side)
    return x, y


def _throat(mouth_y: float, half_width: float, depth: float, expression: Expression) -> Mesh:
    """A dark bowl behind the lips."""
    x, y = _square(_BOWL_GRID)
    width = half_width * (1 - 0.25 * expression.narrow) + 0.45 + 0.55 * expression.smile
    hollow = np.clip(1 - x**2 - y**2, 0, 1)
    py = mouth_y - expression.jaw * 0.45 + y * (0.9 + expression.jaw * 0.62)
    pz = depth - 0.55 - 0.17 * (x * width) ** 2 - 0.3 * y**2 - 3.0 * hollow - 0.25 * expression.jaw
    return Mesh(
        np.stack([x * width, py, pz], -1).reshape(-1, 3),
        grid_faces(_BOWL_GRID, _BOWL_GRID, flip=True),
        THROAT,
        Material.MOUTH,
        0.35,
        0.55,
        cut=(1.02 - x**2 - y**2).ravel(),
        cull=False,
        shadow=False,
    )


def _teeth(gum_y: float, edge_y: float, depth: float, upper: bool, open_: float) -> Mesh:
    """One row of teeth on an arch from the gum to the edge, cm."""
    t, w = np.linspace(-1, 1, _TOOTH_COLUMNS)[None], np.linspace(0, 1, _TOOTH_ROWS)[:, None]
    x = 2.1 * np.sin(t * 1.25) / np.sin(1.25)
    z = depth - 2.4 * (1 - np.cos(t * 1.25)) / (1 - math.cos(1.25))
    borders = np.array([0, 0.78, 1.40, 2.05, 2.55, 3.0] if upper else [0, 0.52, 1.06, 1.65, 2.2, 2.7])
    tooth = np.clip(np.searchsorted(borders, np.abs(x[0]), side="right") - 1, 0, 4)
    across = (np.abs(x[0]) - borders[tooth]) / (borders[tooth + 1] - borders[tooth])
    gap = 1 - 0.35 * ridge(np.minimum(across, 1 - across), 0.06)
    bulge = 0.09 * np.sin(np.pi * across)
    uneven = 0.035 * (1 - np.sqrt(np.sin(np.pi * across))) + np.array([0.0, 0.035, 0.015, 0.05, 0.08])[tooth]
    y = gum_y + (edge_y - gum_y) * w + (1 if upper else -1) * uneven[None] * w**2
    z = z + bulge[None] * np.sqrt(np.sin(np.pi * w))
    gum = (smoothstep(0.22, 0.08, w) * np.ones_like(t))[..., None]
    colour = np.array(IVORY) * gap[None, :, None] * (1 - gum) + np.array(GUM) * gum
    shade = (1 - 0.60 * np.abs(t) ** 2.2) * np.ones_like(w) * open_
    return Mesh(
        np.stack(np.broadcast_arrays(x, y, z), -1).reshape(-1, 3),
        grid_faces(_TOOTH_ROWS, _TOOTH_COLUMNS),
        colour.reshape(-1, 3),
        Material.TEETH,
        0.55,
        shade.ravel(),
        cull=False,
        shadow=False,
    )


def _tongue(mouth_y: float, depth: float, jaw: float) -> Mesh:
    x, y = _square(_TONGUE_GRID)
    round_ = np.sqrt(np.clip(1 - x**2 - y**2 * 0.8, 0, 1))
    py = mouth_y - jaw * 0.95 + 0.15 + 0.7 * round_ - 0.2 * ridge(x, 0.15)
    points = np.stack([x * 1.7, py, depth - 1.9 - 0.3 * jaw - y * 1.1], -1).reshape(-1, 3)
    faces = grid_faces(_TONGUE_GRID, _TONGUE_GRID, flip=True)
    return Mesh(points, faces, TONGUE, Material.MOUTH, 0.5, 0.75, cull=False, shadow=False)
