"""How usable a reference photo is, and what to do about it. The limits come from measured curves: `usability.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np

from facepersona_core.face_measures import measure_face
from facepersona_core.types import Level, Usability

Side = Literal["below", "above", "beyond"]
CHECKS: dict[str, tuple[str, Side]] = {
    "small": ("face_px", "below"),
    "blurred": ("sharpness", "below"),
    "dark": ("brightness", "below"),
    "bright": ("overexposed", "above"),
    "coloured": ("colour_cast", "above"),
    "turned": ("yaw_degrees", "beyond"),
    "lowered": ("pitch_degrees", "above"),
    "raised": ("pitch_degrees", "below"),
    "eyes_hidden": ("eye_contrast", "below"),
    "mouth_hidden": ("mouth_cover", "above"),
    "unsure": ("detection_score", "below"),
}
"""Reason -> the measured field of `Usability` or `Face`, and the side of the limit that is bad ("beyond": either)."""
_EXPLAINED = {"blurred": "small", "dark": "eyes_hidden", "eyes_hidden": "turned"}
"""Reasons that go without saying beside another: a small face has little detail, the light is read off the whites of
the eyes, and a turned face hides one of them."""


@dataclass(frozen=True)
class Limits:
    """Past ``fair`` a photo is usable with care, past ``poor`` hard to use. None: no limit."""

    fair: float | None = None
    poor: float | None = None


@cache
def limits() -> dict[str, Limits]:
    """The limits that ship, for every reason of `CHECKS`; written by ``python -m training.robustness --publish``."""
    table = tomllib.loads(files("facepersona_core").joinpath("usability.toml").read_text("utf-8"))
    return {reason: Limits(**table.get(reason, {})) for reason in CHECKS}


def judge_face(aligned: np.ndarray, landmarks: np.ndarray, face_px: float, score: float) -> Usability:
    """Judge an ``aligned`` face uint8 [112, 112, 3] RGB with its ``landmarks`` [5, 2] in the photo, its box's width in
    px and the detector's ``score``."""
    measures = {"face_px": face_px, **measure_face(aligned, landmarks)}
    level, reasons = judge({**measures, "detection_score": score}, limits())
    return Usability(level, reasons, **measures)


def judge(measures: Mapping[str, float], known: Mapping[str, Limits]) -> tuple[Level, tuple[str, ...]]:
    """Level and reasons, worst first, of what was measured; every field named in `CHECKS` is needed."""
    poor = [reason for reason in CHECKS if _past(reason, measures, known[reason].poor)]
    fair = [reason for reason in CHECKS if reason not in poor and _past(reason, measures, known[reason].fair)]
    level: Level = "poor" if poor else "fair" if fair else "good"
    found = [*poor, *fair]
    return level, tuple(reason for reason in found if _EXPLAINED.get(reason) not in found)


def _past(reason: str, measures: Mapping[str, float], limit: float | None) -> bool:
    if limit is None:
        return False
    measure, side = CHECKS[reason]
    seen = measures[measure]
    return seen < limit if side == "below" else (abs(seen) if side == "beyond" else seen) > limit
