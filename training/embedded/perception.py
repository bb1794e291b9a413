"""Stage 2b: a small network that reads who somebody is, what they express and what they wear from latents, and the
distance between two latents in its eyes.

Squared error asks a diffusion model for every cell alike: who somebody is hangs on a few of them, and differences that
a person sees at once hardly change it. The text-to-image stage therefore also compares its guess of the clean latents
with the true ones as this network sees them, after Berrada et al., "Boosting Latent Diffusion with Perceptual
Objectives" (ICLR 2025, arXiv:2411.04873), who take the autoencoder's decoder for it. The network serves training alone:
it is no part of the bundle and judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facepersona_core.face2diffusion.training import ArcFaceHead
from training.embedded import loop
from training.embedded.data import Label, flip_label
from training.embedded.identity import figures
from training.embedded.latents import Latents

ATTRIBUTES = ("clothes", "cloth_colour", "glasses", "light", "expression")
"""What words tell of a face and of what is worn, beside the person."""
ASKED = {"all": ATTRIBUTES, "expression": ("expression",), "clothes": ("clothes", "cloth_colour")}
"""What a reader can be asked: the `ATTRIBUTES` that it tells. "all" tells the person and their parameters too, and
"all" and "expression" the coefficients of the expression."""
_GROUPS = 8


@dataclass(frozen=True)
class PerceptionTraining:
    """Shape and training of the reader of latents."""

    channels: tuple[int, ...] = (64, 128, 192)
    width: int = 192
    minutes: float = 14.0
    batch: int = 64
    rate: float = 2e-3
    noise: float = 0.4
    """Most noise added to the latents, more where it is seen less: the guesses that it will look at are not clean, and
    what cannot be seen in the picture should not be what tells people apart."""
    shift: int = 1
    """Cells by which the latents are moved at most: a face is not always where `frame` puts it."""
    held_out: int = 60
    """People, the last of the set, that validate and are never trained on."""
    asked: Literal["all", "expression", "clothes"] = "all"
    """What of `ASKED` it learns to read, and says of a guess: beside 1,800 people an expression is soon lost."""

    def trained(self, people: int) -> int:
        """How many of so many people it trains on, the first ones."""
        return people - min(self.held_out, people // 4)


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


@dataclass(frozen=True)
class Questions:
    """What a reader is asked, beside who it is."""

    people: int
    features: int
    """True parameters of a person."""
    expression: int
    """Coefficients of an expression."""
    classes: tuple[int, ...]
    """How many there are of each of `ATTRIBUTES`."""


@dataclass(frozen=True)
class Truth:
    """What a picture shows, [B] each: the answers to `Questions`."""

    person: Tensor
    """int64 [B]."""
    features: Tensor
    """float [B, F]."""
    expression: Tensor
    """float [B, E]."""
    attributes: Tensor
    """int64 [B, K]: the class of each of `ATTRIBUTES`."""

    def part(self, rows: Tensor) -> Truth:
        """Some of them."""
        return Truth(self.person[rows], self.features[rows], self.expression[rows], self.attributes[rows])


class LatentReader(nn.Module):
    """Latents [B, C, h, w] to feature maps, to one vector of the face, and to answers."""

    def __init__(self, latent_channels: int, grid: int, questions: Questions, config: PerceptionTraining) -> None:
        super().__init__()
        self.questions, self.config = questions, config
        self.first = nn.Conv2d(latent_channels, config.channels[0], 3, padding=1)
        inputs = (config.channels[0], *config.channels[:-1])
        self.blocks = nn.ModuleList(_Block(a, b) for a, b in zip(inputs, config.channels, strict=True))
        last = max(1, grid >> (len(config.channels) - 1))
        self.vector = nn.Linear(config.channels[-1] * last**2, config.width)
        self.people = ArcFaceHead(config.width, questions.people, scale=32.0, margin=0.3)
        self.teller = nn.Linear(config.width, questions.features + questions.expression)
        self.tellers = nn.ModuleList(nn.Linear(config.width, count) for count in questions.classes)
        self.register_buffer("spread", torch.ones(questions.expression))

    def forward(self, latents: Tensor) -> tuple[list[Tensor], Tensor]:
        """Feature maps, each half as large as the one before, and the face's vector [B, width]."""
        x, maps = self.first(latents), []
        for level, block in enumerate(self.blocks):
            x = block(F.avg_pool2d(x, 2) if level and x.shape[-1] > 1 else x)
            maps.append(x)
        return maps, self.vector(F.silu(x).flatten(1))

    def wrong(self, latents: Tensor, truth: Truth, weights: Mapping[str, float] | None = None) -> Tensor:
        """[B]: how far what it reads from ``latents`` [B, C, h, w] is from ``truth``. Cross entropy over the people
        and the attributes, and ten times the smooth L1 error of parameters and expression, each coefficient as a share
        of its deviation; of a reader that is not asked for all, what concerns it. ``weights``: how much more some of
        `ATTRIBUTES` count than all else."""
        _, vector = self(latents)
        vector, count, told_more = vector.float(), truth.features.shape[1], weights or {}
        asked = zip(ATTRIBUTES, self.tellers, truth.attributes.T, strict=True)
        missed = torch.stack(
            [
                told_more.get(name, 1.0) * F.cross_entropy(teller(vector), kind, reduction="none")
                for name, teller, kind in asked
                if name in ASKED[self.config.asked]
            ]
        ).sum(0)
        if self.config.asked == "clothes":
            return missed
        told = torch.cat([truth.features, truth.expression / self.spread], 1)
        away = F.smooth_l1_loss(self.teller(vector), told, reduction="none")
        if self.config.asked == "expression":
            return missed + 5 * away[:, count:].mean(1)
        return missed + self.people(vector, truth.person, reduction="none") + 10 * away.mean(1)


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


