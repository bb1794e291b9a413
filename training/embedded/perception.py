"""Stage 2b: a small network that reads who somebody is, what they express and what they wear from latents, and the
distance between two latents in its eyes.

Squared error asks a diffusion model for every cell alike: who somebody is hangs on a few of them, and differences that
a person sees at once hardly change it. The text-to-image stage therefore also compares its guess of the clean latents
with the true ones as this network sees them, after Berrada et al., "Boosting Latent Diffusion with Perceptual
Objectives" (ICLR 2025, arXiv:2411.04873), who take the autoencoder's decoder for it. The network serves training alone:
it is no part of the bundle and judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facepersona_core.face2diffusion.training import ArcFaceHead
from training.embedded import loop
from training.embedded.data import Pictures, flip_label
from training.embedded.identity import figures
from training.embedded.latents import Latents

ATTRIBUTES = ("clothes", "cloth_colour", "glasses", "light")
"""What is told by words and hangs on a few cells, beside person and expression."""
FILE = "perception.pt"
_GROUPS = 8


@dataclass(frozen=True)
class PerceptionTraining:
    """Shape and training of the reader of latents."""

    channels: tuple[int, ...] = (48, 96, 160)
    width: int = 192
    minutes: float = 5.0
    batch: int = 64
    rate: float = 2e-3
    noise: float = 0.4
    """Most noise added to the latents: the guesses that it will look at are not clean."""
    held_out: int = 60
    """People, the last of the set, that validate and are never trained on."""


class _Block(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.GroupNorm(_GROUPS, channels),
            nn.SiLU(),
            nn.Conv2d(channels, out, 3, padding=1),
            nn.GroupNorm(_GROUPS, out),
            nn.SiLU(),
            nn.Conv2d(out, out, 3, padding=1),
        )
        self.side = nn.Conv2d(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, h, w] to [B, out, h, w]."""
        return self.main(x) + self.side(x)


class LatentReader(nn.Module):
    """Latents [B, C, h, w] to feature maps, and to one vector of the face."""

    def __init__(self, latent_channels: int, grid: int, config: PerceptionTraining) -> None:
        super().__init__()
        self.first = nn.Conv2d(latent_channels, config.channels[0], 3, padding=1)
        inputs = (config.channels[0], *config.channels[:-1])
        self.blocks = nn.ModuleList(_Block(a, b) for a, b in zip(inputs, config.channels, strict=True))
        last = max(1, grid >> (len(config.channels) - 1))
        self.vector = nn.Linear(config.channels[-1] * last**2, config.width)

    def forward(self, latents: Tensor) -> tuple[list[Tensor], Tensor]:
        """Feature maps, each half as large as the one before, and the face's vector [B, width]."""
        x, maps = self.first(latents), []
        for level, block in enumerate(self.blocks):
            x = block(F.avg_pool2d(x, 2) if level and x.shape[-1] > 1 else x)
            maps.append(x)
        return maps, self.vector(F.silu(x).flatten(1))


def perceptual_distance(reader: LatentReader, guess: Tensor, true: Tensor) -> Tensor:
    """[B]: mean over the reader's maps and its vector of the squared difference, relative to the size of what it sees
    in ``true``. ``guess`` and ``true``: [B, C, h, w]; the gradient goes to ``guess`` alone. Equation 6 of
    arXiv:2411.04873, without its mask of outliers."""
    with torch.no_grad():
        maps, vector = reader(true)
    own_maps, own_vector = reader(guess)
    pairs = zip((*own_maps, own_vector), (*maps, vector), strict=True)
    distances = [
        (own.float() - other.float()).pow(2).flatten(1).mean(1) / other.float().pow(2).mean() for own, other in pairs
    ]
    return torch.stack(distances).mean(0)


