"""Colours of the world, linear RGB in 0..1."""

from __future__ import annotations

import numpy as np

SKIN_MELANIN = np.array([0, 0.22, 0.45, 0.68, 0.85, 1.0])
"""Melanin values (0 palest .. 1 darkest) at which ``SKIN_TONES`` are given."""
SKIN_TONES = np.array(
    [
        [0.68, 0.44, 0.345],
        [0.58, 0.345, 0.24],
        [0.43, 0.235, 0.145],
        [0.265, 0.132, 0.075],
        [0.155, 0.075, 0.043],
        [0.085, 0.042, 0.026],
    ]
)
HAIR_COLOURS: dict[str, tuple[float, float, float]] = {
    "black": (0.010, 0.009, 0.009),
    "darkbrown": (0.032, 0.018, 0.011),
    "brown": (0.075, 0.040, 0.020),
    "lightbrown": (0.15, 0.088, 0.045),
    "blond": (0.40, 0.27, 0.13),
    "platinum": (0.62, 0.52, 0.38),
    "auburn": (0.12, 0.035, 0.016),
    "red": (0.30, 0.085, 0.028),
    "grey": (0.26, 0.255, 0.25),
    "white": (0.60, 0.59, 0.57),
}
EYE_COLOURS: dict[str, tuple[float, float, float]] = {
    "brown": (0.10, 0.045, 0.018),
    "darkbrown": (0.035, 0.017, 0.009),
    "hazel": (0.16, 0.10, 0.035),
    "green": (0.10, 0.16, 0.07),
    "blue": (0.10, 0.20, 0.36),
    "grey": (0.20, 0.24, 0.27),
}
CLOTH_COLOURS: dict[str, tuple[float, float, float]] = {
    "white": (0.62, 0.62, 0.60),
    "black": (0.02, 0.02, 0.022),
    "red": (0.38, 0.03, 0.03),
    "blue": (0.04, 0.09, 0.30),
    "navy": (0.02, 0.03, 0.09),
    "green": (0.04, 0.18, 0.07),
    "yellow": (0.60, 0.42, 0.05),
    "grey": (0.20, 0.20, 0.21),
    "pink": (0.60, 0.22, 0.28),
    "orange": (0.58, 0.20, 0.03),
    "purple": (0.17, 0.05, 0.25),
    "teal": (0.03, 0.24, 0.24),
    "brown": (0.14, 0.07, 0.035),
    "beige": (0.48, 0.39, 0.28),
}
LIPSTICKS = ((0.50, 0.03, 0.05), (0.42, 0.10, 0.12), (0.28, 0.02, 0.06), (0.55, 0.14, 0.13), (0.20, 0.04, 0.06))
EYE_SHADOWS = ((0.25, 0.10, 0.12), (0.12, 0.12, 0.22), (0.16, 0.08, 0.04))
GLASSES_FRAMES = (
    (0.01, 0.01, 0.012),
    (0.10, 0.035, 0.012),
    (0.35, 0.28, 0.16),
    (0.02, 0.03, 0.09),
    (0.25, 0.02, 0.03),
)
SUITABLE_SUIT_COLOURS = ("black", "navy", "grey", "brown", "beige", "blue")
"""Suits come in these colours only."""
STUDIO_COLOURS: dict[str, tuple[float, float, float]] = {
    "grey": (0.30, 0.30, 0.31),
    "white": (0.72, 0.72, 0.71),
    "blue": (0.10, 0.24, 0.52),
    "red": (0.42, 0.06, 0.06),
    "green": (0.12, 0.32, 0.16),
    "yellow": (0.68, 0.50, 0.10),
    "pink": (0.68, 0.32, 0.40),
    "purple": (0.22, 0.11, 0.36),
    "black": (0.03, 0.03, 0.035),
    "orange": (0.65, 0.28, 0.07),
}