class Drawn:
    """Draws latents together with what they show, for everything that a reader is asked about."""

    def __init__(self, labels: Sequence[Label], latents: Latents, features: Tensor) -> None:
        self.latents, self.features = latents, features
        self.attributes, classes = _attributes(labels)
        self.questions = Questions(len(features), features.shape[1], latents.expression.shape[2], classes)

    def truth(self, mirrored: Tensor, index: Tensor) -> Truth:
        """Of the pictures ``index`` [B], mirrored or not [B]."""
        person = self.latents.person[index]
        expression, attributes = self.latents.expression[mirrored, index], self.attributes[mirrored, index]
        parts = (person, self.features[person], expression, attributes)
        return Truth(*(part.to(loop.device()) for part in parts))


def blurred(latents: Tensor, visible: Tensor, config: PerceptionTraining, source: torch.Generator) -> Tensor:
    """``latents`` [B, C, h, w] moved by up to ``config.shift`` cells and with up to ``config.noise`` of noise, more in
    channels that are seen less (``visible``: [C], `Latents.visible`)."""
    edge = config.shift
    padded = F.pad(latents, (edge,) * 4, mode="replicate")
    top, left = torch.randint(0, 2 * edge + 1, (2,), generator=source).tolist()
    moved = padded[..., top : top + latents.shape[-2], left : left + latents.shape[-1]]
    level = (
        config.noise * torch.rand(len(latents), 1, 1, 1, generator=source) * visible[:, None, None].cpu() ** (-1 / 3)
    )
    return moved + (level * torch.randn(latents.shape, generator=source)).to(latents)


def _file(work: Path, seed: int) -> Path:
    return work / f"perception_{seed}.pt"


