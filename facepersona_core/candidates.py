"""Several drawings of a picture, of which the one that shows the person best is kept.

What noise a picture begins with decides much of how well it shows somebody. Of the drawings, the model's own encoders
choose: the likeness encoder says how near each is to the reference photos, the identity encoder where there is none;
and where the expression slot was told something, the expression encoder how far it is from that. The face reader only
finds the faces: neither its recogniser nor the attribute judge, which score what was kept, is asked. Every method that
knows the person is drawn like this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.errors import NoFaceFound, SeveralFaces
from facepersona_core.types import Face, Persona, Progress, Request, no_progress

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from facepersona_core.bundle import Bundle
    from facepersona_core.face2diffusion.identity import IdentityEncoder
    from facepersona_core.face2diffusion.likeness import LikenessEncoder
    from facepersona_core.faces import FaceReader
    from facepersona_core.methods import Method, MethodCard

EXPRESSION_WEIGHT = 0.1
"""What one standard deviation of expression is worth in cosines of identity. Between 0 and .3 the choice from five
drawings of twenty people under five prompts hardly differed."""


class Likeness:
    """Says how well pictures show the person of ``references``, and an expression."""

    def __init__(self, bundle: Bundle, reader: FaceReader, references: Sequence[Face]) -> None:
        """By the encoders of ``bundle``; ``reader`` finds the faces. Nothing is read before something is compared."""
        self.bundle, self.reader, self.references = bundle, reader, references

    @property
    def _encoder(self) -> IdentityEncoder | LikenessEncoder:
        """What says who a face is."""
        return self.bundle.likeness_encoder or self.bundle.identity_encoder

    @cached_property
    def _person(self) -> Tensor:
        from facepersona_core.face2diffusion.identity import identity_of

        with self.bundle.lock:
            return identity_of(self._encoder, [face.aligned for face in self.references])

    def of(self, pictures: Sequence[Image], expression: Sequence[float] | None = None) -> list[float]:
        """For each picture, the higher, the better: cosine to the person in [-1, 1], less `EXPRESSION_WEIGHT` for
        every standard deviation from the coefficients ``expression``; minus infinity without exactly one face."""
        # first all faces, then all encoders: the threads of the two libraries keep each other waiting
        faces = [self._face(picture) for picture in pictures]
        found = [face for face in faces if face is not None]
        said = iter(self._of_faces(found, expression) if found else ())
        return [-np.inf if face is None else next(said) for face in faces]

    def _face(self, picture: Image) -> np.ndarray | None:
        try:
            return self.reader.aligned(picture, "picture")
        except (NoFaceFound, SeveralFaces):
            return None

    def _of_faces(self, aligned: Sequence[np.ndarray], expression: Sequence[float] | None) -> list[float]:
        from torch.nn.functional import cosine_similarity

        from facepersona_core.face2diffusion.expression import coefficients_of, expression_distance
        from facepersona_core.face2diffusion.identity import identities_of

        encoder = self.bundle.expression_encoder
        with self.bundle.lock:
            identities = identities_of(self._encoder, aligned)
        cosines: list[float] = cosine_similarity(identities, self._person[None]).tolist()
        if expression is None or encoder is None:
            return cosines
        away = (expression_distance(encoder, coefficients_of(encoder, face), expression) for face in aligned)
        return [cosine - EXPRESSION_WEIGHT * distance for cosine, distance in zip(cosines, away, strict=True)]


def drawings(card: MethodCard, request: Request) -> int:
    """How often each picture of ``request`` is drawn: once where nothing of the person is to be seen."""
    return request.candidates if card.uses_identity and request.strength > 0 else 1


def draw_best(
    method: Method, persona: Persona, request: Request, likeness: Likeness, progress: Progress = no_progress
) -> Iterator[Image]:
    """Yield ``request.count`` RGB pictures, each the best of its `drawings` by ``likeness``; picture ``i`` depends on
    ``seed + i`` alone. Raises what `Method.generate` raises, before any work."""
    likeness.bundle.check(request)
    count = drawings(method.card, request)
    made = method.generate(persona, replace(request, candidates=count), progress)
    if count == 1:
        yield from made
        return
    expression = _shown(likeness.bundle, request) if method.card.expression_slot else None
    while drawn := list(islice(made, count)):
        yield drawn[int(np.argmax(likeness.of(drawn, expression)))]


def _shown(bundle: Bundle, request: Request) -> Sequence[float] | None:
    """What a picture shows that obeys the expression slot of ``request``: coefficients; None when it is empty."""
    if request.expression is not None:
        return tuple(bundle.expression_means[request.expression].tolist())
    return request.expression_vector
