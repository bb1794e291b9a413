"""Photos of held-out people for an evaluation: one that a method is given, and others of the same person.

The reference is what a sensible person would hand in: neutral, nearly frontal, soft light, plain paper behind. Its
paper, garment and slight turn differ from person to person, so that a method which copies them can be told. The
others are drawn as the data set's pictures are: any place, pose, light, expression and garment.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from facepersona_core.types import Progress, no_progress
from training.synthetic.dataset import HELD_OUT_IDENTITIES, STUDIOS, render_shot, sample_shot
from training.synthetic.labels import Picture
from training.synthetic.person import render_person

GALLERY = tuple(HELD_OUT_IDENTITIES[:100])
"""The people of evaluations, and those whom a picture may be mistaken for."""
OTHERS = 4
SIZE = 256
TURN = 8.0
"""Largest yaw of a reference, degrees."""


def reference_photo(identity: int, size: int = SIZE) -> Picture:
    """The photo of a person that a method is given; it follows from the person's number alone."""
    rng = np.random.default_rng([identity, 0])
    scene, yaw = str(rng.choice(STUDIOS)), float(rng.uniform(-TURN, TURN))
    return render_person(identity, "neutral", yaw=yaw, scene=scene, light="soft", size=size)


def other_photos(identity: int, size: int = SIZE) -> list[Picture]:
    """Other photos of the person, as varied as the data set's."""
    rng = np.random.default_rng([identity, 1])
    return [render_shot(identity, sample_shot(rng, seed), size) for seed in range(OTHERS)]


def render_references(
    gallery: Sequence[int], people: Sequence[int], out: Path, progress: Progress = no_progress, size: int = SIZE
) -> None:
    """Write ``<out>/<number>/reference.png`` for everybody in ``gallery``, and ``1.png`` ... for those in ``people``.

    What is there stays, so a stopped rendering goes on where it was."""
    for done, identity in enumerate(gallery):
        progress(done / len(gallery), "people")
        folder = out / str(identity)
        if not (folder / "reference.png").exists():
            _write(reference_photo(identity, size), folder / "reference.png")
        if identity in people and not (folder / f"{OTHERS}.png").exists():
            for number, photo in enumerate(other_photos(identity, size), 1):
                _write(photo, folder / f"{number}.png")


def _write(photo: Picture, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    Image.fromarray(photo.pixels).save(unfinished, "PNG")
    os.replace(unfinished, path)
