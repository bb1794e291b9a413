"""The prompts of an evaluation, each with what its text asks for: the forty that ship, or a TOML file of one's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from facepersona_core.errors import EvaluationInvalid, PromptInvalid
from facepersona_core.prompt import check_prompt
from facepersona_core.types import json_digest

EXPRESSION = "expression"
_FIELDS = {"axis": str, "text": str, "wanted": dict, "plain": str}


@dataclass(frozen=True)
class EvaluationPrompt:
    """One prompt and what a judge is to see in its pictures."""

    axis: str
    """What the prompt asks to change, such as ``"context"`` or ``"expression"``."""
    text: str
    """One line with the placeholder ``S*`` exactly once."""
    wanted: Mapping[str, str]
    """Head of the attribute judge -> class that the text asks for."""
    plain: str | None = None
    """``text`` without the words of the expression, which then comes through the expression slot; None exactly where
    the text names no expression."""


def load_prompts(file: Path | None, heads: Mapping[str, Sequence[str]]) -> tuple[EvaluationPrompt, ...]:
    """The prompts in the TOML ``file`` (None: those that ship), checked against the judge's ``heads``.

    Raises EvaluationInvalid."""
    if file:
        name, data = file.name, file.read_bytes()
    else:
        name, data = "prompts.toml", files(__package__).joinpath("prompts.toml").read_bytes()
    try:
        entries = tomllib.loads(data.decode()).get("prompts")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EvaluationInvalid(seen=f"{name}: {error}", expected="TOML") from error
    if not isinstance(entries, list) or not entries:
        raise EvaluationInvalid(seen=f"{name}: 0 x [[prompts]]", expected=">= 1 x [[prompts]]")
    return tuple(_prompt(f"{name}, [[prompts]] {number}", entry, heads) for number, entry in enumerate(entries, 1))


def prompts_digest(prompts: Sequence[EvaluationPrompt]) -> str:
    """SHA-256 of what the prompts say; comments and layout of their file do not change it."""
    return json_digest([asdict(prompt) for prompt in prompts])


def _prompt(where: str, entry: dict[str, Any], heads: Mapping[str, Sequence[str]]) -> EvaluationPrompt:
    for name, kind in _FIELDS.items():
        if not isinstance(entry.get(name, kind()), kind):
            raise EvaluationInvalid(seen=f"{where}: {name} = {entry[name]!r}", expected=f"{name}: {kind.__name__}")
    missing, strange = {"axis", "text", "wanted"} - set(entry), set(entry) - set(_FIELDS)
    if missing or strange:
        raise EvaluationInvalid(seen=f"{where}: {', '.join(sorted(entry))}", expected="axis, text, wanted (, plain)")
    for line in (entry["text"], entry.get("plain", entry["text"])):
        try:
            check_prompt(line)
        except PromptInvalid as error:
            raise EvaluationInvalid(seen=f'{where}: "{line}"', expected="1 x S*") from error
    for head, key in entry["wanted"].items():
        if key not in heads.get(head, ()):
            known = heads.get(head) or list(heads)
            raise EvaluationInvalid(seen=f'{where}: {head} = "{key}"', expected=", ".join(known))
    if (EXPRESSION in entry["wanted"]) != ("plain" in entry):
        seen = f"{where}: wanted = {', '.join(entry['wanted'])}; plain = {entry.get('plain')}"
        raise EvaluationInvalid(seen=seen, expected=f"{EXPRESSION} <=> plain")
    return EvaluationPrompt(**entry)
