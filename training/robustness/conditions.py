"""The conditions: what is wrong with the photo, and how much, from least to most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from training.robustness import damage
from training.robustness.photos import Photo, second_photo

Level = float | str
BASE = "clean"
"""Key of the condition in which nothing is wrong."""


@dataclass(frozen=True)
class Condition:
    """One thing that may be wrong with a photo."""

    title: str
    unit: str
    """Of the levels; empty where they are kinds."""
    levels: tuple[Level, ...]
    render: Callable[[int, Level], Photo] | None = None
    """Identity and level to a photo that has to be rendered."""
    change: Callable[[Photo, Level, int], Photo] | None = None
    """The clean second photo, level and identity to the damaged photo."""
    clean: Level = 0
    """Level of the clean photo."""

    @property
    def is_curve(self) -> bool:
        """Levels are amounts, not kinds."""
        return bool(self.unit)


def _sign(identity: int) -> int:
    """Half of the people turn left, half turn right."""
    return 1 if np.random.default_rng([identity, 5]).random() < 0.5 else -1


def _render(argument: str, identity: int, level: Level, sided: bool = False, factor: int = 1) -> Photo:
    value = level if isinstance(level, str) else level * factor * (_sign(identity) if sided else 1)
    return second_photo(identity, **{argument: value})


def _random(identity: int) -> np.random.Generator:
    """The same at every level, so that a stronger level differs in strength alone."""
    return np.random.default_rng([identity, 6])


CONDITIONS: dict[str, Condition] = {
    "yaw": Condition("turned to the side", "degrees", (10, 20, 30, 40, 50, 60), partial(_render, "yaw", sided=True)),
    "down": Condition("looking down", "degrees", (10, 20, 30), partial(_render, "pitch")),
    "up": Condition("looking up", "degrees", (10, 20, 30), partial(_render, "pitch", factor=-1)),
    "glasses": Condition(
        "glasses", "", ("thin", "round", "square", "sunglasses"), partial(_render, "accessory"), clean="none"
    ),
    "mask": Condition(
        "mask", "% of chin to eyes", (25, 50, 75, 90),
        change=lambda photo, level, who: damage.wear_mask(photo, float(level) / 100, damage.MASKS[who % 3]),
    ),
    "hand": Condition(
        "hand before the face", "% of the face", (10, 20, 30, 40),
        change=lambda photo, level, who: damage.hold_hand(photo, float(level) / 100, _random(who)),
    ),
    "light": Condition(
        "light", "", ("left", "right", "top", "low", "rim", "flat"), partial(_render, "light"), clean="soft"
    ),
    "dim": Condition(
        "dim light", "stops", (1, 2, 3, 4, 5, 6),
        change=lambda photo, level, who: damage.dim(photo, float(level), _random(who)),
    ),
    "bright": Condition(
        "overexposed", "stops", (1, 2, 3), change=lambda photo, level, who: damage.overexpose(photo, float(level))
    ),
    "colour": Condition(
        "coloured light", "% of the light", (25, 50, 75, 100),
        change=lambda photo, level, who: damage.colour_light(photo, float(level) / 100, damage.GELS[who % 4]),
    ),
    "blur": Condition(
        "blur", "% of the face's width", (1, 2, 3, 4, 6),
        change=lambda photo, level, who: damage.blur(photo, float(level) / 100),
    ),
    "distance": Condition(
        "small face", "px wide", (96, 64, 48, 32, 24, 16, 12, 8),
        change=lambda photo, level, who: damage.step_back(photo, float(level)), clean=135,
    ),
}  # fmt: skip


def photo_of(identity: int, key: str, level: Level, base: Photo) -> Photo:
    """The photo of the person under condition ``key`` at ``level``; ``base``: their clean second photo."""
    condition = CONDITIONS[key]
    if condition.render:
        return condition.render(identity, level)
    assert condition.change is not None
    return condition.change(base, level, identity)
