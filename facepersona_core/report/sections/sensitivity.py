"""On what the result hangs: a rater, a prompt, ties, the raters with a flag, the weight of each rater."""

from __future__ import annotations

from facepersona_core.report import deep_words
from facepersona_core.report.blocks import Block, Table, Text
from facepersona_core.report.view import AXES, View


def blocks(view: View) -> list[Block]:
    """Each question."""
    found: list[Block] = [Text(view.words("sensitivity.lead"), "note")]
    if not view.data.analysis.comparisons:
        return [*found, Text(view.reason("no_votes"), "warn")]
    for axis in AXES:
        found += _axis(view, axis)
    return found


def _axis(view: View, axis: str) -> list[Block]:
    words, result = view.words, (view.data.analysis.sensitivity or {}).get(axis)
    finding = deep_words.sensitivity_finding(words, axis, result, view.method)
    if result is None:
        return [Text(finding, "warn")]
    head = [words(f"sensitivity.head.{key}") for key in deep_words.CHANGES]
    found: list[Block] = [Text(finding, "lead")]
    found.append(Table(deep_words.robustness(words, result), head, deep_words.changes(words, result)))
    named = deep_words.upsetting(words, result)
    return [*found, Text(named)] if named else found
