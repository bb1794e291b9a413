"""The compiled loops that light what is drawn: ambient occlusion, shadows, hair, eyes and surfaces.

Space and buffers are those of ``drawing``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from training.synthetic.drawing import hash01, to_frame

_OPTIONS: dict[str, Any] = {"cache": True, "fastmath": True, "boundscheck": False}

SKIN, HAIR, EYE, CLOTH, TEETH, MOUTH, FRAME, LENS = 1, 2, 3, 4, 5, 6, 7, 8
KEY, KEY_RGB, RIM, RIM_RGB, FILL, FILL_RGB, SKY, GROUND = 0, 1, 2, 3, 4, 5, 6, 7
"""Rows of the ``lights`` array [8, 3]: directions are unit vectors to the light, the others linear RGB."""
SHADOW_BIAS = 0.25
LENS_SHEEN = 0.3
"""Dark lenses mirror less than their gloss says, so that they stay dark."""
SHADOW_TAPS = 10
OCCLUSION_TAPS = 14
GOLDEN_ANGLE = 2.399963


@njit(**_OPTIONS)
def _spirals(taps, seed):  # type: ignore[no-untyped-def]
    """float32 [16, taps, 2] in the unit disc: one spiral of taps for each of 4 x 4 neighbouring pixels."""
    out = np.empty((16, taps, 2), np.float32)
    for y in range(4):
        for x in range(4):
            phase = hash01(x, y, seed) * 6.2831853
            for i in range(taps):
                reach = math.sqrt((i + 0.5) / taps)
                out[y * 4 + x, i, 0] = reach * math.cos(phase + i * GOLDEN_ANGLE)
                out[y * 4 + x, i, 1] = reach * math.sin(phase + i * GOLDEN_ANGLE)
    return out


@njit(**_OPTIONS)
def ambient_occlusion(depth, materials, focal, radius, seed):  # type: ignore[no-untyped-def]
    """float32 [H, W]: share of the surroundings that a pixel sees, from pairs of opposite taps in the depth buffer."""
    height, width = depth.shape
    seen = np.ones((height, width), np.float32)
    limit = radius * 2.0
    spirals = _spirals(OCCLUSION_TAPS, seed)
    for y in range(height):
        for x in range(width):
            if materials[y, x] == 0:
                continue
            z = 1.0 / depth[y, x]
            reach = radius * focal / z
            spiral = spirals[(y & 3) * 4 + (x & 3)]
            hidden = 0.0
            for i in range(OCCLUSION_TAPS):
                share = math.sqrt((i + 0.5) / OCCLUSION_TAPS)
                ox, oy = reach * spiral[i, 0], reach * spiral[i, 1]
                xa, ya, xb, yb = int(x + ox), int(y + oy), int(x - ox), int(y - oy)
                if min(xa, ya, xb, yb) < 0 or max(xa, xb) >= width or max(ya, yb) >= height:
                    continue
                rise = _rise(depth[ya, xa], z, limit) + _rise(depth[yb, xb], z, limit)
                if rise > 0:
                    hidden += min(1.0, rise / (radius * share * 2.0) * 1.6)
            seen[y, x] = 1.0 - min(0.85, hidden / OCCLUSION_TAPS * 1.15)
    return seen


@njit(**_OPTIONS)
def _rise(inverse_depth, z, limit):  # type: ignore[no-untyped-def]
    """How far a neighbour stands before the pixel; far-off things count little."""
    if inverse_depth <= 0:
        return -limit
    rise = z - 1.0 / inverse_depth
    if rise > limit:
        return limit * 0.4
    return max(rise, -limit)


@njit(**_OPTIONS)
def _lit(spiral, material, u, v, d, shadow_map, softness):  # type: ignore[no-untyped-def]
    """Share of the key light that arrives; hair lets some through."""
    size = shadow_map.shape[0]
    lit = 0.0
    for i in range(SHADOW_TAPS):
        xx, yy = int(u + softness * spiral[i, 0]), int(v + softness * spiral[i, 1])
        if xx < 0 or yy < 0 or xx >= size or yy >= size:
            lit += 1.0
            continue
        before = shadow_map[yy, xx] - d
        if before < SHADOW_BIAS:
            lit += 1.0
        elif material == HAIR:
            lit += math.exp(-(before - SHADOW_BIAS) * 0.9)
    lit /= SHADOW_TAPS
    if material in (TEETH, MOUTH):
        lit = 0.5 + 0.5 * lit
    return lit


@njit(**_OPTIONS)
def _dot(a, x, y, z):  # type: ignore[no-untyped-def]
    return a[0] * x + a[1] * y + a[2] * z


@njit(**_OPTIONS)
def _shade_hair(pixel, vx, vy, vz, lit, occlusion, lights, out):  # type: ignore[no-untyped-def]
    """Kajiya and Kay's two lobes, the strand's direction in the normal's place."""
    tx, ty, tz = pixel[0], pixel[1], pixel[2]
    scale = 1.0 / max(1e-6, math.sqrt(tx * tx + ty * ty + tz * tz))
    tx, ty, tz = tx * scale, ty * scale, tz * scale
    facing_key, facing_rim = pixel[6], pixel[7]
    along_key, along_view = _dot(lights[KEY], tx, ty, tz), tx * vx + ty * vy + tz * vz
    sin_key, sin_view = math.sqrt(max(0.0, 1 - along_key**2)), math.sqrt(max(0.0, 1 - along_view**2))
    diffuse = sin_key * lit * (0.25 + 0.75 * facing_key)
    mirror = max(0.0, sin_key * sin_view - along_key * along_view)
    white, tinted = mirror**28 * 0.22 * lit * facing_key, mirror**9 * 0.45 * lit * facing_key
    along_rim = _dot(lights[RIM], tx, ty, tz)
    rim = max(0.0, math.sqrt(max(0.0, 1 - along_rim**2)) * sin_view - along_rim * along_view) ** 12 * facing_rim
    along_fill = _dot(lights[FILL], tx, ty, tz)
    fill = math.sqrt(max(0.0, 1 - along_fill**2)) * 0.55
    around = 0.35 + 0.65 * occlusion
    for k in range(3):
        c = pixel[3 + k]
        ambient = (lights[SKY, k] * 0.6 + lights[GROUND, k] * 0.25) * around
        out[k] = (
            c * (diffuse * lights[KEY_RGB, k] + ambient + fill * lights[FILL_RGB, k] * around)
            + lights[KEY_RGB, k] * (white * 0.12 * (0.3 + c) + tinted * c)
            + lights[RIM_RGB, k] * rim * (0.05 + c * 0.6) * occlusion
        )


