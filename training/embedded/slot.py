"""Stage 7b: how strongly the expression slot has to be told each of the named expressions.

The model draws an expression weaker than it was told, some more so than others. So each name gets the strength at which
drawings of training people look most like what faces show of it, and least like the other expressions, to the bundle's
own expression encoder. The judges take no part.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from facepersona_core.bundle import Bundle
from facepersona_core.errors import NoFaceFound, SeveralFaces
from facepersona_core.face2diffusion.expression import coefficients_of, expression_distance
from facepersona_core.faces import FaceReader
from facepersona_core.methods import build_method
from facepersona_core.types import Persona, Request
from training.embedded import loop

FILE = "slot.json"
PLACES = ("at the beach", "in a cafe", "in a park", "in an office")
NO_FACE = -3.0
"""What a drawing without one face counts: further off than any with one."""


def strengthen(
    bundle: Bundle,
    reader: FaceReader,
    identities: np.ndarray,
    strengths: Sequence[float],
    work: Path,
    log: loop.Log,
) -> dict[str, float]:
    """The best of ``strengths`` for each named expression of ``bundle``, whose slot is told all as they are.

    ``identities`` float [P, D]: identity vectors of training people, each drawn once in one of `PLACES`, otherwise by
    the bundle's defaults; ``reader`` finds the faces. Kept in ``work``, from where it is taken for the same bundle."""
    kept = json.loads((work / FILE).read_text("utf-8")) if (work / FILE).is_file() else {}
    if kept.get("bundle") == bundle.sha256:
        return dict(kept["strengths"])
    method, defaults = build_method("face2diffusion", bundle), {**bundle.info["defaults"], "candidates": 1}
    personas = [Persona("face2diffusion", "", {"identity": vector}) for vector in identities]
    found: dict[str, float] = {}
    for name, mean in bundle.expression_means.items():
        margins = []
        for strength in strengths:
            told = tuple((strength * mean).tolist())
            drawn = (
                next(method.generate(persona, Request(f"a photo of S* {place}", i, expression_vector=told, **defaults)))
                for i, persona in enumerate(personas)
                for place in [PLACES[i % len(PLACES)]]
            )
            margins.append(float(np.mean([_margin(bundle, reader, name, picture) for picture in drawn])))
        found[name] = strengths[int(np.argmax(margins))]
        log("slot", expression=name, strength=found[name], margins=[round(margin, 3) for margin in margins])
    (work / FILE).write_text(json.dumps({"bundle": bundle.sha256, "strengths": found}, indent=1) + "\n")
    return found


def _margin(bundle: Bundle, reader: FaceReader, name: str, picture: Image.Image) -> float:
    """How much nearer what ``picture`` shows is to the mean of ``name`` than to the nearest other one, in standard
    deviations of the coefficients (root mean square)."""
    encoder = bundle.expression_encoder
    assert encoder is not None, "a bundle without an expression encoder"
    try:
        shown = coefficients_of(encoder, reader.aligned(picture, name))
    except (NoFaceFound, SeveralFaces):
        return NO_FACE
    away = {key: expression_distance(encoder, shown, mean.tolist()) for key, mean in bundle.expression_means.items()}
    return min(distance for key, distance in away.items() if key != name) - away[name]
