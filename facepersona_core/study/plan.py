"""The plan of a study: frozen dataclasses that refuse an impossible plan, and the TOML file that holds one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from facepersona_core.errors import StudyInvalid

PLACEHOLDER = "S*"
LANGUAGES = ("en", "ja")


@dataclass(frozen=True)
class PromptItem:
    """One prompt of a study."""

    axis: str
    """What the prompt asks to change, such as ``"context"`` or ``"expression"``; results are broken down by it."""
    text: str
    """One line with the placeholder ``S*`` exactly once."""


@dataclass(frozen=True)
class StudyPlan:
    """Everything that decides which pictures are made and who compares which. Raises StudyInvalid."""

    name: str
    """Key of the study; also the seed of who rates which pair."""
    title: dict[str, str]
    """What a rater reads above the pairs, in ``"en"`` and ``"ja"``."""
    people: tuple[str, ...]
    prompts: tuple[PromptItem, ...]
    methods: tuple[str, ...]
    """At least two method keys. Gold pairs show pictures of the first, so put the method under study there."""
    seeds: tuple[int, ...]
    overlap: int = 3
    """How many raters see each pair, 1 to ``raters``."""
    raters: int = 6
    """How many raters the work is divided among; a later rater shares the block of an earlier one."""
    gold_every: int = 10
    """One gold pair after this many pairs; 0 for none."""
    repeat_every: int = 12
    """One pair shown again, sides swapped, for this many pairs; 0 for none."""

    def __post_init__(self) -> None:
        _need(bool(self.name.strip()), 'name = ""', 'name != ""')
        _need(set(self.title) == set(LANGUAGES), f"title: {sorted(self.title)}", f"title: {list(LANGUAGES)}")
        for label, least in (("people", 1), ("prompts", 1), ("methods", 2), ("seeds", 1)):
            values = getattr(self, label)
            _need(len(values) >= least, f"len({label}) = {len(values)}", f"len({label}) >= {least}")
            _need(len(set(values)) == len(values), f"{label}: {values}", f"{label}: a != b")
        for item in self.prompts:
            _need(bool(item.axis), f'axis = "" ({item.text})', 'axis != ""')
            _need(item.text.count(PLACEHOLDER) == 1, f'"{item.text}"', f"1 x {PLACEHOLDER}")
        _need(self.raters >= 1, f"raters = {self.raters}", "raters >= 1")
        _need(1 <= self.overlap <= self.raters, f"overlap = {self.overlap}", f"1 <= overlap <= {self.raters} (raters)")
        _need(self.gold_every >= 0, f"gold_every = {self.gold_every}", "gold_every >= 0")
        _need(self.repeat_every >= 0, f"repeat_every = {self.repeat_every}", "repeat_every >= 0")


def plan_from_table(table: Mapping[str, Any]) -> StudyPlan:
    """A plan from the plain values of a TOML or JSON document. Raises StudyInvalid."""
    _same_keys(table, StudyPlan)
    values: dict[str, Any] = {}
    for name, kind in _KINDS.items():
        if name in table:
            values[name] = kind(name, table[name])
    return StudyPlan(**values)


def load_plan(path: Path) -> StudyPlan:
    """Read the plan in the TOML file ``path``. Raises StudyInvalid, FileNotFoundError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyInvalid(seen=f"{path.name}: {error}", expected="TOML") from error
    return plan_from_table(table)


def dump_plan(plan: StudyPlan, path: Path) -> None:
    """Write ``plan`` as TOML to ``path``; `load_plan` gives an equal plan back."""
    import tomli_w

    path.write_text(tomli_w.dumps(asdict(plan)), "utf-8")


def _need(holds: bool, seen: str, expected: str) -> None:
    if not holds:
        raise StudyInvalid(seen=seen, expected=expected)


def _same_keys(table: Mapping[str, Any], kind: type[StudyPlan] | type[PromptItem]) -> None:
    """Every required key there and no unknown one: a misspelt setting must not be silently ignored."""
    known = {entry.name for entry in fields(kind)}
    required = known - {"overlap", "raters", "gold_every", "repeat_every"}
    _need(set(table) <= known, ", ".join(sorted(set(table) - known)), ", ".join(sorted(known)))
    _need(required <= set(table), ", ".join(sorted(table)), ", ".join(sorted(required)))


def _string(name: str, value: Any) -> str:
    _need(isinstance(value, str), f"{name} = {value!r}", f'{name} = "..."')
    return str(value)


def _number(name: str, value: Any) -> int:
    _need(type(value) is int, f"{name} = {value!r}", f"{name} = 0, 1, 2, ...")
    return int(value)


def _list(name: str, value: Any) -> list[Any]:
    _need(isinstance(value, list | tuple), f"{name} = {value!r}", f"{name} = [...]")
    return list(value)


def _table(name: str, value: Any) -> dict[str, Any]:
    _need(isinstance(value, Mapping), f"{name} = {value!r}", f"[{name}]")
    return dict(value)


def _strings(name: str, value: Any) -> tuple[str, ...]:
    return tuple(_string(name, entry) for entry in _list(name, value))


def _prompt(name: str, value: Any) -> PromptItem:
    table = _table(name, value)
    _same_keys(table, PromptItem)
    return PromptItem(_string("axis", table["axis"]), _string("text", table["text"]))


_KINDS: dict[str, Any] = {
    "name": _string,
    "title": lambda name, value: {key: _string(name, entry) for key, entry in _table(name, value).items()},
    "people": _strings,
    "prompts": lambda name, value: tuple(_prompt(name, entry) for entry in _list(name, value)),
    "methods": _strings,
    "seeds": lambda name, value: tuple(_number(name, entry) for entry in _list(name, value)),
    "overlap": _number,
    "raters": _number,
    "gold_every": _number,
    "repeat_every": _number,
}
