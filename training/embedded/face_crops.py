"""Aligned faces for the recogniser, and their variation in training."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from facepersona_core.faces import align
from training.embedded.data import Pictures
from training.embedded.face_data import landmarks_of


def aligned_crops(pictures: Pictures) -> np.ndarray:
    """uint8 [N, 112, 112, 3]: every picture aligned by its true landmarks, as insightface aligns."""
    pairs = zip(pictures.pixels, landmarks_of(pictures), strict=True)
    return np.stack([align(pixels, landmarks) for pixels, landmarks in pairs])


def vary_crops(crops: np.ndarray, random: np.random.Generator) -> Tensor:
    """float32 [B, 3, 112, 112] in [-1, 1]: crops as a detector and a generator would give them.

    Landmark error (turn, scale, shift), mirror, softness, light and colour, grey, noise, a hidden patch."""
    soft = np.stack([_soften(crop, random) for crop in crops])
    faces = torch.from_numpy(soft).permute(0, 3, 1, 2).float() / 127.5 - 1
    faces = F.grid_sample(faces, _wobble(len(faces), random), padding_mode="border", align_corners=False)
    count = len(faces)
    gains = torch.from_numpy(random.uniform(0.7, 1.3, (count, 1, 1, 1))).float()
    lifts = torch.from_numpy(random.uniform(-0.12, 0.12, (count, 3, 1, 1))).float()
    faces = faces * gains + lifts + torch.randn_like(faces) * float(random.uniform(0, 0.05))
    grey = torch.from_numpy(random.random(count) < 0.15).view(-1, 1, 1, 1)
    faces = torch.where(grey, faces.mean(1, keepdim=True).expand_as(faces), faces)
    if random.random() < 0.5:
        y, x = random.integers(0, 78, 2)
        faces[:, :, y : y + 34, x : x + 34] = 0
    return faces


def _soften(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Half of the crops pass through a smaller size or a blur."""
    kind = random.random()
    if kind < 0.3:
        side = int(random.integers(36, 90))
        small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (112, 112), interpolation=cv2.INTER_CUBIC))
    if kind < 0.45:
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), float(random.uniform(0.4, 1.8))))
    if kind < 0.52:
        return np.asarray(cv2.medianBlur(crop, 3))
    return crop


def _wobble(count: int, random: np.random.Generator) -> Tensor:
    """Sampling grid [B, 112, 112, 2] of small random similarities, half of them mirrored."""
    turn = np.radians(random.normal(size=count) * 4)
    scale = np.exp(random.normal(size=count) * 0.05)
    mirror = np.where(random.random(count) < 0.5, -1.0, 1.0)
    matrix = np.zeros((count, 2, 3))
    matrix[:, 0, 0], matrix[:, 0, 1] = np.cos(turn) * scale * mirror, -np.sin(turn) * scale
    matrix[:, 1, 0], matrix[:, 1, 1] = np.sin(turn) * scale * mirror, np.cos(turn) * scale
    matrix[:, :, 2] = random.normal(size=(count, 2)) * 0.035
    return F.affine_grid(torch.from_numpy(matrix).float(), [count, 3, 112, 112], align_corners=False)
