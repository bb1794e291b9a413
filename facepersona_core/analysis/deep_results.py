"""What only a deep analysis says (`summary.analyse` with ``deep``), as frozen dataclasses of plain values.

None: cannot be known, with the reason's key (``[analysis_reasons]`` of the catalogue) in ``reasons``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facepersona_core.analysis.intervals import Interval

Change = Literal["rater", "prompt", "ties", "flagged", "weighted"]


@dataclass(frozen=True)
class HybridContrast:
    """People alone, machine alone and both, side by side: by how many points ``first`` is ahead of ``second``.

    A vote is 1 point to the winner, half a point to each in a tie; 0 is level, 0.1 is 60 : 40. Above 0: first."""

    first: str
    second: str
    human: Interval
    """From the votes alone."""
    machine: Interval | None
    """From the machine scores alone, on the scale of points. Says what the machine says, not that it is right."""
    hybrid: Interval | None
    """From both. None when the machine does not help; then ``human`` is the answer."""
    effective_votes: float | None
    """How many votes people alone would need for the interval of ``hybrid``."""

    def other(self, method: str) -> str:
        """The method that ``method``, one of the two, is compared with."""
        return self.second if method == self.first else self.first

    def lead(self, method: str) -> dict[str, Interval]:
        """How far ``method`` is ahead of the other, by "human", "machine" and "hybrid", as far as it is known."""
        found = {"human": self.human, "machine": self.machine, "hybrid": self.hybrid}
        return {name: each if method == self.first else each.turned for name, each in found.items() if each}


@dataclass(frozen=True)
class HybridAxis:
    """Human and machine together on one question; see `hybrid.hybrid_axis`."""

    metrics: tuple[str, ...]
    """Machine scores that took part."""
    votes: int
    """Ordinary votes on pairs with machine scores."""
    rated: int
    """Pairs of pictures with at least one of these votes."""
    made: int
    """Pairs of pictures made, rated or not."""
    probability: float
    """Smallest probability with which a rated pair was sent to people; 1 where no routing took place."""
    rho: float | None
    """Correlation of machine and vote on pairs that the machine was not tuned on, differences of methods aside."""
    rho_low: float | None
    """Lower bound of ``rho``, 95 % one-sided."""
    trust: float
    """PPI++'s lambda: how far the machine is followed, 0 (not at all) to 1."""
    contrasts: tuple[HybridContrast, ...] | None
    """Every two methods once. None when even people alone give no interval."""
    reasons: dict[str, str]
    """Field that is None -> reason; "hybrid" when every `HybridContrast.hybrid` is None."""

    def against(self, method: str) -> tuple[HybridContrast, ...]:
        """``method`` and each other one; () where there is no interval."""
        return tuple(each for each in self.contrasts or () if method in (each.first, each.second))


@dataclass(frozen=True)
class Without:
    """The ranking when something is left out or weighted."""

    change: Change
    """rater, prompt: ``name`` is left out. ties: all ties are. flagged: all raters with a flag are. weighted: nothing
    is left out, but each rater's votes weigh as much as the rater model trusts them."""
    name: str
    """The rater or prompt; "" for the other changes."""
    votes: int
    """Votes that remain."""
    ranking: tuple[str, ...] | None
    """Methods, best first."""
    lead: Interval | None
    """Of the leader of all votes over the runner-up of all votes, as a difference of log strengths."""
    sure: bool | None
    """Is ``lead`` above 0 after Holm's correction at 5 %?"""
    leader_changes: bool | None
    """Another method is first than with all votes."""
    sureness_changes: bool | None
    """What was sure of the lead is so no longer, or the other way round."""
    reasons: dict[str, str]
    """Field that is None -> reason."""

    @property
    def upsets(self) -> bool:
        """Another method leads, or what was sure of the lead changes."""
        return bool(self.leader_changes or self.sureness_changes)


@dataclass(frozen=True)
class Sensitivity:
    """What the result of one question hangs on."""

    leader: str
    runner_up: str
    lead: Interval
    """Of leader over runner-up with all votes, as a difference of log strengths."""
    sure: bool
    """Is ``lead`` above 0 after Holm's correction at 5 %?"""
    changes: tuple[Without, ...]
    """Raters first, then prompts, each by name; then ties, flagged (where somebody is), weighted."""

    @property
    def upset_by(self) -> tuple[Without, ...]:
        """The changes that make another method lead or change whether the lead is sure."""
        return tuple(each for each in self.changes if each.upsets)

    @property
    def groups(self) -> dict[Change, tuple[Without, ...]]:
        """The changes by kind, in their order."""
        kinds = dict.fromkeys(each.change for each in self.changes)
        return {kind: tuple(each for each in self.changes if each.change == kind) for kind in kinds}


@dataclass(frozen=True)
class Correlation:
    """Do people and one machine score see the same difference in the same two pictures?"""

    axis: str
    """The question that people answered."""
    metric: str
    pairs: int
    """Pairs of pictures with votes and with both scores."""
    same_sign: Interval | None
    """Share of pairs, among those where both prefer one picture, in which it is the same one."""
    kendall: Interval | None
    """Kendall's tau-b of the mean vote and the difference of scores; which picture comes first does not matter."""
    spearman: Interval | None
    """Spearman's rank correlation of the same."""
    reasons: dict[str, str]
    """Field that is None -> reason."""
