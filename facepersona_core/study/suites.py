"""Prompt suites: ready lists of prompts to begin a study with (``suites.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from facepersona_core.study.plan import PromptItem


@dataclass(frozen=True)
class Suite:
    """A list of prompts with a title."""

    titles: Mapping[str, str]
    """In "en" and "ja"."""
    prompts: tuple[PromptItem, ...]


@cache
def suites() -> Mapping[str, Suite]:
    """Every suite by key, the shortest first."""
    found = tomllib.loads(files(__package__).joinpath("suites.toml").read_text("utf-8"))
    return {
        key: Suite({"en": suite["en"], "ja": suite["ja"]}, tuple(PromptItem(**item) for item in suite["prompts"]))
        for key, suite in found.items()
    }
