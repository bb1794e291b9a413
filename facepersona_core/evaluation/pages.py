"""The report in words: Markdown for a file, a table for the terminal, in either language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facepersona_core.evaluation.figures import FIGURES, Figure
from facepersona_core.evaluation.report import OURS
from facepersona_core.messages import text
from facepersona_core.methods import method_card

Facts = dict[str, Any]
_WRITTEN = {
    "share": (100, "{:.0f}", " %"),
    "percent": (100, "{:.0f}", " %"),
    "points": (100, "{:+.0f}", ""),
    "degrees": (1, "{:.1f}", "°"),
    "seconds": (1, "{:.2f}", " s"),
    "score": (1, "{:.2f}", ""),
    "times": (1, "{:.1f}", " x"),
}
"""Unit -> factor, digits, what follows."""


def markdown(facts: Facts, language: str) -> str:
    """The whole report."""
    parts = [
        f"# {_say('title', language)}",
        summary(facts, language),
        _say(
            "reading",
            language,
            own_photos=written(facts["own_photos"]["identity"], "percent", language),
            own_top1=written(facts["own_photos"]["top1"], "share", language),
        ),
        *(f"## {_say('figures_of', language)}", pipes(figure_table(facts, language))),
    ]
    if facts["differences"]:
        parts += [f"## {_say('differences', language)}", _say("paired", language)]
        parts += [pipes(_difference_table(facts, language)), f"## {_say('learning', language)}"]
        parts += [pipes(_learning_table(facts, language))]
    return "\n\n".join(parts) + "\n"


def summary(facts: Facts, language: str) -> str:
    """What was measured, in one paragraph."""
    counts = {name: facts[name] for name in ("people", "prompts", "seeds", "steps", "guidance", "candidates")}
    model = {**facts["bundle"], "sha256": facts["bundle"]["sha256"][:12]}
    machines = "; ".join(_say("machine", language, **one) for one in facts["machines"])
    counts |= {"pictures": sum(facts["pictures"].values()), "machines": machines}
    return _say("measured", language, **counts, **model)


def figure_table(facts: Facts, language: str) -> list[list[str]]:
    """Head and rows: a figure a row, a method a column, and how often the judge itself is right."""
    judge = facts["judge_itself"]
    head = [_say("figure", language), "", *_names(facts["figures"]), _say("judge", language)]
    rows = [
        [
            *_title(each, language),
            *(written(found[each.key], each.unit, language) for found in facts["figures"].values()),
            f"{judge[each.key]:.0%}".replace("%", " %") if each.key in judge else "",
        ]
        for each in FIGURES
    ]
    return [head, *rows]


def _difference_table(facts: Facts, language: str) -> list[list[str]]:
    head = [_say("figure", language), "", *_names(facts["differences"])]
    rows = [
        [*_title(each, language), *(gap(found[each.key], each, language) for found in facts["differences"].values())]
        for each in FIGURES
    ]
    return [head, *rows]


def _learning_table(facts: Facts, language: str) -> list[list[str]]:
    head = [_say("method", language), _say("names.enrol_seconds", language), _say("times", language)]
    rows = [
        [
            method_card(method).name,
            written(found["enrol_seconds"], "seconds", language),
            "" if method == OURS else written(facts["enrol_ratio"][method], "times", language),
        ]
        for method, found in facts["figures"].items()
    ]
    return [head, *rows]


def _title(each: Figure, language: str) -> list[str]:
    return [_say(f"names.{each.key}", language), "↑" if each.better == "higher" else "↓"]


def _names(methods: Sequence[str] | Facts) -> list[str]:
    return [method_card(method).name for method in methods]


def gap(found: Facts | None, each: Figure, language: str) -> str:
    """A difference with its sign; bold where the interval leaves out zero."""
    unit = "points" if each.unit in ("share", "percent", "points") else each.unit
    shown = written(found, unit, language, signed=True)
    sure = found and found["low"] is not None and found["low"] * found["high"] > 0
    return f"**{shown}**" if sure else shown


def written(found: Facts | None, unit: str, language: str, signed: bool = False) -> str:
    """ "87 % (80 ... 92)"; "not measured" for None."""
    if found is None:
        return _say("unmeasured", language)
    factor, digits, after = _WRITTEN[unit]
    digits = digits.replace(":.", ":+.") if signed else digits
    value, low, high = (None if bound is None else digits.format(factor * bound) for bound in found.values())
    return f"{value}{after}" if low is None else f"{value}{after} ({low} … {high})"


def pipes(table: Sequence[Sequence[str]]) -> str:
    """A table in Markdown: the first row is its head."""
    head, *rows = table
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _say(key: str, language: str, **fields: Any) -> str:
    return text(f"evaluation.{key}", language, **fields)
