"""Texts of the core in English and Japanese: errors and usability reasons, one catalogue a language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "ja")


@cache
def catalogue(language: str) -> dict[str, Any]:
    """The parsed catalogue of ``language``; KeyError-free access goes through `text`."""
    if language not in LANGUAGES:
        language = "en"
    return tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))


def text(key: str, language: str = "en", **fields: Any) -> str:
    """The text under the dotted ``key``, its braces filled from ``fields``. A missing key raises KeyError."""
    node: Any = catalogue(language)
    for part in key.split("."):
        node = node[part]
    return str(node).format(**fields)
