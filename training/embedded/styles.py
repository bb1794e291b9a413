"""Picture styles as filters, so that "a pencil drawing of S*" means something in the small world."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np


def _grey(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)


def black_and_white(pixels: np.ndarray) -> np.ndarray:
    """Luma with a little more contrast."""
    grey = np.clip((_grey(pixels).astype(np.float32) - 128) * 1.15 + 128, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, 2)


def pencil(pixels: np.ndarray) -> np.ndarray:
    """Colour dodge of the luma over its blurred negative: dark strokes on white paper."""
    grey = _grey(pixels).astype(np.float32)
    blurred = cv2.GaussianBlur(255 - grey, (0, 0), pixels.shape[0] / 40)
    sketch = np.clip(grey * 255 / np.maximum(255 - blurred, 1), 0, 255)
    shaded = np.clip(sketch * 0.8 + grey * 0.2, 0, 255).astype(np.uint8)
    return np.repeat(shaded[..., None], 3, 2)


def oil(pixels: np.ndarray) -> np.ndarray:
    """Patches of even, richer colour."""
    flat = cv2.medianBlur(cv2.bilateralFilter(pixels, 7, 50, 5), 3)
    hsv = cv2.cvtColor(flat, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 1] = np.clip(hsv[..., 1] * 1.35, 0, 255)
    hsv[..., 2] = np.round(hsv[..., 2] / 18) * 18
    return cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)


def cartoon(pixels: np.ndarray) -> np.ndarray:
    """Flat colours inside dark outlines."""
    flat = cv2.bilateralFilter(pixels, 7, 80, 5)
    flat = (np.round(flat.astype(np.float32) / 42) * 42).clip(0, 255).astype(np.uint8)
    edges = cv2.adaptiveThreshold(
        cv2.medianBlur(_grey(pixels), 3), 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 9, 9
    )
    return np.where(edges[..., None] == 0, (flat * 0.2).astype(np.uint8), flat)


STYLES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bw": black_and_white,
    "pencil": pencil,
    "oil": oil,
    "cartoon": cartoon,
}


def apply_style(pixels: np.ndarray, style: str) -> np.ndarray:
    """``pixels`` (uint8 [H, W, 3] RGB) in ``style``, same shape and type."""
    return STYLES[style](pixels)
