"""From figures to a decision through gates that anybody can read: no gate, no weight and no exception is hidden.

A gate is passed when the whole interval is on the right side of its limit, failed when the whole interval is on the
wrong side, and open in between or while nothing is measured. ``must`` gates refuse the purchase when they fail;
the others hold it at a pilot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf, isfinite, log
from typing import Any, Literal

from facepersona_core.errors import RequestInvalid
from facepersona_core.report.spans import Span

State = Literal["pass", "fail", "open"]
Outcome = Literal["buy", "pilot", "reject", "undecided"]
SURE = 0.05
"""Holm-corrected p below which one method is said to beat another."""


@dataclass(frozen=True)
class Thresholds:
    """The limits of the gates; they should be agreed upon before anybody rates."""

    raters: float = 5
    """Fewest raters."""
    prompts: float = 10
    """Fewest prompts."""
    acceptable: float = 0.5
    """Share of pictures that raters call good enough to use."""
    text_against: float = 0.7
    """Share of decisive votes on the text that may go to the pictures made without a person."""
    similarity: float = 0.5
    """Way from a stranger (0) to another photo of the same person (1), by the machine."""
    detected: float = 0.95
    """Share of pictures in which a face is found."""


def thresholds(values: Mapping[str, Any]) -> Thresholds:
    """The defaults with ``values`` in their place. Raises RequestInvalid for an unknown name or an impossible value."""
    known = [entry.name for entry in fields(Thresholds)]
    for name, value in values.items():
        if name not in known:
            raise RequestInvalid(name="gates", seen=name, expected=", ".join(known))
        top = inf if name in ("raters", "prompts") else 1.0
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not 0 < value <= top:
            raise RequestInvalid(name=name, seen=repr(value), expected="> 0" if top == inf else "0 < x <= 1")
    return Thresholds(**values)


@dataclass(frozen=True)
class Facts:
    """What is known of one method. None: not measured."""

    commercial_use: Literal["yes", "no", "ask"]
    people: int
    consenting: int
    """People who are synthetic or whose consent covers what the study did."""
    raters: int
    prompts: int
    likeness: Span | None
    """Log odds of being called more like the person, against the pictures made without a person."""
    likeness_p: float | None
    """Holm-corrected p-value of it."""
    acceptable: Span | None
    """Share of answers "good enough to use"."""
    text: Span | None
    """Log odds of being said to follow the text better, against the pictures made without a person."""
    similarity: Span | None
    detected: float | None
    """Share of pictures with a face."""
    cost: Span | None
    """Of an accepted picture."""
    today: float | None
    """What one costs now; None: nobody has said."""


@dataclass(frozen=True)
class Gate:
    """One condition and what was seen of it."""

    key: str
    must: bool
    state: State
    seen: Span | None
    """In the unit of the gate; None: nothing is measured, or the gate has no single figure."""
    limit: float | None = None
    more: float | None = None
    """How many times as many clusters (raters and prompts, or people) would close an open gate if the estimate stays;
    None: unknown, or the estimate is on the wrong side."""
    p: float | None = None
    """Corrected p-value, for a gate that asks for a sure difference."""


@dataclass(frozen=True)
class Decision:
    """What the gates say together."""

    outcome: Outcome
    gates: tuple[Gate, ...]

    def keys(self, state: State) -> list[str]:
        """The gates in ``state``, in order."""
        return [gate.key for gate in self.gates if gate.state == state]


def decide(facts: Facts, limits: Thresholds) -> Decision:
    """Judge one method.

    Do not buy: a gate that must hold is failed. No decision: too few raters or prompts, or raters have said nothing of
    use yet. Buy: every gate is passed. Pilot: anything else."""
    gates = _gates(facts, limits)
    if any(gate.must and gate.state == "fail" for gate in gates):
        return Decision("reject", gates)
    few = any(gate.key == "evidence" and gate.state == "open" for gate in gates)
    if few or facts.acceptable is None or facts.acceptable.low is None:
        return Decision("undecided", gates)
    return Decision("buy" if all(gate.state == "pass" for gate in gates) else "pilot", gates)


def _gates(facts: Facts, limits: Thresholds) -> tuple[Gate, ...]:
    licence: State = {"yes": "pass", "no": "fail", "ask": "open"}[facts.commercial_use]  # type: ignore[assignment]
    consent: State = "pass" if facts.consenting == facts.people else "fail"
    enough: State = "pass" if facts.raters >= limits.raters and facts.prompts >= limits.prompts else "open"
    odds = log(limits.text_against / (1.0 - limits.text_against)) if limits.text_against < 1.0 else inf
    return (
        Gate("licence", True, licence, None),
        Gate("consent", True, consent, Span(facts.consenting), facts.people),
        Gate("evidence", True, enough, None),
        _beats("likeness", facts.likeness, facts.likeness_p),
        _at_least("acceptable", True, facts.acceptable, limits.acceptable),
        _at_least("text", False, facts.text, -odds),
        _at_least("similarity", False, facts.similarity, limits.similarity),
        _share("detected", facts.detected, limits.detected),
        _at_most("cost", True, facts.cost, facts.today),
    )


def _beats(key: str, seen: Span | None, p: float | None) -> Gate:
    if seen is None or p is None:
        return Gate(key, True, "open", seen, 0.0)
    state: State = "open" if p >= SURE else "pass" if seen.value > 0 else "fail"
    return Gate(key, True, state, seen, 0.0, p=p)


def _at_least(key: str, must: bool, seen: Span | None, limit: float) -> Gate:
    if seen is None or seen.low is None or seen.high is None:
        return Gate(key, must, "open", seen, limit)
    state: State = "pass" if seen.low >= limit else "fail" if seen.high < limit else "open"
    return Gate(key, must, state, seen, limit, _more(seen, limit) if state == "open" else None)


def _at_most(key: str, must: bool, seen: Span | None, limit: float | None) -> Gate:
    if limit is None or seen is None or seen.low is None or seen.high is None:
        return Gate(key, must, "open", seen, limit)
    return Gate(key, must, "pass" if seen.high <= limit else "fail" if seen.low > limit else "open", seen, limit)


def _share(key: str, seen: float | None, limit: float) -> Gate:
    """By the estimate alone: with a handful of people no interval of a share near 1 could ever lie above the limit."""
    if seen is None:
        return Gate(key, False, "open", None, limit)
    return Gate(key, False, "pass" if seen >= limit else "fail", Span(seen), limit)


def _more(seen: Span, limit: float) -> float | None:
    """Half-widths shrink with the root of the clusters, so (half-width / distance)^2 times as many are needed."""
    if seen.low is None or seen.high is None or seen.value <= limit:
        return None
    return max(1.0, ((seen.value - seen.low) / (seen.value - limit)) ** 2)
