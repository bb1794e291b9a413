"""People and machine together: against definitions, and never worse than people alone in simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from facepersona_core.analysis import prediction
from facepersona_core.analysis.ballots import Floats
from facepersona_core.analysis.clusters import two_way
from facepersona_core.analysis.frame import complete
from facepersona_core.analysis.hybrid import hybrid_axis, proxies
from facepersona_core.analysis.intervals import t_quantile
from facepersona_core.analysis.pairing import Pairs, PairVotes, join
from facepersona_core.analysis.simulation import Crowd, simulate_scored

CROWD = Crowd(12, 40, rater_spread=0.3, prompt_spread=0.3)


def directions(m: int) -> Floats:
    first, second = np.triu_indices(m, 1)
    return np.eye(m)[first] - np.eye(m)[second]


def study(seed: int, m: int = 2, rho: float = 0.56, rated: float = 0.25) -> tuple[Pairs, PairVotes]:
    return simulate_scored(np.random.default_rng(seed), np.zeros(m), CROWD, 10, rated, rho)


def test_two_methods_are_the_mean_lead_and_the_difference_of_mean_predictions() -> None:
    """The definition of PPI, by hand, with a slope from the other prompts for each fifth of the prompts."""
    pairs, votes = study(0)
    score, seen = pairs.difference[:, 0], pairs.difference[votes.pair, 0]
    fold = pairs.prompt[votes.pair] % prediction.FOLDS
    slope = np.array([np.polyfit(seen[fold != k], votes.lead[fold != k], 1)[0] for k in range(prediction.FOLDS)])
    f = score * slope[pairs.prompt % prediction.FOLDS]
    found = prediction.blend(pairs, votes, pairs.difference)
    assert found.human[0] - found.human[1] == pytest.approx(votes.lead.mean())
    assert found.correction[0] - found.correction[1] == pytest.approx(f.mean() - f[votes.pair].mean())
    every = np.polyfit(seen, votes.lead, 1)[0]
    assert found.machine[0] - found.machine[1] == pytest.approx(every * score.mean())
    assert found.rho == pytest.approx(np.corrcoef(votes.lead, f[votes.pair])[0, 1], abs=0.02)


def test_more_methods_are_least_squares() -> None:
    pairs, votes = study(1, m=4)
    design = np.zeros((len(votes), 4))
    design[np.arange(len(votes)), pairs.first[votes.pair]] = 1.0
    design[np.arange(len(votes)), pairs.second[votes.pair]] = -1.0
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(votes))
    root = np.sqrt(weight)
    expected = np.linalg.lstsq(design * root[:, None], votes.lead * root, rcond=None)[0]
    found = prediction.blend(pairs, replace(votes, weight=weight), pairs.difference)
    np.testing.assert_allclose(directions(4) @ found.human, directions(4) @ expected, atol=1e-10)


def test_covariance_is_the_sum_over_votes_and_pairs_that_share_something() -> None:
    random = np.random.default_rng(2)
    n, u, raters, prompts = 50, 30, 5, 4
    rater = np.r_[np.arange(n) % raters, raters + np.arange(u)]
    prompt = np.r_[random.permutation(np.arange(n) % prompts), random.integers(0, prompts + 3, u)]
    value = random.normal(size=n + u)
    product = np.outer(value, value)
    same_rater, same_prompt = rater[:, None] == rater, prompt[:, None] == prompt
    voted = (np.arange(n + u) < n) & (np.arange(n + u)[:, None] < n)
    by_rater = (product * same_rater * np.where(voted, raters / (raters - 1), 1.0)).sum()
    by_prompt = (product * same_prompt).sum() * prompts / (prompts - 1)
    both = (product * same_rater * same_prompt).sum()
    zeros = np.zeros(n + u, dtype=np.int64)
    found = two_way([(zeros[:n], value[:n])], 1, rater[:n], prompt[:n], [(zeros[n:], value[n:])], prompt[n:])
    assert found.by_rater[0, 0] == pytest.approx(by_rater)
    assert found.by_prompt[0, 0] == pytest.approx(by_prompt)
    assert found.by_vote[0, 0] == pytest.approx(both)
    assert found.two_way[0, 0] == pytest.approx(by_rater + by_prompt - both)


@pytest.mark.parametrize(
    ("rho", "m", "crowd", "scenes"),
    [
        (0.0, 2, CROWD, 10),
        (0.3, 4, Crowd(8, 16, rater_spread=1.0, prompt_spread=1.0), 4),
        (0.56, 2, CROWD, 10),
        (0.75, 2, CROWD, 10),
        (0.8, 4, Crowd(8, 16, rater_spread=1.0, prompt_spread=1.0), 4),
    ],
)
def test_never_wider_and_covers_and_gains_what_theory_says(rho: float, m: int, crowd: Crowd, scenes: int) -> None:
    """Width against people alone is sqrt(1 - rho^2 N / (n + N)) where raters and prompts add little of their own."""
    random, rows = np.random.default_rng(3), []
    for _ in range(100):
        pairs, votes = simulate_scored(random, np.zeros(m), crowd, scenes, 0.25, rho)
        found, every = prediction.blend(pairs, votes, pairs.difference), directions(m)
        trust = prediction.tune(found, every)
        human, both = (np.sqrt(found.covariance.variance(np.hstack([every, step * every]))) for step in (0.0, trust))
        reach = t_quantile(min(int(votes.rater.max()), int(pairs.prompt[votes.pair].max())), 0.95)
        covered = np.abs(every @ (found.human + trust * found.correction)) <= reach * both
        rows.append([(both / human).max(), (both / human).mean(), covered.mean(), found.rho])
    widest, ratio, covered, measured = np.array(rows).T
    assert widest.max() <= prediction.NEVER_WIDER + 1e-9
    assert covered.mean() >= 0.94
    assert measured.mean() == pytest.approx(rho, abs=0.06)
    if crowd is CROWD:
        assert ratio.mean() == pytest.approx(np.sqrt(1.0 - 0.75 * rho**2), abs=0.03)


def test_a_machine_that_is_wrong_about_the_methods_does_no_harm() -> None:
    """The score favours the second method by far; the votes do not. People and hybrid agree, the machine is off."""
    random, off = np.random.default_rng(4), []
    for _ in range(60):
        pairs, votes = simulate_scored(random, np.zeros(2), CROWD, 10, 0.25, 0.7)
        found = prediction.blend(pairs, votes, pairs.difference - 3.0)
        trust = prediction.tune(found, directions(2))
        off.append([found.human[0] + trust * found.correction[0], found.machine[0]])
    hybrid, machine = 2.0 * np.mean(off, axis=0)
    assert abs(hybrid) < 0.02
    assert machine < -0.5


def test_routing_probabilities_undo_what_routing_left_out() -> None:
    """People see every pair the machine finds close and a fifth of the others: unweighted, the gap shrinks."""
    random = np.random.default_rng(5)
    pairs, votes = simulate_scored(random, np.array([2.0, 0.0]), replace(CROWD, prompts=400), 10, 1.0, 0.7)
    seen = prediction.blend(pairs, votes, pairs.difference)
    close = np.abs(pairs.difference[votes.pair, 0] + 0.4) < 1.0
    kept = close | (random.random(len(votes)) < 0.2)
    part = PairVotes(
        *(getattr(votes, name)[kept] for name in ("pair", "lead", "rater")), np.where(close, 1.0, 5.0)[kept]
    )
    weighted = prediction.blend(pairs, part, pairs.difference)
    plain = prediction.blend(pairs, replace(part, weight=np.ones(len(part))), pairs.difference)
    truth = seen.human[0]
    assert abs(weighted.human[0] - truth) < 0.01
    assert abs(weighted.human[0] + weighted.correction[0] - truth) < 0.01
    assert abs(plain.human[0] - truth) > 0.02


def tables(seed: int = 6, rated: float = 0.3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Votes on ``identity`` and two scores of every picture; one metric cannot be measured on every tenth picture."""
    random, votes, scores = np.random.default_rng(seed), [], []
    methods = ("a", "b", "c")
    for prompt in range(20):
        for number in range(8):
            worth = random.normal([0.6, 0.0, 0.0], 2.0)
            scene = {"person": f"p{number % 2}", "prompt": f"S* {prompt}", "seed": number // 2}
            for method, value in zip(methods, worth, strict=True):
                for metric, noise in (("identity_similarity", 1.0), ("text_match", 9.0)):
                    score = np.nan if metric == "identity_similarity" and random.random() < 0.1 else value
                    scores.append(
                        {**scene, "method": method, "metric": metric, "value": score + noise * random.normal()}
                    )
            for i, j in ((0, 1), (2, 0), (1, 2)):
                if random.random() < rated:
                    lead = worth[i] - worth[j] + random.normal()
                    outcome = "tie" if abs(lead) < 0.4 else "left" if lead > 0 else "right"
                    row = {
                        "left": methods[i],
                        "right": methods[j],
                        "rater": f"r{random.integers(6)}",
                        "outcome": outcome,
                    }
                    votes.append({**scene, **row, "axis": "identity"})
    return complete(pd.DataFrame(votes)), pd.DataFrame(scores)


def test_join_turns_votes_and_finds_every_pair() -> None:
    votes, scores = tables()
    pairs, cast = join(votes, scores)
    assert (pairs.methods, pairs.metrics, len(pairs)) == (("a", "b", "c"), ("identity_similarity", "text_match"), 480)
    assert len(cast) == len(votes)
    value = scores.set_index(["person", "prompt", "seed", "method", "metric"])["value"]
    for row, pair, lead in zip(votes.itertuples(), cast.pair, cast.lead, strict=True):
        names = sorted((row.left, row.right))
        assert names == [pairs.methods[pairs.first[pair]], pairs.methods[pairs.second[pair]]]
        winner = {"left": row.left, "right": row.right, "tie": ""}[row.outcome]
        assert lead == (0.5 if winner == names[0] else -0.5 if winner else 0.0)
        one, other = (value[row.person, row.prompt, row.seed, name, "text_match"] for name in names)
        assert pairs.difference[pair, 1] == pytest.approx(one - other)
    assert set(pairs.prompt[cast.pair]) == set(range(len(set(votes["prompt"]))))
    assert proxies(pairs).shape == (480, 3), "what could be measured is a predictor where that differs"
    assert not np.isnan(proxies(pairs)).any()


def test_side_by_side() -> None:
    votes, scores = tables()
    found = hybrid_axis(votes, scores)
    assert (found.made, found.rated, found.votes) == (480, len(votes), len(votes))
    assert found.reasons == {}
    assert found.rho is not None and found.rho_low is not None and found.contrasts is not None
    assert 0.1 < found.rho_low < found.rho < 1.0
    assert 0.5 < found.trust <= 1.0
    assert [(each.first, each.second) for each in found.contrasts] == [("a", "b"), ("a", "c"), ("b", "c")]
    for each in found.contrasts:
        assert each.machine is not None and each.hybrid is not None and each.effective_votes is not None
        human, both = (interval.high - interval.low for interval in (each.human, each.hybrid))
        assert both <= 1.02 * human
        assert each.effective_votes == pytest.approx(len(votes) * (human / both) ** 2)
        assert each.effective_votes > 1.1 * len(votes)


def test_is_off_with_a_reason_where_it_cannot_help() -> None:
    votes, scores = tables()
    noise = scores.assign(value=np.random.default_rng(0).normal(size=len(scores)))
    once = votes.drop_duplicates(["person", "prompt", "seed"])
    sides = pd.concat([once[["person", "prompt", "seed"]].assign(method=once[side]) for side in ("left", "right")])
    cases = {
        "weak_machine": (votes, noise),
        "few_rated_pairs": (votes.head(45), scores),
        "all_rated": (once, scores.merge(sides)),
    }
    for reason, (some, machine) in cases.items():
        found = hybrid_axis(some, machine)
        assert found.reasons["hybrid"] == reason
        assert found.trust == 0.0
        assert found.contrasts is not None
        assert all(each.hybrid is None and each.effective_votes is None for each in found.contrasts)
    constant = hybrid_axis(votes, scores.assign(value=1.0))
    assert (constant.rho, constant.rho_low, constant.reasons["hybrid"]) == (None, None, "weak_machine")


def test_without_an_interval_of_people_there_is_nothing() -> None:
    votes, scores = tables()
    unknown = votes.assign(person="somebody else")
    apart = votes[votes[["left", "right"]].apply(lambda row: "c" not in set(row), axis=1)]
    cases = [(unknown, "no_rated_pairs"), (votes[votes["rater"] == "r1"], "few_raters"), (apart, "not_connected")]
    for some, reason in cases:
        found = hybrid_axis(some, scores)
        assert found.contrasts is None
        assert set(found.reasons.values()) == {reason}
