"""What can be measured on the face of a photo without knowing the person: size, detail, light, colour, pose, what
hides eyes and mouth. Places are those of the ArcFace template of 112 px; luma is Rec. 601, 0 to 255."""

from __future__ import annotations

import numpy as np

LUMA = np.array([0.299, 0.587, 0.114])
_FACE = slice(28, 100), slice(24, 88)
_EYES = (slice(46, 58), slice(31, 46)), (slice(46, 58), slice(66, 81))
_EYE_WHITES = (slice(44, 60), slice(28, 48)), (slice(44, 60), slice(64, 84))
_SKIN = (slice(68, 80), slice(28, 44)), (slice(68, 80), slice(68, 84)), (slice(56, 76), slice(50, 62))
"""Cheeks and nose."""
_UPPER, _MOUTH = (slice(36, 74), slice(34, 78)), (slice(80, 104), slice(40, 72))
FINE, COARSE = 0.7, 2.0
"""Gaussians, px, whose remaining detail is compared; the fine one keeps noise out."""
BURNT = 250
"""A channel above this holds no more detail."""
SKIN_TINT = np.array([0.95, 0.62])
"""log2 of red over green and of green over blue, linear, of skin in white light: median of the synthetic people."""
YAW_FACTOR = 1.43
"""tan(yaw) over the nose's shift in eye distances, fitted on the synthetic people (mean error 1.3 degrees)."""
PITCH_FACTOR, NOSE_AT_REST = 1.5, 0.58
"""tan(pitch) over the nose's shift from its place at rest on the way from eyes to mouth, fitted on the synthetic people
with true landmarks (a person's own nose makes 5 degrees)."""


def measure_face(aligned: np.ndarray, landmarks: np.ndarray) -> dict[str, float]:
    """The measured fields of `Usability` of an ``aligned`` face uint8 [112, 112, 3] RGB with its ``landmarks`` [5, 2]
    in the photo, but for the size."""
    luma = aligned.astype(np.float64) @ LUMA
    return {
        "sharpness": sharpness(luma[_FACE]),
        "brightness": brightness(luma),
        "overexposed": float((aligned[_FACE].max(2) > BURNT).mean()),
        "colour_cast": colour_cast(aligned[_FACE]),
        "yaw_degrees": estimate_yaw(landmarks),
        "pitch_degrees": estimate_pitch(landmarks),
        "eye_contrast": eye_contrast(luma),
        "mouth_cover": mouth_cover(aligned),
    }


def sharpness(luma: np.ndarray) -> float:
    """Detail at 0.7 px over detail at 2 px (standard deviations of the Laplacian): what a blur takes first.

    A ratio, so that neither light nor contrast nor a beard counts; 1 and a little is a blurred face."""
    import cv2

    fine, coarse = (_laplacian(cv2.GaussianBlur(luma, (0, 0), sigma)).std() for sigma in (FINE, COARSE))
    return float(fine / max(coarse, 1e-3))


def brightness(luma: np.ndarray) -> float:
    """Luma of the brightest of the eyes (99th percentile) or of the face (95th).

    The whites of the eyes are as white in everybody: dark skin in good light is not taken for dim light."""
    whites = np.concatenate([luma[place].ravel() for place in _EYE_WHITES])
    return float(max(np.percentile(whites, 99), np.percentile(luma[_FACE], 95)))


def colour_cast(face: np.ndarray) -> float:
    """How far the face's median colour is from skin in white light, in doublings of one channel against the next."""
    red, green, blue = np.median(_linear(face), 0)
    return float(np.hypot(*(np.log2([red / green, green / blue]) - SKIN_TINT)))


def estimate_yaw(landmarks: np.ndarray) -> float:
    """Head yaw in degrees, positive towards the picture's right, from five ``landmarks`` [5, 2].

    tan(yaw) is proportional to the shift of the nose tip from the middle of eyes and mouth, along the eye line."""
    eye_line = landmarks[1] - landmarks[0]
    middle = landmarks[[0, 1, 3, 4]].mean(0)
    shift = float((landmarks[2] - middle) @ eye_line / (eye_line @ eye_line))
    return float(np.degrees(np.arctan(YAW_FACTOR * shift)))


def estimate_pitch(landmarks: np.ndarray) -> float:
    """Head pitch in degrees, positive downwards, from five ``landmarks`` [5, 2]: where the nose tip is on the way
    from eyes to mouth."""
    eyes, mouth = landmarks[:2].mean(0), landmarks[3:].mean(0)
    way = mouth - eyes
    place = float((landmarks[2] - eyes) @ way / max(float(way @ way), 1e-6))
    return float(np.degrees(np.arctan(PITCH_FACTOR * (place - NOSE_AT_REST))))


def eye_contrast(luma: np.ndarray) -> float:
    """Standard deviation of the less structured eye's luma, in units of the skin's luma: near 0 behind dark glass."""
    return float(min(luma[place].std() for place in _EYES) / _skin(luma))


def mouth_cover(aligned: np.ndarray) -> float:
    """How much the mouth's surroundings differ in colour from the upper face, less how much redder than it their
    reddest twentieth is: a beard differs, but has lips in it. In doublings of a channel; above 0 something is there."""
    upper, mouth = _linear(aligned[_UPPER]), _linear(aligned[_MOUTH])
    step = np.log2(np.median(mouth, 0) / np.median(upper, 0))
    lips = np.percentile(np.log2(mouth[:, 0] / mouth[:, 1]), 95) - np.median(np.log2(upper[:, 0] / upper[:, 1]))
    return float(np.hypot(step[0] - step[1], step[1] - step[2]) - lips)


def _skin(luma: np.ndarray) -> float:
    return float(max(np.median(np.concatenate([luma[place].ravel() for place in _SKIN])), 1.0))


def _linear(pixels: np.ndarray) -> np.ndarray:
    """Linear RGB [N, 3] from 0.002 (dark noise is no colour) to 1.002."""
    return (pixels.reshape(-1, 3) / 255.0) ** 2.2 + 0.002


def _laplacian(luma: np.ndarray) -> np.ndarray:
    return luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]
