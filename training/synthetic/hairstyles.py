"""The nineteen hair styles as growth rules: how long each strand is and where it wants to go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from training.synthetic.fields import Floats, smoothstep, unit
from training.synthetic.identity import Identity

DOWN = np.array([0.0, -1.0, 0.0])
CLUMPS = 1024


class Roots:
    """The roots of n strands on the undeformed head and the directions that styles combine."""

    def __init__(self, identity: Identity, points: Floats, normals: Floats, rng: np.random.Generator) -> None:
        self.identity, self.rng = identity, rng
        self.points, self.normals = points, normals
        self.count = len(points)
        self.x, self.y, self.z = points.T
        part = identity.hair.part
        self.side = np.where(self.x > part, 1.0, -1.0) if part != 0 else np.sign(self.x + 1e-3)
        self.top = smoothstep(3.0, 7.5, self.y)
        """1 on the top of the head."""
        self.layer = rng.random(self.count)
        """0 for the innermost strands, 1 for the outermost."""
        self.clump = np.random.default_rng(identity.seed + 77).normal(size=(CLUMPS, 6))[self._clump_numbers()]
        """[n, 6] normal numbers that neighbouring strands share."""

    def _clump_numbers(self) -> Floats:
        cell = np.floor(self.points * 1.15 + 0.3 * np.sin(self.points[:, [1, 2, 0]] * 2)).astype(int)
        return ((cell[:, 0] * 73856093) ^ (cell[:, 1] * 19349663) ^ (cell[:, 2] * 83492791)) & (CLUMPS - 1)

    def directions(self, x: Floats | float, y: Floats | float, z: Floats | float) -> Floats:
        """[n, 3] from components."""
        return np.stack([np.broadcast_to(np.asarray(v, float), (self.count,)) for v in (x, y, z)], 1)

    @property
    def aside(self) -> Floats:
        """Away from the parting."""
        return self.directions(self.side, -0.25, 0.15)

    @property
    def back(self) -> Floats:
        return self.directions(self.x * 0.08, -0.25 - 0.55 * (1 - self.top), -1.0)

    @property
    def forward(self) -> Floats:
        return self.directions(self.x * 0.05 + 0.12 * self.side, -0.30, 1.0)

    @property
    def hanging(self) -> Floats:
        """Long hair: parted and swept back over the forehead, down elsewhere."""
        over = (smoothstep(2.5, 6.0, self.y) * smoothstep(-2.5, 4.0, self.z))[:, None]
        swept = self.aside * np.array([1.3, 0.5, 0.5]) + np.array([0, 0.10, -0.75])
        return swept * over + DOWN * (1 - over) + self.aside * 0.8 * self.top[:, None] * (1 - over) + self.back * 0.12

    def where_top(self, height: float, on_top: Floats, elsewhere: Floats) -> Floats:
        """One direction on the top of the head, another below."""
        return np.where(self.top[:, None] > height, on_top, elsewhere)


@dataclass(frozen=True)
class Growth:
    """How the strands of a style grow."""

    length: Floats
    """[n] cm."""
    towards: Floats | None
    """[n, 3] where a strand wants to go; None: to ``knot``."""
    lift: float = 0.5
    """How far strands leave the scalp upright."""
    bend: float = 0.25
    """Share of the wanted direction that a strand takes on at each of its 17 steps."""
    curl: float = 0.0
    """Radius of the curls, cm."""
    turns: float = 1.0
    """Turns of a curl over a strand."""
    jitter: float = 0.10
    clumping: float = 0.12
    thickness: float = 0.35
    """Depth of the hair over the scalp, cm."""
    close: bool = False
    """Lies on the head."""
    falls: bool = False
    """Follows gravity, lies on neck and shoulders."""
    combed: bool = False
    """Keeps clear of the face at the sides, as falling hair does."""
    knot: Floats | None = None
    """[3] where tied hair meets."""
    fringe: Floats = field(default_factory=lambda: np.zeros(0, bool))
    """[n] strands of the fringe, empty when there is none."""


def _buzz(r: Roots) -> Growth:
    towards = r.normals * 0.8 + r.back * 0.2
    return Growth(np.full(r.count, 0.45), towards, lift=1.0, bend=0.1, jitter=0.2, thickness=0.1, close=True)


def _short(r: Roots) -> Growth:
    on_top = r.forward * 0.5 + r.aside * 0.35 + r.normals * 0.5
    towards = r.where_top(0.5, on_top, DOWN * 0.9 + r.back * 0.35 + r.normals * 0.25)
    length = 1.3 + 1.5 * r.top * r.identity.hair.volume
    return Growth(length, towards, lift=0.75, bend=0.22, jitter=0.16, clumping=0.25, thickness=0.5, close=True)


def _fringe(r: Roots) -> Growth:
    towards = r.where_top(0.3, r.forward, DOWN * 0.9 + r.back * 0.3 + r.normals * 0.15)
    return Growth(1.3 + 3.6 * r.top, towards, bend=0.3, clumping=0.2, close=True, falls=True)


def _side_part(r: Roots) -> Growth:
    volume = r.identity.hair.volume
    on_top = r.aside * 0.9 + r.back * 0.35 + r.normals * 0.28
    towards = r.where_top(0.35, on_top, DOWN * 0.9 + r.back * 0.4 + r.normals * 0.12)
    longest = 3.6 if r.identity.hair.style == "sidepart" else 1.4
    length = 1.3 + longest * r.top * volume
    return Growth(length, towards, lift=0.75 * volume, bend=0.26, clumping=0.16, thickness=0.7, close=True, combed=True)


def _slick(r: Roots) -> Growth:
    towards = r.back + r.normals * 0.12
    lift = 0.7 * r.identity.hair.volume
    return Growth(1.6 + 5.0 * r.top, towards, lift, 0.33, clumping=0.12, thickness=0.55, close=True, combed=True)


def _pixie(r: Roots) -> Growth:
    on_top = r.aside * 0.8 + r.forward * 0.55
    towards = r.where_top(0.4, on_top, DOWN * 0.9 + r.forward * 0.35 + r.normals * 0.05)
    return Growth(1.9 + 3.0 * r.top, towards, bend=0.28, clumping=0.22, thickness=0.5, close=True, combed=True)


def _short_curls(r: Roots) -> Growth:
    towards = r.normals * 0.75 + DOWN * 0.25 + r.aside * 0.15
    length = 2.2 + 2.8 * r.top * r.identity.hair.volume
    return Growth(length, towards, lift=1.0, bend=0.12, curl=0.42, turns=3.2, jitter=0.3, clumping=0.35, thickness=0.8)


def _afro(r: Roots) -> Growth:
    length = (4.2 + 1.6 * r.identity.hair.curl) * (0.62 + 0.38 * r.rng.random(r.count))
    towards = r.normals + np.array([0, 0.15, 0])
    return Growth(length, towards, lift=1.2, bend=0.05, curl=0.45, turns=5, jitter=0.25, clumping=0.2, thickness=1.0)


def _chin_length(r: Roots) -> Growth:
    """Shoulder-length hair and bobs, one with a fringe."""
    style = r.identity.hair.style
    longest, curl = (15, 0.14) if style == "medium" else (13.5, 0.05)
    length = longest * (1 - 0.12 * r.rng.random(r.count)) + (r.y - 4) * 0.75
    fringe = np.zeros(0, bool)
    if style == "bobfringe":
        fringe = (r.top > 0.3) & (r.z > 3.0) & (np.abs(r.x) < 5.2)
        length = np.where(fringe, 6.2 + 0.4 * r.rng.random(r.count) + (r.y - 8) * 0.5, length)
    lift = 0.55 * r.identity.hair.volume
    return Growth(
        length, r.hanging, lift, 0.26, curl, 1.2, clumping=0.14, thickness=1.0, falls=True, combed=True, fringe=fringe
    )


def _long(r: Roots) -> Growth:
    style, hair = r.identity.hair.style, r.identity.hair
    curl, turns = {"long": (0.06, 0.8), "longwavy": (0.45, 1.8), "curlylong": (0.75, 4.2)}[style]
    curly = style == "curlylong"
    return Growth(
        24 + 4 * hair.curl + (r.y - 4) * 0.9,
        r.hanging,
        lift=0.9 if curly else 0.55 * hair.volume,
        bend=0.26,
        curl=curl,
        turns=turns,
        clumping=0.35 if curly else 0.15,
        thickness=1.9 if curly else 1.0,
        falls=True,
        combed=True,
    )


KNOTS = {"bun": (0, 9.6, -6.2), "manbun": (0, 9.6, -6.2), "ponytail": (0, 5.0, -9.6)}
"""Where tied hair meets, cm."""


def _tied(r: Roots) -> Growth:
    knot = np.array(KNOTS[r.identity.hair.style])
    length = np.linalg.norm(knot - r.points, axis=1) * 1.16
    return Growth(length, None, lift=0.35, bend=0.5, jitter=0.05, clumping=0.06, thickness=0.35, close=True, knot=knot)


STYLES: dict[str, Callable[[Roots], Growth]] = {
    "buzz": _buzz,
    "short": _short,
    "fringe": _fringe,
    "sidepart": _side_part,
    "receding": _side_part,
    "slick": _slick,
    "pixie": _pixie,
    "curlyshort": _short_curls,
    "afro": _afro,
    "medium": _chin_length,
    "bob": _chin_length,
    "bobfringe": _chin_length,
    "long": _long,
    "longwavy": _long,
    "curlylong": _long,
    "bun": _tied,
    "manbun": _tied,
    "ponytail": _tied,
}
"""Style -> growth rule; a bald head has none."""


def wanted_direction(growth: Growth, roots: Roots, at: Floats, progress: float) -> Floats:
    """[n, 3] unit vectors: where the strands now at ``at`` [n, 3] want to go; ``progress`` 0 root .. 1 tip."""
    if growth.knot is not None:
        return unit(growth.knot + roots.clump[:, 3:6] * 0.35 - at)
    assert growth.towards is not None
    wanted = growth.towards.copy()
    fringe = growth.fringe
    if fringe.any():
        forward = roots.directions(0.10 * roots.x, -0.75, 0.65) + roots.normals * 0
        wanted[fringe] = forward[fringe]
    wanted = unit(wanted)
    if growth.falls:
        fall = smoothstep(0.12, 0.62, progress)
        apart = roots.directions(np.sign(at[:, 0] + 1e-4) * 0.06, 0, -0.10 * (at[:, 2] > 2))
        wanted = unit(wanted * (1 - fall) + DOWN * fall + apart)
    if fringe.any() and progress > 0.45:
        wanted[fringe] = unit(roots.directions(0.04 * roots.x, -1.0, 0.15)[fringe])
    return wanted
