"""What a result hangs on, and weights of votes against repeated votes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from facepersona_core.analysis import intervals, ranking
from facepersona_core.analysis.acceptability import rate
from facepersona_core.analysis.ballots import Ballots, encode
from facepersona_core.analysis.deep_results import Sensitivity, Without
from facepersona_core.analysis.sensitivity import MOST, sensitivity
from facepersona_core.analysis.simulation import Crowd, simulate
from facepersona_core.errors import StudyInvalid


def ballots(seed: int = 0, votes: int = 900, strength: tuple[float, ...] = (0.0, 0.6, 1.6)) -> Ballots:
    return simulate(np.random.default_rng(seed), np.array(strength), Crowd(8, 15, 0.3, 0.3), votes)


def find(found: Sensitivity | None, change: str, name: str = "") -> Without:
    assert found is not None
    (each,) = [each for each in found.changes if (each.change, each.name) == (change, name)]
    return each


def test_every_rater_and_prompt_is_left_out_once() -> None:
    votes = ballots()
    found = sensitivity(votes, {"00001", "00002"}, {})
    assert found is not None
    assert (found.leader, found.runner_up, found.sure) == ("c", "b", True)
    kinds = [each.change for each in found.changes]
    assert kinds == ["rater"] * 8 + ["prompt"] * 15 + ["ties", "flagged", "weighted"]
    assert sum(each.votes for each in found.changes[:8]) == 7 * 900
    assert found.upset_by == ()
    assert find(found, "flagged").votes == 900 - np.isin(votes.rater, [1, 2]).sum()
    without = find(found, "rater", "00003")
    rest = votes.take(votes.rater != 3)
    counts = ranking.count(rest)
    strengths = ranking.fit(counts).log_strength
    assert without.lead is not None
    assert without.lead.value == pytest.approx(strengths[2] - strengths[1])
    assert without.ranking == ("c", "b", "a")


def test_one_rater_who_carries_the_result_is_named() -> None:
    """The others prefer ``b``; one with half the votes always prefers ``a``."""
    votes = ballots(strength=(0.0, 0.6, 0.0), votes=1200)
    zealot = np.arange(1200) % 2 == 0
    outcome = np.where(votes.left == 0, 1, np.where(votes.right == 0, -1, votes.outcome))
    votes = replace(
        votes, rater=np.where(zealot, 0, 1 + votes.rater % 7), outcome=np.where(zealot, outcome, votes.outcome)
    )
    found = sensitivity(votes, {"00000"}, {"00000": -0.2, "00001": 2.0})
    assert found is not None
    assert found.leader == "a"
    for change, name in (("rater", "00000"), ("flagged", ""), ("weighted", "")):
        each = find(found, change, name)
        assert each.leader_changes and each in found.upset_by
        assert each.lead is not None and each.lead.value < 0 and not each.sure
    assert not find(found, "rater", "00001").leader_changes


def test_what_cannot_be_ranked_any_more_says_why() -> None:
    votes = ballots(votes=400).take(np.isin(ballots(votes=400).rater, [0, 1]))
    found = sensitivity(votes, {"00000", "00001"}, {"00000": -1.0, "00001": -1.0})
    without = find(found, "rater", "00000")
    assert (without.ranking, without.sure, without.reasons["ranking"]) == (None, None, "few_raters")
    assert find(found, "flagged").reasons["lead"] == "not_connected"
    assert found is not None and "weighted" not in {each.change for each in found.changes}
    assert sensitivity(votes.take(votes.rater == 0), set(), {}) is None


def test_at_most_a_hundred_of_a_kind_are_left_out() -> None:
    votes = simulate(np.random.default_rng(1), np.array([0.0, 1.0]), Crowd(150, 3), 3000)
    found = sensitivity(votes, set(), {})
    assert found is not None
    assert [each.change for each in found.changes].count("rater") == MOST
    assert [each.change for each in found.changes].count("prompt") == 3


def test_a_weight_of_two_is_the_same_vote_twice() -> None:
    votes = ballots()
    double = np.random.default_rng(2).random(900) < 0.4
    repeated = votes.take(np.concatenate([np.arange(900), np.nonzero(double)[0]]))
    weighted = replace(votes, weight=np.where(double, 2.0, 1.0))
    both = []
    for each in (repeated, weighted):
        counts = ranking.count(each)
        fitted = ranking.fit(counts)
        both.append((fitted, intervals.covariances(fitted, counts, each)))
    (fit, covariance), (weighted_fit, weighted_covariance) = both
    np.testing.assert_allclose(weighted_fit.log_strength, fit.log_strength, atol=1e-9)
    for one, other in zip(covariance.matrices, weighted_covariance.matrices, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-12)
    yes = (votes.outcome == 1).astype(float)
    twice = rate(np.r_[yes, yes[double]], repeated.rater, repeated.prompt)
    once = rate(yes, votes.rater, votes.prompt, weight=weighted.weight)
    assert (once.value, once.standard_error) == pytest.approx((twice.value, twice.standard_error))


def test_a_vote_that_was_drawn_one_in_five_stands_for_five() -> None:
    table = pd.DataFrame({"rater": ["r"] * 4, "prompt": ["p"] * 4, "left": ["a"] * 4, "right": ["b"] * 4})
    table = table.assign(outcome="left", sampled_with=[1.0, 1.0, 0.5, 0.2])
    np.testing.assert_allclose(encode(table).weight, np.array([1.0, 1.0, 2.0, 5.0]) * 4 / 9)
    assert encode(table.assign(sampled_with=1.0)).weight is None
    for wrong in (0.0, 1.5, np.nan):
        with pytest.raises(StudyInvalid, match="sampled_with"):
            encode(table.assign(sampled_with=[1.0, 1.0, 1.0, wrong]))
