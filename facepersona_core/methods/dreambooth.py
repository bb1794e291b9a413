"""DreamBooth: words and the UNet's cross-attention are fine-tuned on the photos, with prior preservation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from facepersona_core.diffusion import class_words, draw, embed_class, embed_words
from facepersona_core.methods.cards import DREAMBOOTH
from facepersona_core.types import Face, Persona, Progress, Request, json_digest, no_progress

if TYPE_CHECKING:
    from PIL.Image import Image

    from facepersona_core.bundle import Bundle

_TUNED = (".attn2.", ".attn1.")
"""The UNet's attention layers: the customary economical subset."""


class DreamBooth:
    """arXiv:2208.12242: reconstruction of the photos under S*, plus the model's own pictures under the class word.

    S* starts from the class phrase; its two vectors are tuned with the attention layers of a copy of the UNet."""

    card = DREAMBOOTH

    def __init__(
        self, bundle: Bundle, steps: int = 120, rate: float = 2e-4, batch: int = 2, prior_weight: float = 1.0
    ) -> None:
        """``steps`` of AdamW at ``rate``, with ``batch`` photos and ``batch`` class pictures each."""
        self.bundle, self.steps, self.rate, self.batch, self.prior_weight = bundle, steps, rate, batch, prior_weight

    def enrol(self, faces: Sequence[Face], progress: Progress = no_progress) -> Persona:
        """Tuned attention weights (float16, by parameter name) and word vectors (float32 [2, C])."""
        import torch

        from facepersona_core.face2diffusion.injection import encode_prompt, tokenize_prompt
        from facepersona_core.methods.fine_tuning import PROMPTS, denoising_loss, noise_scheduler, reference_latents

        started = time.perf_counter()
        generator = torch.Generator().manual_seed(0)
        with self.bundle.lock:
            pipeline, phrase = self.bundle.pipeline, self.bundle.class_phrase
            latents, scheduler = reference_latents(pipeline, faces), noise_scheduler(pipeline)
            tokens = [tokenize_prompt(pipeline.tokenizer, prompt) for prompt in PROMPTS]
            class_prompts = [embed_class(pipeline, prompt, phrase) for prompt in PROMPTS]
            prior = self._prior_latents(class_prompts[0], progress)
            first, last = class_words(pipeline, phrase, tokens[0][1])
            words = torch.nn.Parameter(torch.cat([first, last]).detach().float())
            unet = self._unet()
            tuned = {name: p for name, p in unet.named_parameters() if any(part in name for part in _TUNED)}
            for parameter in tuned.values():
                parameter.requires_grad_(True)
            groups: list[dict[str, Any]] = [{"params": list(tuned.values())}, {"params": [words], "lr": self.rate * 10}]
            optimiser = torch.optim.AdamW(groups, self.rate, weight_decay=1e-2)
            for step in range(self.steps):
                ids, position = tokens[step % len(tokens)]
                device = pipeline.text_encoder.device
                own = encode_prompt(pipeline.text_encoder, ids.to(device), position, (words[:1], words[1:]))
                hidden = torch.cat([own, class_prompts[step % len(tokens)]]).repeat_interleave(self.batch, 0)
                photos = latents[torch.randint(0, len(latents), (self.batch,), generator=generator)]
                others = prior[torch.randint(0, len(prior), (self.batch,), generator=generator)]
                loss = denoising_loss(unet, scheduler, photos, hidden[: self.batch], generator)
                loss = loss + self.prior_weight * denoising_loss(
                    unet, scheduler, others, hidden[self.batch :], generator
                )
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                progress(0.1 + 0.9 * (step + 1) / self.steps, "fine_tune")
            tensors = {f"unet.{name}": p.detach().half().cpu().numpy() for name, p in tuned.items()}
        settings = [self.steps, self.rate, self.batch, self.prior_weight]
        key = json_digest([self.card.key, self.bundle.sha256, sorted(face.digest for face in faces), settings])
        facts = {"seconds": round(time.perf_counter() - started, 2), "steps": self.steps}
        return Persona(self.card.key, key, {"words": words.detach().cpu().numpy(), **tensors}, facts)

    def _prior_latents(self, prompt: Any, progress: Progress, count: int = 8) -> Any:
        """Latents [count, C, h, w] of the model's own pictures of the class (prior preservation)."""
        import torch

        pipeline = self.bundle.pipeline
        made = []
        with torch.no_grad():
            for seed in range(count):
                made.append(
                    pipeline(
                        prompt_embeds=prompt,
                        negative_prompt_embeds=torch.zeros_like(prompt),
                        guidance_scale=1.0,
                        num_inference_steps=10,
                        generator=torch.Generator().manual_seed(seed),
                        output_type="latent",
                    ).images
                )
                progress(0.1 * (seed + 1) / count, "prior")
        return torch.cat(made)

    def _unet(self, persona: Persona | None = None) -> Any:
        """A copy of the frozen UNet, with the persona's tuned weights in it."""
        import copy

        import torch

        unet = copy.deepcopy(self.bundle.pipeline.unet)
        if persona:
            tuned = {k.removeprefix("unet."): v for k, v in persona.tensors.items() if k.startswith("unet.")}
            state = {name: torch.from_numpy(np.asarray(value)) for name, value in tuned.items()}
            unet.load_state_dict(unet.state_dict() | state)
        return unet

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
        yield from draw(self.bundle, prompt, request, progress, self._unet(persona))
