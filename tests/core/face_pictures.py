"""Rendered people of the test folder, and the model pack that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from training.embedded.data import Pictures, load_pictures

PEOPLE = Path(__file__).parent.parent / "data" / "people"
"""Four people with three pictures each, in the renderer's format; no network was trained on them."""


def people() -> Pictures:
    """All twelve pictures, ordered by person."""
    return load_pictures(PEOPLE)


def side_by_side(pixels: np.ndarray, shares: tuple[float, ...], side: int = 480) -> Image.Image:
    """Pictures uint8 [N, S, S, 3] in a row on a plain ``side`` px canvas, each ``shares`` of the canvas wide."""
    canvas = Image.new("RGB", (side, side), (120, 130, 140))
    for place, (picture, share) in enumerate(zip(pixels, shares, strict=True)):
        width = round(side * share)
        tile = Image.fromarray(picture).resize((width, width), Image.Resampling.BICUBIC)
        canvas.paste(tile, (round(side * (place + 0.5) / len(pixels) - width / 2), (side - width) // 2))
    return canvas
