"""Expression encoder: an aligned face to the coefficients that the expression slot takes.

In the paper an off-the-shelf 3D face reconstruction network reads the expression of each training picture
(arXiv:2403.05094, section "Expression Guidance"). This small CNN stands in its place, and it also reads the photo of
somebody who asks for "the expression of this photo".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_PLACES = 24
"""Channels of the last map, which keeps its places: an eye is not a corner of the mouth."""


@dataclass(frozen=True)
class ExpressionConfig:
    """Shape of the encoder. The defaults are those of the embedded bundle."""

    expression: int = 20
    """Coefficients."""
    channels: tuple[int, ...] = (24, 48, 96, 128)
    """Of the maps, each half the side of the one before: 56, 28, 14 and 7 px."""
    width: int = 160
    """Of the features that the coefficients are read from."""
    image_size: int = 112


class ExpressionEncoder(nn.Module):
    """Aligned face to expression coefficients."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: ExpressionConfig) -> None:
        super().__init__()
        self.config = config
        channels, side = config.channels, config.image_size >> len(config.channels)
        layers = [_convolution(3, channels[0], 5, 2)]
        for before, after in pairwise(channels):
            layers += [_convolution(before, after, 3, 2), _convolution(after, after, 3, 1)]
        self.trunk = nn.Sequential(
            *layers,
            _convolution(channels[-1], _PLACES, 1, 1),
            nn.Flatten(),
            nn.Linear(_PLACES * side * side, config.width),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Linear(config.width, config.expression)
        self.register_buffer("mean", torch.zeros(config.expression))
        self.register_buffer("deviation", torch.ones(config.expression))

    def features(self, face: Tensor) -> Tensor:
        """float32 [B, width]; ``head`` makes standardised coefficients of them. ``face`` as for `forward`."""
        return self.trunk(face).float()

    def forward(self, face: Tensor) -> Tensor:
        """Coefficients [B, expression].

        ``face``: float [B, 3, 112, 112] RGB in [-1, 1], aligned to the ArcFace template. A coefficient that never
        varied in training has the deviation 0 and keeps its mean.
        """
        return self.mean + self.deviation * self.head(self.features(face))

    def config_json(self) -> dict[str, Any]:
        """The configuration as JSON values."""
        return asdict(self.config)


@torch.no_grad()
def coefficients_of(encoder: ExpressionEncoder, aligned: np.ndarray) -> tuple[float, ...]:
    """Coefficients of one ``aligned`` face uint8 [112, 112, 3] RGB, to four decimals, as a recipe keeps them."""
    face = torch.from_numpy(np.ascontiguousarray(aligned)).permute(2, 0, 1)[None].float() / 127.5 - 1
    return tuple(round(value, 4) for value in encoder(face)[0].tolist())


def expression_distance(encoder: ExpressionEncoder, shown: Sequence[float], asked: Sequence[float]) -> float:
    """Root mean square difference of two vectors of coefficients [expression], in standard deviations of each; those
    that never varied are left out."""
    spread = encoder.deviation.numpy()
    told = spread > 0
    return float(np.sqrt(np.mean((np.subtract(shown, asked)[told] / spread[told]) ** 2)))


def _convolution(before: int, after: int, kernel: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))
