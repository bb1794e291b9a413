"""Weights of the trained parts: the official files as they are, and our own folders."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from facepersona_core.errors import WeightsInvalid, WeightsMissing
from facepersona_core.face2diffusion.expression import ExpressionConfig, ExpressionEncoder
from facepersona_core.face2diffusion.identity import IdentityConfig, IdentityEncoder
from facepersona_core.face2diffusion.likeness import LikenessConfig, LikenessEncoder
from facepersona_core.face2diffusion.mapping import MappingConfig, MappingNetwork

M = TypeVar("M", bound=nn.Module)
_UNUSED = frozenset({"norm.weight", "norm.bias"})


def load_official_identity(path: Path) -> IdentityEncoder:
    """The published ``msid.pt``. Its unused final ``norm.*`` is dropped, with a warning.

    Raises WeightsMissing and WeightsInvalid."""
    return _load_official(IdentityEncoder.official(), path)


def load_official_mapping(path: Path) -> MappingNetwork:
    """The published ``mapping.pt``. Raises WeightsMissing and WeightsInvalid."""
    return _load_official(MappingNetwork.official(), path)


def save_part(module: IdentityEncoder | MappingNetwork | ExpressionEncoder | LikenessEncoder, folder: Path) -> None:
    """Write ``config.json`` and ``model.safetensors`` (fp16 floats) into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(module.config_json(), indent=2) + "\n")
    save_file(half(module.state_dict()), folder / "model.safetensors")


def load_identity(folder: Path) -> IdentityEncoder:
    """An encoder written by `save_part`, in fp32 and eval mode. Raises WeightsMissing and WeightsInvalid."""
    config = _config(folder)
    config["taps"] = tuple(config["taps"])
    return _load_part(IdentityEncoder(IdentityConfig(**config)), folder)


def load_mapping(folder: Path) -> MappingNetwork:
    """A mapping network written by `save_part`, in fp32 and eval mode. Raises WeightsMissing and WeightsInvalid."""
    return _load_part(MappingNetwork(MappingConfig(**_config(folder))), folder)


def load_expression(folder: Path) -> ExpressionEncoder:
    """An expression encoder written by `save_part`, in fp32 and eval mode. Raises WeightsMissing and WeightsInvalid."""
    config = _config(folder)
    config["channels"] = tuple(config["channels"])
    return _load_part(ExpressionEncoder(ExpressionConfig(**config)), folder)


def load_likeness(folder: Path) -> LikenessEncoder:
    """A likeness encoder written by `save_part`, in fp32 and eval mode. Raises WeightsMissing and WeightsInvalid."""
    config = _config(folder)
    config["channels"] = tuple(config["channels"])
    return _load_part(LikenessEncoder(LikenessConfig(**config)), folder)


def half(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``state`` with its floating tensors as contiguous fp16."""
    return {k: (v.half() if v.is_floating_point() else v).contiguous().cpu() for k, v in state.items()}


def load_state(module: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Load ``state`` into ``module`` strictly, but for the official encoder's unused ``norm.*``.

    Raises WeightsInvalid that names the first tensors that are missing, unknown or of another shape."""
    dropped = sorted(_UNUSED.intersection(state).difference(module.state_dict()))
    if dropped:
        warnings.warn(f"{path}: dropped {', '.join(dropped)}: the encoder does not use them", stacklevel=2)
    wanted = {k: tuple(v.shape) for k, v in module.state_dict().items()}
    given = {k: tuple(v.shape) for k, v in state.items() if k not in dropped}
    wrong = sorted(k for k in wanted.keys() | given.keys() if wanted.get(k) != given.get(k))
    if wrong:
        seen = ", ".join(f"{k} {given.get(k, 'absent')}" for k in wrong[:3])
        expected = ", ".join(f"{k} {wanted.get(k, 'absent')}" for k in wrong[:3])
        raise WeightsInvalid(path=path, seen=seen, expected=expected)
    module.load_state_dict({k: v for k, v in state.items() if k not in dropped})


def _load_official(module: M, path: Path) -> M:
    if not path.is_file():
        raise WeightsMissing(path=path.parent, missing=path.name)
    load_state(module, torch.load(path, map_location="cpu", weights_only=True), path)
    return module.eval()


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise WeightsMissing(path=folder, missing=path.name)
    config: dict[str, Any] = json.loads(path.read_text())
    return config


def _load_part(module: M, folder: Path) -> M:
    path = folder / "model.safetensors"
    if not path.is_file():
        raise WeightsMissing(path=folder, missing=path.name)
    load_state(module, load_file(path), path)
    return module.float().eval()
