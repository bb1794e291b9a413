"""Mapping network: identity and expression to the two word vectors of S* (arXiv:2403.05094)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class MappingConfig:
    """Widths of the network. The defaults are the published ones (Stable Diffusion v1)."""

    identity: int = 1536
    expression: int = 64
    hidden: int = 1536
    text: int = 768
    dropout: float = 0.1

    @classmethod
    def embedded(cls) -> MappingConfig:
        """The small shape of the embedded bundle."""
        return cls(identity=640, expression=20, hidden=384, text=256)

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> MappingConfig:
        """The widths of a network with the weights ``state``; dropout, which no weight tells, is the default."""
        first, expression = state["i2t_first.layers.0.0.weight"], len(state["null_exp"])
        return cls(first.shape[1] - expression, expression, first.shape[0], len(state["i2t_first.fc_out.bias"]))


class _WordMapper(nn.Module):
    def __init__(self, config: MappingConfig) -> None:
        super().__init__()

        def layer(width: int) -> nn.Sequential:
            return nn.Sequential(nn.Linear(width, config.hidden), nn.Dropout(config.dropout), nn.LeakyReLU(0.2))

        self.layers = nn.ModuleList([layer(config.identity + config.expression), layer(config.hidden)])
        self.fc_out = nn.Linear(config.hidden, config.text)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.fc_out(x)


class MappingNetwork(nn.Module):
    """Two independent MLPs, one for each word. State-dict names are those of the official release."""

    def __init__(self, config: MappingConfig) -> None:
        super().__init__()
        self.config = config
        self.null_exp = nn.Parameter(torch.zeros(config.expression))
        self.i2t_first = _WordMapper(config)
        self.i2t_last = _WordMapper(config)

    @classmethod
    def official(cls) -> MappingNetwork:
        """The published shape: identity 1536 and expression 64 to two words of 768."""
        return cls(MappingConfig())

    def forward(self, identity: Tensor, expression: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Word vectors S1*, S2*, each [B, text].

        ``identity``: [B, identity]; ``expression``: [B, expression], or None for the learned null vector, which is
        what the published inference always uses.
        """
        if expression is None:
            expression = self.null_exp.expand(len(identity), -1)
        x = torch.cat([identity, expression], 1)
        return self.i2t_first(x), self.i2t_last(x)

    def config_json(self) -> dict[str, Any]:
        """The configuration as JSON values."""
        return asdict(self.config)
