"""Stage 4b: the expression encoder learns to read an expression's coefficients off an aligned face.

The paper takes an off-the-shelf 3D face reconstruction network for this. Here the world knows the coefficients of every
training picture; with the encoder the mapping network can read them as it would have to outside (`MappingTraining`),
and so can somebody who asks for the expression of a photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facepersona_core.face2diffusion.expression import ExpressionConfig, ExpressionEncoder
from training.embedded import loop
from training.embedded.assemble import expression_means
from training.embedded.data import Label, Pictures, flip_label, to_tensor
from training.embedded.identity import align_all, augment
from training.synthetic.expression import COEFFICIENTS

FILE = "expression.pt"
_CONSTANT = 1e-4
"""A coefficient that deviates less does not vary."""


@dataclass(frozen=True)
class ExpressionTraining:
    """Shape and training of the expression encoder."""

    shape: ExpressionConfig = field(default_factory=ExpressionConfig)
    minutes: float = 6.0
    batch: int = 32
    rate: float = 2e-3
    name_weight: float = 0.2
    """Weight of a second task beside the coefficients, whose head is thrown away: to tell the expression's name."""
    held_out: int = 60
    """People, the last of the set, that validate and are never trained on: those of the identity encoder."""


def true_vectors(labels: Sequence[Label]) -> Tensor:
    """float [2, N, E]: coefficients of every picture (0) and of its mirror image (1)."""
    both = (labels, [flip_label(label) for label in labels])
    return torch.tensor([[label["expression_vector"] for label in side] for side in both])


@torch.no_grad()
def read(encoder: ExpressionEncoder, crops: np.ndarray, batch: int = 64) -> Tensor:
    """float [2, N, E]: what ``encoder`` reads in aligned uint8 ``crops`` (0) and their mirror images (1)."""
    where = next(encoder.parameters()).device
    plain, mirrored = [], []
    for start in range(0, len(crops), batch):
        x = to_tensor(crops[start : start + batch]).to(where)
        plain.append(encoder(x).cpu())
        mirrored.append(encoder(x.flip(3)).cpu())
    return torch.stack([torch.cat(plain), torch.cat(mirrored)])


def figures(seen: Tensor, truth: Tensor, names: Sequence[str], means: dict[str, list[float]]) -> dict[str, Any]:
    """How well ``seen`` [N, E] tells the ``truth`` [N, E]: the share of each coefficient's variance that it tells, the
    mean of these, and how often the nearest of the bundle's ``means`` (name -> vector) bears the right name.

    Coefficients that do not vary are left out; distances are in the others' deviations."""
    spread = truth.std(0, unbiased=False)
    varies = spread > _CONSTANT
    told = 1 - (seen - truth)[:, varies].pow(2).mean(0) / spread[varies].pow(2)
    known = torch.tensor(list(means.values()))
    gaps = torch.cdist(seen[:, varies] / spread[varies], known[:, varies] / spread[varies])
    said = [list(means)[index] for index in gaps.argmin(1).tolist()]
    each = [name for name, shown in zip(COEFFICIENTS, varies.tolist(), strict=True) if shown]
    return {
        "told": float(told.mean()),
        "named": float(np.mean([a == b for a, b in zip(said, names, strict=True)])),
        "coefficients": {name: round(value, 3) for name, value in zip(each, told.tolist(), strict=True)},
    }


def train(
    pictures: Pictures, config: ExpressionTraining, work: Path, log: loop.Log, seed: int = 0
) -> ExpressionEncoder:
    """Train within ``config.minutes``, resuming from ``work/expression.pt``."""
    torch.manual_seed(seed)
    where, checkpoint = loop.device(), work / FILE
    people, person = np.unique(pictures.identities, return_inverse=True)
    first_held = len(people) - min(config.held_out, len(people) // 4)
    trained, unseen = np.flatnonzero(person < first_held), np.flatnonzero(person >= first_held)
    crops, truth, means = align_all(pictures), true_vectors(pictures.labels), expression_means(pictures)
    names = [label["expression"] for label in pictures.labels]
    name = torch.tensor([list(means).index(one) for one in names])

    encoder = build(config.shape, truth[:, trained]).to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]
    namer = nn.Linear(config.shape.width, len(means)).to(where)
    parameters = [*encoder.parameters(), *namer.parameters()]
    optimiser = torch.optim.AdamW(parameters, config.rate, weight_decay=0.02)
    step, spent = 0, 0.0
    if state := loop.load(checkpoint):
        encoder.load_state_dict(state["encoder"])
        namer.load_state_dict(state["namer"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    varies, wanted = encoder.deviation > 0, standardised(truth, encoder)
    clock, random, last = loop.Clock(config.minutes, spent), np.random.default_rng(seed + step), spent
    running: float | None = None
    ended = clock.fraction == 1
    while not ended:
        loop.set_rate(optimiser, loop.cosine(clock.fraction, step, 100))
        index, mirrored = random.choice(trained, config.batch), torch.from_numpy(random.random(config.batch) < 0.5)
        x = to_tensor(crops[index])
        x = augment(torch.where(mirrored[:, None, None, None], x.flip(3), x).to(where), random, mirrored=0.0)
        with loop.half_precision(where):
            features = encoder.features(x.contiguous(memory_format=torch.channels_last))
        told = F.smooth_l1_loss(encoder.head(features)[:, varies], wanted[mirrored.long(), index].to(where)[:, varies])
        loss = told + config.name_weight * F.cross_entropy(namer(features), name[index].to(where))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        loop.clip(parameters, 5.0)
        optimiser.step()
        step += 1
        running = loop.smoothed(running, told.item())
        ended = clock.fraction == 1
        if ended or clock.spent - last > 120:
            last = clock.spent
            seen = read(encoder.eval(), crops[unseen])[0]
            shown = figures(seen, truth[0, unseen], [names[i] for i in unseen], means)
            log("expression", step=step, loss=running, seconds=clock.spent, **shown)
            encoder.train()
            parts = {"encoder": encoder, "namer": namer, "optimiser": optimiser}
            state = {key: part.state_dict() for key, part in parts.items()}
            loop.save({**state, "step": step, "spent": clock.spent}, checkpoint)
    return encoder.eval()


def build(shape: ExpressionConfig, truth: Tensor) -> ExpressionEncoder:
    """An encoder of ``shape`` for coefficients distributed as ``truth`` [2, N, E]."""
    encoder = ExpressionEncoder(replace(shape, expression=truth.shape[2]))
    flat = truth.flatten(0, 1)
    deviation = flat.std(0, unbiased=False)
    encoder.mean.copy_(flat.mean(0))
    encoder.deviation.copy_(torch.where(deviation > _CONSTANT, deviation, 0.0))
    return encoder


def standardised(truth: Tensor, encoder: ExpressionEncoder) -> Tensor:
    """``truth`` [..., E] less the mean, in deviations; 0 where nothing varies."""
    mean, deviation = encoder.mean.to(truth), encoder.deviation.to(truth)
    return torch.where(deviation > 0, (truth - mean) / deviation.clamp_min(_CONSTANT), 0.0)
