"""A person: the sampled parameters that stay the same in every picture of them.

``sample_identity(seed)`` is a pure function. The order of its random draws is part of the data format: the same seed is
the same person for ever, so new traits are drawn after all the others. Lengths are cm, offsets from an average head
whose eye line is y = 0; scales are factors near 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.synthetic.fields import Floats
from training.synthetic.palette import (
    EYE_COLOURS,
    GLASSES_FRAMES,
    HAIR_COLOURS,
    LIPSTICKS,
    SKIN_MELANIN,
    SKIN_TONES,
)
from training.synthetic.population import (
    ANY_EYES,
    ANY_HAIR,
    BEARDS,
    DARK_EYES,
    DARK_HAIR,
    FEMALE_HAIR,
    GLASSES,
    MALE_HAIR,
    SHARE_WITH_GLASSES,
)

Gender = Literal["female", "male"]
Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Skull:
    """The shape of the head below the features."""

    width: float
    """Scale of every half width."""
    height: float
    """Scale of every height above and below the eye line."""
    jaw: float
    """Half width added along the jaw."""
    gonion: float
    """Half width added at the jaw's corner."""
    chin_width: float
    chin_forward: float
    chin_drop: float
    cheekbone: float
    temple: float
    fullness: float
    """Fat of cheeks and neck, negative when lean."""
    forehead: float
    """Forehead forwards."""
    cranium: float
    """Top of the head upwards."""


@dataclass(frozen=True)
class Nose:
    """The nose."""

    width: float
    """Scale of the wings' distance."""
    projection: float
    length: float
    hump: float
    tip: float
    """Tip upwards (positive) or hanging."""
    tip_width: float
    bridge_width: float
    nasion: float
    """Fullness of the root."""
    flare: float


@dataclass(frozen=True)
class Eyes:
    """Eyes and lids."""

    x: float
    """Distance of an eye's centre from the middle."""
    y: float
    half_width: float
    opening: float
    tilt: float
    crease: float
    """Depth of the upper lid's fold, 0 for a single lid."""
    depth: float
    hood: float
    """Skin over the lid."""
    lash: float
    colour: str
    iris: Rgb
    iris_inner: Rgb
    """Added around the pupil."""


@dataclass(frozen=True)
class Brows:
    """Eyebrows and the bone under them."""

    height: float
    ridge: float
    thickness: float
    arch: float
    length: float
    density: float


@dataclass(frozen=True)
class Mouth:
    """Lips."""

    half_width: float
    height: float
    upper_lip: float
    lower_lip: float
    bow: float
    corner_lift: float


@dataclass(frozen=True)
class Cheeks:
    """Soft parts of the face."""

    cheek: float
    hollow: float
    fold: float
    """Depth of the fold between nose and mouth corner."""
    cleft: float
    """Depth of the chin's dimple."""


@dataclass(frozen=True)
class SkinLook:
    """Colour of the skin and what is on it."""

    melanin: float
    """0 palest .. 1 darkest."""
    redness: float
    tone: Rgb
    freckles: float
    moles: tuple[tuple[float, float, float], ...]
    """(x, y, radius) of each."""
    lipstick: Rgb | None
    eye_shadow: float


@dataclass(frozen=True)
class HairLook:
    """Hair of the head and the beard."""

    style: str
    colour: str
    rgb: Rgb
    part: float
    """x of the parting, 0 for none."""
    hairline: float
    """Front hairline upwards."""
    volume: float
    curl: float
    """0..1, also the length of long hair and beards."""
    beard: str


@dataclass(frozen=True)
class Identity:
    """Everything that makes a person that person."""

    seed: int
    gender: Gender
    masculinity: float
    """-0.1 .. 1.1: how far the shape leans to the average man's."""
    age: float
    """Years, 18 to 75."""
    skull: Skull
    nose: Nose
    eyes: Eyes
    brows: Brows
    mouth: Mouth
    cheeks: Cheeks
    ear_scale: float
    ear_angle: float
    """Radians by which the ears stand off more than usual."""
    asymmetry: tuple[float, ...]
    """Four offsets: nose, chin, brow, mouth."""
    skin: SkinLook
    hair: HairLook
    glasses: str | None
    """One of ``GLASSES``: what the person wears when a picture does not say otherwise."""
    glasses_rgb: Rgb


