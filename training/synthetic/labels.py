"""What is known about a rendered picture: exact, because it comes from the geometry."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.synthetic.fields import Floats, Ints
from training.synthetic.geometry import Material
from training.synthetic.head import EYEBALL_RADIUS, Head
from training.synthetic.pose import PosedHead, Turn
from training.synthetic.renderer import Camera

MASK_BELOW_CHIN = 4 / 128
"""Share of the side by which the head mask reaches below the face box: the chin's edge, not the neck."""


@dataclass(frozen=True)
class Labels:
    """One entry of ``pictures`` in a ``labels.json``; the names are the keys."""

    identity: int
    expression: str | None
    """Name of ``EXPRESSIONS``; None for coefficients without a name."""
    expression_vector: tuple[float, ...]
    """The twenty coefficients in the order of ``expression.COEFFICIENTS``."""
    yaw: float
    """Degrees, positive to the picture's right."""
    pitch: float
    """Degrees, positive downwards."""
    roll: float
    """Degrees, positive anticlockwise."""
    light: str
    scene: str
    clothes: str
    cloth_colour: str
    glasses: str | None
    """Kind of ``ACCESSORIES``, None without."""
    hair: str
    hair_colour: str
    gender: str
    age: float
    """Years."""
    beard: str
    landmarks5: tuple[tuple[float, float], ...]
    """Pixels of the picture: eye centres (the picture's left first), nose tip, mouth corners (left first)."""
    face_box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in pixels from the hairline to the chin; may reach over the picture's edge."""
    zoom: float
    seed: int

    def as_json(self) -> dict[str, Any]:
        """Plain values for ``json.dump``."""
        return asdict(self)


@dataclass(frozen=True)
class Picture:
    """A rendered picture and what is known about it."""

    pixels: NDArray[np.uint8]
    """[size, size, 3] RGB."""
    mask: NDArray[np.bool_]
    """[size, size]: head with hair, glasses and neck edge."""
    labels: Labels


def five_landmarks(
    head: Head, posed: PosedHead, turn: Turn, camera: Camera, supersampling: int
) -> tuple[tuple[float, float], ...]:
    """Eye centres, nose tip and mouth corners in pixels of the finished picture, rounded to 0.01."""
    before_eyes = head.eye_centres[::-1] + np.array([0, 0, EYEBALL_RADIUS])
    points = np.concatenate([before_eyes, posed.points[head.landmark_vertices]])
    pixels = camera.project(turn(points)) / supersampling
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in pixels)


def face_box(
    head: Head, posed: PosedHead, turn: Turn, camera: Camera, supersampling: int
) -> tuple[float, float, float, float]:
    """The box around the face's visible and hidden skin in pixels of the finished picture, rounded to 0.1."""
    pixels = camera.project(turn(posed.points[head.face_vertices])) / supersampling
    (x0, y0), (x1, y1) = _rounded(pixels.min(0)), _rounded(pixels.max(0))
    return x0, y0, x1, y1


def _rounded(point: Floats) -> tuple[float, float]:
    return round(float(point[0]), 1), round(float(point[1]), 1)


def head_mask(materials: Ints, box: tuple[float, float, float, float], supersampling: int) -> NDArray[np.bool_]:
    """[size, size]: pixels of which at least half shows the head (hair and glasses included, neck and clothes not)."""
    side = materials.shape[0] // supersampling
    lowest = (box[3] + MASK_BELOW_CHIN * side) * supersampling
    rows = np.arange(materials.shape[0])[:, None]
    always = (Material.HAIR, Material.EYE, Material.TEETH, Material.MOUTH, Material.FRAME, Material.LENS)
    head = np.isin(materials, always) | ((materials == Material.SKIN) & (rows < lowest))
    return head.reshape(side, supersampling, side, supersampling).mean((1, 3)) >= 0.5
