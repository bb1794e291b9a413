"""Stage 4c: the likeness encoder learns to tell people apart, by itself, for choosing between drawings.

It will see drawings, so that it learns from some pictures as the autoencoder's decoder shows them, with noise on their
latents: what is gone in a drawing should not be what tells people apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from facepersona_core.face2diffusion.likeness import LikenessConfig, LikenessEncoder
from training.embedded import loop
from training.embedded.data import Pictures, to_pixels, to_tensor
from training.embedded.identity import FaceTraining, fit


@dataclass(frozen=True)
class LikenessTraining(FaceTraining):
    """Shape and training of the likeness encoder."""

    shape: LikenessConfig = field(default_factory=LikenessConfig)
    minutes: float = 72.0
    batch: int = 64
    rate: float = 2e-3
    drawn: int = 6000
    """Pictures that are shown as drawn, at most, and no more than every second one."""
    noise: float = 0.15
    """Deviation of the noise on their latents."""


def train(
    pictures: Pictures,
    autoencoder: AutoencoderKL,
    config: LikenessTraining,
    work: Path,
    log: loop.Log,
    seed: int = 0,
) -> LikenessEncoder:
    """Train within ``config.minutes``, resuming from ``work/likeness.pt``, as the identity encoder is trained but
    apart from it."""
    torch.manual_seed(seed)
    encoder = LikenessEncoder(config.shape).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    some = np.arange(0, len(pictures), max(2, -(-len(pictures) // config.drawn)))
    shown = as_drawn(pictures, some, autoencoder, config.noise, seed)
    return fit(encoder, shown, config, work / "likeness.pt", log, seed)


@torch.no_grad()
def as_drawn(
    pictures: Pictures, which: np.ndarray, autoencoder: AutoencoderKL, noise: float, seed: int, batch: int = 32
) -> Pictures:
    """``pictures`` with those at ``which``, int [M], as the ``autoencoder`` decodes them from their latents and
    ``noise`` on them."""
    where, source = loop.device(), torch.Generator().manual_seed(seed)
    autoencoder.to(where).to(memory_format=torch.channels_last)
    pixels = pictures.pixels.copy()
    for some in np.array_split(which, -(-len(which) // batch)):
        x = to_tensor(pixels[some]).to(where)
        with loop.half_precision(where):
            z = autoencoder.encode(x).latent_dist.mean
            z = z + noise * torch.randn(z.shape, generator=source).to(where)
            pixels[some] = to_pixels(autoencoder.decode(z).sample)
    return Pictures(pixels, pictures.masks, pictures.labels)
