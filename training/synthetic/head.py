"""The undeformed head of one person: the skull's surface with the face's relief, and the fields for later steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from training.synthetic import features
from training.synthetic.features import Layout
from training.synthetic.fields import Floats, Ints, bump, smoothstep
from training.synthetic.geometry import vertex_normals
from training.synthetic.identity import Identity
from training.synthetic.skull import FACES, HALF_WIDTH, SIDE_Y, head_slices, loft

EYEBALL_RADIUS = 1.68
SIDES = (1, -1)
"""The eyes, ears and so on in order: the picture's right (the person's left), then the picture's left."""


@dataclass(frozen=True)
class Head:
    """Fields are float arrays over the head's N vertices."""

    identity: Identity
    at: Layout
    points: Floats
    """float32 [N, 3] cm."""
    frontness: Floats
    """1 on the face, 0 at the sides, the back and the neck: where features and expressions act."""
    lips: Floats
    """0..1: red of the lips."""
    above_mouth: Floats
    """cm above the line between the lips."""
    mouth_profile: Floats
    """1 in the middle of the mouth, 0 from its corners on."""
    nostrils: Floats
    fold: Floats
    """Unit relief of the nasolabial fold."""
    eye_centres: Floats
    """[2, 3] middles of the eyeballs, in the order of ``SIDES``."""
    ear_x: float
    """Distance of an ear's root from the middle."""

    @cached_property
    def x(self) -> Floats:
        """float64 [N] undeformed x."""
        return self.points[:, 0].astype(np.float64)

    @cached_property
    def y(self) -> Floats:
        """float64 [N] undeformed y."""
        return self.points[:, 1].astype(np.float64)

    @cached_property
    def normals(self) -> Floats:
        """float32 [N, 3] of the undeformed surface."""
        return vertex_normals(self.points, FACES)

    @cached_property
    def mouth_zone(self) -> Ints:
        """Vertices at and around the mouth."""
        near = (np.abs(self.x) < self.at.mouth_half_width + 0.6) & (np.abs(self.above_mouth) < 3)
        return np.flatnonzero(near & (self.frontness > 0.3))

    @cached_property
    def crossing_faces(self) -> tuple[Ints, Ints]:
        """Triangles with corners on both lips: their numbers and their corners [n, 3]."""
        sign = np.sign(self.above_mouth)[FACES]
        crossing = (sign.max(1) != sign.min(1)) & (self.frontness[FACES].min(1) > 0.3)
        numbers = np.flatnonzero(crossing)
        return numbers, FACES[numbers]

    @cached_property
    def landmark_vertices(self) -> Ints:
        """Vertices of the nose's tip and of the mouth's corners (picture's left, right)."""
        corner, mouth_y = self.at.mouth_half_width, self.at.mouth_y
        places = ((0.0, self.at.nose_y), (-corner, mouth_y), (corner, mouth_y))
        behind = 1e3 * (self.points[:, 2] < 3)
        return np.array([np.argmin((self.x - px) ** 2 + (self.y - py) ** 2 + behind) for px, py in places])

    @cached_property
    def face_vertices(self) -> Ints:
        """A sparse set of vertices that spans the face from the hairline to the chin."""
        face = (self.points[:, 2] > 1.0) & (self.y < 6.5) & (self.y > -12.2)
        return np.flatnonzero(face)[::7]

    @cached_property
    def _face_tree(self) -> tuple[cKDTree, Ints]:
        face = np.flatnonzero((self.points[:, 2] > 1.5) & (self.y > -12) & (self.y < 7))
        return cKDTree(np.stack([self.x[face], self.y[face]], 1)), face

    def attach(self, x: Floats, y: Floats) -> tuple[Ints, Floats, Floats]:
        """Roots on the undeformed face at (x, y) [n]: vertices, their weights and the offset left over, each [n, 3]."""
        tree, face = self._face_tree
        distance, nearest = tree.query(np.stack([x, y], 1), k=3)
        weight = 1 / (distance + 0.02)
        weight /= weight.sum(1, keepdims=True)
        vertices = face[nearest]
        rest = np.stack(
            [x - (self.x[vertices] * weight).sum(1), y - (self.y[vertices] * weight).sum(1), np.zeros_like(x)], 1
        )
        return vertices, weight, rest


def on_surface(values: Floats, vertices: Ints, weights: Floats) -> Floats:
    """[n, 3] values [N, 3] interpolated at roots given by corner vertices [n, 3] and weights [n, 3]."""
    return (values[vertices] * weights[..., None]).sum(1)


def build_head(identity: Identity) -> Head:
    """The head of this person, eye line at y = 0, looking along +z."""
    slices = head_slices(identity)
    x, y, z = loft(slices)
    at = features.layout(identity)
    front = smoothstep(-0.5, 2.5, z) * smoothstep(-13.2, -12.0, y)
    nose = features.nose_relief(identity, at, x, y)
    holes = features.nostrils(identity, at, x, y, nose)
    mouth = features.lips(identity, at, x, y)
    fold = features.nasolabial_fold(at, x, y)
    relief = (
        features.sockets_and_brow(identity, at, x, y)
        + features.cheeks_and_chin(identity, x, y)
        + nose
        - holes * 0.25
        + mouth.relief * front
        + features.mouth_grooves(identity, at, x, y, mouth)
        + identity.cheeks.fold * fold
        + features.age_lines(identity, at, x, y)
    )
    z = z + relief * front
    flare = identity.nose.flare * 0.15 * bump(np.abs(x) - at.wing_x - 0.2, y - at.nose_y, 0.5, 0.5)
    x = x + np.sign(x) * front * flare
    x, y = _asymmetric(identity, at, x, y, front)
    return Head(
        identity=identity,
        at=at,
        points=np.stack([x, y, z], 1).astype(np.float32),
        frontness=front.astype(np.float32),
        lips=mouth.mask.astype(np.float32),
        above_mouth=mouth.above.astype(np.float32),
        mouth_profile=mouth.profile.astype(np.float32),
        nostrils=holes.astype(np.float32),
        fold=fold,
        eye_centres=_eye_centres(identity, x, y, z),
        ear_x=float(np.interp(-1.6 * identity.skull.height, slices[::-1, SIDE_Y], slices[::-1, HALF_WIDTH])) - 0.75,
    )


def _asymmetric(identity: Identity, at: Layout, x: Floats, y: Floats, front: Floats) -> tuple[Floats, Floats]:
    """Nobody is symmetric: nose and chin a little aside, one brow and one mouth corner higher."""
    nose, chin, brow, mouth = identity.asymmetry
    aside = nose * bump(x, y + 4, 2.5, 2.5) + chin * 0.8 * bump(x, y + 8, 3.5, 3)
    x = x + front * aside
    brow_lift = brow * 0.7 * (x > 0) * bump(np.abs(x) - 3, y - at.brow_y, 2, 1)
    mouth_lift = mouth * 0.6 * np.tanh(x) * bump(np.abs(x) - 2.2, y - at.mouth_y, 1.4, 0.8)
    return x, y + front * (brow_lift + mouth_lift)


def _eye_centres(identity: Identity, x: Floats, y: Floats, z: Floats) -> Floats:
    """[2, 3]: so deep that the lids just cover the eyeballs, both alike."""
    eyes = identity.eyes
    depths = []
    for side in SIDES:
        near = (z > 2) & ((x - side * eyes.x) ** 2 + (y - eyes.y) ** 2 < 0.35)
        depths.append(np.median(z[near]) - EYEBALL_RADIUS + 0.26)
    return np.array([[side * eyes.x, eyes.y, np.mean(depths)] for side in SIDES])
