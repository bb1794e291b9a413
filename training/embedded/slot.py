"""Stage 7b: how strongly the expression slot has to be told each of the named expressions.

The model draws an expression weaker than it was told, some more so than others. So a bundle's vector of a name is the
mean over the training pictures times the strength at which drawings of training people look most like that mean, and
least like the others, to the bundle's expression encoder. The judges take no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from facepersona_core.bundle import Bundle
from facepersona_core.errors import NoFaceFound, SeveralFaces
from facepersona_core.face2diffusion.expression import ExpressionEncoder, coefficients_of, expression_distance
from facepersona_core.faces import FaceReader
from facepersona_core.methods import build_method
from facepersona_core.types import Persona, Request
from training.embedded import loop

STRENGTHS = (1.0, 1.3, 1.6)
PROMPTS = (
    "a photo of S* at the beach",
    "a photo of S* in a cafe",
    "a photo of S* in a park",
    "a photo of S* in an office",
)
NO_FACE = -1.0
"""What a drawing without one face counts: further off than hardly any drawing with one."""


def strengthen(
    bundle: Bundle,
    reader: FaceReader,
    encoder: ExpressionEncoder,
    means: Mapping[str, Sequence[float]],
    identities: np.ndarray,
    log: loop.Log,
) -> dict[str, list[float]]:
    """``means`` (name -> [E]) times the best of `STRENGTHS` each. ``identities`` float [P, D]: identity vectors of
    training people, each drawn once under one of `PROMPTS`, otherwise by the defaults of ``bundle``; ``reader`` finds
    the faces, ``encoder`` reads them."""
    method, defaults = build_method("face2diffusion", bundle), {**bundle.info["defaults"], "candidates": 1}
    personas = [Persona("face2diffusion", "", {"identity": vector}) for vector in identities]
    found: dict[str, list[float]] = {}
    for name, mean in means.items():
        margins = []
        for strength in STRENGTHS:
            told = tuple(strength * value for value in mean)
            requests = [
                Request(PROMPTS[i % len(PROMPTS)], seed=i, expression_vector=told, **defaults)
                for i in range(len(personas))
            ]
            drawn = (next(method.generate(*each)) for each in zip(personas, requests, strict=True))
            margins.append(float(np.mean([_margin(reader, encoder, means, name, picture) for picture in drawn])))
        best = STRENGTHS[int(np.argmax(margins))]
        log("slot", expression=name, strength=best, margins=[round(margin, 3) for margin in margins])
        found[name] = [round(best * value, 4) for value in mean]
    return found


def _margin(
    reader: FaceReader,
    encoder: ExpressionEncoder,
    means: Mapping[str, Sequence[float]],
    name: str,
    picture: Image.Image,
) -> float:
    """How much nearer what ``picture`` shows is to the mean of ``name`` than to the nearest other one, in standard
    deviations of the coefficients (root mean square)."""
    try:
        shown = coefficients_of(encoder, reader.aligned(picture, name))
    except (NoFaceFound, SeveralFaces):
        return NO_FACE
    away = {key: expression_distance(encoder, shown, mean) for key, mean in means.items()}
    return min(distance for key, distance in away.items() if key != name) - away[name]
