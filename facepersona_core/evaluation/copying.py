"""Copy-paste: is a picture more like the very photo it was made from than like other photos of the same person?

The definition is that of MultiID-Bench (Xu et al., *WithAnyone*, arXiv:2510.14975): with angles between generated
picture g, reference photo r and another photo t of the person,

    M(g | t, r) = (angle(g, t) - angle(g, r)) / angle(t, r)

1: g is r itself; 0: as near to one as to the other; -1: g is t itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

Look = Mapping[str, Mapping[str, float]]
"""What the attribute judge says of a picture: head -> class -> probability."""

SETTING = ("scene", "light", "clothes", "cloth_colour", "pose")
"""What a photo shows besides the person: heads of the judge."""


def copy_paste(to_reference: float, to_others: Sequence[float], between: Sequence[float]) -> float | None:
    """M from the angles of a picture ``to_reference`` and ``to_others``, and of the reference and others ``between``
    them; angles to several other photos are averaged. None without other photos, or when they equal the reference."""
    apart = float(np.mean(between)) if len(between) else 0.0
    return (float(np.mean(to_others)) - to_reference) / apart if apart > 1e-6 else None


def face_angle(a: np.ndarray, b: np.ndarray) -> float:
    """Radians between two embeddings [D] of length 1."""
    return float(np.arccos(np.clip(a @ b, -1.0, 1.0)))


def setting_angle(a: Look, b: Look) -> float:
    """Radians between what the judge says of two pictures: the mean over `SETTING` of the Bhattacharyya angle
    arccos(sum of sqrt(p q)) of the class probabilities."""
    return float(np.mean([_bhattacharyya(a[head], b[head]) for head in SETTING]))


def _bhattacharyya(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    overlap = sum(np.sqrt(chance * q[key]) for key, chance in p.items())
    return float(np.arccos(np.clip(overlap, 0.0, 1.0)))