def train(drawn: Drawn, config: PerceptionTraining, work: Path, log: loop.Log, seed: int = 0) -> LatentReader:
    """Train to tell people apart, their true parameters, their expression and `ATTRIBUTES`, and keep it in ``work``;
    what an earlier run kept is only loaded."""
    if _file(work, seed).is_file():
        return load(work, seed, drawn.latents, config)
    where, latents = loop.device(), drawn.latents
    torch.manual_seed(seed)
    reader = LatentReader(latents.mean.shape[2], latents.mean.shape[-1], drawn.questions, config).to(where)
    reader.spread.copy_(latents.expression[0].std(0).clamp_min(0.05))
    people = config.trained(len(drawn.features))
    trained = torch.nonzero(latents.person < people)[:, 0]
    optimiser = torch.optim.AdamW(reader.parameters(), config.rate, weight_decay=0.02, betas=(0.9, 0.98))
    source, clock, step, running = torch.Generator().manual_seed(seed), loop.Clock(config.minutes), 0, None
    while clock.fraction < 1:
        loop.set_rate(optimiser, loop.cosine(clock.fraction, step, 100))
        reader.people.margin = 0.3 * min(1.0, step / 600)
        index = trained[torch.randint(0, len(trained), (config.batch,), generator=source)]
        mirrored = torch.randint(0, 2, (config.batch,), generator=source)
        mean, deviation = latents.mean[mirrored, index].float(), latents.deviation[mirrored, index].float()
        z = (mean + deviation * torch.randn(mean.shape, generator=source)).to(where)
        z = blurred(z, latents.visible, config, source).contiguous(memory_format=torch.channels_last)
        with loop.half_precision(where):
            loss = reader.wrong(z, drawn.truth(mirrored, index)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        loop.clip(reader.parameters(), 5.0)
        optimiser.step()
        step += 1
        running = loop.smoothed(running, loss.item())
    reader.eval().requires_grad_(False)
    unseen = torch.nonzero(latents.person >= people)[:, 0]
    log("perception", step=step, loss=running, seconds=clock.spent, **measure(reader, drawn, unseen))
    loop.save({"questions": asdict(drawn.questions), "model": reader.state_dict()}, _file(work, seed))
    return reader


def load(work: Path, seed: int, latents: Latents, config: PerceptionTraining) -> LatentReader:
    """The reader that `train` kept in ``work`` under ``seed``, frozen. Raises FileNotFoundError when there is none."""
    kept = loop.load(_file(work, seed))
    if kept is None:
        raise FileNotFoundError(f"{_file(work, seed)}: no reader of latents there; train it first (perception.train)")
    reader = LatentReader(latents.mean.shape[2], latents.mean.shape[-1], Questions(**kept["questions"]), config)
    reader.load_state_dict(kept["model"])
    return reader.to(loop.device()).eval().requires_grad_(False)


def _attributes(labels: Sequence[Label]) -> tuple[Tensor, tuple[int, ...]]:
    """int64 [2, N, K]: the classes of `ATTRIBUTES` in each picture and its mirror image, and how many there are."""
    both = [*labels, *(flip_label(label) for label in labels)]
    columns = [np.unique([str(label[name]) for label in both], return_inverse=True) for name in ATTRIBUTES]
    codes = torch.from_numpy(np.stack([codes for _, codes in columns], 1))
    return codes.view(2, len(labels), -1), tuple(len(known) for known, _ in columns)


@torch.no_grad()
def measure(reader: LatentReader, drawn: Drawn, unseen: Tensor, batch: int = 256) -> dict[str, Any]:
    """On pictures ``unseen`` [N] of people it was not trained on: AUC and rank-1 of its vectors, the share of the
    variance of parameters and expression that it tells, and how often it reads each of `ATTRIBUTES`; of all that, what
    it was asked."""
    where, latents = next(reader.parameters()).device, drawn.latents
    parts = [reader(latents.mean[0, part].float().to(where))[1].float() for part in unseen.split(batch)]
    vectors, truth = torch.cat(parts), drawn.truth(torch.zeros_like(unseen), unseen)
    told = reader.teller(vectors)
    asked = torch.cat([truth.features, truth.expression / reader.spread], 1)
    left = (told - asked).pow(2).mean(0) / asked.var(0, correction=0).clamp_min(1e-3)
    count = drawn.questions.features
    right: dict[str, Any] = {
        name: float((teller(vectors).argmax(1) == truth.attributes[:, i]).float().mean())
        for i, (name, teller) in enumerate(zip(ATTRIBUTES, reader.tellers, strict=True))
        if name in ASKED[reader.config.asked]
    }
    if "expression" in right:
        right["expression_told"] = float(1 - left[count:].mean())
    if reader.config.asked != "all":
        return right
    told_of_people = figures(vectors.cpu(), latents.person[unseen].numpy())
    return {**told_of_people, "parameters_told": float(1 - left[:count].mean()), **right}
