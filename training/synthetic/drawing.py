"""The compiled loops that draw meshes and strands into buffers.

Everything is in camera space: cm, x right, y up, the camera at the origin looking along -z. Depth buffers hold
1 / depth, so bigger is nearer and 0 is empty.

The surface buffer ``surface`` [H, W, 8] holds per pixel: normal (for hair the tangent) in 0..2, colour in 3..5 (for
eyes the direction on the eyeball), gloss in 6 and cavity in 7 (for hair: how far the strand faces key and rim light).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

_OPTIONS: dict[str, Any] = {"cache": True, "fastmath": True, "boundscheck": False}

HAIR = 2
"""Number of ``Material.HAIR``."""
THIN_STRAND_FLOOR = 0.1
"""A strand thinner than a pixel is drawn in that share of its pixels, and in this share more."""


@njit(**_OPTIONS)
def accumulate_normals(points, faces):  # type: ignore[no-untyped-def]
    """float32 [N, 3]: sum of the cross products of the faces around each vertex."""
    total = np.zeros_like(points)
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in range(3):
            total[faces[f, k], 0] += nx
            total[faces[f, k], 1] += ny
            total[faces[f, k], 2] += nz
    return total


@njit(**_OPTIONS)
def turn_points(points, matrix, pivot, low, high):  # type: ignore[no-untyped-def]
    """float32 [N, 3]: points turned about ``pivot``, not at all below the height ``low``, wholly above ``high``."""
    out = np.empty(points.shape, np.float32)
    for n in range(points.shape[0]):
        t = min(1.0, max(0.0, (points[n, 1] - low) / (high - low)))
        share = t * t * (3.0 - 2.0 * t)
        x, y, z = points[n, 0] - pivot[0], points[n, 1] - pivot[1], points[n, 2] - pivot[2]
        for k in range(3):
            turned = matrix[k, 0] * x + matrix[k, 1] * y + matrix[k, 2] * z + pivot[k]
            out[n, k] = points[n, k] * (1.0 - share) + turned * share
    return out


@njit(**_OPTIONS)
def hash01(x, y, seed):  # type: ignore[no-untyped-def]
    """Repeatable number in 0..1 for a pixel."""
    h = (x * 374761393 + y * 668265263 + seed * 974634777) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFFFF) / 16777216.0


@njit(**_OPTIONS)
def draw_mesh(sx, sy, inverse_depth, faces, attributes, cut, material, cull, depth, surface, materials):  # type: ignore[no-untyped-def]
    """Triangles with perspective-correct attributes into the three buffers; ``cut`` < 0 is a hole."""
    height, width = depth.shape
    count = attributes.shape[1]
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        x0, y0, x1, y1, x2, y2 = sx[a], sy[a], sx[b], sy[b], sx[c], sy[c]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0 or (cull and area >= 0) or (cut[a] < 0 and cut[b] < 0 and cut[c] < 0):
            continue
        left = max(0, int(math.ceil(min(x0, x1, x2) - 0.5)))
        right = min(width - 1, int(math.floor(max(x0, x1, x2) - 0.5)))
        top = max(0, int(math.ceil(min(y0, y1, y2) - 0.5)))
        bottom = min(height - 1, int(math.floor(max(y0, y1, y2) - 0.5)))
        for py in range(top, bottom + 1):
            for px in range(left, right + 1):
                fx, fy = px + 0.5, py + 0.5
                w0 = ((x1 - fx) * (y2 - fy) - (x2 - fx) * (y1 - fy)) / area
                w1 = ((x2 - fx) * (y0 - fy) - (x0 - fx) * (y2 - fy)) / area
                w2 = 1.0 - w0 - w1
                if w0 < 0 or w1 < 0 or w2 < 0:
                    continue
                z = w0 * inverse_depth[a] + w1 * inverse_depth[b] + w2 * inverse_depth[c]
                if z <= depth[py, px]:
                    continue
                p0, p1, p2 = w0 * inverse_depth[a] / z, w1 * inverse_depth[b] / z, w2 * inverse_depth[c] / z
                if p0 * cut[a] + p1 * cut[b] + p2 * cut[c] < 0:
                    continue
                depth[py, px] = z
                materials[py, px] = material
                for k in range(count):
                    surface[py, px, k] = p0 * attributes[a, k] + p1 * attributes[b, k] + p2 * attributes[c, k]


@njit(**_OPTIONS)
def draw_mesh_shadow(sx, sy, towards_light, faces, cut, shadow_map):  # type: ignore[no-untyped-def]
    """The nearest distance to the light of each texel."""
    height, width = shadow_map.shape
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if cut[a] < 0 and cut[b] < 0 and cut[c] < 0:
            continue
        x0, y0, x1, y1, x2, y2 = sx[a], sy[a], sx[b], sy[b], sx[c], sy[c]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0:
            continue
        left = max(0, int(math.ceil(min(x0, x1, x2) - 0.5)))
        right = min(width - 1, int(math.floor(max(x0, x1, x2) - 0.5)))
        top = max(0, int(math.ceil(min(y0, y1, y2) - 0.5)))
        bottom = min(height - 1, int(math.floor(max(y0, y1, y2) - 0.5)))
        for py in range(top, bottom + 1):
            for px in range(left, right + 1):
                fx, fy = px + 0.5, py + 0.5
                w0 = ((x1 - fx) * (y2 - fy) - (x2 - fx) * (y1 - fy)) / area
                w1 = ((x2 - fx) * (y0 - fy) - (x0 - fx) * (y2 - fy)) / area
                w2 = 1.0 - w0 - w1
                if w0 < 0 or w1 < 0 or w2 < 0:
                    continue
                z = w0 * towards_light[a] + w1 * towards_light[b] + w2 * towards_light[c]
                if z > shadow_map[py, px]:
                    shadow_map[py, px] = z


@njit(**_OPTIONS)
def draw_strands(points, colour, half_width, facing, focal, centre, depth, surface, materials):  # type: ignore[no-untyped-def]
    """Hairs as lines at least one pixel wide. ``points`` [S, P, 3] camera space, ``facing`` [S, 2]."""
    height, width = depth.shape
    strands, length = points.shape[0], points.shape[1]
    for s in range(strands):
        for i in range(length - 1):
            z0, z1 = -1.0 / points[s, i, 2], -1.0 / points[s, i + 1, 2]
            x0, y0 = points[s, i, 0] * z0 * focal + centre, centre - points[s, i, 1] * z0 * focal
            x1, y1 = points[s, i + 1, 0] * z1 * focal + centre, centre - points[s, i + 1, 1] * z1 * focal
            dx, dy = x1 - x0, y1 - y0
            steps = int(max(abs(dx), abs(dy))) + 1
            aimed = False
            t0x, t0y, t0z, t1x, t1y, t1z = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            for j in range(steps):
                t = (j + 0.5) / steps
                px, py = x0 + dx * t, y0 + dy * t
                z = z0 * (1 - t) + z1 * t
                w = (half_width[s, i] * z0 * (1 - t) + half_width[s, i + 1] * z1 * t) * focal
                if w < 0.5 and hash01(int(px), int(py), s) > 2.0 * w + THIN_STRAND_FLOOR:
                    continue
                if abs(dx) > abs(dy):
                    left, top = int(px), int(math.floor(py - w + 0.5))
                    right, bottom = left + 1, max(top + 1, int(math.floor(py + w + 0.5)))
                else:
                    left, top = int(math.floor(px - w + 0.5)), int(py)
                    right, bottom = max(left + 1, int(math.floor(px + w + 0.5))), top + 1
                for yy in range(max(0, top), min(height, bottom)):
                    for xx in range(max(0, left), min(width, right)):
                        if z > depth[yy, xx]:
                            if not aimed:  # most segments are hidden and never need a direction
                                t0x, t0y, t0z = _direction(points, s, max(i - 1, 0), i + 1)
                                t1x, t1y, t1z = _direction(points, s, i, min(i + 2, length - 1))
                                aimed = True
                            depth[yy, xx] = z
                            materials[yy, xx] = HAIR
                            surface[yy, xx, 0] = t0x * (1 - t) + t1x * t
                            surface[yy, xx, 1] = t0y * (1 - t) + t1y * t
                            surface[yy, xx, 2] = t0z * (1 - t) + t1z * t
                            for k in range(3):
                                surface[yy, xx, 3 + k] = colour[s, i, k] * (1 - t) + colour[s, i + 1, k] * t
                            surface[yy, xx, 6] = facing[s, i, 0]
                            surface[yy, xx, 7] = facing[s, i, 1]


@njit(**_OPTIONS)
def _direction(points, s, i, j):  # type: ignore[no-untyped-def]
    x, y, z = points[s, j, 0] - points[s, i, 0], points[s, j, 1] - points[s, i, 1], points[s, j, 2] - points[s, i, 2]
    scale = 1.0 / max(1e-6, math.sqrt(x * x + y * y + z * z))
    return x * scale, y * scale, z * scale


@njit(**_OPTIONS)
def strand_facing(points, key, rim):  # type: ignore[no-untyped-def]
    """float32 [S, P, 2]: how far each point of the hair faces the key and the rim light, from the head's middle."""
    out = np.empty((points.shape[0], points.shape[1], 2), np.float32)
    for s in range(points.shape[0]):
        for i in range(points.shape[1]):
            x, y, z = points[s, i, 0], points[s, i, 1], points[s, i, 2] + 1.5
            scale = 1.0 / max(1e-6, math.sqrt(x * x + y * y + z * z))
            to_key = (x * key[0] + y * key[1] + z * key[2]) * scale
            to_rim = (x * rim[0] + y * rim[1] + z * rim[2]) * scale
            out[s, i, 0] = min(1.0, max(0.0, to_key * 0.65 + 0.35))
            out[s, i, 1] = min(1.0, max(0.0, to_rim * 1.3 - 0.1)) ** 1.5
    return out


