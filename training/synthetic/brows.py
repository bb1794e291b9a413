"""Shape and colour of the brows, shared by the tone painted on the skin and the hairs that grow on it."""

from __future__ import annotations

import numpy as np

from training.synthetic.fields import Floats, ridge, smoothstep
from training.synthetic.head import Head
from training.synthetic.identity import Identity

BROW_START, BROW_LENGTH = 1.15, 3.65
"""Distance of the inner end from the face's middle and average length, cm."""
DARKER = {"blond": 0.42, "platinum": 0.42, "white": 0.6, "grey": 0.6}
"""Hair colour -> the brows' share of its brightness, most of all darker with light hair."""
OTHERWISE_DARKER = 0.75
SOFTNESS = 0.30
"""Share of the skin's tone in the colour: a brow is never a solid stroke."""


def brow_line(head: Head, share: Floats) -> tuple[Floats, Floats]:
    """Middle of the brow on the resting face at ``share`` 0 (inner end) .. 1: distance from the middle, height, cm."""
    brows = head.identity.brows
    x = BROW_START + share * (BROW_LENGTH + brows.length)
    fall = 0.14 * (1 - share) + 0.35 * smoothstep(0.72, 1.0, share)
    return x, head.at.brow_y + 0.28 + brows.arch * ridge(share - 0.64, 0.36) * 1.05 - fall


def brow_half_height(identity: Identity, share: Floats) -> Floats:
    """Half the height of the brow's band of roots, cm."""
    return identity.brows.thickness * 0.21 * np.interp(share, [0, 0.15, 0.6, 1], [0.75, 1.05, 0.85, 0.22])


def brow_colour(identity: Identity) -> Floats:
    """[3] linear RGB."""
    hair = np.asarray(identity.hair.rgb) * DARKER.get(identity.hair.colour, OTHERWISE_DARKER)
    return hair * (1 - SOFTNESS) + np.asarray(identity.skin.tone) * SOFTNESS * 0.6