def train(
    pictures: Pictures,
    latents: Latents,
    features: Tensor,
    config: PerceptionTraining,
    work: Path,
    log: loop.Log,
    seed: int = 0,
) -> LatentReader:
    """Train to tell people apart, their true parameters (``features`` [P, F]), their expression and `ATTRIBUTES`, and
    keep it in ``work``; what an earlier run kept is only loaded."""
    if (work / FILE).is_file():
        return load(work, latents, config)
    where = loop.device()
    torch.manual_seed(seed)
    reader = LatentReader(latents.mean.shape[2], latents.mean.shape[-1], config).to(where)
    people = len(features) - min(config.held_out, len(features) // 4)
    trained = torch.nonzero(latents.person < people)[:, 0]
    shown, classes = _attributes(pictures)
    arcface = ArcFaceHead(config.width, people, scale=32.0, margin=0.3)
    teller = nn.Linear(config.width, features.shape[1] + latents.expression.shape[2])
    tellers = nn.ModuleDict({name: nn.Linear(config.width, count) for name, count in classes.items()})
    heads = nn.ModuleDict({"people": arcface, "truth": teller, "attributes": tellers}).to(where)
    parameters = [*reader.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, config.rate, weight_decay=0.02, betas=(0.9, 0.98))
    source, clock, step = torch.Generator().manual_seed(seed), loop.Clock(config.minutes), 0
    told, said, spread = torch.zeros(()), torch.zeros(()), latents.expression[0].std(0).clamp_min(0.05)
    while clock.fraction < 1:
        loop.set_rate(optimiser, loop.cosine(clock.fraction, step, 100))
        arcface.margin = 0.3 * min(1.0, step / 600)
        index = trained[torch.randint(0, len(trained), (config.batch,), generator=source)]
        mirrored = torch.randint(0, 2, (config.batch,), generator=source)
        person = latents.person[index]
        mean, deviation = latents.mean[mirrored, index].float(), latents.deviation[mirrored, index].float()
        level = config.noise * torch.rand(config.batch, 1, 1, 1, generator=source)
        noise = (deviation.pow(2) + level.pow(2)).sqrt() * torch.randn(mean.shape, generator=source)
        with loop.half_precision(where):
            _, vector = reader((mean + noise).to(where).contiguous(memory_format=torch.channels_last))
        vector = vector.float()
        truth = torch.cat([features[person], latents.expression[mirrored, index] / spread], 1).to(where)
        told = F.smooth_l1_loss(teller(vector), truth)
        asked = shown[mirrored, index].to(where)
        said = torch.stack([F.cross_entropy(tellers[name](vector), asked[:, i]) for i, name in enumerate(classes)])
        loss = arcface(vector, person.to(where)) + 10 * told + said.sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        loop.clip(parameters, 5.0)
        optimiser.step()
        step += 1
    reader.eval().requires_grad_(False)
    unseen = torch.nonzero(latents.person >= people)[:, 0]
    log(
        "perception",
        step=step,
        told=told.item(),
        seconds=clock.spent,
        **_measured(reader, tellers, latents, shown, unseen),
    )
    loop.save(reader.state_dict(), work / FILE)
    return reader


def load(work: Path, latents: Latents, config: PerceptionTraining) -> LatentReader:
    """The reader that `train` kept in ``work``, frozen."""
    reader = LatentReader(latents.mean.shape[2], latents.mean.shape[-1], config)
    reader.load_state_dict(loop.load(work / FILE) or {})
    return reader.to(loop.device()).eval().requires_grad_(False)


def _attributes(pictures: Pictures) -> tuple[Tensor, dict[str, int]]:
    """int64 [2, N, K]: the classes of `ATTRIBUTES` in each picture and its mirror image, and how many there are."""
    labels = [*pictures.labels, *(flip_label(label) for label in pictures.labels)]
    columns = [np.unique([str(label[name]) for label in labels], return_inverse=True) for name in ATTRIBUTES]
    codes = torch.from_numpy(np.stack([codes for _, codes in columns], 1))
    counts = {name: len(known) for name, (known, _) in zip(ATTRIBUTES, columns, strict=True)}
    return codes.view(2, len(pictures), -1), counts


@torch.no_grad()
def _measured(
    reader: LatentReader, tellers: nn.ModuleDict, latents: Latents, shown: Tensor, unseen: Tensor, batch: int = 256
) -> dict[str, Any]:
    """On people it was not trained on: AUC, rank-1, and how often it reads the attributes."""
    where = next(reader.parameters()).device
    parts = [reader(latents.mean[0, part].float().to(where))[1].float() for part in unseen.split(batch)]
    vectors = torch.cat(parts)
    right = {
        name: float((teller(vectors).argmax(1).cpu() == shown[0, unseen, i]).float().mean())
        for i, (name, teller) in enumerate(tellers.items())
    }
    return {**figures(vectors.cpu(), latents.person[unseen].numpy()), **right}
