"""Names of the training people: two word vectors each, a learned function of who the person is and, when it is told,
of the expression: the expression slot is there from the start.

Stable Diffusion can be steered to a person because its text space is full of people. The small world gets such a
space by naming its people while the text-to-image model learns: the two vectors of a name enter the text encoder
exactly as S* does. A table of free vectors would see each person some ten times; a function of the person's true
parameters lets people who look alike have names that are alike, so that the space between them is filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from facepersona_core.face2diffusion.mapping import MappingNetwork
from training.synthetic.expression import COEFFICIENTS
from training.synthetic.identity import sample_identity

NAME_NOISE = 0.15
"""Deviation of the noise added to a name in training, as a share of the names' own deviation: it smooths the space."""
SLOT_SCALE = 4.0
"""The coefficients of an expression deviate by a quarter and less, a person's standardised features by 1: as they are
the names would hardly hear them."""
_NOT_APPEARANCE = {"seed", "moles"}


def _flatten(parameters: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in parameters.items():
        if key in _NOT_APPEARANCE:
            continue
        if isinstance(value, Mapping):
            flat |= {f"{key}.{k}": v for k, v in _flatten(value).items()}
        elif isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str):
            flat |= {f"{key}.{i}": float(v) for i, v in enumerate(value)}
        else:
            flat[key] = value
    return flat


REFERENCE_PEOPLE = range(2000)
"""The people whose spread standardises the features, whoever is trained on."""


@cache
def _columns() -> dict[str, tuple[str, ...] | tuple[float, float]]:
    """For each parameter its options (text) or its mean and deviation (number)."""
    rows = [_flatten(asdict(sample_identity(identity))) for identity in REFERENCE_PEOPLE]
    columns: dict[str, tuple[str, ...] | tuple[float, float]] = {}
    for key in sorted({key for row in rows for key in row}):
        values = [row.get(key) for row in rows]
        if all(isinstance(value, (int, float, np.number)) for value in values):
            numbers = np.array(values, np.float64)
            columns[key] = (float(numbers.mean()), max(float(numbers.std()), 1e-6))
        else:
            columns[key] = tuple(sorted({str(value) for value in values}))
    return columns


def _features(identity: int) -> list[float]:
    parameters, features = _flatten(asdict(sample_identity(identity))), []
    for key, column in _columns().items():
        if isinstance(column[0], str):
            features += [2.0 * (str(parameters.get(key)) == option) for option in column]
        else:
            features.append((float(parameters[key]) - column[0]) / column[1])
    return features


def person_features(identities: Iterable[int]) -> Tensor:
    """float32 [N, F] of the people's true parameters: numbers standardised, names of styles one-hot."""
    return torch.tensor([_features(int(identity)) for identity in identities], dtype=torch.float32)


def slots(expression: Tensor, told: Tensor) -> Tensor:
    """[B, E + 1] for `Names`: ``expression`` [B, E] times `SLOT_SCALE` and a 1 where ``told`` (bool [B]), zeros
    elsewhere."""
    one = torch.ones(len(expression), 1, device=expression.device)
    return torch.cat([SLOT_SCALE * expression, one], 1) * told[:, None]


class Naming(nn.Module):
    """Who somebody is, [B, F], and slot [B, E + 1] to the two word vectors of a name, [B, 2, C].

    The slot holds the expression's coefficients and a last 1, or zeros only: no expression is told."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def noisy(self, person: Tensor, slot: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Names with the noise of training."""
        names = self(person, slot)
        noise = torch.randn(names.shape, generator=generator, device=names.device)
        return names + NAME_NOISE * names.detach().std() * noise


class Names(Naming):
    """Names from a person's true features, `person_features`."""

    def __init__(self, features: int, width: int, hidden: int = 512) -> None:
        super().__init__(width)
        inputs = features + len(COEFFICIENTS) + 1
        self.layers = nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, 2 * width))

    def forward(self, features: Tensor, slot: Tensor) -> Tensor:
        """Names of the people with these features."""
        return self.layers(torch.cat([features, slot], 1)).view(-1, 2, self.width)


class PhotoNames(Naming):
    """Names that the mapping network gives to the identity vector of a photo."""

    def __init__(self, mapping: MappingNetwork) -> None:
        super().__init__(mapping.config.text)
        self.mapping = mapping

    def forward(self, identity: Tensor, slot: Tensor) -> Tensor:
        """Names of the people with these identity vectors; an empty slot is the mapping network's null vector."""
        expression = torch.where(slot[:, -1:] > 0, slot[:, :-1] / SLOT_SCALE, self.mapping.null_exp)
        return torch.stack(self.mapping(identity, expression), 1)
