"""Face2Diffusion: one forward pass from a face to two words, then the frozen model as always."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.diffusion import draw, embed_class, embed_words
from facepersona_core.errors import ExpressionInvalid
from facepersona_core.methods.cards import FACE2DIFFUSION
from facepersona_core.types import Face, Persona, Progress, Request, json_digest, no_progress

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from facepersona_core.bundle import Bundle


class Face2Diffusion:
    """arXiv:2403.05094. Several reference photos are averaged in identity space, each photo with its mirror image."""

    card = FACE2DIFFUSION

    def __init__(self, bundle: Bundle, delay: float = 0.0) -> None:
        """``delay``: share of the steps, the first ones, in which the class word stands for S*: delayed subject
        conditioning (FastComposer, arXiv:2305.10431), which the paper compares itself with. 0 is its own method."""
        self.bundle, self.delay = bundle, delay

    def enrol(self, faces: Sequence[Face], progress: Progress = no_progress) -> Persona:
        """Identity vector, float32 [identity width], of the aligned faces."""
        from facepersona_core.face2diffusion.identity import identity_of

        progress(0.0, "encode")
        with self.bundle.lock:
            identity = identity_of(self.bundle.identity_encoder, [face.aligned for face in faces])
        progress(1.0, "encode")
        key = json_digest([self.card.key, self.bundle.sha256, sorted(face.digest for face in faces)])
        return Persona(self.card.key, key, {"identity": identity.numpy()})

    def generate(self, persona: Persona, request: Request, progress: Progress = no_progress) -> Iterator[Image]:
        """Pictures of the person; see `Method.generate`."""
        import torch

        self.bundle.check(request)
        identity = torch.from_numpy(np.asarray(persona.tensors["identity"]))[None]
        expression = self._expression(request)
        with self.bundle.lock, torch.no_grad():
            words = self.bundle.mapping(identity, expression)
            phrase, strength = self.bundle.class_phrase, request.strength
            prompt = embed_words(self.bundle.pipeline, request.prompt, words, class_phrase=phrase, strength=strength)
            early = (embed_class(self.bundle.pipeline, request.prompt, phrase), self.delay) if self.delay else None
        yield from draw(self.bundle, prompt, request, progress, early=early)

    def _expression(self, request: Request) -> Tensor | None:
        """[1, E] for the expression slot; None leaves it empty."""
        import torch

        vector = request.expression_vector
        if request.expression is not None:
            return torch.from_numpy(self.bundle.expressions[request.expression])[None]
        if vector is None:
            return None
        if len(vector) != (slot := self.bundle.mapping.config.expression):
            raise ExpressionInvalid(problem="length", seen=len(vector), expected=slot)
        return torch.tensor([vector], dtype=torch.float32)
