"""The two networks of the face pack and their export to ONNX in the layouts that insightface reads."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDES = (8, 16, 32)
ANCHORS = 2
"""Rows a cell, the second for larger faces."""
FACE_WIDTHS = (((8, 30), (24, 58)), ((46, 80), (66, 120)), ((96, 170), (140, 420)))
"""For each stride and row the widths in pixels of the faces it takes; neighbours overlap on purpose."""
_WIDTHS = (40, 72, 72)
"""Channels of the heads; the finest stride has the most cells and the smallest faces."""
_NO_FACE = -4.0
"""First bias of the scores: nearly all cells see no face."""


def _unit(channels: int, out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True))


class Detector(nn.Module):
    """A one-stage face detector with the outputs of SCRFD: three strides, two rows a cell, five landmarks.

    Input float [B, 3, H, W], RGB, (x - 127.5) / 128, H and W multiples of 32.
    Output for each stride: score logits [B, cells * 2, 1], box distances [B, cells * 2, 4], landmark offsets
    [B, cells * 2, 10], in units of the stride from the cell's upper left corner, cells row by row.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_unit(3, 16, 2), _unit(16, 24, 2))
        self.levels = nn.ModuleList(
            [
                nn.Sequential(_unit(24, 48, 2), _unit(48, 48)),
                nn.Sequential(_unit(48, 80, 2), _unit(80, 80)),
                nn.Sequential(_unit(80, 96, 2), _unit(96, 96), _unit(96, 96)),
            ]
        )
        self.lateral = nn.ModuleList([nn.Conv2d(channels, 48, 1) for channels in (48, 80, 96)])
        self.smooth = nn.ModuleList([_unit(48, width) for width in _WIDTHS])
        self.tower = nn.ModuleList([nn.Sequential(_unit(w, w), _unit(w, w)) for w in _WIDTHS])
        self.score = nn.ModuleList([nn.Conv2d(width, ANCHORS, 1) for width in _WIDTHS])
        self.place = nn.ModuleList([nn.Conv2d(width, ANCHORS * 14, 1) for width in _WIDTHS])
        for convolution in self.score:
            nn.init.constant_(cast(Tensor, convolution.bias), _NO_FACE)

    def forward(self, picture: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Score logits, box distances and landmark offsets, each a list over the strides."""
        x, features = self.stem(picture), []
        for level, lateral in zip(self.levels, self.lateral, strict=True):
            x = level(x)
            features.append(lateral(x))
        for i in (1, 0):
            features[i] = features[i] + F.interpolate(features[i + 1], scale_factor=2.0, mode="nearest")
        scores, boxes, points = [], [], []
        for i, feature in enumerate(features):
            shared = self.smooth[i](feature)
            scores.append(_rows(self.score[i](shared).float(), 1))
            place = self.place[i](self.tower[i](shared)).float()
            boxes.append(_rows(place[:, : ANCHORS * 4], 4))
            points.append(_rows(place[:, ANCHORS * 4 :], 10))
        return scores, boxes, points


def _rows(maps: Tensor, values: int) -> Tensor:
    """[B, ANCHORS * values, h, w] -> [B, h * w * ANCHORS, values]."""
    return maps.permute(0, 2, 3, 1).reshape(maps.shape[0], -1, values)


class _ExportedDetector(nn.Module):
    """The nine outputs as insightface's SCRFD reads them: for one picture, scores after the sigmoid."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        scores, boxes, points = self.detector(picture)
        rows = [torch.sigmoid(score).reshape(-1, 1) for score in scores]
        return (*rows, *(box.reshape(-1, 4) for box in boxes), *(point.reshape(-1, 10) for point in points))


class _Residual(nn.Module):
    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            nn.PReLU(out),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.side = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.main(x) + self.side(x))


class Recogniser(nn.Module):
    """A small ArcFace CNN. Input float [B, 3, 112, 112], RGB, (x - 127.5) / 127.5; output float [B, 256]."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 32, 5, 2, 2, bias=False),
            nn.BatchNorm2d(32),
            nn.PReLU(32),
            _Residual(32, 48, 2),
            _Residual(48, 96, 2),
            _Residual(96, 96, 1),
            _Residual(96, 160, 2),
            _Residual(160, 160, 1),
            _Residual(160, 192, 1),
            nn.Conv2d(192, 64, 1, bias=False),
            nn.BatchNorm2d(64),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(64 * 49, 256),
            nn.BatchNorm1d(256),
        )

    def forward(self, face: Tensor) -> Tensor:
        return cast(Tensor, self.layers(face))


def export_detector(detector: Detector, path: Path) -> None:
    """Write ``path`` with a free picture size and half-precision weights."""
    names = [f"{part}_{stride}" for part in ("score", "bbox", "kps") for stride in STRIDES]
    axes = {"input.1": {2: "height", 3: "width"}, **{name: {0: f"rows_{name}"} for name in names}}
    _export(_ExportedDetector(detector).eval(), torch.zeros(1, 3, 128, 128), path, names, axes)


def export_recogniser(recogniser: Recogniser, path: Path) -> None:
    """Write ``path`` with a free batch and half-precision weights."""
    axes = {"input.1": {0: "batch"}, "embedding": {0: "batch"}}
    _export(recogniser.eval(), torch.zeros(1, 3, 112, 112), path, ["embedding"], axes)


def _export(network: nn.Module, example: Tensor, path: Path, names: list[str], axes: dict[str, dict[int, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (example,), str(path), dynamo=False, opset_version=17,
            input_names=["input.1"], output_names=names, dynamic_axes=axes,
        )  # fmt: skip
    _halve_weights(path)


def _halve_weights(path: Path) -> None:
    """Store large weights as float16 followed by a cast: half the file, the same arithmetic in float32."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < 256:
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], name=f"Cast_{name}", to=TensorProto.FLOAT))
    for node in reversed(casts):
        model.graph.node.insert(0, node)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
