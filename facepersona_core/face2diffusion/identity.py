"""Multi-scale identity encoder (MSID): a ViT whose class tokens after several blocks are concatenated.

Shallow scales, trained with an identity loss like the deep one, keep identity and drop pose, so that the text
keeps its say over the picture (arXiv:2403.05094, section "Multi-Scale Identity Encoder").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class IdentityConfig:
    """Shape of the encoder. The defaults are the published ones."""

    image_size: int = 112
    patch_size: int = 8
    width: int = 384
    depth: int = 12
    heads: int = 12
    mlp_ratio: int = 4
    taps: tuple[int, ...] = (2, 5, 8, 11)
    """0-based blocks whose class token is read."""
    convolutional_stem: bool = False
    """Patches by stride-2 convolutions instead of one large one: a small ViT learns much sooner (arXiv:2106.14881).
    ``patch_size`` must then be a power of two."""

    @property
    def output_width(self) -> int:
        """Width of the identity vector: one ``width`` a tap."""
        return self.width * len(self.taps)

    @classmethod
    def embedded(cls) -> IdentityConfig:
        """The small shape of the embedded bundle."""
        return cls(patch_size=16, width=160, depth=8, heads=5, taps=(1, 3, 5, 7), convolutional_stem=True)


class _PatchEmbed(nn.Module):
    def __init__(self, patch_size: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch_size, patch_size)

    def forward(self, face: Tensor) -> Tensor:
        return self.proj(face).flatten(2).transpose(1, 2)  # (B, tokens, width)


class _ConvolutionalStem(nn.Module):
    def __init__(self, patch_size: int, width: int) -> None:
        super().__init__()
        halvings = patch_size.bit_length() - 1
        assert patch_size == 1 << halvings, f"patch_size {patch_size} is no power of two"
        channels = [3] + [max(16, width >> (halvings - i)) for i in range(1, halvings + 1)]
        layers: list[nn.Module] = []
        for before, after in pairwise(channels):
            layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], width, 1))

    def forward(self, face: Tensor) -> Tensor:
        return self.layers(face).flatten(2).transpose(1, 2)  # (B, tokens, width)


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        qkv = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, tokens, width / heads)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(batch, tokens, width))


class _Mlp(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class _Block(nn.Module):
    def __init__(self, config: IdentityConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width, eps=1e-6)
        self.attn = _Attention(config.width, config.heads)
        self.norm2 = nn.LayerNorm(config.width, eps=1e-6)
        self.mlp = _Mlp(config.width, config.mlp_ratio * config.width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class IdentityEncoder(nn.Module):
    """Aligned face to identity vector. State-dict names are those of the official release."""

    def __init__(self, config: IdentityConfig) -> None:
        super().__init__()
        self.config = config
        tokens = (config.image_size // config.patch_size) ** 2 + 1
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, config.width))
        embed = _ConvolutionalStem if config.convolutional_stem else _PatchEmbed
        self.patch_embed = embed(config.patch_size, config.width)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.depth))
        self.norms = nn.ModuleDict(
            {f"layer_{i}": nn.Sequential(nn.BatchNorm1d(config.width), nn.LayerNorm(config.width)) for i in config.taps}
        )
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    @classmethod
    def official(cls) -> IdentityEncoder:
        """The published shape: [B, 3, 112, 112] to [B, 1536]."""
        return cls(IdentityConfig())

    def forward(self, face: Tensor) -> Tensor:
        """Identity vectors [B, taps * width], not normalised.

        ``face``: float [B, 3, 112, 112] RGB in [-1, 1], aligned to the ArcFace template.
        """
        x = self.patch_embed(face)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        scales = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self.config.taps:
                scales.append(self.norms[f"layer_{index}"](x[:, 0]))
        return torch.cat(scales, 1)

    def config_json(self) -> dict[str, Any]:
        """The configuration as JSON values."""
        return asdict(self.config)


def identity_of(encoder: nn.Module, aligned: Sequence[np.ndarray]) -> Tensor:
    """Identity vector [output width] of one person by ``encoder``, an identity or likeness encoder: the mean over
    ``aligned`` faces, uint8 [112, 112, 3] RGB each, and their mirror images."""
    return _vectors(encoder, aligned).mean(0)


def identities_of(encoder: nn.Module, aligned: Sequence[np.ndarray]) -> Tensor:
    """Likewise of each of the ``aligned`` faces by itself: [N, output width]."""
    return _vectors(encoder, aligned).unflatten(0, (2, -1)).mean(0)


@torch.no_grad()
def _vectors(encoder: nn.Module, aligned: Sequence[np.ndarray]) -> Tensor:
    """Of all faces, then of all their mirror images: [2 N, output width]."""
    pixels = torch.from_numpy(np.stack(aligned)).permute(0, 3, 1, 2).float() / 127.5 - 1
    vectors: Tensor = encoder(torch.cat([pixels, pixels.flip(3)]))
    return vectors
