"""The words of the embedded world, and which of its attributes a prompt names."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

Named = tuple[str, str]
"""Head of the attribute judge and class key, such as ``("scene", "beach")``."""

_TOKEN = re.compile(r"s\*|[\w'’-]+")
_PLAIN = ("scene", "clothes", "glasses", "expression", "light", "pose", "style", "beard")
"""Heads whose phrasings name a class wherever they stand."""
_PEOPLE = ("s*", "man", "woman", "person", "guy", "gentleman", "lady")
_WEARING = (("wearing",), ("dressed", "in"), ("wears",))
_UNSAID: Named = ("style", "photo")
"""Asked for unless another style is, so it tells nothing."""


@cache
def world() -> dict[str, Any]:
    """The table ``embedded/world.toml``: head -> class key -> phrasings, with ``groups`` and ``cues``."""
    text = files("facepersona_core.embedded").joinpath("world.toml").read_text("utf-8")
    return tomllib.loads(text)


def hair_group(style: str) -> str:
    """The group of a hair style, as the judge tells them apart."""
    groups: dict[str, list[str]] = world()["groups"]["hair"]
    return next(group for group, styles in groups.items() if style in styles)


def age_group(age: float) -> str:
    """ "young" under 30, "middle" under 50, else "old"."""
    return "young" if age < 30 else "middle" if age < 50 else "old"


def named_attributes(prompt: str) -> list[Named]:
    """What ``prompt`` asks for, as heads and classes in order of heads; hair styles as groups. Empty: nothing known.

    Longer phrases win over the shorter ones inside them; a colour counts only as the colour of a garment or of hair.

    >>> named_attributes("a photo of S* in a red winter coat, smiling at the beach")
    [('scene', 'beach'), ('clothes', 'coat'), ('expression', 'smile'), ('cloth_colour', 'red')]
    """
    tokens = _TOKEN.findall(prompt.lower())
    taken = [False] * len(tokens)
    found: list[Named] = []
    garments: list[int] = []
    for head, key, phrase in _phrases():
        for start in _places(tokens, taken, phrase):
            taken[start : start + len(phrase)] = [True] * len(phrase)
            found.append((head, key))
            garments += [start] if head == "clothes" else []
    found.sort(key=lambda named: _PLAIN.index(named[0]) if named[0] in _PLAIN else len(_PLAIN))
    found += _colours(tokens, taken, garments) + _hair(tokens, taken) + _age(tokens)
    return [named for named in dict.fromkeys(found) if named != _UNSAID]


@cache
def _phrases() -> list[tuple[str, str, tuple[str, ...]]]:
    """Every phrase of the plain heads and of baldness, longest first."""
    phrases = []
    for head in (*_PLAIN, "hair"):
        for table in (world()[head], world()["cues"].get(head, {})):
            for key, options in table.items():
                if head != "hair" or key == "bald":
                    phrases += [(head, key, tuple(_TOKEN.findall(option.lower()))) for option in options]
    return sorted(phrases, key=lambda phrase: (-len(phrase[2]), -sum(map(len, phrase[2]))))


def _places(tokens: list[str], taken: list[bool], phrase: tuple[str, ...]) -> list[int]:
    """Where ``phrase`` stands in ``tokens`` untouched."""
    length = len(phrase)
    starts = range(len(tokens) - length + 1)
    return [i for i in starts if tuple(tokens[i : i + length]) == phrase and not any(taken[i : i + length])]


def _before(tokens: list[str], taken: list[bool], end: int, head: str, reach: int) -> list[Named]:
    """The class of ``head`` named in the ``reach`` free tokens before ``end``; the longest phrase wins."""
    start = end
    while start > max(0, end - reach) and not taken[start - 1]:
        start -= 1
    window, free = tokens[start:end], taken[start:end]
    options = [
        (tuple(_TOKEN.findall(option)), key)
        for table in (world()[head], world()["cues"].get(head, {}))
        for key, phrases in table.items()
        for option in phrases
    ]
    fitting = [(phrase, key) for phrase, key in options if _places(window, free, phrase)]
    return [(head, max(fitting, key=lambda fit: sum(map(len, fit[0])))[1])] if fitting else []


def _colours(tokens: list[str], taken: list[bool], garments: list[int]) -> list[Named]:
    """Colours before garments, and after "wearing" and "dressed in"."""
    found = [named for start in garments for named in _before(tokens, taken, start, "cloth_colour", 3)]
    for lead in _WEARING:
        for start in _places(tokens, [False] * len(tokens), lead):
            after = tokens[start + len(lead) : start + len(lead) + 1]
            found += [] if garments else _before(after, [False] * len(after), len(after), "cloth_colour", 1)
    return found


def _hair(tokens: list[str], taken: list[bool]) -> list[Named]:
    """Colour and style before the word "hair"."""
    found: list[Named] = []
    for place in (i for i, token in enumerate(tokens) if token in ("hair", "haired")):
        found += _before(tokens, taken, place, "hair_colour", 4)
        found += [("hair", hair_group(key)) for _, key in _before(tokens, taken, place, "hair", 4)]
    return found


def _age(tokens: list[str]) -> list[Named]:
    """Ages right before a person: "an old man", "a young S*"."""
    ages = {word: key for key, words in world()["age"].items() for word in words}
    pairs = pairwise(tokens)
    return [("age", ages[age]) for age, person in pairs if age in ages and person in _PEOPLE]
