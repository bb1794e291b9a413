"""How usable a reference photo is: size, sharpness, light, yaw and the detector's confidence."""

from __future__ import annotations

import numpy as np

from facepersona_core.types import Level, Usability

FAIR = {"small": 64.0, "blurred": 5.0, "dark": 42.0, "bright": 205.0, "turned": 25.0, "unsure": 0.65}
"""Past these the photo is fair. Face width in px, sharpness and brightness as in `Usability`, yaw in degrees, score."""
POOR = {"small": 40.0, "blurred": 3.0, "dark": 28.0, "bright": 230.0, "turned": 38.0, "unsure": 0.55}
"""Past these the photo is poor. Sharpness: the synthetic people at 128 px measure 14 to 45, after a Gaussian blur of
1 px about 7, of 2 px about 3.5, of 3 px about 2.5. Brightness: well-lit dark skin measures 50, so dark starts below."""
_HIGH_IS_BAD = ("bright", "turned")
YAW_FACTOR = 1.43
"""tan(yaw) over the nose's shift in eye distances, fitted on the synthetic people (mean error 1.3 degrees)."""


def judge_face(aligned: np.ndarray, landmarks: np.ndarray, face_px: float, score: float) -> Usability:
    """Judge an ``aligned`` face uint8 [112, 112, 3] RGB with its ``landmarks`` [5, 2] in the photo."""
    luma = aligned[28:100, 24:88].astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    yaw = estimate_yaw(landmarks)
    seen = {
        "small": face_px,
        "blurred": _sharpness(luma),
        "dark": float(luma.mean()),
        "bright": float(luma.mean()),
        "turned": abs(yaw),
        "unsure": score,
    }
    poor = [reason for reason in seen if _past(reason, seen[reason], POOR[reason])]
    fair = [reason for reason in seen if reason not in poor and _past(reason, seen[reason], FAIR[reason])]
    level: Level = "poor" if poor else "fair" if fair else "good"
    return Usability(level, (*poor, *fair), face_px, seen["blurred"], seen["dark"], yaw)


def estimate_yaw(landmarks: np.ndarray) -> float:
    """Head yaw in degrees, positive towards the picture's right, from five ``landmarks`` [5, 2].

    tan(yaw) is proportional to the shift of the nose tip from the middle of eyes and mouth, along the eye line."""
    eye_line = landmarks[1] - landmarks[0]
    middle = landmarks[[0, 1, 3, 4]].mean(0)
    shift = float((landmarks[2] - middle) @ eye_line / (eye_line @ eye_line))
    return float(np.degrees(np.arctan(YAW_FACTOR * shift)))


def _sharpness(luma: np.ndarray) -> float:
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]
    return float(laplacian.std())


def _past(reason: str, seen: float, limit: float) -> bool:
    return seen > limit if reason in _HIGH_IS_BAD else seen < limit