@njit(**_OPTIONS)
def _eye_colour(ex, ey, ez, iris, iris_radius, seed, out):  # type: ignore[no-untyped-def]
    """Pupil, iris with fibres and limbal ring, sclera; returns the distance from the middle in iris radii."""
    r = math.sqrt(ex * ex + ey * ey) / iris_radius if ez > 0 else 9.0
    pupil = 0.36
    if r < pupil:
        out[0], out[1], out[2] = 0.008, 0.007, 0.007
    elif r < 1.0:
        a = math.atan2(ey, ex)
        coarse = 0.5 + 0.5 * math.sin(a * 23 + 3 * math.sin(a * 7 + seed) + r * 4)
        fine = 0.5 + 0.5 * math.sin(a * 51 + 5 * math.sin(a * 3 + seed * 1.3))
        t = (r - pupil) / (1 - pupil)
        bright = (0.55 + 0.45 * coarse * 0.7 + 0.3 * fine * (1 - t)) * (1.15 - 0.25 * t)
        ring = 1.0 - 0.75 * max(0.0, min(1.0, (t - 0.72) / 0.28))
        inner = max(0.0, 1 - t * 2.2)
        for k in range(3):
            out[k] = (iris[k] * bright + inner * iris[3 + k]) * ring
    else:
        t = min(1.0, (r - 1.0) / 0.12)
        g = 1.0 - 0.14 * min(1.0, max(0.0, (r - 1.2) / 1.2))
        out[0] = 0.60 * g * t + 0.10 * (1 - t)
        out[1] = 0.55 * g * g * t + 0.09 * (1 - t)
        out[2] = 0.53 * g * g * t + 0.09 * (1 - t)
    return r


@njit(**_OPTIONS)
def _shade_eye(pixel, nx, ny, nz, hx, hy, hz, lit, occlusion, lights, iris, iris_radius, seed, out):  # type: ignore[no-untyped-def]
    scale = 1.0 / math.sqrt(pixel[3] ** 2 + pixel[4] ** 2 + pixel[5] ** 2)
    r = _eye_colour(pixel[3] * scale, pixel[4] * scale, pixel[5] * scale, iris, iris_radius, seed, out)
    lid_shadow = pixel[7]
    key = max(0.0, _dot(lights[KEY], nx, ny, nz) * 0.8 + 0.2) * lit
    fill = max(0.0, _dot(lights[FILL], nx, ny, nz) * 0.8 + 0.2)
    mirror = max(0.0, nx * hx + ny * hy + nz * hz)
    glint = mirror**420 * 5.0 * (0.35 + 0.65 * lit) if r < 1.25 else mirror**90 * 0.22 * lit
    for k in range(3):
        ambient = lights[SKY, k] * (0.5 + 0.5 * ny) + lights[GROUND, k] * (0.5 - 0.5 * ny)
        light = key * lights[KEY_RGB, k] + ambient * 0.9 * (0.45 + 0.55 * occlusion) + fill * lights[FILL_RGB, k] * 0.8
        out[k] = (out[k] * light + glint * lights[KEY_RGB, k] + 0.015 * lights[SKY, k]) * lid_shadow


