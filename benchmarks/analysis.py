"""What the statistics cost and how honest they are: `python benchmarks/analysis.py [--quick]`.

Prints coverage of nominal 95 % intervals (clustered beside independent votes), false winners under peeking, detection
of planted bad raters, and seconds on one core.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from time import process_time

import numpy as np

from facepersona_core.analysis import intervals, ranking, raters, stopping
from facepersona_core.analysis.ballots import Ballots, Floats
from facepersona_core.analysis.clusters import Covariances
from facepersona_core.analysis.ranking import Fit
from facepersona_core.analysis.simulation import Crowd, simulate

STRENGTH = np.array([0.0, 0.1, 0.2, 0.4, 0.6, 1.0])
DESIGNS = ((10, 30, 600), (10, 30, 1200), (20, 60, 1200), (30, 60, 1800), (30, 60, 5400), (6, 12, 540), (4, 10, 240))


def directions(m: int) -> Floats:
    """[m (m - 1) / 2, m]: every contrast."""
    first, second = np.triu_indices(m, 1)
    contrasts: Floats = np.eye(m)[first] - np.eye(m)[second]
    return contrasts


def estimate(ballots: Ballots) -> tuple[Fit, Covariances, int, Floats]:
    """Fit, covariances, degrees of freedom, and variance of every contrast if votes were independent."""
    counts = ranking.count(ballots)
    fitted = ranking.fit(counts)
    m = len(ballots.methods)
    inverse = ranking.inverse_information(fitted, counts)[:m, :m]
    independent = np.einsum("ck,kl,cl->c", directions(m), inverse, directions(m))
    covariance = intervals.covariances(fitted, counts, ballots)
    return fitted, covariance, intervals.degrees_of_freedom(ballots), independent


def coverage(repeats: int) -> None:
    """Share of contrasts whose interval holds the value that endless votes would give, and mean half-widths."""
    random = np.random.default_rng(1)
    endless = [ranking.fit(ranking.count(simulate(random, STRENGTH, Crowd(3000, 3000), 400_000))) for _ in range(10)]
    truth = directions(6) @ np.mean([each.log_strength for each in endless], axis=0)
    print("raters prompts votes | two-way: covered half-width | independent: covered half-width")
    for crowd_raters, prompts, votes in DESIGNS:
        rows = []
        for _ in range(repeats):
            fitted, covariance, df, independent = estimate(
                simulate(random, STRENGTH, Crowd(crowd_raters, prompts), votes)
            )
            error = np.abs(directions(6) @ fitted.log_strength - truth)
            wide = intervals.t_quantile(df, 0.95) * np.sqrt(covariance.variance(directions(6)))
            narrow = 1.96 * np.sqrt(independent)
            rows.append([(error <= wide).mean(), wide.mean(), (error <= narrow).mean(), narrow.mean()])
        two, width, one, thin = np.mean(rows, axis=0)
        print(f"{crowd_raters:6} {prompts:7} {votes:5} | {two:16.1%} {width:10.3f} | {one:20.1%} {thin:10.3f}")


def peeking(repeats: int) -> None:
    """Equal methods, a look every 20 votes: how often is a winner ever named?"""
    random = np.random.default_rng(2)
    print("methods looks | false winners: confidence sequence, plain two-way, plain independent")
    for m, votes in ((2, 600), (3, 600), (6, 1200)):
        named = np.zeros(3)
        for _ in range(repeats):
            ballots = simulate(random, np.zeros(m), Crowd(12, 30, rater_spread=0.3, prompt_spread=0.3), votes)
            named += np.any([_winners(ballots.take(slice(0, n))) for n in range(100, votes + 1, 20)], axis=0)
        print(f"{m:7} {(votes - 80) // 20:5} | " + ", ".join(f"{share:.1%}" for share in named / repeats))


def _winners(ballots: Ballots) -> tuple[bool, bool, bool]:
    fitted, covariance, df, _ = estimate(ballots)
    m = len(fitted.log_strength)
    look = stopping.verdict(fitted, covariance, df, len(ballots), stopping.StopRule())
    ahead = np.delete(np.eye(m)[look.leader] - np.eye(m), look.leader, axis=0)
    inverse = ranking.inverse_information(fitted, ranking.count(ballots))[:m, :m]
    lead = ahead @ fitted.log_strength
    two_way = lead > intervals.t_quantile(df, 0.95) * np.sqrt(covariance.variance(ahead))
    independent = lead > 1.96 * np.sqrt(np.einsum("ck,kl,cl->c", ahead, inverse, ahead))
    return look.state == "winner", bool(two_way.all()), bool(independent.all())


def planted(repeats: int) -> None:
    """Three of twelve raters are bad (random, always left, reversed), about 100 votes each: area under the curve."""
    random = np.random.default_rng(3)
    print("spread of strengths | area under the curve")
    for spread in (2.5, 1.5, 1.0):
        areas = []
        for _ in range(repeats):
            crowd = Crowd(12, 40, rater_spread=0.3, prompt_spread=0.3, side=0.2)
            ballots = simulate(random, np.linspace(0.0, spread, 6), crowd, 1200)
            guess = random.integers(-1, 2, len(ballots))
            outcome = np.select([ballots.rater == r for r in range(3)], [guess, 1, -ballots.outcome], ballots.outcome)
            accuracy = raters.rater_model(replace(ballots, outcome=outcome)).accuracy
            areas.append((accuracy[:3, None] < accuracy[None, 3:]).mean())
        print(f"{spread:19} | {np.mean(areas):.3f}")


def cost() -> None:
    """CPU seconds for ranking, covariances and contrasts of one question, and of evalica's ranking alone."""
    import evalica

    random, words = np.random.default_rng(4), [evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X]
    print("votes | seconds: ranking and intervals, evalica's ranking alone | ratio")
    for votes in (1_000, 100_000, 1_000_000):
        ballots = simulate(random, STRENGTH, Crowd(300, 600), votes)
        left, right, outcome = ballots.left.tolist(), ballots.right.tolist(), (ballots.outcome + 1).tolist()
        winners = [words[code] for code in outcome]
        start = process_time()
        fitted, covariance, df, _ = estimate(ballots)
        intervals.contrasts(ballots.methods, fitted, covariance, df)
        middle = process_time()
        evalica.newman(left, right, winners, tolerance=1e-8, limit=200)
        ours, alone = middle - start, process_time() - middle
        print(f"{votes:7} | {ours:31.3f} {alone:25.3f} | {ours / alone:.2f}")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions")
    scale = 1 if parser.parse_args().quick else 10
    coverage(60 * scale)
    peeking(30 * scale)
    planted(20 * scale)
    cost()


if __name__ == "__main__":
    main()
