"""The form of the Studies tab and the plan it stands for: one line a prompt, numbers with commas, nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from facepersona_core.errors import RequestInvalid
from facepersona_core.study.plan import PromptItem, StudyPlan

DEFAULT_AXIS = "scene"
"""Axis of a prompt line that names none."""
_LINE = re.compile(r"(?:(?P<axis>[^|]*[^|\s])\s*\|)?(?P<text>[^|]*)")


@dataclass(frozen=True)
class Form:
    """What the fields of the form hold, in the order in which handlers get them; None: an empty number."""

    name: str
    title_en: str
    title_ja: str
    people: Sequence[str]
    prompts: str
    """One prompt a line, ``axis | text`` or the text alone."""
    methods: Sequence[str]
    seeds: str
    """Whole numbers with commas."""
    raters: float | None
    overlap: float | None
    gold_every: float | None
    repeat_every: float | None

    def missing(self) -> list[str]:
        """Keys under ``studies.need`` of what is still to be filled in, in the order of the form."""
        empty = {
            "people": not self.people,
            "prompts": not self.prompts.strip(),
            "methods": len(self.methods) < 2,
            "name": not self.name.strip(),
            "titles": not (self.title_en.strip() and self.title_ja.strip()),
            "seeds": not self.seeds.strip(),
            "numbers": None in (self.raters, self.overlap, self.gold_every, self.repeat_every),
        }
        return [key for key, is_empty in empty.items() if is_empty]

    def plan(self) -> StudyPlan:
        """The plan, once nothing is `missing`. Raises StudyInvalid, and RequestInvalid for a seed that is no number."""
        return StudyPlan(
            name=self.name.strip(),
            title={"en": self.title_en.strip(), "ja": self.title_ja.strip()},
            people=tuple(self.people),
            prompts=read_prompts(self.prompts),
            methods=tuple(self.methods),
            seeds=read_seeds(self.seeds),
            overlap=int(self.overlap or 0),
            raters=int(self.raters or 0),
            gold_every=int(self.gold_every or 0),
            repeat_every=int(self.repeat_every or 0),
        )


def form_of(plan: StudyPlan) -> Form:
    """The form that stands for ``plan``; scenes that were left out there are planned again."""
    return Form(
        plan.name,
        plan.title["en"],
        plan.title["ja"],
        list(plan.people),
        write_prompts(plan.prompts),
        list(plan.methods),
        ", ".join(map(str, plan.seeds)),
        plan.raters,
        plan.overlap,
        plan.gold_every,
        plan.repeat_every,
    )


def read_prompts(lines: str) -> tuple[PromptItem, ...]:
    """One prompt a line that is not blank: ``axis | text``, or the text alone.

    >>> read_prompts("light | S* at dusk\\n\\nS* at sea")
    (PromptItem(axis='light', text='S* at dusk'), PromptItem(axis='scene', text='S* at sea'))
    """
    found = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        if match := _LINE.fullmatch(line):
            found.append(PromptItem((match["axis"] or DEFAULT_AXIS).strip(), match["text"].strip()))
        else:
            found.append(PromptItem(DEFAULT_AXIS, line))
    return tuple(found)


def write_prompts(prompts: Sequence[PromptItem]) -> str:
    """The lines that `read_prompts` reads."""
    return "\n".join(f"{item.axis} | {item.text}" for item in prompts)


def read_seeds(numbers: str) -> tuple[int, ...]:
    """Whole numbers with commas or blanks between. Raises RequestInvalid.

    >>> read_seeds("1, 2 7")
    (1, 2, 7)
    """
    parts = re.split(r"[\s,、，]+", numbers.strip(" ,、，"))
    if wrong := next((part for part in parts if not part.isdecimal()), None):
        raise RequestInvalid(name="seeds", seen=f'"{wrong}"', expected="0, 1, 2, ...")
    return tuple(map(int, parts))
