"""Relief of the face: how far forwards (cm, along z) each feature lifts the surface at (x, y), and where lips, nostrils
and folds are. All functions take flat arrays over the head's vertices; ``ax`` is ``abs(x)``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.synthetic.fields import Floats, bump, ridge, smooth_max, smoothstep
from training.synthetic.identity import Identity


@dataclass(frozen=True)
class Layout:
    """Where the features of one person are, cm."""

    brow_y: float
    nose_y: float
    """Height of the nose's wings."""
    nose_base_y: float
    wing_x: float
    """Distance of a wing's middle from the face's."""
    wing_radius: float
    mouth_y: float
    mouth_half_width: float


def layout(identity: Identity) -> Layout:
    """The person's proportions."""
    height, nose = identity.skull.height, identity.nose
    nose_y = -3.95 * height - nose.length
    return Layout(
        brow_y=2.05 * height + identity.brows.height,
        nose_y=nose_y,
        nose_base_y=nose_y - 0.95 - max(-nose.tip, 0) * 0.1,
        wing_x=1.22 * nose.width,
        wing_radius=0.72 + 0.1 * (nose.width - 1) + 0.15 * nose.flare,
        mouth_y=-6.95 * height + identity.mouth.height,
        mouth_half_width=identity.mouth.half_width,
    )


def sockets_and_brow(identity: Identity, at: Layout, x: Floats, y: Floats) -> Floats:
    """Eye sockets, the bone under the brows, the groove below the eye."""
    ax, eyes, by = np.abs(x), identity.eyes, at.brow_y
    socket = (1.02 + eyes.depth) * bump(ax - eyes.x + 0.1, y - eyes.y - 0.1, 1.75, 1.15)
    inner = 0.45 * bump(ax - 1.75, y - eyes.y - 0.15, 0.55, 0.8)
    line = by + 0.35 * ridge(ax - 3.7, 1.4) - 0.12 * (ax < 1)
    bone = identity.brows.ridge * ridge(y - line, 0.62) * np.exp(-(((ax - 2.7) / 2.1) ** 4))
    glabella = 0.14 * identity.masculinity * bump(x, y - by + 0.2, 1.1, 0.8)
    groove = 0.10 * bump(ax - 2.9, y - eyes.y + 1.15, 1.3, 0.28) * (1 + max(0, (identity.age - 35) / 25))
    return bone + glabella - socket - inner - groove


def cheeks_and_chin(identity: Identity, x: Floats, y: Floats) -> Floats:
    """Cheeks, the muzzle around the mouth, the chin."""
    ax, skull, cheeks = np.abs(x), identity.skull, identity.cheeks
    apple = cheeks.cheek * bump(ax - 4.5, y + 2.3, 1.6, 1.3)
    hollow = (0.15 + cheeks.hollow * 0.5) * bump(ax - 4.6, y + 6.0, 1.35, 1.7)
    fat = 0.35 * max(skull.fullness, -0.6) * bump(ax - 3.9, y + 5.2, 1.8, 2.0)
    muzzle = 0.28 * bump(x, y + 6.7, 2.3, 1.7)
    chin_y = 10.25 * skull.height + skull.chin_drop * 0.8
    chin = (0.32 + skull.chin_forward * 0.2) * bump(x, y + chin_y, 1.35 + 0.3 * identity.masculinity, 0.9)
    cleft = cheeks.cleft * bump(x, y + 10.3 * skull.height, 0.22, 0.8)
    under_lip = 0.16 * bump(x, y + 8.75 * skull.height, 1.6, 0.5)
    return apple - hollow + fat + muzzle + chin - cleft - under_lip


def nose_relief(identity: Identity, at: Layout, x: Floats, y: Floats) -> Floats:
    """Bridge, ball and wings of the nose, nostrils not yet cut."""
    ax, nose = np.abs(x), identity.nose
    top = 0.75 + identity.eyes.y
    tip_y = at.nose_y + nose.tip * 0.55
    t = np.clip((top - y) / (top - tip_y), 0, 1)
    root = (0.30 + nose.nasion) * np.sin(np.pi * np.clip(t, 0, 1) ** 0.6) * 0.6
    hump = nose.hump * np.sin(np.pi * np.clip(t * 1.15, 0, 1)) * 1.3
    profile = nose.projection * (0.12 * t + 0.88 * t**1.55) + hump + root
    under = np.clip((tip_y - y) / (tip_y - at.nose_base_y), 0, 1)
    profile = np.where(y < tip_y, nose.projection * np.sqrt(np.clip(1 - under**2.2, 0, 1)), profile)
    profile = profile * smoothstep(top + 0.9, top - 0.6, y)
    width = nose.bridge_width * np.interp(t, [0, 0.25, 0.6, 0.85, 1], [0.95, 0.80, 0.92, 1.02, 0.98])
    width = width * np.where(t > 0.6, 1 + (nose.tip_width - 1) * (t - 0.6) / 0.4, 1)
    bridge = profile / (1 + (ax / (width * 0.95)) ** 2.7)
    ball_x, ball_y = ax / (nose.tip_width * 0.82 * 1.12), (y - tip_y + 0.12) / 0.78
    ball = (nose.projection + 0.12) * np.sqrt(np.clip(1 - ball_x**2 - ball_y**2, 0, 1))
    wing_x, wing_y = (ax - at.wing_x) / at.wing_radius, (y - at.nose_y + 0.02) / 0.70
    wing = (1.18 + 0.14 * nose.projection / 2.4) * np.sqrt(np.clip(1 - wing_x**2 - wing_y**2, 0, 1))
    return np.maximum(smooth_max(smooth_max(bridge, ball * 0.97, 0.35), wing, 0.34), 0)


