"""People and machine together against people alone: `python benchmarks/hybrid.py [--quick]`.

Prints widths, coverage and gain of the hybrid estimate over designs and correlations, and what routing leaves of bias
and of votes. The truth is what endless raters and prompts would give.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from facepersona_core.analysis import hybrid, prediction
from facepersona_core.analysis.ballots import Floats
from facepersona_core.analysis.intervals import t_quantile
from facepersona_core.analysis.pairing import Pairs, PairVotes
from facepersona_core.analysis.simulation import Crowd, simulate_scored

RHO = (0.0, 0.2, 0.4, 0.56, 0.75, 0.8)
TWO, SIX = np.array([0.0, 1.0]), np.array([0.0, 0.4, 0.8, 1.6, 2.4, 4.0])
DESIGNS = (
    (Crowd(12, 40, rater_spread=0.3, prompt_spread=0.3), TWO, 10, 0.25),
    (Crowd(6, 12, rater_spread=1.0, prompt_spread=1.0), TWO, 12, 0.4),
    (Crowd(10, 30, rater_spread=1.0, prompt_spread=1.0), SIX, 3, 0.33),
    (Crowd(5, 8, rater_spread=1.0, prompt_spread=1.0), SIX, 3, 0.33),
)
"""Crowd, strengths, scenes a prompt, share of the pairs that is rated."""


def directions(m: int) -> Floats:
    """[m (m - 1) / 2, m]: every contrast."""
    first, second = np.triu_indices(m, 1)
    contrasts: Floats = np.eye(m)[first] - np.eye(m)[second]
    return contrasts


def truth(crowd: Crowd, strength: Floats) -> Floats:
    """Coefficients of the methods with nearly endless raters and prompts."""
    endless = replace(crowd, raters=3000, prompts=3000)
    pairs, votes = simulate_scored(np.random.default_rng(5), strength, endless, 6, 1.0, 0.3)
    return prediction.blend(pairs, votes, pairs.difference).human


def one(pairs: Pairs, votes: PairVotes, expected: Floats) -> list[float]:
    """rho, was it used, lambda, mean and largest width ratio, expected ratio, coverage of human, hybrid and what is
    shown (hybrid where its guards allow it), squared errors of hybrid and human."""
    contrasts, found = directions(len(pairs.methods)), prediction.blend(pairs, votes, pairs.difference)
    df = min(int(votes.rater.max()), int(pairs.prompt[votes.pair].max()))
    reach, low = t_quantile(df, 0.95), found.rho - t_quantile(df, 0.9) * found.rho_error
    trust = prediction.tune(found, contrasts)
    still, moved = (
        reach * np.sqrt(found.covariance.variance(np.hstack([contrasts, step * contrasts]))) for step in (0.0, trust)
    )
    error = contrasts @ (found.human - expected)
    both = error + trust * contrasts @ found.correction
    human, mixed = np.abs(error) <= still, np.abs(both) <= moved
    used = low > hybrid.LEAST_RHO and len(np.unique(votes.pair)) >= hybrid.LEAST_RATED
    gain = np.sqrt(1.0 - found.rho**2 * (1.0 - len(votes) / len(pairs)))
    ratio = moved / still
    shown = mixed if used else human
    figures = [found.rho, used, trust, ratio.mean(), ratio.max(), gain, human.mean(), mixed.mean(), shown.mean()]
    return [*figures, (both**2).mean(), (error**2).mean()]


def widths(repeats: int) -> None:
    """The hybrid table."""
    print("methods raters prompts votes unrated | rho used lambda | width/human: mean largest expected | ", end="")
    print("covered: human hybrid shown | error/human")
    for crowd, strength, scenes, rated in DESIGNS:
        expected = truth(crowd, strength)
        for rho in RHO:
            random, rows = np.random.default_rng(6), []
            for _ in range(repeats):
                pairs, votes = simulate_scored(random, strength, crowd, scenes, rated, rho)
                rows.append(one(pairs, votes, expected))
            mean, largest = np.mean(rows, axis=0), np.max(rows, axis=0)
            design = f"{len(strength):7} {crowd.raters:6} {crowd.prompts:7} {len(votes):5} {len(pairs) - len(votes):7}"
            figures = f"{mean[0]:4.2f} {mean[1]:4.0%} {mean[2]:6.2f} | {mean[3]:17.3f} {largest[4]:7.3f} {mean[5]:8.3f}"
            shares = f"{mean[6]:14.1%} {mean[7]:6.1%} {mean[8]:5.1%} | {np.sqrt(mean[9] / mean[10]):11.3f}"
            print(f"{design} | {figures} | {shares}", flush=True)


def routing(repeats: int) -> None:
    """Half of the pairs, those with the largest gap, go to people one time in five."""
    crowd, rho = Crowd(12, 40, rater_spread=0.3, prompt_spread=0.3), 0.7
    expected = (truth(crowd, TWO)[0] - truth(crowd, TWO)[1]) / 2.0
    random, rows = np.random.default_rng(7), []
    for _ in range(repeats):
        pairs, votes = simulate_scored(random, TWO, crowd, 10, 1.0, rho)
        gap = np.abs(pairs.difference[votes.pair, 0])
        chance = np.where(gap > np.median(gap), 0.2, 1.0)
        kept = random.random(len(votes)) < chance
        part = PairVotes(*(column[kept] for column in (votes.pair, votes.lead, votes.rater)), 1.0 / chance[kept])
        found = prediction.blend(pairs, part, pairs.difference)
        plain = prediction.blend(pairs, replace(part, weight=np.ones(len(part))), pairs.difference)
        every = prediction.blend(pairs, votes, pairs.difference)
        mixed = found.human[0] + prediction.tune(found, directions(2)) * found.correction[0]
        rows.append([kept.mean(), *(x - expected for x in (plain.human[0], found.human[0], mixed, every.human[0]))])
    rows = np.array(rows)
    print(f"\nrouting sends {rows[:, 0].mean():.0%} of the pairs to people; lead {2 * expected:.3f}; bias and error:")
    for column, name in enumerate(
        ("votes, not weighted", "votes, weighted", "hybrid, weighted", "votes on all pairs"), 1
    ):
        off = 2.0 * rows[:, column]
        print(f"{name:20} {off.mean():+.3f} +- {off.std() / np.sqrt(repeats):.3f}  {np.sqrt((off**2).mean()):.3f}")


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions")
    scale = 1 if parser.parse_args().quick else 10
    widths(60 * scale)
    routing(60 * scale)


if __name__ == "__main__":
    main()
