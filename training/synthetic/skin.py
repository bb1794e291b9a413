"""The colour of the skin: blotches, lips, freckles, make-up and beard shadow once a person, then what the lids add."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training.synthetic.brows import BROW_LENGTH, BROW_START, brow_colour, brow_half_height, brow_line
from training.synthetic.fields import Floats, bump, ridge, sine_noise, smoothstep
from training.synthetic.head import Head
from training.synthetic.palette import EYE_SHADOWS
from training.synthetic.pose import PosedHead

BEARD_SHADOW: dict[str, float] = {"none": 0.16, "stubble": 0.42, "full": 0.6, "goatee": 0.25, "moustache": 0.2}
"""Beard -> how dark the skin under it is."""
FAIR_HAIR = ("blond", "platinum", "white", "red")


@dataclass(frozen=True)
class SkinMap:
    """Surface values of the resting face over the head's N vertices."""

    colour: Floats
    """float32 [N, 3] linear RGB."""
    cavity: Floats
    gloss: Floats


def skin_map(head: Head, scalp: Floats) -> SkinMap:
    """The person's skin. ``scalp`` [N] in 0..1: where hair covers it, which shows through as dark skin."""
    colour: Floats = np.tile(np.asarray(head.identity.skin.tone, np.float32), (len(head.points), 1))
    for layer in (_blotches, _flush, _eye_rings, _freckles, _moles, _beard_shadow, _brow_shadow, _lips, _eye_shadow):
        colour = layer(head, colour)
    colour = np.clip(colour, 0.003, 1)
    hair = np.asarray(head.identity.hair.rgb, np.float32)
    cover = scalp * (0.60 if head.identity.hair.style == "buzz" else 0.92)
    colour = colour * (1 - cover[:, None]) + hair * 0.55 * cover[:, None]
    gloss = _gloss(head) * (1 - cover * 0.7)
    return SkinMap(colour.astype(np.float32), _cavity(head), gloss)


def posed_colour(head: Head, skin: SkinMap, posed: PosedHead) -> Floats:
    """[N, 3] the skin's colour with the edges of the lids where the expression has them."""
    colour = skin.colour.copy()
    tone = np.asarray(head.identity.skin.tone)
    pink = np.clip(tone * np.array([1.05, 0.72, 0.68]), 0, 1)
    lash = 0.80 * (0.6 + 0.4 * head.identity.eyes.lash)
    for zone in posed.eye_zones:
        part = colour[zone.vertices]
        part = _darken(part, lash * zone.lid_line, (0.9, 0.92, 0.92))
        part = _darken(part, 0.38 * zone.crease, (0.8, 1, 1))
        colour[zone.vertices] = _blend(part, pink, 0.45 * zone.waterline)
    return np.clip(colour, 0.003, 1)


def _darken(colour: Floats, amount: Floats, by: ArrayLike) -> Floats:
    return colour * (1 - amount[:, None] * np.asarray(by))


def _blend(colour: Floats, other: ArrayLike, share: Floats) -> Floats:
    return colour * (1 - share[:, None]) + np.asarray(other) * share[:, None]


def _blotches(head: Head, colour: Floats) -> Floats:
    seed = head.identity.seed
    noise = sine_noise(head.points, seed + 5, 1.1) * 0.035 + sine_noise(head.points, seed + 6, 3.2) * 0.025
    return colour * (1 + noise)[:, None]


def _flush(head: Head, colour: Floats) -> Floats:
    """Redder cheeks, nose, chin and forehead."""
    ax, look = np.abs(head.x), head.identity.skin
    where = (
        0.9 * bump(ax - 4.0, head.y + 3.2, 1.7, 1.5)
        + 0.9 * bump(head.x, head.y - head.at.nose_y, 1.2, 0.9)
        + 0.35 * bump(head.x, head.y + 10, 1.5, 1)
        + 0.2 * bump(head.x, head.y - 5, 3, 1.5)
    )
    strength = (0.55 + 0.175 * look.redness) * (1 - 0.6 * look.melanin)
    return _darken(colour, np.clip(where * head.frontness * strength, 0, 1), (0.03, 0.20, 0.17))


def _eye_rings(head: Head, colour: Floats) -> Floats:
    ax, eyes = np.abs(head.x), head.identity.eyes
    below = 0.8 * bump(ax - eyes.x + 0.2, head.y - eyes.y + 0.95, 1.3, 0.45)
    inner = 0.7 * bump(ax - 1.7, head.y - eyes.y - 0.1, 0.5, 0.7)
    age = 0.35 + max(0, (head.identity.age - 30) / 60)
    return _darken(colour, (below + inner) * head.frontness * age, (0.16, 0.22, 0.14))


def _freckles(head: Head, colour: Floats) -> Floats:
    strength, seed = head.identity.skin.freckles, head.identity.seed
    if strength <= 0.02:
        return colour
    spots = sine_noise(head.points, seed + 9, 13.0) + sine_noise(head.points, seed + 10, 19.0)
    where = ridge(head.y + 2.0, 3.0) * smoothstep(6.5, 3, np.abs(head.x)) * head.frontness
    return _darken(colour, smoothstep(0.3, 1.9, spots) * where * strength, (0.30, 0.45, 0.52))


def _moles(head: Head, colour: Floats) -> Floats:
    for x, y, radius in head.identity.skin.moles:
        spot = 0.75 * smoothstep(radius * 1.3, radius * 0.6, np.hypot(head.x - x, head.y - y)) * head.frontness
        colour = _darken(colour, spot, (0.8, 0.9, 0.92))
    return colour