class _Draw:
    """The random source of one identity with the few distributions that are used."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed * 7919 + 13)

    def normal(self, scale: float) -> float:
        """Normal draw, cut at 2.2 deviations: no caricatures."""
        return float(np.clip(self.rng.normal(), -2.2, 2.2) * scale)

    def chance(self) -> float:
        return float(self.rng.random())

    def pick(self, shares: dict[str, float]) -> str:
        return str(self.rng.choice(list(shares), p=list(shares.values())))


def sample_identity(seed: int) -> Identity:
    """The person with this number. The numbers 0..899,999 are training people; see ``dataset`` for the held-out."""
    draw = _Draw(seed)
    gender: Gender = "male" if draw.chance() < 0.5 else "female"
    masculinity = float(np.clip((gender == "male") + draw.normal(0.12), -0.1, 1.1))
    age = float(np.clip(18 + 55 * draw.rng.beta(1.3, 2.0), 18, 75))
    melanin = float(draw.rng.beta(1.1, 1.3))
    redness, yellowness = draw.normal(0.5), draw.normal(0.5)
    skull = _skull(draw, masculinity)
    full_features = float(np.clip((melanin - 0.55) * 2.2, 0, 1)) * draw.chance()
    single_lid = float(draw.chance() < 0.30 and melanin < 0.6) * float(draw.rng.uniform(0.6, 1))
    nose = _nose(draw, masculinity, full_features, single_lid)
    lids = _lids(draw, masculinity, single_lid, age)
    brows = _brows(draw, masculinity)
    mouth = _mouth(draw, masculinity, full_features)
    cheeks = _cheeks(draw, masculinity, age, skull.fullness)
    ear_scale, ear_angle = 1 + draw.normal(0.08), draw.normal(0.12)
    asymmetry = tuple(draw.normal(0.07) for _ in range(6))[:4]
    dark = melanin > 0.5 or single_lid > 0
    hair_colour, eye_colour = _colours(draw, dark, age)
    hair_rgb = _scaled(HAIR_COLOURS[hair_colour], 1 + draw.normal(0.12))
    iris = _scaled(EYE_COLOURS[eye_colour], 1 + draw.normal(0.15))
    iris_inner = _scaled((0.10, 0.055, 0.015), 0.6 if eye_colour in ("hazel", "green") else 0.15)
    style, beard = _style(draw, gender, melanin)
    part = float(draw.rng.choice([-1, 1]) * draw.rng.uniform(1.2, 3.4)) if draw.chance() < 0.75 else 0.0
    hairline = draw.normal(0.45) + (0.35 * masculinity if age > 40 else 0)
    hair = HairLook(
        style, hair_colour, hair_rgb, part, hairline, 1 + draw.normal(0.15), curl=draw.chance(), beard=beard
    )
    skin = _skin(draw, gender, melanin, redness, yellowness, hair_colour)
    glasses = str(draw.rng.choice(GLASSES)) if draw.chance() < SHARE_WITH_GLASSES else None
    glasses_rgb = GLASSES_FRAMES[int(draw.rng.integers(5))]
    eyes = Eyes(**lids, colour=eye_colour, iris=iris, iris_inner=iris_inner)
    return Identity(
        seed, gender, masculinity, age, skull, nose, eyes, brows, mouth, cheeks, ear_scale, ear_angle, asymmetry, skin,
        hair, glasses, glasses_rgb,
    )  # fmt: skip


def _scaled(rgb: Rgb, factor: float) -> Rgb:
    return (rgb[0] * factor, rgb[1] * factor, rgb[2] * factor)


def _skull(draw: _Draw, m: float) -> Skull:
    return Skull(
        width=1 + draw.normal(0.038) - 0.012 * (1 - m),
        height=_limited_height(1 + draw.normal(0.038) - 0.015 * (1 - m)),
        jaw=draw.normal(0.36) + 0.62 * (m - 0.5),
        gonion=draw.normal(0.5) + 0.5 * (m - 0.5),
        chin_width=draw.normal(0.5) + 0.9 * (m - 0.5),
        chin_forward=draw.normal(0.40) + 0.15 * (m - 0.5),
        chin_drop=draw.normal(0.40) + 0.55 * (m - 0.5),
        cheekbone=draw.normal(0.28),
        temple=draw.normal(0.25),
        fullness=draw.normal(0.55) + 0.1 * (1 - m),
        forehead=draw.normal(0.28) - 0.15 * (m - 0.5),
        cranium=draw.normal(0.35),
    )


def _limited_height(drawn: float) -> float:
    """Heads between 0.92 and 0.99 of the model's height: the tallest draws look stretched, not tall."""
    return float(np.clip(0.955 + 0.6 * (drawn - 1), 0.915, 0.99))


def _nose(draw: _Draw, m: float, full: float, single_lid: float) -> Nose:
    return Nose(
        width=0.87 + draw.normal(0.12) + 0.30 * full + 0.15 * m,
        projection=2.15 + draw.normal(0.32) - 0.38 * full - 0.32 * single_lid + 0.38 * m,
        length=draw.normal(0.36) + 0.15 * m,
        hump=draw.normal(0.17) + 0.06 * m - 0.08 * single_lid,
        tip=draw.normal(0.27) - 0.1 * (m - 0.5),
        tip_width=1.0 + draw.normal(0.16) + 0.1 * full,
        bridge_width=1.0 + draw.normal(0.16) + 0.15 * full,
        nasion=draw.normal(0.22) - 0.20 * single_lid + 0.12 * m,
        flare=draw.normal(0.18),
    )


