"""Captions from labels: several phrasings, varied order, now and then a word left out.

What is out of the ordinary is always said: a turned head, an expression, a light, sunglasses. So what a prompt leaves
open comes out as usual, and the little model need not spread itself over everything that it might be.
"""

from __future__ import annotations

import random
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from facepersona_core.prompt import PLACEHOLDER

Label = dict[str, Any]
Phrases = dict[str, list[str]]
FAVOURED = 0.55
"""Probability of a class's first phrasing; the others share the rest."""
TURNED_DEGREES = 15.0
"""Yaw from which a caption may say that the person looks to a side."""


@cache
def world() -> dict[str, Any]:
    """The table of words: for each attribute, class key to phrasings."""
    text = files("facepersona_core.embedded").joinpath("world.toml").read_text("utf-8")
    return tomllib.loads(text)


def vocabulary() -> list[str]:
    """Every word a caption can hold, sorted, with a few function words for prompts of people."""
    tables = [table for key, table in world().items() if key not in ("groups", "cues")]
    phrases = [phrase for table in tables for options in table.values() for phrase in options]
    phrases += [cue for table in world()["cues"].values() for options in table.values() for cue in options]
    phrases.append(
        "a an the of with wearing and in on at by to from person people his her he she face hair head is who"
    )
    return sorted({word for phrase in phrases for word in re.findall(r"[a-z]+", phrase.lower())})


def caption(label: Label, source: random.Random, named: bool, in_words: bool = True) -> str:
    """One caption. ``named``: the subject is the placeholder S*; else a class word with attributes. Without
    ``in_words`` the expression is left out (the expression slot tells it)."""
    style = _phrase("style", label["style"], source)
    subject = PLACEHOLDER if named else _class_subject(label, source)
    parts = [part for part in (_clothes(label, source, named), *_rest(label, source)) if part]
    if source.random() < 0.3:
        source.shuffle(parts)
    told = in_words and source.random() < (0.3 if label["expression"] == "neutral" else 1.0)
    expression = _phrase("expression", label["expression"], source) if told else ""
    joint = ", " if source.random() < 0.5 else " "
    head = f"{style} of {subject}" + (f"{joint}{expression}" if expression else "")
    separator = ", " if source.random() < 0.6 else " "
    return separator.join([head, *parts])


def _phrase(head: str, key: str, source: random.Random) -> str:
    options: list[str] = world()[head][key]
    return options[0] if len(options) == 1 or source.random() < FAVOURED else source.choice(options[1:])


def _article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def age_group(age: float) -> str:
    """ "young" under 30, "middle" under 50, else "old"."""
    return "young" if age < 30 else "middle" if age < 50 else "old"


def _class_subject(label: Label, source: random.Random) -> str:
    noun = "person" if source.random() < 0.3 else _phrase("gender", label["gender"], source)
    age = _phrase("age", age_group(label["age"]), source) + " " if source.random() < 0.5 else ""
    has = []
    if source.random() < 0.7:
        has.append(_hair(label, source))
    if label["beard"] != "none" and source.random() < 0.7:
        has.append(_phrase("beard", label["beard"], source))
    return _article(age + noun) + (" with " + " and ".join(has) if has else "")


def _hair(label: Label, source: random.Random) -> str:
    if label["hair"] == "bald":
        return _phrase("hair", "bald", source)
    colour = _phrase("hair_colour", label["hair_colour"], source)
    cut = _phrase("hair", label["hair"], source) + " " if source.random() < 0.8 else ""
    return f"{colour} {cut}hair"


def _clothes(label: Label, source: random.Random, named: bool) -> str:
    worn = []
    if source.random() < 0.8:
        colour = _phrase("cloth_colour", label["cloth_colour"], source)
        worn.append(_article(f"{colour} {_phrase('clothes', label['clothes'], source)}"))
    kind = label["glasses"]
    if kind and (kind == "sunglasses" or source.random() < (0.5 if named else 1.0)):  # a name may imply its glasses
        worn.append(_phrase("glasses", "sunglasses" if kind == "sunglasses" else "glasses", source))
    return "wearing " + " and ".join(worn) if worn else ""


def _rest(label: Label, source: random.Random) -> list[str]:
    parts = []
    if abs(label["yaw"]) > TURNED_DEGREES:
        parts.append(_phrase("pose", "right" if label["yaw"] > 0 else "left", source))
    elif abs(label["yaw"]) < 7 and source.random() < 0.15:
        parts.append(_phrase("pose", "front", source))
    if source.random() < 0.9:
        parts.append(_phrase("scene", label["scene"], source))
    if source.random() < (0.15 if label["light"] in ("soft", "flat") else 1.0):
        parts.append(_phrase("light", label["light"], source))
    return parts
