"""What each figure is: from the rows of one person to sums, from the sums over people to the figure.

A row is one picture or one enrolment as `run` writes it. Pictures by words measure everything; pictures by the
expression slot measure only how well the slot is obeyed. docs/evaluation.md says what each figure means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any, Literal

import numpy as np

from facepersona_core.analysis.ballots import Floats
from facepersona_core.world import world

Row = Mapping[str, Any]
Each = Callable[[Row], float | None]
"""What one row adds to a mean; None: nothing."""
Unit = Literal["share", "percent", "points", "degrees", "seconds", "score"]
"""How to write a figure; "share" is a share of pictures, so within 0 and 1."""

TEXT = ("scene", "clothes", "cloth_colour", "glasses", "expression", "pose", "light")
"""Heads of the judge that the prompts ask for."""


@dataclass(frozen=True)
class Figure:
    """One figure of the report."""

    key: str
    unit: Unit
    better: Literal["higher", "lower"]
    sums: Callable[[Sequence[Row]], Floats]
    """Of the rows of one person."""
    value: Callable[[Floats], float | None]
    """Of the sums over people; None where nothing was measured."""
    bounds: tuple[float, float] = (-inf, inf)
    """What the figure can be at all; its interval is cut there."""


def by_words(row: Row) -> bool:
    """Whether ``row`` is a picture whose prompt said everything."""
    return row.get("slot") is False


def hit(row: Row, head: str) -> float | None:
    """1 when the judge sees what the text asks of ``head``, else 0; None where it asks nothing."""
    return float(row["judged"][head] == row["wanted"][head]) if head in row["wanted"] else None


def text_match(row: Row) -> float | None:
    """Share of the things asked for that the judge sees; None where nothing is asked for."""
    hits = [found for head in row["wanted"] if (found := hit(row, head)) is not None]
    return float(np.mean(hits)) if hits else None


def top1(row: Row) -> float | None:
    """1 when nobody of the gallery is nearer than the person; None without a face."""
    return float(not row["nearer"]) if row["face"] else None


def _mean_sums(each: Each, rows: Sequence[Row]) -> Floats:
    """[2] total and number of what the rows add."""
    values = [value for row in rows if (value := each(row)) is not None]
    return np.array([sum(values), len(values)], dtype=np.float64)


def _mean(sums: Floats) -> float | None:
    return float(sums[0] / sums[1]) if sums[1] else None


def _pictures(each: Each) -> Each:
    return lambda row: each(row) if by_words(row) else None


def _of(name: str) -> Each:
    return lambda row: None if (value := row[name]) is None else float(value)


def _by_slot(row: Row) -> float | None:
    return hit(row, "expression") if row.get("slot") else None


def _hit(head: str) -> Each:
    return lambda row: hit(row, head)


def mean_figure(
    key: str, unit: Unit, better: Literal["higher", "lower"], each: Each, bounds: tuple[float, float] = (-inf, inf)
) -> Figure:
    """The mean over pictures of what ``each`` says of them."""
    return Figure(key, unit, better, partial(_mean_sums, each), _mean, bounds)


def _yaw_sums(rows: Sequence[Row]) -> Floats:
    """[2] squared deviations from the person's own mean, and degrees of freedom, under prompts without a pose."""
    yaws = np.array([row["yaw"] for row in rows if by_words(row) and "pose" not in row["wanted"]])
    return np.array([((yaws - yaws.mean()) ** 2).sum(), len(yaws) - 1]) if len(yaws) > 1 else np.zeros(2)


def _deviation(sums: Floats) -> float | None:
    return float(np.sqrt(sums[0] / sums[1])) if sums[1] else None


def _expression_sums(rows: Sequence[Row]) -> Floats:
    """[classes] how often each expression is seen under prompts that name none."""
    seen = [row["judged"]["expression"] for row in rows if by_words(row) and "expression" not in row["wanted"]]
    return np.array([seen.count(name) for name in world()["expression"]], dtype=np.float64)


def _entropy(counts: Floats) -> float | None:
    """Shannon's entropy over that of all classes alike: 0 is always the same, 1 all equally often."""
    if counts.sum() < 2:
        return None
    p = counts[counts > 0] / counts.sum()
    return max(0.0, float(-(p * np.log(p)).sum() / np.log(len(counts))))


def _both_sums(first: Each, second: Each, rows: Sequence[Row]) -> Floats:
    return np.concatenate([_mean_sums(first, rows), _mean_sums(second, rows)])


def _harmonic(sums: Floats) -> float | None:
    """2 a b / (a + b) of the two means; 0 when either is no better than nothing."""
    a, b = _mean(sums[:2]), _mean(sums[2:])
    if a is None or b is None:
        return None
    return 2 * a * b / (a + b) if min(a, b) > 0 else 0.0


def _gain(sums: Floats) -> float | None:
    first, second = _mean(sums[:2]), _mean(sums[2:])
    return None if first is None or second is None else first - second


_IDENTITY, _TEXT, _WORDS = _pictures(_of("identity")), _pictures(text_match), _pictures(_hit("expression"))

FIGURES: tuple[Figure, ...] = (
    Figure("hmean", "percent", "higher", partial(_both_sums, _IDENTITY, _TEXT), _harmonic, (0, inf)),
    mean_figure("identity", "percent", "higher", _IDENTITY),
    mean_figure("top1", "share", "higher", _pictures(top1)),
    mean_figure("text", "percent", "higher", _TEXT, (0, 1)),
    *(mean_figure(head, "share", "higher", _pictures(_hit(head))) for head in TEXT),
    mean_figure("expression_slot", "share", "higher", _by_slot),
    Figure("slot_gain", "points", "higher", partial(_both_sums, _by_slot, _WORDS), _gain),
    mean_figure("detected", "share", "higher", _pictures(_of("face"))),
    Figure("pose_diversity", "degrees", "higher", _yaw_sums, _deviation, (0, inf)),
    Figure("expression_diversity", "percent", "higher", _expression_sums, _entropy, (0, 1)),
    mean_figure("copy_paste", "score", "lower", _pictures(_of("copied_face"))),
    mean_figure("copy_paste_setting", "score", "lower", _pictures(_of("copied_setting"))),
    mean_figure("seconds", "seconds", "lower", _pictures(_of("seconds")), (0, inf)),
    mean_figure("enrol_seconds", "seconds", "lower", lambda row: row.get("enrol_seconds"), (0, inf)),
)
"""In the order of the report."""


def figure(key: str) -> Figure:
    """The figure called ``key``. Raises KeyError."""
    return {each.key: each for each in FIGURES}[key]


def sums_of(of: Figure, people: Mapping[int, Sequence[Row]]) -> Floats:
    """[people, k], in the order of ``people``: number -> rows of one method."""
    return np.stack([of.sums(rows) for rows in people.values()])
