"""The rendered pictures as the face networks need them: split by person, with landmarks and boxes as arrays."""

from __future__ import annotations

import numpy as np

from training.embedded.data import Pictures

HELD_OUT_SHARE = 0.15
HELD_OUT_MOST = 120


def split_people(pictures: Pictures) -> tuple[Pictures, Pictures, int]:
    """Training people, held-out people, and the first held-out identity.

    Held out are the highest 15 % of the identities, at most 120: training never sees an identity >= the split."""
    people = np.unique(pictures.identities)
    held_out = max(2, min(HELD_OUT_MOST, int(len(people) * HELD_OUT_SHARE)))
    first = int(people[-held_out])
    keep = pictures.identities < first
    return pictures.select(keep), pictures.select(~keep), first


def unstyled(pictures: Pictures) -> Pictures:
    """The plain photos among ``pictures``."""
    return pictures.select(np.array([label.get("style", "photo") == "photo" for label in pictures.labels]))


def landmarks_of(pictures: Pictures) -> np.ndarray:
    """float32 [N, 5, 2]: eyes (picture's left first), nose tip, mouth corners, in pixels."""
    return np.array([label["landmarks5"] for label in pictures.labels], np.float32)
