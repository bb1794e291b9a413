"""The attribute judge: one small CNN that says what a 128 px picture shows. Trained apart from every method."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facepersona_core.errors import WeightsMissing

if TYPE_CHECKING:
    from PIL.Image import Image

YAW_SCALE = 20.0
"""Degrees of yaw for one unit of the regression output."""
POSE_EDGE_DEGREES = 11.0
"""Between "front" (captions say it under 7 degrees) and "left" or "right" (from 15 degrees)."""
POSE_SOFTNESS_DEGREES = 2.5


class _Residual(nn.Module):
    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(channels, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.side = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.main(x) + self.side(x))


def _trunk(side: int, stem: int, blocks: Sequence[tuple[int, int]], places: int) -> nn.Sequential:
    """[B, 3, side, side] to features [B, 192]: a stem of ``stem`` channels and half the side, ``blocks`` (channels,
    stride) that halve it thrice more, and a last map of ``places`` channels, flattened: it keeps its places."""
    inputs = (stem, *(channels for channels, _ in blocks[:-1]))
    last = blocks[-1][0]
    return nn.Sequential(
        nn.Conv2d(3, stem, 5, 2, 2, bias=False),
        nn.BatchNorm2d(stem),
        nn.ReLU(inplace=True),
        *(_Residual(before, channels, stride) for before, (channels, stride) in zip(inputs, blocks, strict=True)),
        nn.Conv2d(last, places, 1, bias=False),
        nn.BatchNorm2d(places),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(places * (side // 16) ** 2, 192),
        nn.ReLU(inplace=True),
    )


EXPRESSION = "expression"
"""The attribute that is read off the face alone."""
FACE_SIDE = 112
"""Side in pixels of the aligned face."""
TEMPLATE = torch.tensor([[-0.269, -0.115], [0.266, -0.118], [0.0, 0.189], [-0.219, 0.502], [0.224, 0.499]])
"""float [5, 2]: where eyes, nose and corners of the mouth are in the aligned face, in [-1, 1] of its sides: the ArcFace
template, seen from a little further away, so that an open mouth and the chin are inside."""


class AttributeNetwork(nn.Module):
    """One trunk, one linear head an attribute, yaw and the five points of the face. The last map keeps its places: a
    mouth is not a collar. What the face expresses is read by a branch of its own off the face, which the points align:
    in the whole picture an eye is three pixels wide."""

    def __init__(self, heads: dict[str, list[str]]) -> None:
        """``heads``: attribute -> class keys, in the order of the outputs."""
        super().__init__()
        self.trunk = _trunk(128, 32, ((48, 2), (96, 2), (96, 1), (160, 2), (160, 1)), 48)
        self.face = _trunk(FACE_SIDE, 24, ((48, 2), (96, 2), (96, 1), (128, 2)), 32)
        self.heads = nn.ModuleDict({name: nn.Linear(192, len(classes)) for name, classes in heads.items()})
        self.yaw = nn.Linear(192, 1)
        self.points = nn.Linear(192, TEMPLATE.numel())

    def forward(self, picture: Tensor, points: Tensor | None = None) -> dict[str, Tensor]:
        """``picture`` float [B, 3, 128, 128] RGB in [-1, 1] -> logits [B, classes] a head, "yaw" [B] in units of
        `YAW_SCALE` and "points" [B, 5, 2] in [-1, 1] of the picture's sides.

        ``points``, likewise, align the face instead of the points that are found: in training, the true ones."""
        features = self.trunk(picture).float()
        found = self.points(features).view(-1, *TEMPLATE.shape)
        face = self.face(aligned(picture, found.detach() if points is None else points)).float()
        logits = {name: head(face if name == EXPRESSION else features) for name, head in self.heads.items()}
        return {**logits, "yaw": self.yaw(features).squeeze(1), "points": found}


def aligned(picture: Tensor, points: Tensor) -> Tensor:
    """float [B, 3, S, S], S = `FACE_SIDE`: ``picture`` [B, 3, H, H] turned, moved and zoomed so that ``points``
    [B, 5, 2], in [-1, 1] of its sides, come nearest to `TEMPLATE` in the least-squares sense."""
    to = TEMPLATE.to(points)
    middle, centre = to.mean(0), points.mean(1, keepdim=True)
    (x, y), (u, v) = (to - middle).unbind(1), (points - centre).unbind(2)
    size = (to - middle).pow(2).sum()
    a, b = (x * u + y * v).sum(1) / size, (x * v - y * u).sum(1) / size
    turn = torch.stack([torch.stack([a, -b], 1), torch.stack([b, a], 1)], 1)
    matrix = torch.cat([turn, centre.mT - turn @ middle[:, None]], 2)
    grid = F.affine_grid(matrix, [len(picture), 3, FACE_SIDE, FACE_SIDE], align_corners=False)
    return F.grid_sample(picture, grid.to(picture), padding_mode="border", align_corners=False)


class AttributeJudge:
    """A trained judge: probabilities of every class for one picture."""

    def __init__(self, folder: Path) -> None:
        """Load ``folder/{config.json, model.safetensors}``. Raises WeightsMissing and WeightsInvalid."""
        from safetensors.torch import load

        from facepersona_core.face2diffusion.checkpoint import load_state

        for part in ("config.json", "model.safetensors"):
            if not (folder / part).is_file():
                raise WeightsMissing(path=folder, missing=part)
        self.config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        stored = (folder / "model.safetensors").read_bytes()
        self.sha256 = hashlib.sha256(stored).hexdigest()
        self.heads: dict[str, list[str]] = self.config["heads"]
        self._network = AttributeNetwork(self.heads)
        load_state(self._network, load(stored), folder / "model.safetensors")
        self._network.eval()

    @property
    def version(self) -> str:
        """Version of the judge, as its card states it."""
        return str(self.config["version"])

    def judge(self, picture: Image) -> dict[str, dict[str, float]]:
        """Head -> class -> probability for an RGB ``picture`` of any size; "pose" is read off the yaw."""
        return self.read(picture)[0]

    def read(self, picture: Image) -> tuple[dict[str, dict[str, float]], float]:
        """As `judge`, and the head's yaw in degrees, positive towards the picture's right."""
        with torch.inference_mode():
            outputs = self._network(_input(picture, self.config["resolution"]))
        verdict = {
            head: dict(zip(classes, outputs[head][0].softmax(0).tolist(), strict=True))
            for head, classes in self.heads.items()
        }
        yaw = float(outputs["yaw"][0]) * YAW_SCALE
        return {**verdict, "pose": pose_chances(yaw)}, yaw


def pose_chances(yaw: float) -> dict[str, float]:
    """Probabilities of left, right and front for a ``yaw`` in degrees: logistic steps at 11 degrees either side."""
    right = 1 / (1 + exp((POSE_EDGE_DEGREES - yaw) / POSE_SOFTNESS_DEGREES))
    left = 1 / (1 + exp((POSE_EDGE_DEGREES + yaw) / POSE_SOFTNESS_DEGREES))
    return {"left": left, "right": right, "front": max(0.0, 1 - left - right)}


def _input(picture: Image, resolution: int) -> Tensor:
    """float [1, 3, R, R] in [-1, 1]."""
    from PIL.Image import Resampling

    sized = picture.convert("RGB").resize((resolution, resolution), Resampling.BOX)
    return torch.from_numpy(np.array(sized)).permute(2, 0, 1)[None].float() / 127.5 - 1


@lru_cache(maxsize=4)
def open_judge(folder: Path) -> AttributeJudge:
    """The judge in ``folder``, loaded once. Raises WeightsMissing and WeightsInvalid."""
    return AttributeJudge(folder)
