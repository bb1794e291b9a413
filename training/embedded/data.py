"""The rendered pictures in memory: pixels, head masks, labels, split by person."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.embedded.styles import STYLES, apply_style

Label = dict[str, Any]
STYLE_SHARE = 0.12
"""Share of the pictures that are shown as a drawing or painting, so that style words mean something."""


@dataclass(frozen=True)
class Pictures:
    """Pictures of many people, in order of identity."""

    pixels: np.ndarray
    """uint8 [N, S, S, 3] RGB."""
    masks: np.ndarray
    """bool [N, S, S]: head (face, hair, ears, a little neck)."""
    labels: list[Label]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def identities(self) -> np.ndarray:
        """int [N]."""
        return np.array([label["identity"] for label in self.labels])

    def select(self, keep: np.ndarray) -> Pictures:
        """The pictures where the boolean or index array ``keep`` says so."""
        index = np.arange(len(self))[keep]
        return Pictures(self.pixels[index], self.masks[index], [self.labels[i] for i in index])


def load_pictures(folder: Path, *, people: int | None = None, styled: bool = False) -> Pictures:
    """Read what ``render_dataset`` wrote: the first ``people`` of ``folder``, all by default.

    With ``styled``, a fixed share of the pictures is turned into a style; their labels say which.
    """
    folders = sorted(p.parent for p in folder.glob("[0-9]*/labels.json"))[:people]
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(_load_person, folders))
    labels = [label for _, _, person in loaded for label in person]
    pixels = np.concatenate([p for p, _, _ in loaded])
    masks = np.concatenate([m for _, m, _ in loaded])
    if styled:
        labels = [_style(pixels, i, label) for i, label in enumerate(labels)]
    return Pictures(pixels, masks, labels)


def _load_person(folder: Path) -> tuple[np.ndarray, np.ndarray, list[Label]]:
    labels = json.loads((folder / "labels.json").read_text())["pictures"]
    names = [f"{i:02d}" for i in range(len(labels))]
    pixels = np.stack([np.asarray(Image.open(folder / f"{n}.png").convert("RGB")) for n in names])
    masks = np.stack([np.asarray(Image.open(folder / f"{n}.mask.png").convert("1")) for n in names])
    return pixels, masks, labels


def _style(pixels: np.ndarray, index: int, label: Label) -> Label:
    random = np.random.default_rng([label["identity"], label["seed"], 71])
    if random.random() >= STYLE_SHARE:
        return {**label, "style": "photo"}
    style = str(random.choice(sorted(STYLES)))
    pixels[index] = apply_style(pixels[index], style)
    return {**label, "style": style}


def flip_label(label: Label) -> Label:
    """The label of the mirrored picture."""
    light = {"left": "right", "right": "left"}.get(label["light"], label["light"])
    return {**label, "yaw": -label["yaw"], "roll": -label["roll"], "light": light}


def to_tensor(pixels: np.ndarray) -> Tensor:
    """uint8 [N, H, W, 3] to float [N, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pixels(images: Tensor) -> np.ndarray:
    """float [N, 3, H, W] in [-1, 1] to uint8 [N, H, W, 3]."""
    scaled = ((images.float().clamp(-1, 1) + 1) * 127.5).round()
    return scaled.byte().permute(0, 2, 3, 1).cpu().numpy()


def save_sheet(pixels: np.ndarray, columns: int, path: Path, scale: int = 1) -> None:
    """Write uint8 [N, H, W, 3] as a contact sheet of ``columns`` columns, enlarged ``scale`` times."""
    rows = [np.concatenate(list(pixels[i : i + columns]), 1) for i in range(0, len(pixels) - columns + 1, columns)]
    sheet = Image.fromarray(np.concatenate(rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.resize((sheet.width * scale, sheet.height * scale), Image.Resampling.LANCZOS).save(path)
