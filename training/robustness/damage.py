"""What may be wrong with a photo, done to its pixels: something before the face, light, colour, blur, distance.

Light is changed in linear RGB (gamma 2.2), as a lamp or an exposure time changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from training.robustness.photos import Photo

Random = np.random.Generator
MASKS = ((0.86, 0.90, 0.93), (0.45, 0.66, 0.80), (0.07, 0.07, 0.08))
"""Cloth of a face mask, display RGB: white, light blue, black."""
GELS = ((1.0, 0.25, 0.20), (0.25, 0.35, 1.0), (0.30, 1.0, 0.35), (1.0, 0.60, 0.15))
"""Coloured light, linear RGB: red, blue, green, amber."""
SHOT_NOISE, READ_NOISE = 2e-4, 2e-3
"""Variance a unit of light, and standard deviation in the dark, of a small sensor (linear, 1 is white)."""
LUMA = np.array([0.2126, 0.7152, 0.0722])
LEAST_CANVAS = 96
"""A photo with a distant face is still this large, with plain paper around it."""


def wear_mask(photo: Photo, height: float, cloth: Sequence[float]) -> Photo:
    """A face mask from under the chin up to ``height``, the share of the way from chin to eyes."""
    chin, eyes = photo.box[3], float(photo.landmarks[:2, 1].mean())
    top, side = chin - height * (chin - eyes), photo.pixels.shape[0]
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    middle = float(photo.landmarks[[0, 1, 3, 4], 0].mean())
    across = (x - middle) / (photo.width / 2)
    edge = top + 0.10 * (chin - eyes) * across**2
    bottom = chin + 0.06 * (chin - eyes) - 0.75 * (chin - eyes) * np.clip(np.abs(across) - 0.35, 0, None) ** 1.5
    inside = (y > edge) & (y < bottom) & (photo.head | (y > chin - 0.2 * (chin - eyes)) & (np.abs(across) < 0.6))
    pleats = 1 - 0.10 * (np.sin((y - edge) / (chin - eyes) * 26) > 0.86)
    round_face = 1 - 0.22 * np.clip(across**2, 0, 1)
    return _cover(photo, inside, np.asarray(cloth) * (pleats * round_face)[..., None])


def hold_hand(photo: Photo, share: float, random: Random) -> Photo:
    """A hand-like blob (palm and four fingers) of the face's colour over about ``share`` of the face."""
    x0, y0, x1, y1 = photo.box
    centre = np.array([random.uniform(x0, x1), random.uniform(y0 + 0.35 * (y1 - y0), y1)])
    heading = float(np.arctan2(*(np.array([(y0 + y1) / 2, (x0 + x1) / 2]) - centre[::-1])))
    side, face = photo.pixels.shape[0], photo.head & _within(photo)
    shape = np.zeros((side, side), bool)
    for scale in np.linspace(0.1, 1.6, 60):
        shape = _hand(side, centre, heading, scale * photo.width)
        if (shape & face).sum() >= share * face.sum():
            break
    skin = np.median(photo.pixels[face], 0) / 255
    rounded = cv2.GaussianBlur(shape.astype(np.float32), (0, 0), 0.03 * photo.width)
    return _cover(photo, shape, 0.92 * skin * (0.55 + 0.45 * rounded)[..., None])


def dim(photo: Photo, stops: float, random: Random) -> Photo:
    """``stops`` fewer of light (each halves it), with the noise of a small sensor."""
    light = _linear(photo.pixels) * 2.0**-stops
    noise = random.normal(size=light.shape) * np.sqrt(SHOT_NOISE * light + READ_NOISE**2)
    return replace(photo, pixels=_display(light + noise))


def overexpose(photo: Photo, stops: float) -> Photo:
    """``stops`` more of light; what is more than white is lost."""
    return replace(photo, pixels=_display(_linear(photo.pixels) * 2.0**stops))


def colour_light(photo: Photo, share: float, gel: Sequence[float]) -> Photo:
    """``share`` of the light passes a coloured ``gel``; white stays as bright as it was."""
    light = 1 - share + share * np.asarray(gel)
    return replace(photo, pixels=_display(_linear(photo.pixels) * (light / (light @ LUMA))))


def blur(photo: Photo, share: float) -> Photo:
    """Gaussian, standard deviation ``share`` of the face's width."""
    return replace(photo, pixels=np.asarray(cv2.GaussianBlur(photo.pixels, (0, 0), share * photo.width)))


def step_back(photo: Photo, face_px: float) -> Photo:
    """The photo with a face ``face_px`` wide, on plain paper where it becomes smaller than 96 px."""
    factor = face_px / photo.width
    side = round(photo.pixels.shape[0] * factor)
    small = np.asarray(cv2.resize(photo.pixels, (side, side), interpolation=cv2.INTER_AREA))
    edge = max(0, LEAST_CANVAS - side)
    around = (edge // 2, edge - edge // 2) * 2
    paper = tuple(int(value) for value in np.median(small[: side // 3, [0, -1]], (0, 1)))
    factor = side / photo.pixels.shape[0]
    x0, y0, x1, y1 = (value * factor + edge // 2 for value in photo.box)
    return Photo(
        np.asarray(cv2.copyMakeBorder(small, *around, cv2.BORDER_CONSTANT, value=paper)),
        (photo.landmarks * factor + edge // 2).astype(np.float32),
        (x0, y0, x1, y1),
        np.pad(cv2.resize(photo.head.astype(np.uint8), (side, side)) > 0, (around[:2], around[2:])),
        photo.truth,
    )


def _within(photo: Photo) -> np.ndarray:
    side = photo.pixels.shape[0]
    x0, y0, x1, y1 = photo.box
    y, x = np.mgrid[0:side, 0:side]
    return (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)


def _hand(side: int, centre: np.ndarray, heading: float, size: float) -> np.ndarray:
    """bool [side, side]: a palm at ``centre`` and four fingers towards ``heading`` (radians), ``size`` px long."""
    drawn = np.zeros((side, side), np.uint8)
    place = (round(float(centre[0])), round(float(centre[1])))
    cv2.ellipse(drawn, place, (max(1, round(0.34 * size)), max(1, round(0.28 * size))), 0, 0, 360, 1, -1)
    for i in range(4):
        angle, reach = heading + (i - 1.5) * 0.22, size * (0.82, 0.95, 0.92, 0.75)[i]
        tip = centre + reach * np.array([np.cos(angle), np.sin(angle)])
        cv2.line(drawn, place, (round(float(tip[0])), round(float(tip[1]))), 1, max(1, round(0.13 * size)))
    return drawn > 0


def _cover(photo: Photo, inside: np.ndarray, colour: np.ndarray) -> Photo:
    """``colour`` (display RGB 0 to 1) where ``inside``, with a soft edge."""
    alpha = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.8)[..., None]
    pixels = photo.pixels * (1 - alpha) + np.clip(colour, 0, 1) * 255 * alpha
    return replace(photo, pixels=(pixels + 0.5).astype(np.uint8))


def _linear(pixels: np.ndarray) -> np.ndarray:
    return (pixels / 255.0) ** 2.2


def _display(light: np.ndarray) -> np.ndarray:
    return (np.clip(light, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
