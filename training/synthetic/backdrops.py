"""The backgrounds, each a painter from a canvas to linear RGB [S, S, 3]. Heights are shares of the side, y down."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from training.synthetic.fields import Floats, ridge, smoothstep
from training.synthetic.painting import Canvas, Rgb, mix

Painter = Callable[[Canvas], Floats]


def beach(c: Canvas) -> Floats:
    """Sky with clouds, sea, foam, sand."""
    rng, x, y = c.rng, c.x, c.y
    horizon = rng.uniform(0.42, 0.56)
    out = c.gradient((0.22, 0.45, 0.85), (0.72, 0.85, 0.98), 0, horizon)
    clouds = smoothstep(0.55, 0.8, c.clouds(3, 5, 2.2)) * smoothstep(horizon, horizon - 0.25, y)
    out = mix(out, (0.95, 0.96, 0.98), clouds * rng.uniform(0.2, 0.9))
    shore = horizon + rng.uniform(0.16, 0.26) + 0.02 * np.sin(x * 7 + rng.random() * 6)
    sea = mix((0.03, 0.22, 0.42), (0.10, 0.45, 0.52), smoothstep(horizon, shore, y))
    sea = sea * (1 + 0.35 * (c.clouds(6, 4, 6) - 0.5))[..., None]
    out = np.where((y > horizon)[..., None], sea, out)
    out = mix(out, (0.9, 0.93, 0.95), ridge(y - shore, 0.012) * 0.8)
    sand = mix((0.72, 0.58, 0.38), (0.62, 0.47, 0.29), smoothstep(shore, 1, y))
    sand = sand * (1 + 0.25 * (c.clouds(12, 4) - 0.5))[..., None]
    return np.where((y > shore)[..., None], sand, out)


def forest(c: Canvas) -> Floats:
    """Leaves, two rows of trunks, spots of light."""
    rng, x, y = c.rng, c.x, c.y
    out = mix((0.34, 0.46, 0.22), (0.05, 0.12, 0.03), smoothstep(0, 0.9, y + 0.3 * (c.clouds(4) - 0.5)))
    out = out * (0.55 + 0.9 * c.clouds(7, 5))[..., None]
    for nearness, count in ((0.5, 7), (0.9, 5)):
        for _ in range(count):
            middle, width = rng.random(), rng.uniform(0.008, 0.022) * (1 + nearness * 1.6)
            inside = smoothstep(width, width * 0.75, np.abs(x - middle + 0.02 * np.sin(y * 3 + middle * 9)))
            round_ = (1 + 0.5 * ((x - middle) / width))[..., None]
            bark = np.array([0.075, 0.048, 0.03]) * (1.5 - nearness * 0.9) * round_
            out = mix(out, np.clip(bark, 0.004, 1), inside)
    leaves = [(0.25, 0.34, 0.10), (0.4, 0.45, 0.2), (0.12, 0.2, 0.05)]
    out = c.discs(out, 40, (0.01, 0.035), leaves, (0, 0.6), 0.55)
    return mix(out, (0.06, 0.10, 0.025), smoothstep(0.78, 0.9, y) * 0.8)


def office(c: Canvas) -> Floats:
    """Wall with three windows, a desk, screens."""
    rng, x, y = c.rng, c.x, c.y
    wall = np.array([0.55, 0.55, 0.52]) * rng.uniform(0.7, 1.1)
    out = c.plain(wall) * (1 - 0.25 * y[..., None])
    first = rng.uniform(-0.1, 0.25)
    for k in range(3):
        left = first + k * 0.36
        pane = (x > left) & (x < left + 0.30) & (y > 0.06) & (y < 0.56)
        view = mix((0.75, 0.88, 1.05), (0.55, 0.62, 0.66), smoothstep(0.1, 0.55, y))
        slats = (np.sin(y * 150) > 0.2) & (rng.random() < 0.5)
        out = np.where(pane[..., None], np.where(slats[..., None], view * 0.8, view), out)
        out[pane & ((np.abs(x - left - 0.15) < 0.007) | (np.abs(y - 0.31) < 0.006))] = (0.25, 0.25, 0.26)
    desk = rng.uniform(0.74, 0.8)
    wood = np.array([0.26, 0.16, 0.09]) * (1.2 - 0.4 * y[..., None])
    out = np.where((y > desk)[..., None], wood, out)
    for _ in range(3):
        left = rng.uniform(0, 0.9)
        width, height = rng.uniform(0.12, 0.2), rng.uniform(0.1, 0.16)
        out[(x > left) & (x < left + width) & (y < desk) & (y > desk - height)] = (0.03, 0.03, 0.035)
        screen = (x > left + 0.01) & (x < left + width - 0.01) & (y < desk - 0.02) & (y > desk - height + 0.012)
        out[screen] = np.array([0.18, 0.28, 0.42]) * rng.uniform(0.5, 1.6)
    return out


def city_night(c: Canvas) -> Floats:
    """Three rows of towers with lit windows, blurred street lights."""
    rng, x, y = c.rng, c.x, c.y
    out = mix((0.006, 0.008, 0.022), (0.035, 0.025, 0.05), y)
    lamps = np.array([[0.9, 0.62, 0.25], [0.6, 0.7, 0.95], [0.95, 0.8, 0.5]])
    for row in range(3):
        left = -0.05
        while left < 1:
            width, height = rng.uniform(0.08, 0.2), rng.uniform(0.25, 0.75) - 0.08 * row
            tower = (x > left) & (x < left + width) & (y > 1 - height)
            out[tower] = np.array([0.012, 0.014, 0.024]) * (1 + row)
            column, storey = np.floor((x - left) * 46), np.floor(y * 58)
            chance = np.modf(np.abs(np.sin(column * 12.9898 + storey * 78.233 + row * 37 + left * 91) * 43758.5453))[0]
            glass = (np.modf((x - left) * 46)[0] > 0.35) & (np.modf(y * 58)[0] > 0.45)
            out[tower & (chance > 0.72) & glass] = lamps[rng.integers(3)] * rng.uniform(0.3, 0.8)
            left += width + rng.uniform(-0.02, 0.05)
    out = gaussian_filter(out, (c.size * 0.006, c.size * 0.006, 0))
    lights: list[Rgb] = [
        (1, 0.55, 0.15),
        (1, 0.2, 0.12),
        (0.3, 0.6, 1),
        (1, 0.85, 0.5),
        (0.9, 0.25, 0.7),
        (0.25, 0.9, 0.6),
    ]
    return c.discs(out, 34, (0.012, 0.045), lights, (0.35, 0.95), 0.55)


def snow(c: Canvas) -> Floats:
    """Pale hills, snowy firs, falling flakes."""
    rng, x, y = c.rng, c.x, c.y
    out = c.gradient((0.55, 0.66, 0.82), (0.86, 0.89, 0.94), 0, 0.5)
    for d in range(3):
        line = 0.50 + d * 0.09 - 0.22 * (c.skyline(3 + d * 2, 4, 2) - 0.5) * (1.6 - d * 0.4)
        out = mix(out, np.array([0.70, 0.77, 0.87]) * (0.82 + 0.09 * d), smoothstep(line, line + 0.01, y))
    for _ in range(16):
        middle, foot, height = rng.random(), rng.uniform(0.6, 0.78), rng.uniform(0.12, 0.3)
        t = (y - (foot - height)) / height
        fir = (t > 0) & (t < 1) & (np.abs(x - middle) < height * 0.28 * t * (0.75 + 0.25 * np.sin(t * 30)))
        out[fir] = np.array([0.06, 0.12, 0.10]) * rng.uniform(0.7, 1.4)
        out[fir & (np.sin(t * 30) > 0.5)] = (0.78, 0.83, 0.9)
    out = mix(out, (0.86, 0.89, 0.94), smoothstep(0.76, 0.80, y + 0.02 * np.sin(x * 9)))
    return out + c.discs(c.plain(0.0), 130, (0.002, 0.007), [(1, 1, 1)], (0, 1), 0.55) * 0.7


def desert(c: Canvas) -> Floats:
    """Three dunes under a pale sky."""
    rng, x, y = c.rng, c.x, c.y
    horizon = rng.uniform(0.48, 0.58)
    out = c.gradient((0.25, 0.48, 0.82), (0.92, 0.82, 0.66), 0, horizon)
    for d in range(3):
        line = horizon + d * 0.11 - 0.05 * np.sin(x * (3 + d) + rng.random() * 6)
        line = line - 0.03 * np.sin(x * (7 + d) + rng.random() * 6)
        slope = (1 - 0.35 * smoothstep(0, 0.25, y - line))[..., None]
        sand = np.array([0.70, 0.42, 0.20]) * (1.05 - 0.12 * d) * slope
        out = mix(out, sand, smoothstep(line, line + 0.008, y))
    return out


def mountains(c: Canvas) -> Floats:
    """Four ranges, the far ones with snow."""
    y = c.y
    out = c.gradient((0.20, 0.40, 0.78), (0.75, 0.84, 0.93), 0, 0.6)
    rock = np.array([[0.42, 0.50, 0.62], [0.26, 0.34, 0.42], [0.12, 0.22, 0.16], [0.08, 0.16, 0.06]])
    for d in range(4):
        line = 0.30 + 0.13 * d - 0.4 * (c.skyline(2 + 2 * d, 6, 3) - 0.5) * (1.2 - 0.2 * d)
        caps = smoothstep(0.10, 0.02, y - line) * (d < 2)
        stone = c.plain(rock[d]) * (0.8 + 0.5 * c.clouds(8))[..., None]
        out = mix(out, mix(stone, (0.9, 0.93, 0.97), caps * 0.85), smoothstep(line, line + 0.006, y))
    return out


def sunset(c: Canvas) -> Floats:
    """Low sun over water."""
    rng, x, y = c.rng, c.x, c.y
    horizon = 0.62
    out = c.gradient((0.10, 0.10, 0.30), (0.95, 0.38, 0.12), 0, horizon)
    sun = rng.uniform(0.15, 0.85)
    d = np.hypot(x - sun, y - horizon + 0.06)
    out += ridge(d, 0.16)[..., None] * np.array([1.2, 0.6, 0.2])
    out += smoothstep(0.052, 0.046, d)[..., None] * np.array([1.5, 1.2, 0.7])
    clouds = smoothstep(0.5, 0.75, c.clouds(3, 5, 3)) * 0.6 * smoothstep(horizon, 0.1, y)
    out = mix(out, (0.55, 0.18, 0.20), clouds)
    glitter = ridge(x - sun, 0.12)[..., None] * np.array([0.9, 0.45, 0.15])
    water = np.array([0.10, 0.06, 0.10]) + glitter * (0.4 + 0.6 * c.clouds(8, 4, 5))[..., None]
    return np.where((y > horizon)[..., None], water, out)


def library(c: Canvas) -> Floats:
    """Six shelves of books."""
    rng, x, y = c.rng, c.x, c.y
    out = c.plain((0.06, 0.032, 0.016))
    spines = np.array(
        [
            [0.30, 0.05, 0.04],
            [0.05, 0.10, 0.22],
            [0.08, 0.18, 0.08],
            [0.42, 0.30, 0.14],
            [0.16, 0.08, 0.05],
            [0.45, 0.42, 0.36],
            [0.12, 0.05, 0.16],
        ]
    )
    for edge in np.linspace(-0.03, 1.0, 7)[1:]:
        board, left = edge - 0.015, rng.uniform(-0.05, 0)
        while left < 1:
            width, height = rng.uniform(0.014, 0.034), rng.uniform(0.10, 0.145)
            book = (x > left) & (x < left + width * 0.93) & (y < board) & (y > board - height)
            out[book] = spines[rng.integers(7)] * rng.uniform(0.5, 1.2)
            left += width
        out[(y > board) & (y < board + 0.02)] = (0.14, 0.075, 0.035)
    return out


def kitchen(c: Canvas) -> Floats:
    """Cupboards, tiles, a worktop with jars."""
    rng, x, y = c.rng, c.x, c.y
    fronts = np.array([[0.62, 0.62, 0.58], [0.12, 0.22, 0.30], [0.30, 0.40, 0.30], [0.52, 0.42, 0.30]])
    front = fronts[rng.integers(4)]
    out = c.plain((0.66, 0.62, 0.54))
    joints = (np.abs(np.modf(x * 14)[0] - 0.5) > 0.46) | (np.abs(np.modf(y * 20)[0] - 0.5) > 0.45)
    out[joints & (y > 0.38) & (y < 0.72)] *= 0.72
    upper = y < 0.36
    out[upper] = front
    out[upper & (np.abs(np.modf(x * 4 + 0.3)[0] - 0.5) > 0.485)] *= 0.4
    out[y > 0.76] = front * 0.8
    out[(y > 0.72) & (y < 0.76)] = (0.18, 0.17, 0.16)
    jars = np.array([[0.55, 0.12, 0.08], [0.2, 0.35, 0.12], [0.6, 0.5, 0.2], [0.3, 0.3, 0.33]])
    for _ in range(4):
        middle, height, width = rng.random(), rng.uniform(0.07, 0.15), rng.uniform(0.03, 0.06)
        jar = (np.abs(x - middle) < width) & (y < 0.72) & (y > 0.72 - height)
        out[jar] = jars[rng.integers(4)] * (1 - 0.5 * (np.abs(x[jar] - middle) / width))[:, None]
    return out


def park(c: Canvas) -> Floats:
    """Sky, a line of trees, a lawn."""
    y = c.y
    out = c.gradient((0.32, 0.55, 0.92), (0.80, 0.88, 0.97), 0, 0.56)
    leaves = c.clouds(5, 6)
    line = 0.42 - 0.28 * (c.skyline(4, 4, 2) - 0.4)
    trees = np.array([0.10, 0.24, 0.05]) * (0.35 + 1.3 * leaves)[..., None]
    out = mix(out, trees, smoothstep(line - 0.02, line + 0.02, y + 0.06 * (leaves - 0.5)))
    lawn = c.gradient((0.22, 0.40, 0.10), (0.12, 0.26, 0.05), 0.62, 1) * (0.75 + 0.5 * c.clouds(14))[..., None]
    return mix(out, lawn, smoothstep(0.62, 0.64, y))


def street(c: Canvas) -> Floats:
    """Houses on both sides, a road."""
    rng, x, y = c.rng, c.x, c.y
    out = c.gradient((0.55, 0.68, 0.85), (0.85, 0.87, 0.9), 0, 0.5)
    walls = np.array(
        [[0.45, 0.26, 0.18], [0.55, 0.48, 0.38], [0.35, 0.36, 0.38], [0.60, 0.55, 0.48], [0.28, 0.18, 0.13]]
    )
    for from_edge in (x, 1 - x):
        left = 0.0
        while left < 0.42:
            width, top = rng.uniform(0.08, 0.16), 0.02 + left * 0.9 + rng.uniform(0, 0.1)
            wall = walls[rng.integers(5)] * rng.uniform(0.7, 1.1)
            house = (from_edge > left) & (from_edge < left + width) & (y > top) & (y < 0.8)
            out[house] = wall
            panes = (np.modf((from_edge - left) / width * 3)[0] > 0.45) & (np.modf(y * 11)[0] > 0.45)
            out[house & panes] = np.array([0.10, 0.14, 0.18]) * rng.uniform(0.7, 2)
            left += width
    road = np.array([0.17, 0.17, 0.18]) * (1 + 0.2 * (c.clouds(12) - 0.5))[..., None]
    return np.where((y > 0.76)[..., None], road, out)


def cafe(c: Canvas) -> Floats:
    """Dark panels, warm lamps, a counter."""
    x, y = c.x, c.y
    out = mix((0.16, 0.085, 0.045), (0.07, 0.035, 0.02), y) * (0.8 + 0.4 * c.clouds(4))[..., None]
    out[np.modf(x * 5 + 0.2)[0] > 0.93] *= 0.5
    out = c.discs(out, 16, (0.03, 0.07), [(1, 0.62, 0.25), (1, 0.75, 0.4)], (0.05, 0.45), 0.6)
    guests = [(0.5, 0.2, 0.1), (0.2, 0.3, 0.2), (0.5, 0.45, 0.35)]
    out = c.discs(out, 12, (0.02, 0.05), guests, (0.5, 0.85), 0.4)
    return np.where((y > 0.85)[..., None], np.array([0.20, 0.11, 0.055]), out)


def studio(rgb: Rgb) -> Painter:
    """Paper of one colour, lit in the middle."""

    def paint(c: Canvas) -> Floats:
        d = np.hypot(c.x - 0.5 - c.rng.uniform(-0.15, 0.15), c.y - 0.45)
        return mix(np.asarray(rgb) * 1.25, np.asarray(rgb) * 0.45, smoothstep(0, 0.8, d))

    return paint
