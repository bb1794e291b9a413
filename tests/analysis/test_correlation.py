"""Machine against human: scipy's coefficients, and the bootstrap against resampling by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from facepersona_core.analysis import correlation
from facepersona_core.analysis.ballots import Floats, Ints
from facepersona_core.analysis.correlation import correlations, kendall, same_sign, spearman
from facepersona_core.analysis.frame import complete


def figures(seed: int = 0, n: int = 60) -> tuple[Floats, Floats, Ints]:
    """Mean votes with many ties, scores that go with them, prompts."""
    random = np.random.default_rng(seed)
    vote = random.integers(-3, 4, n) / 6.0
    return vote, vote + random.normal(0.0, 0.4, n).round(1), random.integers(0, 6, n)


def both_orders(vote: Floats, score: Floats) -> tuple[Floats, Floats]:
    return np.r_[vote, -vote], np.r_[score, -score]


def test_coefficients_are_scipys() -> None:
    vote, score, prompt = figures()
    every, once = np.ones(len(vote)), np.ones((1, 6))
    assert kendall(vote, score, every, prompt, once)[0] == pytest.approx(stats.kendalltau(*both_orders(vote, score))[0])
    assert spearman(vote, score, every, prompt, once)[0] == pytest.approx(stats.spearmanr(*both_orders(vote, score))[0])
    decided = (vote != 0) & (score != 0)
    assert same_sign(vote, score, every, prompt, once)[0] == ((vote > 0) == (score > 0))[decided].mean()


def test_order_of_the_two_pictures_does_not_matter() -> None:
    vote, score, prompt = figures(1)
    turn = np.where(np.arange(len(vote)) % 2, 1.0, -1.0)
    for coefficient in (same_sign, kendall, spearman):
        here, there = (
            coefficient(v, s, np.ones(len(v)), prompt, np.ones((1, 6)))
            for v, s in ((vote, score), (turn * vote, turn * score))
        )
        assert here == pytest.approx(there)


@pytest.mark.parametrize("coefficient", [same_sign, kendall, spearman])
def test_a_prompt_that_counts_twice_is_a_prompt_seen_twice(coefficient) -> None:  # type: ignore[no-untyped-def]
    vote, score, prompt = figures(2)
    weight = np.array([[2.0, 0.0, 1.0, 3.0, 1.0, 0.0]])
    again = np.repeat(np.arange(len(vote)), weight[0, prompt].astype(int))
    expected = coefficient(vote[again], score[again], np.ones(len(again)), prompt[again], np.ones((1, 6)))
    assert coefficient(vote, score, np.ones(len(vote)), prompt, weight) == pytest.approx(expected)


@pytest.mark.parametrize("coefficient", [same_sign, kendall, spearman])
def test_a_pair_that_stands_for_three_is_a_pair_seen_three_times(coefficient) -> None:  # type: ignore[no-untyped-def]
    vote, score, prompt = figures(4)
    mass, once = np.where(np.arange(len(vote)) % 3, 1.0, 3.0), np.ones((1, 6))
    again = np.repeat(np.arange(len(vote)), mass.astype(int))
    expected = coefficient(vote[again], score[again], np.ones(len(again)), prompt[again], once)
    assert coefficient(vote, score, mass, prompt, once) == pytest.approx(expected)
    assert coefficient(vote, score, np.ones(len(vote)), prompt, once) != pytest.approx(expected)


def tables(noise: float, prompts: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two raters on each of three methods' pairs; one score that sees what they see, one that is constant."""
    random, votes, scores = np.random.default_rng(3), [], []
    for prompt in range(prompts):
        worth = random.normal(size=3)
        for name, value in zip("abc", worth, strict=True):
            scores.append((name, "Aoi", f"S* {prompt}", 0, "good", value))
            scores.append((name, "Aoi", f"S* {prompt}", 0, "same", 1.0))
        for i, j in ((0, 1), (2, 0), (1, 2)):
            for rater in ("r1", "r2"):
                lead = worth[i] - worth[j] + noise * random.normal()
                outcome = "left" if lead > 0.3 else "right" if lead < -0.3 else "tie"
                votes.append((rater, f"S* {prompt}", "abc"[i], "abc"[j], "identity", outcome, "Aoi"))
    names = ["rater", "prompt", "left", "right", "axis", "outcome", "person"]
    columns = ["method", "person", "prompt", "seed", "metric", "value"]
    return complete(pd.DataFrame(votes, columns=names)), pd.DataFrame(scores, columns=columns)


def test_per_metric_with_intervals_and_reasons() -> None:
    good, same = correlations("identity", *tables(0.3), seed=0)
    assert (good.axis, good.metric, good.pairs, good.reasons) == ("identity", "good", 36, {})
    for each, least in ((good.same_sign, 0.85), (good.kendall, 0.6), (good.spearman, 0.75)):
        assert each is not None
        assert least < each.value <= 1.0
        assert each.low < each.value
    assert (same.metric, same.kendall, same.spearman, same.same_sign) == ("same", None, None, None)
    assert set(same.reasons.values()) == {"no_differences"}
    blind, _ = correlations("identity", *tables(50.0), seed=0)
    assert blind.kendall is not None and blind.kendall.low < 0.2
    assert correlations("identity", *tables(0.3), seed=0)[0] == good
    few, _ = correlations("identity", *tables(0.3, prompts=3), seed=0)
    assert (few.pairs, few.kendall, few.reasons["kendall"]) == (9, None, "few_pairs")


def test_unmeasured_scores_are_left_out_and_many_pairs_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    votes, scores = tables(0.3)
    scores.loc[(scores["method"] == "a") & (scores["metric"] == "good"), "value"] = np.nan
    good, _ = correlations("identity", votes, scores, seed=0)
    assert good.pairs == 12
    monkeypatch.setattr(correlation, "MOST_PAIRS", 20)
    drawn, _ = correlations("identity", *tables(0.3), seed=0)
    assert drawn.pairs == 36
    assert drawn.kendall is not None and drawn.kendall.value > 0.5
