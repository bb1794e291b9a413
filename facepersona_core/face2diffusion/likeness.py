"""Likeness encoder: a second opinion on whom a drawing shows.

A drawing follows what the identity encoder says of a person, so that encoder finds all drawings alike and is a poor
judge between them. This CNN never tells the model anything: it was trained apart, and chooses between drawings
(`facepersona_core/candidates.py`). It is no part of the paper's method.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class LikenessConfig:
    """Shape of the encoder. The defaults are those of the embedded bundle."""

    channels: tuple[int, ...] = (32, 48, 96, 192)
    """Of the maps, each half the side of the one before: 56, 28, 14 and 7 px."""
    output_width: int = 192
    """Width of the vector."""
    image_size: int = 112


class _Residual(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.side = nn.Identity() if stride == 1 else nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(before, after, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, before, h, w] to [B, after, h / stride, w / stride]."""
        return F.relu(self.main(x) + self.side(x))


class LikenessEncoder(nn.Module):
    """Aligned face to a vector whose direction says who it is. The last map is weighed place by place (as in Chen et
    al., MobileFaceNets, arXiv:1804.07573, section 3.1): an eye is not a corner of the mouth."""

    def __init__(self, config: LikenessConfig) -> None:
        super().__init__()
        self.config = config
        channels, side = config.channels, config.image_size >> len(config.channels)
        layers: list[nn.Module] = [nn.Conv2d(3, channels[0], 3, 2, 1, bias=False), nn.BatchNorm2d(channels[0])]
        layers.append(nn.ReLU(inplace=True))
        for before, after in pairwise(channels):
            layers += [_Residual(before, after, 2), _Residual(after, after, 1)]
        last = channels[-1]
        self.layers = nn.Sequential(
            *layers,
            nn.Conv2d(last, last, side, groups=last, bias=False),
            nn.BatchNorm2d(last),
            nn.Flatten(),
            nn.Linear(last, config.output_width, bias=False),
            nn.BatchNorm1d(config.output_width),
        )

    def forward(self, face: Tensor) -> Tensor:
        """Vectors [B, output_width], not normalised. ``face``: float [B, 3, 112, 112] RGB in [-1, 1], aligned to the
        ArcFace template."""
        vectors: Tensor = self.layers(face)
        return vectors

    def config_json(self) -> dict[str, Any]:
        """The configuration as JSON values."""
        return asdict(self.config)
