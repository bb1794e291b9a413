"""One call for one study: `analyse` turns the votes table into an `Analysis`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from facepersona_core.analysis import raters as rater_quality
from facepersona_core.analysis.acceptability import rate, wilson
from facepersona_core.analysis.ballots import encode, sampling_weights
from facepersona_core.analysis.correlation import correlations
from facepersona_core.analysis.frame import complete, one_row_a_comparison, ranked
from facepersona_core.analysis.gates import graded
from facepersona_core.analysis.hybrid import hybrid_axis
from facepersona_core.analysis.question import axis_result, too_few
from facepersona_core.analysis.results import Acceptable, Analysis, RaterAxis, RaterReport, TimePoint
from facepersona_core.analysis.sensitivity import sensitivity
from facepersona_core.analysis.stopping import StopRule
from facepersona_core.analysis.tradeoff import machine_contrasts, machine_scores

if TYPE_CHECKING:
    import pandas as pd

DEEP = ("hybrid", "sensitivity", "correlation")
"""Fields of `Analysis` that only a deep analysis fills."""
TIME_POINTS = 200
"""Most points of the curve of comparisons over time."""
MODEL_VOTES = 30
"""Fewest votes of a rater on a question before the rater model may give an accuracy or raise a flag."""
ONE_SIDED = 2.0
"""Log odds of one side between equal methods (88 : 12) that raise a flag."""
DISCRIMINATES = 0.5
"""Half the crowd's discrimination; a rater surely below it is flagged."""
GOLD_SHARE = 0.8
"""Share of right gold answers; a rater surely below it is flagged."""
SURE = 1.645
"""Standard errors: 95 %, one-sided."""


def analyse(
    votes: pd.DataFrame,
    seed: int = 0,
    scores: pd.DataFrame | None = None,
    rule: StopRule | None = None,
    deep: bool = False,
) -> Analysis:
    """Analyse the ``votes`` of one study (columns of `frame.REQUIRED` and `frame.OPTIONAL`; any number of rows).

    ``scores``: machine scores (method, person, prompt, seed, metric, value) of all pictures made, rated or not.
    ``seed`` drives the bootstrap of agreement and correlation alone. Gold and repeats count for the raters' quality,
    never for the ranking. ``deep``: seconds more for `Analysis.hybrid`, ``sensitivity`` and ``correlation``.
    Raises StudyInvalid.
    """
    scores = None if scores is None else graded(scores)
    table = complete(votes)
    counted = ranked(table)
    comparisons = one_row_a_comparison(counted)
    unscored = scores is None or scores.empty
    reasons = dict.fromkeys(("machine", "machine_contrasts"), "no_scores") if unscored else {}
    axes = {str(axis): rows for axis, rows in counted.groupby("axis", sort=True)}
    reports = _rater_reports(table, axes)
    more = _deep(axes, None if unscored else scores, reports, seed) if deep else {}
    reasons |= {name: "no_scores" if deep else "not_deep" for name in DEEP if name not in more}
    return Analysis(
        methods=tuple(sorted({str(name) for side in ("left", "right") for name in counted[side].unique()})),
        comparisons=len(comparisons),
        raters=counted["rater"].nunique(),
        prompts=counted["prompt"].nunique(),
        people=counted["person"].nunique(),
        axes={axis: axis_result(axis, rows, seed, rule or StopRule()) for axis, rows in axes.items()},
        acceptable=_acceptable(comparisons, reasons),
        rater_reports=reports,
        over_time=_over_time(comparisons, reasons),
        machine=tuple(machine_scores(scores)) if scores is not None and len(scores) else None,
        machine_contrasts=tuple(machine_contrasts(scores)) if scores is not None and len(scores) else None,
        **more,
        reasons=reasons,
    )


def _deep(
    axes: dict[str, pd.DataFrame], scores: pd.DataFrame | None, reports: tuple[RaterReport, ...], seed: int
) -> dict[str, Any]:
    """Those of `DEEP` that can be known."""
    flagged = {report.rater for report in reports if report.flags}
    found = {}
    for axis, rows in axes.items():
        looks = {report.rater: report.axes[axis].discrimination for report in reports if axis in report.axes}
        found[axis] = sensitivity(encode(rows), flagged, looks)
    more: dict[str, Any] = {"sensitivity": {axis: each for axis, each in found.items() if each}}
    if scores is not None:
        more["hybrid"] = {axis: hybrid_axis(rows, scores) for axis, rows in axes.items()}
        each_axis = (correlations(axis, rows, scores, seed) for axis, rows in axes.items())
        more["correlation"] = tuple(each for found in each_axis for each in found)
    return more


