"""Every figure of the report, gathered once: `Evidence` and `Parameters` in, `ReportData` out; no words, no layout."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from facepersona_core.analysis.gates import graded
from facepersona_core.analysis.summary import analyse
from facepersona_core.errors import UnknownMethod
from facepersona_core.methods.base import MethodCard
from facepersona_core.metrics.base import MetricCard
from facepersona_core.metrics.cards import IDENTITY_SIMILARITY
from facepersona_core.report import gallery
from facepersona_core.report.decision import Decision, Facts, decide
from facepersona_core.report.evidence import Evidence
from facepersona_core.report.parameters import Parameters
from facepersona_core.report.roi import Cost, Payback, Stage, cost, payback, stages
from facepersona_core.report.spans import Span, of, span

if TYPE_CHECKING:
    from facepersona_core.analysis.results import Analysis
    from facepersona_core.analysis.tradeoff import MachineScore


@dataclass(frozen=True)
class Latency:
    """Seconds a picture, on the machine that made the study."""

    pictures: int
    mean: float
    median: float
    slow: float
    """Nine of ten pictures took no longer."""


@dataclass(frozen=True)
class MethodFigures:
    """One method of the study."""

    card: MethodCard
    pictures: int
    answers: int
    """To "good enough to use?"."""
    acceptable: Span | None
    detected: tuple[int, int] | None
    """Pictures with a face, and pictures looked at."""
    machine: dict[str, MachineScore]
    """By metric."""
    latency: Latency | None
    cost: Cost | None
    payback: Payback | None
    decision: Decision | None
    """None for a yardstick that shows no person: nobody can buy it."""


@dataclass(frozen=True)
class ReportData:
    """What the report shows, in any language."""

    evidence: Evidence
    parameters: Parameters
    analysis: Analysis
    methods: tuple[MethodFigures, ...]
    """In the order of the plan."""
    method: str
    """The method that the decision is about."""
    baseline: str | None
    """The method that never looks at the person."""

    @property
    def chosen(self) -> MethodFigures:
        """The method that the decision is about."""
        return self.figures(self.method)

    @property
    def decision(self) -> Decision:
        """The decision."""
        found = self.chosen.decision
        assert found is not None
        return found

    def figures(self, method: str) -> MethodFigures:
        """The figures of ``method``."""
        return next(each for each in self.methods if each.card.key == method)

    @cached_property
    def metrics(self) -> tuple[MetricCard, ...]:
        """The metrics that graded pictures of the study."""
        scored = set(graded(self.evidence.scores)["metric"])
        cards = [MetricCard(**{**entry, "needs": tuple(entry["needs"])}) for entry in self.evidence.facts["metrics"]]
        return tuple(card for card in cards if card.key in scored)

    @cached_property
    def stages(self) -> list[Stage]:
        """The roll-out of the method."""
        found = self.chosen.cost
        return stages(found.accepted, self.parameters.roi) if found else []

    @cached_property
    def faults(self) -> gallery.Faults:
        """Of the method that the decision is about."""
        return gallery.faults(self.evidence, self.method)

    @cached_property
    def recipes(self) -> list[dict[str, Any]]:
        """The recipe of every picture."""
        return [json.loads(recipe) for recipe in self.evidence.pictures["recipe"]]


def gather(evidence: Evidence, parameters: Parameters) -> ReportData:
    """Analyse a study. Raises UnknownMethod when it has no such method that shows a person, StudyInvalid."""
    cards = [MethodCard(**entry) for entry in evidence.facts["methods"]]
    able = [card.key for card in cards if card.uses_identity]
    method = parameters.method or next(iter(able), "")
    if method not in able:
        raise UnknownMethod(name=method, known=", ".join(able))
    baseline = next((card.key for card in cards if not card.uses_identity), None)
    analysis = analyse(evidence.votes, scores=evidence.newest_scores, deep=True)
    figures = tuple(_figures(evidence, parameters, analysis, card, baseline) for card in cards)
    return ReportData(evidence, parameters, analysis, figures, method, baseline)


def _figures(
    evidence: Evidence, parameters: Parameters, analysis: Analysis, card: MethodCard, baseline: str | None
) -> MethodFigures:
    seconds = evidence.pictures.loc[evidence.pictures["method"] == card.key, "seconds"].to_numpy(np.float64)
    latency = _latency(seconds) if len(seconds) else None
    answers = next((each for each in analysis.acceptable or () if each.method == card.key), None)
    acceptable = (of(answers.interval) or Span(answers.share)) if answers else None
    machine = {each.metric: each for each in analysis.machine or () if each.method == card.key}
    price = cost(latency.mean, acceptable, parameters.roi) if latency and acceptable else None
    similarity = machine.get(IDENTITY_SIMILARITY.key)
    detected = (similarity.measured, similarity.pictures) if similarity else None
    facts = Facts(
        commercial_use=card.commercial_use,
        people=len(evidence.people),
        consenting=sum(person.agrees(evidence.as_of) for person in evidence.people),
        raters=analysis.raters,
        prompts=analysis.prompts,
        likeness=_contrast(analysis, "identity", card.key, baseline)[0],
        likeness_p=_contrast(analysis, "identity", card.key, baseline)[1],
        acceptable=acceptable,
        text=_contrast(analysis, "text", card.key, baseline)[0],
        similarity=span(similarity.mean, similarity.interval) if similarity else None,
        detected=detected[0] / detected[1] if detected else None,
        cost=price.accepted if price else None,
        today=parameters.roi.today_cost if "today_cost" in parameters.roi.given else None,
    )
    return MethodFigures(
        card,
        len(seconds),
        answers.answers if answers else 0,
        acceptable,
        detected,
        machine,
        latency,
        price,
        payback(price.accepted, parameters.roi) if price else None,
        decide(facts, parameters.gates) if card.uses_identity else None,
    )


def _latency(seconds: np.ndarray[Any, np.dtype[np.float64]]) -> Latency:
    return Latency(len(seconds), float(seconds.mean()), float(np.median(seconds)), float(np.quantile(seconds, 0.9)))


def _contrast(analysis: Analysis, axis: str, method: str, other: str | None) -> tuple[Span | None, float | None]:
    """How far ``method`` is ahead of ``other`` in log odds, and the corrected p-value of it."""
    found = analysis.axes.get(axis)
    for each in (found and found.contrasts) or ():
        if {each.first, each.second} == {method, other}:
            interval = each.interval
            if each.first == method:
                return Span(interval.value, interval.low, interval.high), each.p_holm
            return Span(-interval.value, -interval.high, -interval.low), each.p_holm
    return None, None
