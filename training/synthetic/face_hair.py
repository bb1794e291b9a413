"""Brows, lashes and beards: short strands rooted on the posed face.

Everything about a strand that does not depend on the expression (its root, direction, length, colour) is drawn once a
person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synthetic.brows import brow_colour, brow_half_height, brow_line
from training.synthetic.expression import Expression
from training.synthetic.fields import Floats, Ints, unit
from training.synthetic.geometry import Strands, make_strands, sample_surface
from training.synthetic.head import EYEBALL_RADIUS, SIDES, Head, on_surface
from training.synthetic.identity import Identity
from training.synthetic.pose import PosedHead, lid_curves
from training.synthetic.skin import beard_zone
from training.synthetic.skull import FACES

BEARD_STRANDS = {"stubble": 2600, "full": 9500, "goatee": 4200, "moustache": 2600}
GREY_BEARD = (0.20, 0.195, 0.185)
LASHES_UP, LASHES_DOWN = 60, 26


@dataclass(frozen=True)
class BrowHairs:
    """The hairs of one brow."""

    vertices: Ints
    weights: Floats
    rest: Floats
    """What ``Head.attach`` gives for the roots."""
    direction: Floats
    """[n, 3] in the plane of the face."""
    length: Floats
    """[n, 1] cm."""
    colour: Floats
    """[n, 1, 3]."""


@dataclass(frozen=True)
class LashHairs:
    """The lashes of one lid: outward distances of the roots from the eye's middle and lengths, cm."""

    side: int
    upper: bool
    x: Floats
    length: Floats


@dataclass(frozen=True)
class BeardHairs:
    """A beard: roots as face numbers and barycentrics, and what was drawn for each hair."""

    faces: Ints
    weights: Floats
    scatter: Floats
    """[n, 3] deviation of the direction."""
    length: Floats
    """[n]."""
    bend: Floats
    """[n, 3]."""
    colour: Floats
    """[n, 1, 3]."""


@dataclass(frozen=True)
class FaceHair:
    """All hair of one face."""

    brows: tuple[BrowHairs, ...]
    lashes: tuple[LashHairs, ...]
    beard: BeardHairs | None


def sample_face_hair(head: Head) -> FaceHair:
    """The person's brows, lashes and beard."""
    rng = np.random.default_rng(head.identity.seed * 17 + 3)
    brows = tuple(_sample_brow(head, side, rng) for side in SIDES)
    lashes = tuple(_sample_lashes(head.identity, side, upper, rng) for side in SIDES for upper in (True, False))
    beard = None if head.identity.hair.beard == "none" else _sample_beard(head, rng)
    return FaceHair(brows, lashes, beard)


def _sample_brow(head: Head, side: int, rng: np.random.Generator) -> BrowHairs:
    brows = head.identity.brows
    count = int(560 * brows.density * brows.thickness)
    share = rng.random(count) ** 0.9
    x, middle = brow_line(head, share)
    half = brow_half_height(head.identity, share)
    aside = rng.uniform(-1, 1, count) * half
    vertices, weights, rest = head.attach(side * x, middle + aside)
    angle = np.interp(share, [0, 0.2, 0.6, 1], [1.25, 0.75, 0.25, -0.25]) + rng.normal(size=count) * 0.16
    angle = angle - aside / np.maximum(half, 0.05) * 0.25
    direction = np.stack([side * np.cos(angle), np.sin(angle), np.zeros(count)], 1)
    length = rng.uniform(0.34, 0.56, count)[:, None] * brows.thickness**0.5
    colour = brow_colour(head.identity) * np.exp(rng.normal(size=(count, 1, 1)) * 0.2)
    return BrowHairs(vertices, weights, rest, direction, length, colour)


def _sample_lashes(identity: Identity, side: int, upper: bool, rng: np.random.Generator) -> LashHairs:
    count = LASHES_UP if upper else LASHES_DOWN
    half_width = identity.eyes.half_width
    x = np.linspace(-0.92 if upper else -0.7, 1.0, count) * half_width + rng.normal(size=count) * 0.01
    longest = 0.36 * identity.eyes.lash if upper else 0.13
    outer = 0.55 + 0.45 * np.clip(x / half_width + 0.7, 0, 1.3)
    return LashHairs(side, upper, x, longest * outer * rng.uniform(0.75, 1.1, count))


