"""Several drawings of a picture, of which the one that shows the person best is kept.

What noise a picture begins with decides much of how well it shows somebody. Of the drawings, the model's own encoders
choose: the identity encoder says how near each is to the reference photos, and where the expression slot was asked
for something, the expression encoder how far it is from that. The face pack's recogniser and the judges take no part,
so that they can score what was kept. Every method can be drawn like this, and all are chosen from in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.errors import NoFaceFound, SeveralFaces
from facepersona_core.limits import check_request
from facepersona_core.types import Face, Persona, Progress, Request, no_progress, progress_part

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from facepersona_core.bundle import Bundle
    from facepersona_core.faces import FaceReader
    from facepersona_core.methods import Method

EXPRESSION_WEIGHT = 0.1
"""What one standard deviation of expression is worth in cosines of identity."""


class Likeness:
    """Says how well pictures show the person of ``references``, and the expression of a request."""

    def __init__(self, bundle: Bundle, reader: FaceReader, references: Sequence[Face]) -> None:
        """By the encoders of ``bundle``; ``reader`` finds the faces."""
        self.bundle, self.reader, self.references = bundle, reader, references

    @cached_property
    def _person(self) -> Tensor:
        return self._identity([face.aligned for face in self.references])

    def of(self, picture: Image, request: Request) -> float:
        """The higher, the better: cosine to the person in [-1, 1], less `EXPRESSION_WEIGHT` for every standard
        deviation of expression; minus infinity without exactly one face."""
        try:
            aligned = self.reader.aligned(picture, "picture")
        except (NoFaceFound, SeveralFaces):
            return -np.inf
        identity = self._identity([aligned])
        cosine = float(identity @ self._person / (identity.norm() * self._person.norm()))
        return cosine - EXPRESSION_WEIGHT * self._expression_distance(aligned, request)

    def _identity(self, aligned: Sequence[np.ndarray]) -> Tensor:
        from facepersona_core.face2diffusion.identity import identity_of

        with self.bundle.lock:
            return identity_of(self.bundle.identity_encoder, aligned)

    def _expression_distance(self, aligned: np.ndarray, request: Request) -> float:
        """0 where no expression was asked for."""
        encoder = self.bundle.expression_encoder
        asked = request.expression_vector
        if request.expression is not None:
            asked = tuple(self.bundle.expressions[request.expression].tolist())
        if encoder is None or asked is None:
            return 0.0
        from facepersona_core.face2diffusion.expression import coefficients_of, expression_distance

        return expression_distance(encoder, coefficients_of(encoder, aligned), asked)


def seed_of(seed: int, candidate: int) -> int:
    """The seed of drawing ``candidate`` of the picture with ``seed``: its own first, then ones far from its
    neighbours'.

    >>> seed_of(7, 0), seed_of(7, 1), seed_of(8, 1)
    (7, 2654435776, 2654435777)
    """
    return int((seed + candidate * 2654435769) % 2**32)  # 2**32 over the golden ratio


def draw_best(
    method: Method, persona: Persona, request: Request, likeness: Likeness, progress: Progress = no_progress
) -> Iterator[Image]:
    """Yield ``request.count`` RGB pictures, each the best of ``request.candidates`` drawings by ``likeness``; picture
    ``i`` depends on ``seed + i`` alone. A picture of a method that uses no identity is its first drawing.

    Raises what `Method.generate` raises, before any work."""
    check_request(request, likeness.bundle.expressions)
    drawings = request.candidates if method.card.uses_identity else 1
    if drawings == 1:
        yield from method.generate(persona, request, progress)
        return
    share = 1 / (request.count * drawings)
    for index in range(request.count):
        drawn: list[Image] = []
        for candidate in range(drawings):
            one = replace(request, seed=seed_of(request.seed + index, candidate), count=1, candidates=1)
            own = progress_part(progress, (index * drawings + candidate) * share, share)
            drawn += method.generate(persona, one, own)
        yield max(drawn, key=lambda picture: likeness.of(picture, request))
