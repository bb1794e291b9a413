"""Hair of the head: strands grown from the scalp step by step, kept off the skull, the face and the shoulders."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from training.synthetic.fields import Floats, ridge, smoothstep, unit
from training.synthetic.geometry import Strands, make_strands, sample_surface
from training.synthetic.hairstyles import STYLES, Growth, Roots, wanted_direction
from training.synthetic.head import Head, on_surface
from training.synthetic.identity import Identity
from training.synthetic.skull import FACES

STRAND_POINTS = 18
STRAND_COUNTS = {"buzz": 9000, "short": 9000, "fringe": 9000, "pixie": 9000, "curlyshort": 8000, "afro": 11000}
OTHER_STRAND_COUNT = 8500
STRAND_WIDTHS = {"buzz": 0.035, "afro": 0.055, "curlyshort": 0.055, "curlylong": 0.06}
OTHER_STRAND_WIDTH = 0.05
"""Half widths at the root in cm: one strand stands for many hairs."""
LIGHT_TIPS = ("blond", "lightbrown", "platinum", "red", "auburn")
HEAD_MIDDLE = np.array([0, 2.0, -0.75])


def scalp(head: Head) -> Floats:
    """[N] in 0..1: where hair grows."""
    if head.identity.hair.style == "bald":
        return np.zeros(len(head.points))
    height = _above_hairline(head.identity, *head.points.T.astype(np.float64))
    return smoothstep(-0.25, 0.55, height) * (head.y > -8.5)


def _above_hairline(identity: Identity, x: Floats, y: Floats, z: Floats) -> Floats:
    """cm by which a point of the undeformed head lies inside the zone where hair grows."""
    ax, height, m = np.abs(x), identity.skull.height, identity.masculinity
    receding = identity.hair.style == "receding"
    line = 6.35 + identity.hair.hairline + (1.9 if receding else 0)
    temples = 0.55 + 0.35 * m + (1.3 if receding else 0)
    front = line * height - 0.25 * (ax / 3) ** 2 + temples * ridge(ax - 3.7, 1.25)
    sideburn = -0.9 if m > 0.5 else 0.2
    from_back = [-12, -8, -5.5, -3.2, -1.8, -0.2, 1.3, 2.2, 3.2, 4.6, 6.0]
    side = np.interp(z, from_back, [-7.6, -7.6, -7.0, -3.5, 0.2, 1.2, sideburn, 0.2, 2.6, 5.2, 6.4])
    turning = np.maximum(side, front - (5.0 - z) * 2.6)
    limit = np.where(z > 5.0, np.maximum(front, side), np.where(z > 3.0, turning, side))
    above = y - limit
    if receding:
        above = np.where((y > 8.2) & (z > -3.5), np.minimum(above, ax * 0.12 - 1), above)
    return above


def grow_hair(head: Head, scalp_zone: Floats) -> list[Strands]:
    """All hair of the undeformed head; empty for a bald one."""
    identity = head.identity
    style = identity.hair.style
    if style == "bald":
        return []
    rng = np.random.default_rng(identity.seed * 31 + 5)
    denser_in_front = 1.0 + 1.2 * smoothstep(0, 6, head.points[:, 2])
    count = STRAND_COUNTS.get(style, OTHER_STRAND_COUNT)
    face, weights = sample_surface(head.points, FACES, scalp_zone * denser_in_front, count, rng)
    points = on_surface(head.points, FACES[face], weights).astype(np.float64)
    roots = Roots(identity, points, unit(on_surface(head.normals, FACES[face], weights)).astype(np.float64), rng)
    growth = STYLES[style](roots)
    strands = _grow(head, roots, growth)
    if growth.falls or growth.combed:
        strands = strands[~_strays(identity, roots, growth, strands)]
    hair = [_coloured(identity, strands, rng)]
    if style in ("bun", "manbun"):
        hair.append(_bun(identity, rng))
    if style == "ponytail":
        hair.append(_ponytail(identity, rng))
    return hair


def _coloured(identity: Identity, points: Floats, rng: np.random.Generator) -> Strands:
    """Darker at the roots, lighter tips for light hair, grey hair mixed with dark."""
    count, look = len(points), identity.hair
    t = np.linspace(0, 1, STRAND_POINTS)[None]
    variation = np.exp(rng.normal(size=(count, 1, 1)) * 0.22)
    tips = 1 + 0.35 * t[..., None] * (look.colour in LIGHT_TIPS)
    colour = np.asarray(look.rgb) * variation * tips * (0.72 + 0.28 * np.clip(t * 3, 0, 1))[..., None]
    if look.colour == "grey":
        colour = np.where(rng.random((count, 1, 1)) < 0.45, np.array([0.045, 0.040, 0.036]), colour)
    width = STRAND_WIDTHS.get(look.style, OTHER_STRAND_WIDTH) * (1 - 0.55 * t**2)
    return make_strands(points, colour, width)


def _bun(identity: Identity, rng: np.random.Generator) -> Strands:
    """A ball of strands, each an arc on it."""
    count, radius = 2600, 2.9 if identity.hair.style == "bun" else 2.1
    start = rng.random((count, 1)) * 6.28
    axis = unit(rng.normal(size=(count, 3)) + np.array([0, 2.5, -1.0]))
    first = unit(np.cross(axis, np.array([0.2, 0.3, 1.0])))
    second = np.cross(axis, first)
    angle = (start + np.linspace(0, 2.6, STRAND_POINTS)[None])[..., None]
    reach = radius * (0.82 + 0.18 * rng.random((count, 1)))[..., None]
    arcs = (first[:, None] * np.cos(angle) + second[:, None] * np.sin(angle)) * reach
    return make_strands(np.array([0, 10.6, -6.6]) + arcs, _varied(identity, count, rng), 0.05)


def _ponytail(identity: Identity, rng: np.random.Generator) -> Strands:
    """A tail that falls from the knot behind the head."""
    count = 3000
    s = np.linspace(0, 1, STRAND_POINTS)[None, :, None]
    offset = rng.normal(size=(count, 1, 3)) * np.array([1.0, 0.5, 0.9])
    spread = 0.35 + 1.5 * np.sin(np.pi * np.clip(s * 0.85 + 0.08, 0, 1))
    swing = identity.hair.part * 0.8 * s * 2.2
    backwards = 0.8 * s - 1.5 * np.sin(np.pi * np.clip(s * 0.8, 0, 1))
    path = np.concatenate([swing, s - 20 * s**1.35, backwards], -1)
    return make_strands(np.array([0, 5.0, -9.8]) + offset * spread + path, _varied(identity, count, rng), 0.05)


def _varied(identity: Identity, count: int, rng: np.random.Generator) -> Floats:
    return np.asarray(identity.hair.rgb) * np.exp(rng.normal(size=(count, 1, 1)) * 0.22)


def _grow(head: Head, roots: Roots, growth: Growth) -> Floats:
    """[n, STRAND_POINTS, 3]: strands bend from upright to where they want to go; the first steps are the shortest."""
    skull = _SkullRadius(head)
    count = roots.count
    upright = roots.normals * np.array([1, 1, 0.55]) if growth.falls else roots.normals
    towards = growth.towards if growth.towards is not None else unit(roots.back)
    direction = unit(
        upright * growth.lift
        + towards * 0.45
        + roots.rng.normal(size=(count, 3)) * growth.jitter
        + roots.clump[:, :3] * growth.clumping
    )
    depth = _hair_depth(roots, growth)
    steps = np.diff((np.arange(STRAND_POINTS) / (STRAND_POINTS - 1)) ** 1.45)
    points = np.empty((count, STRAND_POINTS, 3))
    points[:, 0] = at = roots.points
    for i, step in enumerate(steps, start=1):
        progress = i / (STRAND_POINTS - 1)
        wanted = wanted_direction(growth, roots, at, progress)
        direction = unit(direction * (1 - growth.bend) + wanted * growth.bend)
        at = at + direction * (growth.length * step)[:, None]
        at = points[:, i] = _keep_clear(head, roots, growth, skull, at, depth, progress)
    return _curled(roots, growth, points) if growth.curl else points


def _hair_depth(roots: Roots, growth: Growth) -> Floats:
    """[n] distance from the scalp at which each strand comes to lie, cm."""
    style, volume = roots.identity.hair.style, roots.identity.hair.volume
    fuller_top = 0.7 * roots.top * (style in ("sidepart", "slick", "fringe", "short", "pixie"))
    return (0.10 + growth.thickness * roots.layer * 0.9) * (1 + fuller_top) * volume


def _keep_clear(
    head: Head, roots: Roots, growth: Growth, skull: _SkullRadius, at: Floats, depth: Floats, progress: float
) -> Floats:
    """Strand points pushed out of the skull and, for long hair, off the face, the neck and the shoulders."""
    fringe = growth.fringe if growth.fringe.size else np.zeros(roots.count, bool)
    distance, surface = skull.distances(at)
    nearest = surface + 0.06 + depth * np.clip(progress * 2.2, 0.06, 1)
    if growth.close:
        kept = np.where(distance > nearest, nearest + (distance - nearest) * 0.22, nearest)
    elif growth.falls:
        hug = 0.80 * smoothstep(-4.5, 0.5, at[:, 1])
        kept = np.where(distance > nearest, nearest + (distance - nearest) * (1 - hug), nearest)
    else:
        kept = np.maximum(distance, nearest)
    at = HEAD_MIDDLE + (at - HEAD_MIDDLE) * (kept / distance)[:, None]
    if growth.falls or growth.combed:
        at = _off_the_face(head.identity, roots, at, depth, fringe)
    if growth.falls:
        width, pad = head.identity.skull.width, depth[:, None]
        beside = np.where(fringe[:, None], 0.3, 1)
        at = _push_out(at, np.array([0, -4.2, 1.0]), np.array([6.9 * width, 8.0, 7.7]) + pad * 0.7 * beside)
        at = _push_out(at, np.array([0, -15, -1.6]), np.array([5.9, 9, 6.2]) + pad * 0.6)
        at = _push_out(at, np.array([0, -31.0, -2.2]), np.array([21.0, 13.2, 9.2]) + pad * 0.7)
    return at


def _off_the_face(identity: Identity, roots: Roots, at: Floats, depth: Floats, fringe: Floats) -> Floats:
    """Strands in front of the face moved to its sides, except the fringe."""
    edge = np.interp(at[:, 1], [-16, -10, -6, -2, 2, 4.5, 6.0], [3.6, 4.9, 5.9, 6.4, 6.2, 5.2, 2.5])
    edge = edge * identity.skull.width + 0.2 + depth * 0.5 + roots.clump[:, 4] * 0.08
    in_front = (at[:, 2] > 1.0) & (at[:, 1] < 5.6) & ~fringe
    at[:, 0] = np.where(in_front & (np.abs(at[:, 0]) < edge), np.sign(at[:, 0] + 1e-4) * edge, at[:, 0])
    at[:, 2] = np.where(in_front, np.minimum(at[:, 2], 4.6 + 0.5 * roots.layer), at[:, 2])
    return at


def _push_out(points: Floats, centre: Floats, radii: Floats) -> Floats:
    """Points inside the ellipsoid moved to its surface."""
    inside = (points - centre) / radii
    length = np.linalg.norm(inside, axis=-1, keepdims=True)
    return np.where(length < 1, centre + inside / np.maximum(length, 1e-4) * radii, points)


def _curled(roots: Roots, growth: Growth, points: Floats) -> Floats:
    """Each strand wound around its own path, neighbours alike."""
    t = np.linspace(0, 1, STRAND_POINTS)[None]
    phase = roots.clump[:, 3:4] * 2 + roots.rng.normal(size=(roots.count, 1)) * 0.35
    angle = (growth.turns * (1 + 0.12 * roots.clump[:, 4:5]) * 2 * np.pi * t + phase)[..., None]
    along = unit(np.gradient(points, axis=1))
    first = unit(np.cross(along, np.array([0.3, 0.2, 1.0])))
    radius = (growth.curl * np.clip(t * 2.2, 0, 1))[..., None] * (1 + 0.25 * roots.clump[:, 5:6])[..., None]
    return points + radius * (first * np.cos(angle) + np.cross(along, first) * np.sin(angle))


def _strays(identity: Identity, roots: Roots, growth: Growth, strands: Floats) -> Floats:
    """[n] bool: strands of parted hair that cross the forehead or the cheeks; the fringe may."""
    if identity.hair.style == "fringe":
        return np.zeros(roots.count, bool)
    x, y, z = np.moveaxis(strands, -1, 0)
    edge = np.interp(y, [-16, -10, -6, -2, 2, 4.5, 6.0], [3.4, 4.6, 5.5, 6.0, 5.8, 5.2, 4.0]) * identity.skull.width
    below = _above_hairline(identity, x, y, z) < -0.35
    stray = ((z > 3.0) & below & (np.abs(x) < edge)).any(1)
    return stray & ~growth.fringe if growth.fringe.size else stray


class _SkullRadius:
    """Distance from the head's middle to its surface by direction, a table of 64 x 128 latitudes and longitudes."""

    def __init__(self, head: Head) -> None:
        surface = head.points[head.y > -11.5].astype(np.float64) - HEAD_MIDDLE
        radius = np.linalg.norm(surface, axis=1)
        latitude = (np.arange(64) + 0.5) / 64 * np.pi - np.pi / 2
        longitude = (np.arange(128) + 0.5) / 128 * 2 * np.pi - np.pi
        la, lo = np.meshgrid(latitude, longitude, indexing="ij")
        rays = np.stack([np.cos(la) * np.sin(lo), np.sin(la), np.cos(la) * np.cos(lo)], -1).reshape(-1, 3)
        _, nearest = cKDTree(surface / radius[:, None]).query(rays, k=5)
        table = np.pad(radius[nearest].mean(1).reshape(64, 128), ((0, 0), (4, 4)), mode="wrap")
        self.table = gaussian_filter(table, 0.8)[:, 4:-4]

    def distances(self, points: Floats) -> tuple[Floats, Floats]:
        """[n] distance of the points from the middle, [n] that of the surface in the same direction."""
        ray = points - HEAD_MIDDLE
        distance = np.maximum(np.linalg.norm(ray, axis=1), 1e-4)
        row = np.clip((np.arcsin(np.clip(ray[:, 1] / distance, -1, 1)) / np.pi + 0.5) * 64 - 0.5, 0, 62.999)
        column = (np.arctan2(ray[:, 0], ray[:, 2]) / (2 * np.pi) + 0.5) * 128 - 0.5
        r0, c0 = row.astype(int), np.floor(column).astype(int)
        fr, fc = row - r0, column - c0
        c0, c1 = c0 % 128, (c0 + 1) % 128
        upper = self.table[r0, c0] * (1 - fc) + self.table[r0, c1] * fc
        lower = self.table[r0 + 1, c0] * (1 - fc) + self.table[r0 + 1, c1] * fc
        return distance, upper * (1 - fr) + lower * fr
