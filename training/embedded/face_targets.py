"""What the detector should answer on a canvas, and the loss against it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.embedded.face_canvas import Canvas
from training.embedded.face_networks import ANCHORS, FACE_WIDTHS, STRIDES

_IGNORED = -1.0


def targets(canvas: Canvas) -> tuple[np.ndarray, np.ndarray]:
    """Class and geometry of every output row of one canvas.

    Class float32 [R]: 1 face, 0 none, -1 not judged. Geometry float32 [R, 15]: four distances and ten landmark
    offsets in units of the stride, and the face width in strides. Rows as the detector gives them, stride by stride."""
    classes, geometries = [], []
    for stride, widths in zip(STRIDES, FACE_WIDTHS, strict=True):
        side = canvas.pixels.shape[0] // stride
        places = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2).astype(np.float32)
        rows = [_row_targets(canvas, places, stride, widths[row]) for row in range(ANCHORS)]
        classes.append(np.stack([row[0] for row in rows], 1).reshape(-1))
        geometries.append(np.stack([row[1] for row in rows], 1).reshape(-1, 15))
    return np.concatenate(classes), np.concatenate(geometries)


def _row_targets(
    canvas: Canvas, places: np.ndarray, stride: int, widths: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Targets of the rows of one stride that take faces of ``widths`` px."""
    kind = np.zeros(len(places), np.float32)
    geometry = np.zeros((len(places), 15), np.float32)
    for box, points in zip(canvas.boxes, canvas.landmarks, strict=True):
        width = float(box[2] - box[0])
        away = np.abs(places * stride - (box[:2] + box[2:]) / 2).max(1)
        centre = away < max(0.2 * width, 0.8 * stride)
        if widths[0] <= width < widths[1]:
            around = (away < 0.4 * width) & (kind == 0)
            kind[around] = _IGNORED
            kind[centre] = 1.0
            geometry[centre] = _geometry(box, points, places[centre], stride)
        elif widths[0] / 1.5 <= width < widths[1] * 1.5:
            kind[centre & (kind == 0)] = _IGNORED
    return kind, geometry


def _geometry(box: np.ndarray, points: np.ndarray, places: np.ndarray, stride: int) -> np.ndarray:
    upper_left = places - box[:2] / stride
    lower_right = box[2:] / stride - places
    offsets = (points[None] / stride - places[:, None]).reshape(-1, 10)
    width = np.full((len(places), 1), (box[2] - box[0]) / stride)
    return np.concatenate([upper_left, lower_right, offsets, width], 1).astype(np.float32)


def detector_loss(outputs: tuple[list[Tensor], ...], classes: Tensor, geometry: Tensor) -> tuple[Tensor, Tensor]:
    """Focal loss of the scores (classes [B, R]) and relative L1 of boxes and landmarks (geometry [B, R, 15])."""
    scores, boxes, points = (torch.cat(part, 1) for part in outputs)
    logits = scores.squeeze(-1)
    judged, face = classes >= 0, classes > 0.5
    faces = face.sum().clamp(min=1)
    chance = torch.sigmoid(torch.where(face, logits, -logits)).clamp(1e-5)
    focal = -((1 - chance) ** 2) * chance.log()
    score_loss = (focal * judged).sum() / faces
    truth = geometry[face]
    error = F.smooth_l1_loss(torch.cat([boxes, points], 2)[face], truth[:, :14], reduction="none", beta=0.1)
    relative = error / truth[:, 14:].clamp(min=0.5)
    place_loss = relative[:, :4].mean(1).sum() / faces + 4 * relative[:, 4:].mean(1).sum() / faces
    return score_loss, place_loss
