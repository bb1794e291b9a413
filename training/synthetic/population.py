"""How traits are shared out among the synthetic people: trait -> share, in the order in which they are drawn."""

from __future__ import annotations

MALE_HAIR: dict[str, float] = {
    "buzz": 0.11,
    "short": 0.15,
    "sidepart": 0.16,
    "slick": 0.10,
    "curlyshort": 0.11,
    "afro": 0.04,
    "medium": 0.08,
    "bald": 0.08,
    "receding": 0.06,
    "long": 0.04,
    "manbun": 0.02,
    "fringe": 0.05,
}
"""Hair style -> share of the men."""
FEMALE_HAIR: dict[str, float] = {
    "long": 0.17,
    "longwavy": 0.17,
    "bob": 0.13,
    "bobfringe": 0.10,
    "curlylong": 0.11,
    "bun": 0.09,
    "ponytail": 0.09,
    "pixie": 0.06,
    "afro": 0.03,
    "medium": 0.05,
}
"""Hair style -> share of the women."""
BEARDS: dict[str, float] = {"none": 0.44, "stubble": 0.20, "full": 0.20, "goatee": 0.09, "moustache": 0.07}
"""Beard -> share of the men."""
DARK_HAIR: dict[str, float] = {"black": 0.6, "darkbrown": 0.32, "brown": 0.08}
DARK_EYES: dict[str, float] = {"darkbrown": 0.7, "brown": 0.25, "hazel": 0.05}
ANY_HAIR: dict[str, float] = {
    "black": 0.12,
    "darkbrown": 0.2,
    "brown": 0.2,
    "lightbrown": 0.14,
    "blond": 0.15,
    "platinum": 0.04,
    "auburn": 0.08,
    "red": 0.07,
}
ANY_EYES: dict[str, float] = {"darkbrown": 0.1, "brown": 0.28, "hazel": 0.17, "green": 0.14, "blue": 0.22, "grey": 0.09}
GLASSES = ("round", "square", "thin")
SHARE_WITH_GLASSES = 0.22
