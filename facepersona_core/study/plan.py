"""The plan of a study: frozen dataclasses that refuse an impossible plan, and the TOML file that holds one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import product
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
class Scene:
    """What all methods show alike: their pictures of one scene are compared with each other."""

    person: str
    prompt: str
    """The text of the prompt."""
    seed: int


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
    left_out: tuple[Scene, ...] = ()
    """Scenes that nobody rates, because a picture of theirs could not be made; left out for every method alike."""

    @property
    def scenes(self) -> list[Scene]:
        """The scenes that are rated, people first."""
        out = frozenset(self.left_out)
        return [scene for scene in self._all_scenes() if scene not in out]

    def _all_scenes(self) -> list[Scene]:
        grid = product(self.people, self.prompts, self.seeds)
        return [Scene(person, item.text, seed) for person, item, seed in grid]

    def __post_init__(self) -> None:
        _need(bool(self.name.strip()), 'name = ""', 'name != ""')
        steps = {".", ".."} & set(self.name.split("/"))  # browsers leave them out of an address
        _need(not steps, f'name = "{self.name}"', 'name: without "." and ".." between slashes')
        _need(set(self.title) == set(LANGUAGES), f"title: {sorted(self.title)}", f"title: {list(LANGUAGES)}")
        texts = tuple(item.text for item in self.prompts)  # whatever its axis, each once
        alike = {"people": self.people, "prompts": texts, "methods": self.methods, "seeds": self.seeds}
        for label, values in alike.items():
            least = 2 if label == "methods" else 1
            _need(len(values) >= least, f"len({label}) = {len(values)}", f"len({label}) >= {least}")
            _need(len(set(values)) == len(values), f"{label}: {values}", f"{label}: a != b")
        for item in self.prompts:
            _need(bool(item.axis), f'axis = "" ({item.text})', 'axis != ""')
            _need(item.text.count(PLACEHOLDER) == 1, f'"{item.text}"', f"1 x {PLACEHOLDER}")
        _need(self.raters >= 1, f"raters = {self.raters}", "raters >= 1")
        _need(1 <= self.overlap <= self.raters, f"overlap = {self.overlap}", f"1 <= overlap <= {self.raters} (raters)")
        _need(self.gold_every >= 0, f"gold_every = {self.gold_every}", "gold_every >= 0")
        _need(self.repeat_every >= 0, f"repeat_every = {self.repeat_every}", "repeat_every >= 0")
        strange = set(self.left_out) - set(self._all_scenes())
        _need(not strange, f"left_out: {next(iter(strange), None)}", "left_out: people x prompts x seeds")
        _need(bool(self.scenes), "0 scenes", ">= 1 scene")


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
    return parse_plan(path.read_bytes(), path.name)


def parse_plan(data: bytes, name: str) -> StudyPlan:
    """The plan in the TOML document ``data``, called ``name`` where it is no TOML. Raises StudyInvalid."""
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyInvalid(seen=f"{name}: {error}", expected="TOML") from error
    return plan_from_table(table)


def dump_plan(plan: StudyPlan, path: Path) -> None:
    """Write ``plan`` as TOML to ``path``; `load_plan` gives an equal plan back."""
    path.write_text(plan_text(plan), "utf-8")


def plan_text(plan: StudyPlan) -> str:
    """``plan`` as TOML; `parse_plan` gives an equal plan back."""
    import tomli_w

    table = asdict(plan)
    if not plan.left_out:  # who plans a study need not know of it
        del table["left_out"]
    return tomli_w.dumps(table)


def _need(holds: bool, seen: str, expected: str) -> None:
    if not holds:
        raise StudyInvalid(seen=seen, expected=expected)


def _same_keys(table: Mapping[str, Any], kind: type[StudyPlan] | type[PromptItem] | type[Scene]) -> None:
    """Every required key there and no unknown one: a misspelt setting must not be silently ignored."""
    known = {entry.name for entry in fields(kind)}
    required = known - {"overlap", "raters", "gold_every", "repeat_every", "left_out"}
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


def _scene(name: str, value: Any) -> Scene:
    table = _table(name, value)
    _same_keys(table, Scene)
    return Scene(_string("person", table["person"]), _string("prompt", table["prompt"]), _number("seed", table["seed"]))


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
    "left_out": lambda name, value: tuple(_scene(name, entry) for entry in _list(name, value)),
}
