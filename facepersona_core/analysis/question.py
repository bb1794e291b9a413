"""All there is to say about one question (axis): ranking, contrasts, agreement, position, may we stop."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.analysis import agreement, intervals, ranking, stopping
from facepersona_core.analysis.acceptability import rate
from facepersona_core.analysis.ballots import Ballots, Ints, encode
from facepersona_core.analysis.intervals import Contrast, Interval
from facepersona_core.analysis.results import AxisResult, Standing, Stop, WinRates

if TYPE_CHECKING:
    import pandas as pd


def axis_result(axis: str, votes: pd.DataFrame, seed: int, rule: stopping.StopRule) -> AxisResult:
    """``votes``: completed, ranked rows of one axis, at least one. ``seed`` drives the bootstrap of agreement."""
    ballots = encode(votes)
    reasons: dict[str, str] = {}
    standings, contrasts, stop = _ranking(ballots, rule, reasons)
    alpha, ac1 = _agreement(ballots, _pictures(votes), seed, reasons)
    parts = {str(name): _part(rows) for name, rows in votes.groupby("prompt_axis", sort=True) if name}
    return AxisResult(
        axis=axis,
        votes=len(ballots),
        raters=len(ballots.raters),
        prompts=len(ballots.prompts),
        tie_share=float(np.average(ballots.outcome == 0, weights=ballots.weight)),
        standings=standings,
        contrasts=contrasts,
        win_rates=_win_rates(ballots),
        alpha=alpha,
        ac1=ac1,
        left_share=_left_share(ballots, reasons),
        stop=stop,
        by_prompt_axis=parts,
        reasons=reasons,
    )


def too_few(raters: int, prompts: int) -> str | None:
    """Why there can be no two-way interval, or None."""
    if raters < 2:
        return "few_raters"
    return "few_prompts" if prompts < 2 else None


def _ranking(
    ballots: Ballots, rule: stopping.StopRule, reasons: dict[str, str]
) -> tuple[tuple[Standing, ...] | None, tuple[Contrast, ...] | None, Stop | None]:
    counts = ranking.count(ballots)
    if not ranking.connected(counts):
        reasons.update(dict.fromkeys(("standings", "contrasts", "stop"), "not_connected"))
        return None, None, None
    fitted = ranking.fit(counts)
    if reason := too_few(len(ballots.raters), len(ballots.prompts)):
        reasons.update(dict.fromkeys(("intervals", "contrasts", "stop"), reason))
        return _standings(ballots, fitted, None, {}), None, None
    covariance = intervals.covariances(fitted, counts, ballots)
    df = intervals.degrees_of_freedom(ballots)
    found = intervals.contrasts(ballots.methods, fitted, covariance, df)
    around = intervals.strengths(fitted, covariance, df)
    standings = _standings(ballots, fitted, around, intervals.rank_ranges(ballots.methods, found))
    look = stopping.verdict(fitted, covariance, df, len(ballots), rule)
    width = look.half_width if math.isfinite(look.half_width) else None
    return standings, tuple(found), Stop(look.state, ballots.methods[look.leader], width, rule.margin)


def _part(rows: pd.DataFrame) -> tuple[Standing, ...] | None:
    """Standings from part of the votes."""
    return _ranking(encode(rows), stopping.StopRule(), {})[0]


def _standings(
    ballots: Ballots,
    fitted: ranking.Fit,
    around: list[Interval] | None,
    ranges: dict[str, tuple[int, int]],
) -> tuple[Standing, ...]:
    result, counts = [], ranking.count(replace(ballots, weight=None))
    for rank, m in enumerate(np.argsort(-fitted.log_strength, kind="stable"), start=1):
        score, low, high = float(fitted.log_strength[m]), None, None
        if around:
            low, high = around[m].low, around[m].high
        best, worst = ranges.get(ballots.methods[m], (None, None))
        tallies = (counts.votes[m].sum(), counts.wins[m].sum(), counts.ties[m].sum(), counts.wins[:, m].sum())
        scale = (_share(score), _share(low), _share(high))
        place = (ballots.methods[m], rank, best, worst, score, low, high)
        result.append(Standing(*place, *scale, *(int(tally) for tally in tallies)))  # type: ignore[arg-type]
    return tuple(result)


def _share(score: float | None) -> float | None:
    return None if score is None else 1.0 / (1.0 + math.exp(-score))


def _win_rates(ballots: Ballots) -> WinRates:
    shares = ranking.win_rates(ranking.count(ballots))
    rates = tuple(tuple(None if math.isnan(x) else float(x) for x in row) for row in shares)
    votes = ranking.count(replace(ballots, weight=None)).votes
    return WinRates(ballots.methods, rates, tuple(tuple(int(x) for x in row) for row in votes))


def _left_share(ballots: Ballots, reasons: dict[str, str]) -> Interval | None:
    decisive = ballots.take(ballots.outcome != 0)
    if not len(decisive):
        reasons["left_share"] = "no_votes"
        return None
    if reason := too_few(len(np.unique(decisive.rater)), len(np.unique(decisive.prompt))):
        reasons["left_share"] = reason
        return None
    return rate(decisive.points, decisive.rater, decisive.prompt, weight=decisive.weight)


def _agreement(
    ballots: Ballots, picture: Ints, seed: int, reasons: dict[str, str]
) -> tuple[agreement.Agreement | None, agreement.Agreement | None]:
    rated = agreement.items(ballots, picture)
    alpha = agreement.agreement(rated, agreement.alpha_terms, agreement.alpha, seed)
    ac1 = agreement.agreement(rated, agreement.ac1_terms, agreement.ac1, seed)
    overlap = bool((rated.counts.sum(1) > 1).any())
    reason = "no_overlap" if not overlap else "few_prompts" if len(ballots.prompts) < 2 else "one_answer"
    reasons.update({name: reason for name, value in (("alpha", alpha), ("ac1", ac1)) if value is None})
    return alpha, ac1


def _pictures(votes: pd.DataFrame) -> Ints:
    """[n] code of (person, prompt, seed)."""
    import pandas as pd

    code = np.zeros(len(votes), dtype=np.int64)
    for name in ("person", "prompt", "seed"):
        codes, names = pd.factorize(votes[name])
        code = code * len(names) + codes
    return code