def _acceptable(comparisons: pd.DataFrame, reasons: dict[str, str]) -> tuple[Acceptable, ...] | None:
    import pandas as pd

    sides = [
        comparisons[["rater", "prompt", "sampled_with"]].assign(method=comparisons[side], ok=comparisons[f"{side}_ok"])
        for side in ("left", "right")
    ]
    answers = pd.concat(sides, ignore_index=True)
    answers = answers[answers["ok"].notna()]
    if answers.empty:
        reasons["acceptable"] = "no_answers"
        return None
    return tuple(_rate(str(method), rows) for method, rows in answers.groupby("method", sort=True))


def _rate(method: str, rows: pd.DataFrame) -> Acceptable:
    import pandas as pd

    yes, weight = rows["ok"].astype(bool).to_numpy(np.float64), sampling_weights(rows)
    rater, prompt = (pd.factorize(rows[name])[0].astype(np.int64) for name in ("rater", "prompt"))
    enough = too_few(int(rater.max()) + 1, int(prompt.max()) + 1) is None
    return Acceptable(method, len(yes), int(yes.sum()), rate(yes, rater, prompt, weight=weight) if enough else None)


def _rater_reports(table: pd.DataFrame, axes: dict[str, pd.DataFrame]) -> tuple[RaterReport, ...]:
    models = {axis: _rater_axes(rows) for axis, rows in axes.items()}
    gold, same = rater_quality.gold_rates(table), rater_quality.consistency_rates(table)
    whole = one_row_a_comparison(table).groupby("rater", sort=True)
    result = []
    for rater, rows in whole:
        name = str(rater)
        found = {axis: model[name] for axis, model in models.items() if name in model}
        seconds = rows["seconds"].astype("float64").median()
        right, again = gold.get(name, (0, 0)), same.get(name, (0, 0))
        middle = None if np.isnan(seconds) else float(seconds)
        result.append(RaterReport(name, len(rows), middle, found, *right, *again, _flags(found, right)))
    return tuple(result)


def _rater_axes(rows: pd.DataFrame) -> dict[str, RaterAxis]:
    ballots = encode(rows)
    model = rater_quality.rater_model(ballots)
    votes = np.bincount(ballots.rater)
    figures = np.column_stack([model.discrimination, model.discrimination_error, model.side]).tolist()
    known = (votes >= MODEL_VOTES) & ~np.isnan(model.accuracy)
    accuracy = [float(share) if seen else None for share, seen in zip(model.accuracy, known, strict=True)]
    rows = zip(ballots.raters, votes.tolist(), figures, accuracy, strict=True)
    return {name: RaterAxis(n, looks, error, side, share) for name, n, (looks, error, side), share in rows}


def _flags(axes: dict[str, RaterAxis], gold: tuple[int, int]) -> tuple[str, ...]:
    """Each flag is raised only when chance would rarely raise it."""
    known = [axis for axis in axes.values() if axis.votes >= MODEL_VOTES]
    right, answered = gold
    tests = {
        "rater_gold": answered > 0 and wilson(right / answered, answered, SURE)[1] < GOLD_SHARE,
        "rater_reversed": any(a.discrimination + SURE * a.discrimination_error < 0 for a in known),
        "rater_guessing": any(0 <= a.discrimination + SURE * a.discrimination_error < DISCRIMINATES for a in known),
        "rater_one_sided": any(abs(a.side) > ONE_SIDED for a in known),
    }
    return tuple(name for name, raised in tests.items() if raised)


def _over_time(comparisons: pd.DataFrame, reasons: dict[str, str]) -> tuple[TimePoint, ...] | None:
    import pandas as pd

    times = pd.to_datetime(comparisons["at"].dropna(), utc=True).sort_values()
    if times.empty:
        reasons["over_time"] = "no_times"
        return None
    chosen = np.unique(np.linspace(0, len(times) - 1, min(TIME_POINTS, len(times))).round().astype(int))
    return tuple(TimePoint(times.iloc[i].isoformat(), int(i) + 1) for i in chosen)
