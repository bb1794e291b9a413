"""The rendered pictures in memory: pixels, head masks, labels, split by person."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.embedded.styles import STYLES, apply_style
from training.synthetic.expression import COEFFICIENTS

Label = dict[str, Any]
GAZE_X = COEFFICIENTS.index("gaze_x")
STYLE_SHARE = 0.12
"""Share of the pictures that are shown as a drawing or painting, so that style words mean something."""
FACE_CENTRE = (0.5, 0.475)
"""Where `frame` puts the face, as shares of width and height."""
FRAMED_ZOOM = 1.35
"""The zoom of framed pictures; the rendered ones vary around it."""
LARGEST_GAP = (0.08, 0.04)
"""How much `frame` may lack and continue at a side and above or below, as shares of the size: a head turned far stays
off the middle."""


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


def load_pictures(folder: Path, *, people: int | None = None, styled: bool = False, framed: bool = False) -> Pictures:
    """Read what ``render_dataset`` wrote: the first ``people`` of ``folder``, all by default.

    With ``styled``, a fixed share of the pictures is turned into a style; their labels say which. With ``framed``,
    every picture is cut as `frame` says.
    """
    folders = sorted(p.parent for p in folder.glob("[0-9]*/labels.json"))[:people]
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(_load_person, folders, [framed] * len(folders)))
    labels = [label for _, _, person in loaded for label in person]
    pixels = np.concatenate([p for p, _, _ in loaded])
    masks = np.concatenate([m for _, m, _ in loaded])
    if styled:
        labels = [_style(pixels, i, label) for i, label in enumerate(labels)]
    return Pictures(pixels, masks, labels)


def _load_person(folder: Path, framed: bool) -> tuple[np.ndarray, np.ndarray, list[Label]]:
    labels = json.loads((folder / "labels.json").read_text())["pictures"]
    names = [f"{i:02d}" for i in range(len(labels))]
    pixels = np.stack([np.asarray(Image.open(folder / f"{n}.png").convert("RGB")) for n in names])
    masks = np.stack([np.asarray(Image.open(folder / f"{n}.mask.png").convert("1")) for n in names])
    if not framed:
        return pixels, masks, labels
    cut = [frame(*picture) for picture in zip(pixels, masks, labels, strict=True)]
    return np.stack([p for p, _, _ in cut]), np.stack([m for _, m, _ in cut]), [label for _, _, label in cut]


def frame(pixels: np.ndarray, mask: np.ndarray, label: Label) -> tuple[np.ndarray, np.ndarray, Label]:
    """The picture as a portrait is cut: moved and enlarged until the face (the middle between eyes and mouth) is at
    `FACE_CENTRE` at one size, as aligned face collections are (FFHQ: Karras et al., CVPR 2019, appendix A). What the
    frame then lacks continues its edge. ``pixels`` uint8 [S, S, 3], ``mask`` bool [S, S]; the label's points and box
    move along. A generator that need not guess where the face is learns what it looks like much sooner."""
    size = pixels.shape[0]
    points = np.asarray(label["landmarks5"], np.float64)
    middle = (points[:2].mean(0) + points[3:].mean(0)) / 2
    scale = FRAMED_ZOOM / label["zoom"]
    shift = np.array(FACE_CENTRE) * size - scale * middle
    gap = np.array(LARGEST_GAP)
    shift = np.clip(shift, (1 - scale - gap) * size, gap * size)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    cut = cv2.warpAffine(pixels, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    head = cv2.warpAffine(mask.astype(np.uint8), matrix, (size, size), flags=cv2.INTER_NEAREST) > 0
    box = (np.asarray(label["face_box"], np.float64).reshape(2, 2) * scale + shift).reshape(-1)
    moved = {"landmarks5": (points * scale + shift).tolist(), "face_box": box.tolist(), "zoom": FRAMED_ZOOM}
    return cut, head, {**label, **moved}


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
    expression = list(label["expression_vector"])
    expression[GAZE_X] *= -1
    turned = {"yaw": -label["yaw"], "roll": -label["roll"], "light": light, "expression_vector": expression}
    return {**label, **turned}


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
