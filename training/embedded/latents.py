"""Stage 2a: latents, head masks on the latent grid and tokenised captions, computed once."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional as F

from facepersona_core.errors import PromptInvalid
from facepersona_core.face2diffusion.injection import tokenize_prompt
from training.embedded import loop
from training.embedded.captions import caption
from training.embedded.data import Label, Pictures, flip_label, to_tensor

VISIBILITY_NOISE, VISIBILITY_POWER = 0.4, 0.75
CAPTIONS = 4
"""Captions kept of each kind for each picture and its mirror image."""


@dataclass(frozen=True)
class Latents:
    """What the text-to-image and the mapping stage train on; index 0 of the first axis is the picture as it is,
    1 its mirror image."""

    mean: Tensor
    """half [2, N, C, h, w]."""
    deviation: Tensor
    """half [2, N, C, h, w]."""
    mask: Tensor
    """half [2, N, 1, h, w] in [0, 1]."""
    expression: Tensor
    """float [2, N, E]: coefficients."""
    named: Tensor
    """int16 [2, N, K, L]: captions with S*; the second half of the K leaves the expression to the slot."""
    position: Tensor
    """int16 [2, N, K]."""
    plain: Tensor
    """int16 [2, N, K, L]: captions with a class word and attributes."""
    person: Tensor
    """int64 [N]: index into the sorted unique identities."""
    empty: Tensor
    """int16 [L]: the empty caption."""
    visible: Tensor
    """float [C], mean 1: how much an error in each channel weighs, by `visibility`."""

    def __len__(self) -> int:
        return self.mean.shape[1]

    @property
    def held(self) -> int:
        """How many of the first pictures validate and are never trained on by what makes pictures."""
        return min(160, len(self) // 8)


@torch.no_grad()
def encode(pictures: Pictures, autoencoder: AutoencoderKL, batch: int = 32) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the latents of all pictures and their mirror images, half [2, N, C, h, w] each."""
    where = next(autoencoder.parameters()).device
    means, deviations = [], []
    for mirrored in (False, True):
        for start in range(0, len(pictures), batch):
            x = to_tensor(pictures.pixels[start : start + batch]).to(where)
            x = (x.flip(3) if mirrored else x).contiguous(memory_format=torch.channels_last)
            with loop.half_precision(where):
                posterior = autoencoder.encode(x).latent_dist
            means.append(posterior.mean.half().cpu())
            deviations.append(posterior.std.half().cpu())
    shape = (2, len(pictures), *means[0].shape[1:])
    return torch.cat(means).view(shape), torch.cat(deviations).view(shape)


@torch.no_grad()
def visibility(autoencoder: AutoencoderKL, mean: Tensor) -> Tensor:
    """float [C], mean 1: what noise of `VISIBILITY_NOISE` in one latent channel does to the decoded picture (mean
    squared error), to the power of `VISIBILITY_POWER`. ``mean``: half [N, C, h, w].

    Channels of texture are nearly noise, cost a diffusion model most of its loss and are hardly seen; weighing all
    channels alike, it learns texture before it learns where the eyes are. Power 1 would be the picture's own metric,
    0 the latents'.
    """
    where, source = next(autoencoder.parameters()).device, torch.Generator().manual_seed(0)
    z = mean[:: max(1, len(mean) // 32)][:32].float().to(where)
    clean, seen = autoencoder.decode(z).sample, []
    for channel in range(z.shape[1]):
        noise = torch.zeros(z.shape)
        noise[:, channel] = VISIBILITY_NOISE * torch.randn(noise[:, channel].shape, generator=source)
        seen.append((autoencoder.decode(z + noise.to(where)).sample - clean).pow(2).mean().cpu())
    weight = torch.stack(seen) ** VISIBILITY_POWER
    return weight / weight.mean()


def build(pictures: Pictures, autoencoder: AutoencoderKL, tokenizer: object, seed: int = 0) -> Latents:
    """Everything of `Latents` for ``pictures``."""
    source = random.Random(seed)
    named, position, plain, expression = [], [], [], []
    for mirrored in (False, True):
        for label in pictures.labels:
            label = flip_label(label) if mirrored else label
            pairs = [_named(label, source, tokenizer, in_words=k < CAPTIONS // 2) for k in range(CAPTIONS)]
            expression.append(torch.tensor(label["expression_vector"]))
            named.append(torch.cat([ids for ids, _ in pairs]).short())
            position.append(torch.tensor([at for _, at in pairs], dtype=torch.int16))
            plain.append(_ids(tokenizer, [caption(label, source, named=False) for _ in range(CAPTIONS)]))
    mean, deviation = encode(pictures, autoencoder)
    masks = torch.from_numpy(pictures.masks[:, None].astype(np.float32))
    mask = F.adaptive_avg_pool2d(masks, mean.shape[-1]).half()
    _, person = np.unique(pictures.identities, return_inverse=True)
    shape = (2, len(pictures), CAPTIONS)
    return Latents(
        mean=mean,
        deviation=deviation,
        mask=torch.stack([mask, mask.flip(-1)]),
        expression=torch.stack(expression).view(*shape[:2], -1),
        named=torch.stack(named).view(*shape, -1),
        position=torch.stack(position).view(shape),
        plain=torch.stack(plain).view(*shape, -1),
        person=torch.from_numpy(person),
        empty=_ids(tokenizer, [""])[0],
        visible=visibility(autoencoder, mean[0]),
    )


def _named(label: Label, source: random.Random, tokenizer: object, in_words: bool) -> tuple[Tensor, int]:
    """Ids and place of S* of a caption that the text encoder can read whole: one in some thousand is too long."""
    while True:
        try:
            return tokenize_prompt(tokenizer, caption(label, source, named=True, in_words=in_words))
        except PromptInvalid as error:
            if error.fields["problem"] != "long":
                raise


def _ids(tokenizer: object, captions: list[str]) -> Tensor:
    tokens = tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt")
    return tokens.input_ids.short()


def save(latents: Latents, path: Path) -> None:
    """Write ``latents`` as one file."""
    loop.save(dict(vars(latents)), path)


def load(path: Path) -> Latents:
    """What `save` wrote, mapped from disk so that several processes share it."""
    return Latents(**torch.load(path, map_location="cpu", weights_only=True, mmap=True))