def _sample_beard(head: Head, rng: np.random.Generator) -> BeardHairs:
    look = head.identity.hair
    zone = beard_zone(head, "full" if look.beard == "stubble" else look.beard)
    count = BEARD_STRANDS[look.beard]
    faces, weights = sample_surface(head.points, FACES, zone * (zone > 0.15), count, rng)
    longest = {"stubble": 0.16, "full": 0.40 + 0.75 * look.curl**1.5, "goatee": 0.8, "moustache": 0.75}[look.beard]
    scatter = rng.normal(size=(count, 3)) * 0.28
    length = longest * rng.uniform(0.6, 1.1, count)
    bend = rng.normal(size=(count, 3)) * 0.10
    warm = np.array([0.02, 0.006, 0.0]) * (look.colour in ("brown", "lightbrown", "auburn", "blond"))
    base = np.asarray(look.rgb) * 0.85 + warm
    if look.beard == "stubble":
        base = 0.5 * base + 0.25 * np.asarray(head.identity.skin.tone)
    colour = base * np.exp(rng.normal(size=(count, 1, 1)) * 0.28)
    age = head.identity.age
    if age > 45:
        grey = rng.random((count, 1, 1)) < (age - 45) / 40
        colour = np.where(grey, np.array(GREY_BEARD) * (0.6 if look.beard == "stubble" else 1), colour)
    return BeardHairs(faces, weights, scatter, length, bend, colour)


def face_strands(
    head: Head, hair: FaceHair, posed: PosedHead, normals: Floats, expression: Expression
) -> list[Strands]:
    """Strands on the posed face, not yet turned. ``normals`` [N, 3] of the posed surface."""
    strands = [_brow_strands(brow, posed.points, normals) for brow in hair.brows]
    strands += [_lash_strands(head, lashes, expression) for lashes in hair.lashes]
    if hair.beard is not None:
        strands.append(_beard_strands(head, hair.beard, posed.points, normals))
    return strands


def _brow_strands(brow: BrowHairs, points: Floats, normals: Floats) -> Strands:
    root = on_surface(points, brow.vertices, brow.weights) + brow.rest
    normal = unit(on_surface(normals, brow.vertices, brow.weights))
    along = brow.direction - normal * (brow.direction * normal).sum(1, keepdims=True)
    along = unit(along + normal * 0.22)
    middle = root + along * brow.length * 0.5 + normal * 0.03
    tip = root + along * brow.length + normal * 0.02
    return make_strands(
        np.stack([root + normal * 0.01, middle, tip], 1), brow.colour, [0.015, 0.012, 0.006], shadow=False
    )


def _lash_strands(head: Head, lashes: LashHairs, expression: Expression) -> Strands:
    side, centre = lashes.side, head.eye_centres[SIDES.index(lashes.side)]
    upper, lower = lid_curves(head.identity, expression, side, lashes.x)
    y = upper if lashes.upper else lower
    z = centre[2] + np.sqrt(np.clip((EYEBALL_RADIUS + 0.13) ** 2 - lashes.x**2 - y**2, 0.05, None))
    root = np.stack([centre[0] + side * lashes.x, centre[1] + y, z], 1)
    open_ = expression.closed(side) <= 0.5
    rise = (0.75 if open_ else -0.55) if lashes.upper else -0.8
    out = side * (0.15 + 0.75 * lashes.x / head.identity.eyes.half_width)
    along = unit(np.stack([out, np.full_like(out, rise), np.full_like(out, 0.62)], 1)) * lashes.length[:, None]
    curve = np.array([0, 0.06 if lashes.upper and open_ else -0.02, 0])
    colour = np.minimum(np.asarray(head.identity.hair.rgb) * 0.35, 0.03) + 0.004
    return make_strands(
        np.stack([root, root + along * 0.55, root + along + curve], 1), colour, [0.024, 0.016, 0.006], shadow=False
    )


def _beard_strands(head: Head, beard: BeardHairs, points: Floats, normals: Floats) -> Strands:
    stubble = head.identity.hair.beard == "stubble"
    root = on_surface(points, FACES[beard.faces], beard.weights)
    normal = unit(on_surface(normals, FACES[beard.faces], beard.weights))
    lip = root[:, 1] > head.at.mouth_y - 0.1
    aside = np.sign(root[:, 0]) * np.where(lip, 0.75, 0.12)
    down = np.stack([aside, np.full_like(aside, -1.0), np.full_like(aside, 0.25)], 1)
    along = unit(down * 0.9 + normal * (0.8 if stubble else 0.55) + beard.scatter)
    length = (beard.length * np.where(lip, 0.62, 1))[:, None]
    sag, bend = np.array([0, -0.08, 0]), beard.bend
    path = [
        root,
        root + along * length * 0.4 + normal * 0.06,
        root + along * length * 0.75 + (sag + bend) * length,
        root + along * length + (np.array([0, -0.25, 0]) + bend * 2) * length,
    ]
    width = np.array([1, 1, 0.8, 0.4]) * (0.018 if stubble else 0.028)
    return make_strands(np.stack(path, 1), beard.colour, width, shadow=head.identity.hair.beard == "full")
