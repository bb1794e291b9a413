"""Who is in a training picture, in the form from which names are made: the world's truth, or another photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor


class Who(Protocol):
    """Pictures [B] to what names are made from, float [B, F], on the processor."""

    def __call__(self, index: Tensor, source: torch.Generator) -> Tensor:
        """Of the pictures ``index`` int64 [B]; ``source`` decides where there is a choice."""
        ...


@dataclass(frozen=True)
class TrueFeatures:
    """The true parameters of the person in each picture, for `names.Names`."""

    features: Tensor
    """float [people, F]."""
    person: Tensor
    """int64 [N]: who is in each picture."""

    def __call__(self, index: Tensor, source: torch.Generator) -> Tensor:
        """float [B, F]."""
        return self.features[self.person[index]]


@dataclass(frozen=True)
class OtherPhotos:
    """The identity vector of any photo of the person, mirrored or not, for `names.PhotoNames`: seldom of the very
    picture that is to be made, so that the vector cannot be relied on to tell what is special to it."""

    vectors: Tensor
    """[2, N, D]: of every picture (0) and its mirror image (1), as `mapping.identity_vectors` makes them."""
    others: Tensor
    """int64 [N, M]: for every picture M pictures of the same person, as `same_person` makes them."""

    def __call__(self, index: Tensor, source: torch.Generator) -> Tensor:
        """float [B, D]."""
        seen = self.others[index, torch.randint(0, self.others.shape[1], (len(index),), generator=source)]
        side = torch.randint(0, 2, (len(index),), generator=source)
        return self.vectors[side, seen].float()


def same_person(person: Tensor) -> Tensor:
    """int64 [N, M]: for every picture M pictures of the same person, itself among them. ``person``: int64 [N]."""
    ids = person.numpy()
    rows = [np.flatnonzero(ids == p) for p in range(int(person.max()) + 1)]
    most = max(len(row) for row in rows)
    return torch.from_numpy(np.stack([np.resize(rows[p], most) for p in ids]))
