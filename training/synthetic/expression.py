"""Expressions: twenty named coefficients, and the ten named expressions of the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np


@dataclass(frozen=True)
class Expression:
    """Strengths of the face's movements, 0 at rest and 1 at full strength unless said otherwise.

    The order of the fields is the order of the expression vector in the labels and never changes.
    """

    smile: float = 0.0
    """Mouth corners out and up."""
    cheek: float = 0.0
    """Cheeks raised."""
    squint: float = 0.0
    """Lids narrowed."""
    jaw: float = 0.0
    """Jaw open, cm between the lips in the middle."""
    upper: float = 0.0
    """Upper lip raised, cm."""
    brow: float = 0.0
    """Brows raised."""
    wide: float = 0.0
    """Eyes wide open."""
    narrow: float = 0.0
    """Mouth narrowed."""
    browdown: float = 0.0
    """Brows lowered."""
    browin: float = 0.0
    """Brows drawn together."""
    press: float = 0.0
    """Lips pressed."""
    frown: float = 0.0
    """Mouth corners down."""
    sneer: float = 0.0
    """Nose wrinkled."""
    browsad: float = 0.0
    """Inner ends of the brows raised."""
    droop: float = 0.0
    """Upper lids hanging."""
    pout: float = 0.0
    """Lips forward."""
    close: float = 0.0
    """Both eyes closed."""
    winkl: float = 0.0
    """The person's left eye (the picture's right) closed."""
    gaze_x: float = 0.0
    """Radians by which the eyes turn to the picture's right, in the head's frame."""
    gaze_y: float = 0.0
    """Radians by which the eyes turn up."""

    def vector(self) -> list[float]:
        """The twenty coefficients in the order of ``COEFFICIENTS``."""
        return [float(getattr(self, name)) for name in COEFFICIENTS]

    def scaled(self, strength: float) -> Expression:
        """Weaker or stronger; closed eyes and the direction of gaze stay."""
        fixed = ("close", "winkl", "gaze_x", "gaze_y")
        return replace(self, **{n: getattr(self, n) * strength for n in COEFFICIENTS if n not in fixed})

    def closed(self, side: int) -> float:
        """How far the eye at +x (``side`` 1) or -x (-1) is closed."""
        return max(self.close, self.winkl if side > 0 else 0.0)


COEFFICIENTS: tuple[str, ...] = tuple(f.name for f in fields(Expression))

EXPRESSIONS: Mapping[str, Expression] = {
    "neutral": Expression(),
    "smile": Expression(smile=0.75, cheek=0.5, squint=0.12),
    "laugh": Expression(smile=1.0, cheek=0.9, jaw=0.9, upper=0.42, squint=0.38),
    "grin": Expression(smile=1.05, cheek=0.8, jaw=0.18, upper=0.50, squint=0.25),
    "surprised": Expression(brow=0.85, wide=0.75, jaw=1.9, narrow=0.30),
    "angry": Expression(browdown=0.95, browin=0.6, squint=0.22, press=0.55, frown=0.30, sneer=0.5),
    "sad": Expression(browsad=0.9, frown=0.75, droop=0.30, pout=0.35, gaze_y=-0.12),
    "closed": Expression(close=1.0),
    "wink": Expression(winkl=1.0, smile=0.6, cheek=0.5),
    "pout": Expression(narrow=0.6, pout=0.9),
}
"""Name -> full expression. The gaze of the others follows the camera, see ``towards_camera``."""
DOWNCAST = ("sad",)
"""Expressions that bring their own gaze."""


def towards_camera(expression: Expression, yaw: float, pitch: float, rng: np.random.Generator) -> Expression:
    """The eyes half turned back to the camera when the head is turned (degrees), with a little chance."""
    gaze_x = float(np.clip(-np.radians(yaw) * 0.55, -0.35, 0.35) + rng.normal() * 0.03)
    gaze_y = float(rng.normal() * 0.03 + np.clip(np.radians(pitch) * 0.4, -0.2, 0.2))
    return replace(expression, gaze_x=gaze_x, gaze_y=gaze_y)
