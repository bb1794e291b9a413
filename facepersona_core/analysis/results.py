"""What an analysis says, as frozen dataclasses of plain values. None: cannot be known yet, with the reason's key.

Reasons are keys under ``[analysis_reasons]`` of the catalogue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from facepersona_core.analysis.agreement import Agreement
from facepersona_core.analysis.deep_results import Correlation, HybridAxis, Sensitivity
from facepersona_core.analysis.intervals import Contrast, Interval
from facepersona_core.analysis.stopping import State
from facepersona_core.analysis.tradeoff import MachineContrast, MachineScore

Matrix = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Standing:
    """One method in the ranking of one question."""

    method: str
    rank: int
    """By ``score``, 1 is best."""
    rank_low: int | None
    """Best rank it can have: 1 + the number of methods that beat it (Holm, 5 %)."""
    rank_high: int | None
    """Worst rank it can have."""
    score: float
    """Log strength, the mean of all methods is 0; a difference of 0.4 is 60 : 40."""
    score_low: float | None
    score_high: float | None
    strength: float
    """The same on a scale of 0 to 1: chance to be preferred to an average method when there is no tie."""
    strength_low: float | None
    strength_high: float | None
    votes: int
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True)
class WinRates:
    """Who won how often against whom; rows against columns, in the order of ``methods``."""

    methods: tuple[str, ...]
    rates: Matrix
    """Share of votes the row won, ties half; None where they never met."""
    votes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Stop:
    """May rating stop? See `stopping.StopRule`."""

    state: State
    leader: str
    half_width: float | None
    """Of the confidence sequence; None before the first look."""
    margin: float


@dataclass(frozen=True)
class AxisResult:
    """Everything about one question."""

    axis: str
    votes: int
    raters: int
    prompts: int
    tie_share: float | None
    standings: tuple[Standing, ...] | None
    """Best first."""
    contrasts: tuple[Contrast, ...] | None
    """Every two methods once."""
    win_rates: WinRates
    alpha: Agreement | None
    """Krippendorff's alpha, nominal."""
    ac1: Agreement | None
    """Gwet's AC1."""
    left_share: Interval | None
    """Share of decisive votes for the left picture; 0.5 without a position effect."""
    stop: Stop | None
    by_prompt_axis: dict[str, tuple[Standing, ...] | None]
    """Standings among the prompts of each axis."""
    reasons: dict[str, str]
    """Field that is None -> reason."""


@dataclass(frozen=True)
class Acceptable:
    """How often a method's pictures were called acceptable for use."""

    method: str
    answers: int
    accepted: int
    interval: Interval | None
    """Of the share; None with fewer than two raters or prompts."""

    @property
    def share(self) -> float:
        """The interval's share, which weighs pairs by how likely they were to be sent to people, if there is one."""
        return self.interval.value if self.interval else self.accepted / self.answers


@dataclass(frozen=True)
class RaterAxis:
    """What the rater model says of one rater on one question; see `raters.RaterModel`."""

    votes: int
    discrimination: float
    discrimination_error: float
    side: float
    accuracy: float | None
    """None below `summary.MODEL_VOTES` votes, and when the crowd sees no difference between any methods."""


@dataclass(frozen=True)
class RaterReport:
    """One rater."""

    rater: str
    comparisons: int
    median_seconds: float | None
    axes: dict[str, RaterAxis]
    gold_right: int
    gold_answered: int
    repeats_same: int
    repeats: int
    flags: tuple[str, ...]
    """Reason keys to look at this rater's votes; nothing is left out of the ranking for them."""


@dataclass(frozen=True)
class TimePoint:
    """How many comparisons had been answered when."""

    at: str
    """ISO 8601."""
    comparisons: int


@dataclass(frozen=True)
class Analysis:
    """One study, as the Results tab and ``facepersona rank`` show it."""

    methods: tuple[str, ...]
    comparisons: int
    """Ordinary comparisons answered, without gold and repeats."""
    raters: int
    prompts: int
    people: int
    axes: dict[str, AxisResult]
    """By question: "identity", "text"."""
    acceptable: tuple[Acceptable, ...] | None
    rater_reports: tuple[RaterReport, ...]
    over_time: tuple[TimePoint, ...] | None
    machine: tuple[MachineScore, ...] | None
    machine_contrasts: tuple[MachineContrast, ...] | None
    hybrid: dict[str, HybridAxis] | None = None
    """By question. This and the next two are filled by a deep analysis alone."""
    sensitivity: dict[str, Sensitivity] | None = None
    """By question; without those that have no interval of the lead."""
    correlation: tuple[Correlation, ...] | None = None
    """Every question with every metric."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Field that is None -> reason."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; what is not a finite number is null."""
        plain: dict[str, Any] = _plain(self)
        return plain


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