@njit(**_OPTIONS)
def _shade_surface(pixel, material, nx, ny, nz, vx, vy, vz, hx, hy, hz, lit, occlusion, lights, light, sheen):  # type: ignore[no-untyped-def]
    """Skin, cloth, teeth, frames: ``light`` is what falls on the surface, ``sheen`` what it mirrors."""
    gloss, cavity = pixel[6], pixel[7]
    facing = _dot(lights[KEY], nx, ny, nz)
    front = max(0.0, facing)
    rim = max(0.0, _dot(lights[RIM], nx, ny, nz))
    fill = max(0.0, _dot(lights[FILL], nx, ny, nz) * 0.8 + 0.2)
    view = max(0.02, nx * vx + ny * vy + nz * vz)
    mirror = max(0.0, nx * hx + ny * hy + nz * hz)
    alpha = max(0.05, (1.0 - gloss) ** 2)
    spread = mirror * mirror * (alpha * alpha - 1) + 1
    fresnel = 0.03 + 0.97 * (1 - max(0.0, hx * vx + hy * vy + hz * vz)) ** 5
    rough = alpha * 0.5
    masking = 1.0 / max(0.12, 4.0 * (view * (1 - rough) + rough) * (max(front, 0.02) * (1 - rough) + rough))
    specular = alpha * alpha / (3.14159 * spread * spread) * fresnel * masking * front * lit
    grazing = (1 - view) ** 4
    up = 0.5 + 0.5 * ny
    open_sky = occlusion * cavity
    for k in range(3):
        diffuse, ambient_open = front, open_sky
        if material == SKIN:
            # light wraps around skin, farthest in red, and cavities keep a red tint
            wrap = 0.28 if k == 0 else (0.126 if k == 1 else 0.084)
            diffuse = max(0.0, (facing + wrap) / (1 + wrap))
            ambient_open = open_sky ** (0.8 if k == 0 else 1.1)
        ambient = lights[SKY, k] * up + lights[GROUND, k] * (1 - up)
        light[k] = (
            diffuse * lit * (0.55 + 0.45 * cavity) * lights[KEY_RGB, k]
            + ambient * ambient_open
            + rim * lights[RIM_RGB, k] * occlusion
            + fill * lights[FILL_RGB, k] * ambient_open
        )
        sheen[k] = (
            specular * lights[KEY_RGB, k] * cavity
            + (0.02 + 0.22 * gloss * grazing) * ambient * ambient_open * 0.8
            + grazing * rim * lights[RIM_RGB, k] * 0.15 * occlusion
        )
        if material == LENS:
            sheen[k] *= LENS_SHEEN


@njit(**_OPTIONS)
def shade(  # type: ignore[no-untyped-def]
    depth, materials, surface, occlusion, shadow_map, frame, focal, centre, lights, softness, iris, iris_radius, seed
):
    """Returns light on surfaces, their colour and what is added as it is, each float32 [H, W, 3]."""
    height, width = depth.shape
    light = np.zeros((height, width, 3), np.float32)
    colour = np.zeros((height, width, 3), np.float32)
    added = np.zeros((height, width, 3), np.float32)
    spirals = _spirals(SHADOW_TAPS, seed)
    for y in range(height):
        for x in range(width):
            material = materials[y, x]
            if material == 0:
                continue
            pixel = surface[y, x]
            z = 1.0 / depth[y, x]
            px, py, pz = (x + 0.5 - centre) * z / focal, -(y + 0.5 - centre) * z / focal, -z
            scale = 1.0 / math.sqrt(px * px + py * py + pz * pz)
            vx, vy, vz = -px * scale, -py * scale, -pz * scale
            nx, ny, nz = pixel[0], pixel[1], pixel[2]
            scale = 1.0 / max(1e-6, math.sqrt(nx * nx + ny * ny + nz * nz))
            nx, ny, nz = nx * scale, ny * scale, nz * scale
            key = lights[KEY]
            if material == HAIR:
                qx, qy, qz = px + key[0] * 0.35, py + key[1] * 0.35, pz + key[2] * 0.35
            else:
                qx, qy, qz = px + nx * 0.12, py + ny * 0.12, pz + nz * 0.12
            u, v, d = to_frame(frame, qx, qy, qz)
            lit = _lit(spirals[(y & 3) * 4 + (x & 3)], material, u, v, d, shadow_map, softness)
            seen = occlusion[y, x]
            if material == HAIR:
                _shade_hair(pixel, vx, vy, vz, lit, seen, lights, added[y, x])
                continue
            if material == TEETH:
                seen = 0.6 + 0.4 * seen
            hx, hy, hz = key[0] + vx, key[1] + vy, key[2] + vz
            scale = 1.0 / math.sqrt(hx * hx + hy * hy + hz * hz)
            hx, hy, hz = hx * scale, hy * scale, hz * scale
            if material == EYE:
                _shade_eye(pixel, nx, ny, nz, hx, hy, hz, lit, seen, lights, iris, iris_radius, seed, added[y, x])
                continue
            colour[y, x] = pixel[3:6]
            _shade_surface(
                pixel, material, nx, ny, nz, vx, vy, vz, hx, hy, hz, lit, seen, lights, light[y, x], added[y, x]
            )
    return light, colour, added
