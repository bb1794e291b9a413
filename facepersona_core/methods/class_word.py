"""The baseline that never looks at the person: the class word in the place of S*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from facepersona_core.diffusion import draw, embed_class
from facepersona_core.methods.cards import CLASS_WORD
from facepersona_core.types import Face, Persona, Progress, Request, json_digest, no_progress

if TYPE_CHECKING:
    from PIL.Image import Image

    from facepersona_core.bundle import Bundle


class ClassWord:
    """What the text alone gives. `Request.strength` and `Request.expression` do not apply."""

    card = CLASS_WORD

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def enrol(self, faces: Sequence[Face], progress: Progress = no_progress) -> Persona:
        """Nobody: every person has the same persona."""
        return Persona(self.card.key, json_digest([self.card.key, self.bundle.sha256]))

    def generate(self, persona: Persona, request: Request, progress: Progress = no_progress) -> Iterator[Image]:
        """Pictures of some person; see `Method.generate`."""
        self.bundle.check(request)
        with self.bundle.lock:
            prompt = embed_class(self.bundle.pipeline, request.prompt, self.bundle.class_phrase)
        yield from draw(self.bundle, prompt, request, progress)