@njit(**_OPTIONS)
def draw_strands_shadow(points, frame, shadow_map):  # type: ignore[no-untyped-def]
    """Hairs into the shadow map, one texel wide; ``frame`` [3, 4] maps camera space to the map."""
    height, width = shadow_map.shape
    for s in range(points.shape[0]):
        for i in range(points.shape[1] - 1):
            x0, y0, d0 = to_frame(frame, points[s, i, 0], points[s, i, 1], points[s, i, 2])
            x1, y1, d1 = to_frame(frame, points[s, i + 1, 0], points[s, i + 1, 1], points[s, i + 1, 2])
            steps = int(max(abs(x1 - x0), abs(y1 - y0))) + 1
            for j in range(steps):
                t = (j + 0.5) / steps
                xx, yy = int(x0 + (x1 - x0) * t), int(y0 + (y1 - y0) * t)
                if xx >= 0 and yy >= 0 and xx < width and yy < height:
                    d = d0 * (1 - t) + d1 * t
                    if d > shadow_map[yy, xx]:
                        shadow_map[yy, xx] = d


@njit(**_OPTIONS)
def to_frame(frame, x, y, z):  # type: ignore[no-untyped-def]
    u = frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z + frame[0, 3]
    v = frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z + frame[1, 3]
    d = frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z + frame[2, 3]
    return u, v, d