def _lids(draw: _Draw, m: float, single_lid: float, age: float) -> dict[str, float]:
    """The fields of ``Eyes`` that are drawn before the colours."""
    return {
        "x": 3.15 + draw.normal(0.15),
        "y": draw.normal(0.12),
        "half_width": 1.50 + draw.normal(0.09) + 0.06 * (1 - m),
        "opening": 1.0 + draw.normal(0.12) + 0.17 * (1 - m) - 0.12 * single_lid,
        "tilt": draw.normal(0.10) + 0.06 * (1 - m) + 0.08 * single_lid,
        "crease": float(np.clip(0.8 + draw.normal(0.25) - 0.9 * single_lid, 0, 1.2)),
        "depth": draw.normal(0.16) + 0.10 * m - 0.15 * single_lid,
        "hood": float(np.clip(draw.normal(0.25) + 0.004 * (age - 35), 0, 0.6)),
        "lash": 0.75 + 0.45 * (1 - m),
    }


def _brows(draw: _Draw, m: float) -> Brows:
    return Brows(
        height=draw.normal(0.20) - 0.18 * (m - 0.5),
        ridge=max(0.02, 0.14 + 0.40 * m + draw.normal(0.11)),
        thickness=max(0.5, 0.95 + draw.normal(0.22) + 0.42 * (m - 0.5)),
        arch=float(np.clip(0.27 + draw.normal(0.12) - 0.16 * (m - 0.5), 0.02, 0.5)),
        length=draw.normal(0.22),
        density=float(np.clip(1.0 + draw.normal(0.25) + 0.2 * (m - 0.5), 0.45, 1.6)),
    )


def _mouth(draw: _Draw, m: float, full: float) -> Mouth:
    return Mouth(
        half_width=2.45 + draw.normal(0.20) + 0.08 * m,
        height=draw.normal(0.20),
        upper_lip=0.57 + draw.normal(0.12) + 0.26 * full - 0.13 * m,
        lower_lip=0.78 + draw.normal(0.14) + 0.22 * full - 0.14 * m,
        bow=0.10 + abs(draw.normal(0.07)),
        corner_lift=draw.normal(0.09),
    )


def _cheeks(draw: _Draw, m: float, age: float, fullness: float) -> Cheeks:
    return Cheeks(
        cheek=0.25 + draw.normal(0.22) + 0.1 * (1 - m),
        hollow=draw.normal(0.25) + 0.15 * m - 0.2 * max(fullness, 0),
        fold=0.05 + max(0, (age - 28) / 45) * 0.22 + abs(draw.normal(0.03)),
        cleft=max(0, draw.normal(0.14)) if draw.chance() < 0.3 else 0,
    )


def _colours(draw: _Draw, dark: bool, age: float) -> tuple[str, str]:
    """Hair and eye colour by name; hair turns grey with age."""
    hair, eyes = draw.pick(DARK_HAIR if dark else ANY_HAIR), draw.pick(DARK_EYES if dark else ANY_EYES)
    if age > 50 and draw.chance() < (age - 45) / 28:
        hair = draw.pick({"grey": 0.6, "white": 0.4})
    return hair, eyes


def _style(draw: _Draw, gender: Gender, melanin: float) -> tuple[str, str]:
    """Hair style and beard; very dark skin goes with curly or cropped hair in 45 % of the draws."""
    style = draw.pick(MALE_HAIR if gender == "male" else FEMALE_HAIR)
    beard = draw.pick(BEARDS) if gender == "male" else "none"
    if melanin > 0.75 and draw.chance() < 0.45:
        curly = ["afro", "curlyshort", "buzz"] if gender == "male" else ["afro", "curlylong", "bun", "buzz"]
        style = str(draw.rng.choice(curly))
    return style, beard


def _skin(draw: _Draw, gender: Gender, melanin: float, redness: float, yellowness: float, hair_colour: str) -> SkinLook:
    freckled = (melanin < 0.35 and draw.chance() < 0.35) or hair_colour == "red"
    freckles = draw.chance() ** 2 if freckled else 0.0
    uniform = draw.rng.uniform
    moles = tuple(
        (float(uniform(-4.3, 4.3)), float(uniform(-9.0, -0.9)), float(uniform(0.06, 0.13)))
        for _ in range(int(draw.rng.integers(0, 4)))
    )
    painted = gender == "female" and draw.chance() < 0.45
    lipstick = LIPSTICKS[int(draw.rng.integers(5))] if painted else None
    shadow = draw.chance() if gender == "female" and draw.chance() < 0.4 else 0.0
    return SkinLook(melanin, redness, _skin_tone(melanin, redness, yellowness), freckles, moles, lipstick, shadow)


def _skin_tone(melanin: float, redness: float, yellowness: float) -> Rgb:
    tone: Floats = np.array([np.interp(melanin, SKIN_MELANIN, SKIN_TONES[:, k]) for k in range(3)])
    tint = [1 + 0.03 * redness, 1 - 0.03 * redness + 0.02 * yellowness, 1 - 0.03 * redness - 0.07 * yellowness]
    r, g, b = np.clip(tone * np.array(tint), 0.01, 0.9)
    return (float(r), float(g), float(b))
