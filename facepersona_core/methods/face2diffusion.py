"""Face2Diffusion: one forward pass from a face to two words, then the frozen model as always."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.diffusion import draw, embed_words
from facepersona_core.limits import check_request
from facepersona_core.methods.cards import FACE2DIFFUSION
from facepersona_core.types import Face, Persona, Progress, Request, json_digest, no_progress

if TYPE_CHECKING:
    from PIL.Image import Image

    from facepersona_core.bundle import Bundle


class Face2Diffusion:
    """arXiv:2403.05094. Several reference photos are averaged in identity space, each photo with its mirror image."""

    card = FACE2DIFFUSION

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def enrol(self, faces: Sequence[Face], progress: Progress = no_progress) -> Persona:
        """Identity vector, float32 [identity width], of the aligned faces."""
        import torch

        progress(0.0, "encode")
        pixels = torch.from_numpy(np.stack([face.aligned for face in faces])).permute(0, 3, 1, 2).float() / 127.5 - 1
        with self.bundle.lock, torch.no_grad():
            identity = self.bundle.identity_encoder(torch.cat([pixels, pixels.flip(3)])).mean(0)
        progress(1.0, "encode")
        key = json_digest([self.card.key, self.bundle.sha256, sorted(face.digest for face in faces)])
        return Persona(self.card.key, key, {"identity": identity.numpy()})

    def generate(self, persona: Persona, request: Request, progress: Progress = no_progress) -> Iterator[Image]:
        """Pictures of the person; see `Method.generate`."""
        import torch

        check_request(request, self.bundle.expressions)
        identity = torch.from_numpy(np.asarray(persona.tensors["identity"]))[None]
        expression = None
        if request.expression is not None:
            expression = torch.from_numpy(self.bundle.expressions[request.expression])[None]
        with self.bundle.lock, torch.no_grad():
            words = self.bundle.mapping(identity, expression)
            phrase, strength = self.bundle.class_phrase, request.strength
            prompt = embed_words(self.bundle.pipeline, request.prompt, words, class_phrase=phrase, strength=strength)
        yield from draw(self.bundle, prompt, request, progress)