def _beard_shadow(head: Head, colour: Floats) -> Floats:
    identity = head.identity
    if identity.masculinity <= 0.5 or identity.skin.melanin >= 0.8:
        return colour
    beard = identity.hair.beard
    zone = beard_zone(head, "full")
    if beard in ("goatee", "moustache"):
        zone = np.maximum(zone * 0.4, beard_zone(head, beard))
    fair = 0.45 if identity.hair.colour in FAIR_HAIR else 1.0
    return _darken(colour, zone * BEARD_SHADOW[beard] * fair, (0.55, 0.45, 0.38))


def _brow_shadow(head: Head, colour: Floats) -> Floats:
    """The soft tone of a brow under its hairs."""
    brows = head.identity.brows
    ax = np.abs(head.x)
    share = (ax - BROW_START) / (BROW_LENGTH + brows.length)
    _, middle = brow_line(head, np.clip(share, 0, 1))
    half = brow_half_height(head.identity, np.clip(share, 0, 1))
    along = smoothstep(-0.04, 0.10, share) * smoothstep(1.06, 0.80, share)
    cover = ridge((head.y - middle - 0.14) / (half + 0.10), 1.0) * along * head.frontness
    return _blend(colour, brow_colour(head.identity), 0.5 * np.clip(brows.density, 0.6, 1.3) * cover)


def _lips(head: Head, colour: Floats) -> Floats:
    look = head.identity.skin
    tone = np.asarray(look.tone)
    if look.lipstick is not None:
        red, share = np.asarray(look.lipstick) * (0.55 + 0.45 * (1 - look.melanin)), 0.95
    else:
        red, share = tone * np.array([0.90, 0.64, 0.68] if look.melanin > 0.6 else [0.82, 0.46, 0.48]), 0.85
    return _blend(colour, red, head.lips * head.frontness * share)


def _eye_shadow(head: Head, colour: Floats) -> Floats:
    look, eyes = head.identity.skin, head.identity.eyes
    if look.eye_shadow <= 0:
        return colour
    where = bump(np.abs(head.x) - eyes.x - 0.1, head.y - eyes.y - 0.65, 1.35, 0.5) * head.frontness
    tint = EYE_SHADOWS[np.random.default_rng(head.identity.seed).choice(3)]
    return _blend(colour, np.asarray(tint) * (0.4 + 0.6 * (1 - look.melanin)), where * 0.55 * look.eye_shadow)


def _cavity(head: Head) -> Floats:
    """Nostrils and the line between the lips get little of the surrounding light."""
    line = 0.50 * ridge(head.above_mouth, 0.07) * smoothstep(0, 0.1, head.mouth_profile) * head.frontness
    return np.clip(1 - 0.90 * np.clip(head.nostrils * 1.5, 0, 1) - line, 0.05, 1)


def _gloss(head: Head) -> Floats:
    tip = 0.10 * ridge(head.x, 2.2) * smoothstep(-5, -3, head.y) * head.frontness
    return 0.32 + tip + 0.18 * head.lips * (1.3 if head.identity.skin.lipstick else 1)


def beard_zone(head: Head, kind: str) -> Floats:
    """[N] in 0..1: where a beard of this kind grows ("full", "goatee" or "moustache")."""
    moustache = _moustache_zone(head)
    if kind == "moustache":
        return moustache
    if kind == "goatee":
        return np.maximum(moustache, _goatee_zone(head)) * head.frontness
    return _full_beard_zone(head, moustache)


def _off_lips(head: Head) -> Floats:
    return 1 - smoothstep(0.0, 0.05, head.lips)


def _moustache_zone(head: Head) -> Floats:
    y, ax, at = head.y - head.at.mouth_y, np.abs(head.x), head.at
    half = at.mouth_half_width
    over_lip = smoothstep(-0.15, 0.10, y - 0.35 * (1 - np.clip(ax / half, 0, 1)) + 0.25)
    zone = smoothstep(1.75, 1.45, y) * over_lip * smoothstep(half + 0.75, half + 0.25, ax)
    return zone * _off_lips(head) * head.frontness * (y > -0.6)


def _goatee_zone(head: Head) -> Floats:
    y, ax, at = head.y - head.at.mouth_y, np.abs(head.x), head.at
    chin = smoothstep(1.9, 1.4, ax) * smoothstep(-0.9, -1.3, y) * smoothstep(-12.3, -11.7, head.y)
    beside = np.abs(ax - at.mouth_half_width - 0.35)
    link = smoothstep(0.5, 0.2, beside) * smoothstep(0.6, 0.0, y) * smoothstep(-4.3, -3.2, y)
    return np.maximum(chin, link) * _off_lips(head)


def _full_beard_zone(head: Head, moustache: Floats) -> Floats:
    """Below a line from the sideburns to the mouth's corners."""
    ax, at, z = np.abs(head.x), head.at, head.points[:, 2]
    half, my = at.mouth_half_width, at.mouth_y
    line = np.interp(ax, [0, 2.2, half + 0.9, 5.0, 6.2, 8], [my + 2.0, my + 1.75, my + 0.9, -4.4, -2.2, 1.0])
    full = smoothstep(line + 0.35, line - 0.45, head.y) * smoothstep(-1.2, 0.4, z) * smoothstep(-13.0, -11.6, head.y)
    full = full * _off_lips(head)
    under_lip = 1 - 0.85 * bump(head.x, head.y - (my - 1.35), 0.9, 0.25)
    beside_mouth = np.where((head.y > my + 0.1) & (ax < half + 0.3), moustache, 1)
    return np.clip(np.maximum(full * under_lip * beside_mouth, moustache), 0, 1) * np.maximum(
        head.frontness, full * 0.9
    )
