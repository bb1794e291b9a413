"""What the result hangs on: the ranking again without each rater, each prompt, ties or flagged raters, or weighted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facepersona_core.analysis import intervals, ranking
from facepersona_core.analysis.ballots import Ballots, Floats, Ints
from facepersona_core.analysis.deep_results import Sensitivity, Without
from facepersona_core.analysis.intervals import Contrast, Interval
from facepersona_core.analysis.question import too_few

MOST = 100
"""Of raters and of prompts at most so many are left out in turn, those with most votes: more share their weight."""
ALPHA = 0.05


class _Look(NamedTuple):
    """What one set of votes says."""

    order: list[int]
    """Codes of the methods, best first."""
    contrasts: dict[tuple[str, str], Contrast]

    def lead(self, methods: tuple[str, ...], first: int, second: int) -> tuple[Interval, bool]:
        """How far ``first`` is ahead of ``second``, and whether that it is ahead is sure."""
        low, high = sorted((first, second))
        found = self.contrasts[methods[low], methods[high]]
        value = found.interval if first == low else found.interval.turned
        return value, value.value > 0 and found.p_holm < ALPHA


def sensitivity(ballots: Ballots, flagged: Collection[str], discrimination: Mapping[str, float]) -> Sensitivity | None:
    """``flagged``: raters with a flag. ``discrimination``: rater -> what the rater model says on this question.

    None where not even all votes give an interval of the lead."""
    every = _look(ballots)
    if isinstance(every, str):
        return None
    leader, runner_up = every.order[:2]
    lead, sure = every.lead(ballots.methods, leader, runner_up)
    changes = []
    for change, name, rest in _changes(ballots, flagged, discrimination):
        found = _look(rest)
        if isinstance(found, str):
            reasons = dict.fromkeys(("ranking", "lead", "sure", "leader_changes", "sureness_changes"), found)
            changes.append(Without(change, name, len(rest), *(None,) * 5, reasons=reasons))
            continue
        now, now_sure = found.lead(ballots.methods, leader, runner_up)
        order = tuple(ballots.methods[m] for m in found.order)
        turned = found.order[0] != leader, now_sure != sure
        changes.append(Without(change, name, len(rest), order, now, now_sure, *turned, reasons={}))
    return Sensitivity(ballots.methods[leader], ballots.methods[runner_up], lead, sure, tuple(changes))


def _look(ballots: Ballots) -> _Look | str:
    """The ranking and all contrasts, or why there are none."""
    counts = ranking.count(ballots)
    if not len(ballots) or not ranking.connected(counts):
        return "not_connected"
    here = _compact(ballots)
    if reason := too_few(int(here.rater.max()) + 1, int(here.prompt.max()) + 1):
        return reason
    fitted = ranking.fit(counts)
    covariance = intervals.covariances(fitted, counts, here)
    found = intervals.contrasts(here.methods, fitted, covariance, intervals.degrees_of_freedom(here))
    order = [int(m) for m in np.argsort(-fitted.log_strength, kind="stable")]
    return _Look(order, {(each.first, each.second): each for each in found})


def _changes(
    ballots: Ballots, flagged: Collection[str], discrimination: Mapping[str, float]
) -> Iterator[tuple[Any, str, Ballots]]:
    """(kind of change, name, the votes that remain)."""
    for change, codes, names in (("rater", ballots.rater, ballots.raters), ("prompt", ballots.prompt, ballots.prompts)):
        for code in _most_votes(codes):
            yield change, names[code], ballots.take(codes != code)
    yield "ties", "", ballots.take(ballots.outcome != 0)
    if out := np.isin(ballots.raters, list(flagged)).nonzero()[0].tolist():
        yield "flagged", "", ballots.take(~np.isin(ballots.rater, out))
    trusted: Floats = np.array([max(discrimination.get(name, 1.0), 0.0) for name in ballots.raters])
    weight = trusted[ballots.rater] * (1.0 if ballots.weight is None else ballots.weight)
    kept: NDArray[Any] = weight > 0
    if kept.any():
        yield "weighted", "", replace(ballots, weight=weight / weight[kept].mean()).take(kept)


def _most_votes(codes: Ints) -> list[int]:
    """The `MOST` codes that occur most often, in their own order."""
    counts = np.bincount(codes)
    return sorted(code for code in np.argsort(-counts, kind="stable")[:MOST].tolist() if counts[code])


def _compact(ballots: Ballots) -> Ballots:
    """Rater and prompt codes without gaps, as many as there are clusters."""
    seen = [np.bincount(codes) > 0 for codes in (ballots.rater, ballots.prompt)]
    rater, prompt = (np.cumsum(each) - 1 for each in seen)
    return replace(ballots, rater=rater[ballots.rater], prompt=prompt[ballots.prompt])
