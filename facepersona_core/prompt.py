"""The prompt and its placeholder S*."""

from __future__ import annotations

import re
from collections.abc import Collection

from facepersona_core.errors import PromptInvalid

PLACEHOLDER = "S*"
"""Stands for the person in a prompt, exactly once."""

_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_PERSON = re.compile(re.escape(PLACEHOLDER) + r"(?:['’]s\b)?")


def check_prompt(prompt: str) -> str:
    """``prompt`` without surrounding blanks, checked: one line that holds S* exactly once. Raises PromptInvalid."""
    line = prompt.strip()
    if not line:
        raise PromptInvalid(prompt=prompt, problem="empty")
    if len(line.splitlines()) > 1:
        raise PromptInvalid(prompt=prompt, problem="multiline")
    count = line.count(PLACEHOLDER)
    if count == 0:
        raise PromptInvalid(prompt=prompt, problem="missing")
    if count > 1:
        raise PromptInvalid(prompt=prompt, problem="several", count=count)
    return line


def with_words(prompt: str, words: str) -> str:
    """``prompt`` with ``words`` in the place of S*; raises PromptInvalid like `check_prompt`.

    >>> with_words("a photo of S* at the beach", "a person")
    'a photo of a person at the beach'
    """
    return check_prompt(prompt).replace(PLACEHOLDER, words)


def unknown_words(prompt: str, known: Collection[str]) -> list[str]:
    """Words of ``prompt`` that are not in ``known`` (lower case), in lower case, each once, in order.

    A hyphenated word is known when it or all of its parts are.

    >>> unknown_words("a photo of S* on the moon", {"a", "photo", "of", "on", "the"})
    ['moon']
    """
    words = (match.group().lower() for match in _WORD.finditer(_PERSON.sub(" ", prompt)))
    unknown = [word for word in words if word not in known and not _parts_known(word, known)]
    return list(dict.fromkeys(unknown))


def _parts_known(word: str, known: Collection[str]) -> bool:
    parts = re.split(r"[-'’]", word)
    return len(parts) > 1 and all(part in known or part == "s" for part in parts)
