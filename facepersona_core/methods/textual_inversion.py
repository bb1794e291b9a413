"""Textual Inversion: the two words of S* are optimised on the reference photos, the model stays frozen."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.diffusion import class_words, draw, embed_words
from facepersona_core.methods.cards import TEXTUAL_INVERSION
from facepersona_core.types import Face, Persona, Progress, Request, json_digest, no_progress

if TYPE_CHECKING:
    from PIL.Image import Image

    from facepersona_core.bundle import Bundle


class TextualInversion:
    """arXiv:2208.01618 with two vectors, which enter the text encoder exactly as Face2Diffusion's do."""

    card = TEXTUAL_INVERSION

    def __init__(self, bundle: Bundle, steps: int = 200, rate: float = 1e-2, batch: int = 4) -> None:
        """``steps`` of AdamW at ``rate`` with ``batch`` noised latents each."""
        self.bundle, self.steps, self.rate, self.batch = bundle, steps, rate, batch

    def enrol(self, faces: Sequence[Face], progress: Progress = no_progress) -> Persona:
        """Word vectors, float32 [2, C], starting from the class phrase."""
        import torch

        from facepersona_core.face2diffusion.injection import encode_prompt, tokenize_prompt
        from facepersona_core.methods.fine_tuning import PROMPTS, denoising_loss, noise_scheduler, reference_latents

        started = time.perf_counter()
        generator = torch.Generator().manual_seed(0)
        with self.bundle.lock:
            pipeline = self.bundle.pipeline
            latents, scheduler = reference_latents(pipeline, faces), noise_scheduler(pipeline)
            tokens = [tokenize_prompt(pipeline.tokenizer, prompt) for prompt in PROMPTS]
            first, last = class_words(pipeline, self.bundle.class_phrase, tokens[0][1])
            words = torch.nn.Parameter(torch.cat([first, last]).detach().float())
            optimiser = torch.optim.AdamW([words], self.rate, weight_decay=0.0)
            for step in range(self.steps):
                ids, position = tokens[step % len(tokens)]
                device = pipeline.text_encoder.device
                hidden = encode_prompt(pipeline.text_encoder, ids.to(device), position, (words[:1], words[1:]))
                chosen = torch.randint(0, len(latents), (self.batch,), generator=generator)
                hidden = hidden.expand(self.batch, -1, -1)
                loss = denoising_loss(pipeline.unet, scheduler, latents[chosen], hidden, generator)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                progress((step + 1) / self.steps, "fine_tune")
        settings = [self.steps, self.rate, self.batch]
        key = json_digest([self.card.key, self.bundle.sha256, sorted(face.digest for face in faces), settings])
        facts = {"seconds": round(time.perf_counter() - started, 2), "steps": self.steps}
        return Persona(self.card.key, key, {"words": words.detach().cpu().numpy()}, facts)

    def generate(self, persona: Persona, request: Request, progress: Progress = no_progress) -> Iterator[Image]:
        """Pictures of the person; see `Method.generate`."""
        import torch

        self.bundle.check(request)
        words = torch.from_numpy(np.asarray(persona.tensors["words"]))
        phrase, strength = self.bundle.class_phrase, request.strength
        with self.bundle.lock:
            prompt = embed_words(
                self.bundle.pipeline, request.prompt, (words[:1], words[1:]), class_phrase=phrase, strength=strength
            )
        yield from draw(self.bundle, prompt, request, progress)
