"""Text with S* to embeddings, embeddings to pictures: what every method does on the frozen pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from facepersona_core.errors import RequestInvalid
from facepersona_core.face2diffusion.injection import encode_prompt, tokenize_prompt, tokenize_text
from facepersona_core.prompt import with_words
from facepersona_core.types import Progress, Request

if TYPE_CHECKING:
    from diffusers import StableDiffusionPipeline
    from PIL.Image import Image

    from facepersona_core.bundle import Bundle

StepEnded = Callable[..., dict[str, Any]]
"""What a pipeline calls after every step."""


def class_words(pipeline: StableDiffusionPipeline, phrase: str, position: int) -> tuple[Tensor, Tensor]:
    """Input embeddings (token + position, [1, C] each) of the two tokens of ``phrase`` at ``position``.

    Raises RequestInvalid when the phrase is not two tokens: only then does it fill the two slots of S*.
    """
    ids = pipeline.tokenizer(phrase, add_special_tokens=False).input_ids
    if len(ids) != 2:
        raise RequestInvalid(name="class phrase", seen=f"{phrase!r} of {len(ids)} tokens", expected="two tokens")
    embeddings = getattr(pipeline.text_encoder, "text_model", pipeline.text_encoder).embeddings
    device = embeddings.token_embedding.weight.device
    rows = embeddings.token_embedding(torch.tensor(ids, device=device))
    rows = rows + embeddings.position_embedding(torch.tensor([position, position + 1], device=device))
    return rows[:1], rows[1:]


@torch.no_grad()
def embed_words(
    pipeline: StableDiffusionPipeline,
    prompt: str,
    words: tuple[Tensor, Tensor],
    *,
    class_phrase: str,
    strength: float = 1.0,
) -> Tensor:
    """Embeddings [1, L, C] of ``prompt`` with ``words`` ([1, C] each) as S*.

    ``strength`` moves the words on the line from the class phrase (0) through themselves (1) and beyond.
    """
    ids, position = tokenize_prompt(pipeline.tokenizer, prompt)
    device = pipeline.text_encoder.device
    plain = class_words(pipeline, class_phrase, position)
    mixed = tuple(torch.lerp(p, w.to(p), strength) for p, w in zip(plain, words, strict=True))
    return encode_prompt(pipeline.text_encoder, ids.to(device), position, (mixed[0], mixed[1]))


@torch.no_grad()
def embed_text(pipeline: StableDiffusionPipeline, text: str) -> Tensor:
    """Embeddings [1, L, C] of plain ``text``. Raises PromptInvalid when it is too long."""
    ids = tokenize_text(pipeline.tokenizer, text)
    hidden: Tensor = pipeline.text_encoder(ids.to(pipeline.text_encoder.device)).last_hidden_state
    return hidden


def embed_class(pipeline: StableDiffusionPipeline, prompt: str, class_phrase: str) -> Tensor:
    """Embeddings [1, L, C] of ``prompt`` with the class phrase in the place of S*."""
    return embed_text(pipeline, with_words(prompt, class_phrase))


def seeds_of(seed: int, drawings: int) -> list[int]:
    """The seeds of the ``drawings`` of the picture with ``seed``: its own first, then ones far from its neighbours'.

    >>> seeds_of(7, 2), seeds_of(8, 2)
    ([7, 2654435776], [8, 2654435777])
    """
    return [(seed + drawing * 2654435769) % 2**32 for drawing in range(drawings)]  # 2**32 over the golden ratio


def draw(
    bundle: Bundle,
    prompt: Tensor,
    request: Request,
    progress: Progress,
    unet: torch.nn.Module | None = None,
    early: tuple[Tensor, float] | None = None,
) -> Iterator[Image]:
    """Yield ``request.count`` pictures for the embeddings ``prompt`` [1, L, C], of each its ``request.candidates``
    drawings one after the other; those of one picture are made at once.

    Each starts from noise of its own seed, made on the processor, so that neither the batch nor the device changes
    what a seed means. ``unet`` takes the place of the bundle's. ``early``: embeddings [1, L, C] that take the place of
    ``prompt`` in the first steps, and their share of the steps. The bundle's lock is held while a picture is made,
    not between pictures: whoever iterates may do so from several threads.
    """
    pipeline = bundle.pipeline
    with bundle.lock:
        negative = embed_text(pipeline, request.negative_prompt)
    for index in range(request.count):
        with bundle.lock, _in_place_of(pipeline, unet):
            pictures = _draw_one(pipeline, prompt, negative, request, index, progress, early)
        yield from pictures


def _draw_one(
    pipeline: StableDiffusionPipeline,
    prompt: Tensor,
    negative: Tensor,
    request: Request,
    index: int,
    progress: Progress,
    early: tuple[Tensor, float] | None,
) -> list[Image]:
    """The drawings of picture ``index``."""
    size, count = pipeline.unet.config.sample_size, request.candidates
    shape = (1, pipeline.unet.config.in_channels, size, size)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds_of(request.seed + index, count)]
    latents = torch.cat([torch.randn(shape, generator=generator) for generator in generators])
    prompt, negative = prompt.expand(count, -1, -1), negative.expand(count, -1, -1)
    step_ended = _reporter(request, index, progress)
    if early and (steps := round(early[1] * request.steps)):
        guided = torch.cat([negative, prompt]) if request.guidance > 1 else prompt  # the pipeline's own order
        step_ended, prompt = _switching(step_ended, steps, guided), early[0].expand(count, -1, -1)
    pictures: list[Image] = pipeline(
        prompt_embeds=prompt,
        negative_prompt_embeds=negative,
        latents=latents.to(prompt),
        num_inference_steps=request.steps,
        guidance_scale=request.guidance,
        generator=generators,
        callback_on_step_end=step_ended,
    ).images
    return pictures


@contextmanager
def _in_place_of(pipeline: StableDiffusionPipeline, unet: torch.nn.Module | None) -> Iterator[None]:
    own = pipeline.unet
    pipeline.unet = own if unet is None else unet
    try:
        yield
    finally:
        pipeline.unet = own


def _reporter(request: Request, index: int, progress: Progress) -> StepEnded:
    total = request.count * request.steps

    def report(pipeline: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        progress(min(1.0, (index * request.steps + step + 1) / total), "denoise")
        return values

    return report


def _switching(step_ended: StepEnded, steps: int, prompt: Tensor) -> StepEnded:
    """``step_ended`` that goes on with the embeddings ``prompt`` after ``steps``."""

    def ended(pipeline: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        values = step_ended(pipeline, step, timestep, values)
        return {**values, "prompt_embeds": prompt} if step + 1 == steps else values

    return ended
