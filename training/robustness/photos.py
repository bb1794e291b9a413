"""Reference photos of held-out people: a clean one to compare with, another to damage, and ordinary ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from training.synthetic import Expression, render_person
from training.synthetic.dataset import render_shot, sample_shot
from training.synthetic.labels import Picture
from training.synthetic.references import GALLERY

SIZE = 256
"""Side of a photo in pixels."""
ZOOM = 1.15
"""Framing of clean photos: the face is about 135 px wide, and there is room above the hair."""


@dataclass(frozen=True)
class Photo:
    """A photo and the truth about it."""

    pixels: np.ndarray
    """uint8 [H, W, 3] RGB."""
    landmarks: np.ndarray
    """float32 [5, 2] in pixels."""
    box: tuple[float, float, float, float]
    """The face, x0, y0, x1, y1 in pixels."""
    head: np.ndarray
    """bool [H, W]: head with hair."""
    truth: dict[str, Any] = field(default_factory=dict)
    """What the report may group by."""

    @property
    def width(self) -> float:
        """Width of the face in pixels."""
        return self.box[2] - self.box[0]


def measured_people(count: int) -> list[int]:
    """The first ``count`` of the gallery in a mixed order: more people are the same people and some more."""
    return [GALLERY[i] for i in np.random.default_rng(3).permutation(len(GALLERY))[:count]]


def clean_photo(identity: int) -> Photo:
    """The photo that all others of the person are compared with: frontal, soft light, no glasses."""
    return _photo(render_person(identity, "neutral", accessory=None, zoom=ZOOM, size=SIZE))


def second_photo(identity: int, **changes: Any) -> Photo:
    """Another good photo: other clothes, other paper, a faint smile; ``changes`` are arguments of ``render_person``."""
    shot: dict[str, Any] = {
        "expression": Expression(smile=0.15, cheek=0.06),
        "scene": "studio_white",
        "clothes": "shirt",
        "cloth_colour": "grey",
        "accessory": None,
        "zoom": ZOOM,
        "size": SIZE,
        "seed": 1,
    }
    return _photo(render_person(identity, **{**shot, **changes}))


def ordinary_photos(identity: int, count: int) -> list[Photo]:
    """Photos as the training data draws them: any pose, light, place, expression and glasses."""
    random = np.random.default_rng([identity, 77])
    return [_photo(render_shot(identity, sample_shot(random, 7_000 + i), SIZE)) for i in range(count)]


def _photo(picture: Picture) -> Photo:
    labels = picture.labels
    truth = {"yaw": labels.yaw, "pitch": labels.pitch, "glasses": labels.glasses, "light": labels.light}
    return Photo(picture.pixels, np.array(labels.landmarks5, np.float32), labels.face_box, picture.mask, truth)