def nostrils(identity: Identity, at: Layout, x: Floats, y: Floats, nose: Floats) -> Floats:
    """0..1: where the nostrils are."""
    width = identity.nose.width
    return bump(np.abs(x) - 0.66 * width, y - at.nose_base_y - 0.30, 0.34 * width, 0.20) * (nose > 0.12)


@dataclass(frozen=True)
class Lips:
    """The mouth's fields over the vertices."""

    above: Floats
    """cm above (positive) or below the line between the lips."""
    profile: Floats
    """1 in the middle of the mouth, 0 from the corners on."""
    mask: Floats
    """0..1: red of the lips."""
    relief: Floats
    """cm forwards."""


def lips(identity: Identity, at: Layout, x: Floats, y: Floats) -> Lips:
    """Closed lips."""
    ax, mouth = np.abs(x), identity.mouth
    profile = np.clip(1 - (ax / at.mouth_half_width) ** 2, 0, 1)
    line = at.mouth_y + mouth.corner_lift * (1 - profile) - 0.05 * ridge(ax, 0.5) + 0.05 * ridge(ax - 1.1, 0.6)
    above = y - line
    bow = 1 - mouth.bow * 1.6 * ridge(ax, 0.28) + mouth.bow * ridge(ax - 0.55, 0.35)
    upper = np.clip(above / np.maximum(mouth.upper_lip * profile**0.75 * bow, 0.02), 0, 3)
    lower = np.clip(-above / np.maximum(mouth.lower_lip * profile**0.62, 0.02), 0, 3)
    inside = profile > 0
    upper_relief = (0.18 + 0.38 * mouth.upper_lip) * np.sin(np.pi * np.clip(upper * 0.62 + 0.22, 0, 1)) * (upper < 1.27)
    lower_relief = (0.16 + 0.42 * mouth.lower_lip) * np.sin(np.pi * np.clip(lower * 0.60 + 0.22, 0, 1)) * (lower < 1.3)
    relief = np.where(above > 0, upper_relief, lower_relief) * inside * np.sqrt(profile)
    red = np.where(above > 0, smoothstep(1.12, 0.92, upper), smoothstep(1.1, 0.92, lower))
    return Lips(above, profile, red * inside * smoothstep(0, 0.06, profile), relief)


def mouth_grooves(identity: Identity, at: Layout, x: Floats, y: Floats, mouth: Lips) -> Floats:
    """Line between the lips, dimples at the corners, the groove under the nose (all inwards)."""
    ax = np.abs(x)
    line = 0.34 * ridge(mouth.above, 0.11) * smoothstep(0, 0.12, mouth.profile)
    corner_y = y - at.mouth_y - identity.mouth.corner_lift
    corners = 0.30 * bump(ax - at.mouth_half_width - 0.12, corner_y, 0.42, 0.38)
    philtrum = 0.13 * bump(x, y - (at.nose_base_y - 0.55), 0.30, 0.55)
    return -line - corners - philtrum


def nasolabial_fold(at: Layout, x: Floats, y: Floats) -> Floats:
    """Unit relief of the fold from the nose's wing to past the mouth's corner: a groove with a soft roll outside."""
    start = np.array([at.wing_x + at.wing_radius + 0.12, at.nose_y + 0.1])
    along = np.array([at.mouth_half_width + 0.75, at.mouth_y + 0.1]) - start
    length = math.hypot(along[0], along[1])
    px, py = np.abs(x) - start[0], y - start[1]
    share = (px * along[0] + py * along[1]) / length**2
    t = np.clip(share, 0, 1)
    aside = (px * along[1] - py * along[0]) / length + 0.28 * np.sin(np.pi * t)
    extent = np.sin(np.pi * np.clip(t * 0.85 + 0.1, 0, 1)) * (share > -0.05) * (share < 1.08)
    return extent * (0.75 * ridge(aside + 0.55, 0.50) - ridge(aside, 0.27))


def age_lines(identity: Identity, at: Layout, x: Floats, y: Floats) -> Floats:
    """Lines of the forehead, beside and below the eyes and between the brows; none before 38 years."""
    strength = max(0.0, (identity.age - 38) / 37)
    if strength == 0:
        return np.zeros_like(x)
    ax, height, eyes, by = np.abs(x), identity.skull.height, identity.eyes, at.brow_y
    out = np.zeros_like(x)
    for k in range(3):
        line = (4.0 + k * 0.85) * height + 0.12 * np.cos(x * 0.5 + k)
        out -= 0.055 * ridge(y - line, 0.10) * smoothstep(5, 3, ax)
        foot = (k - 1) * (0.25 + 0.25 * (ax - eyes.x - 1.6))
        beside = smoothstep(eyes.x + 1.65, eyes.x + 1.95, ax) * smoothstep(eyes.x + 3.1, eyes.x + 2.2, ax)
        out -= 0.06 * ridge(y - eyes.y - foot, 0.08) * beside
    bag = y - eyes.y + 1.05 - 0.25 * ((ax - eyes.x) / 1.6) ** 2
    out -= 0.07 * ridge(bag, 0.10) * smoothstep(1.8, 1.0, np.abs(ax - eyes.x))
    out -= 0.06 * ridge(ax - 0.35, 0.08) * smoothstep(by - 0.6, by, y) * smoothstep(by + 1.3, by + 0.6, y)
    return out * strength
