"""What every section of the report needs: the data, the words, and the names and looks of methods, people and axes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from facepersona_core.analysis.results import AxisResult
from facepersona_core.palette import style
from facepersona_core.report.data import MethodFigures, ReportData
from facepersona_core.report.evidence import PersonFacts, reference_key
from facepersona_core.report.svg import drawing, marker
from facepersona_core.report.words import Words

AXES = ("identity", "text")
AGREEMENT_WORDS = ((0.8, "very_good"), (0.6, "good"), (0.4, "moderate"), (0.2, "fair"), (-2.0, "poor"))
"""Lower limits of the words for a coefficient (Landis and Koch 1977)."""


@dataclass(frozen=True)
class View:
    """The report in one language."""

    data: ReportData
    words: Words

    @cached_property
    def looks(self) -> dict[str, tuple[str, str]]:
        """Colour and marker of each method."""
        return style(self.data.evidence.plan.methods)

    @cached_property
    def people(self) -> dict[str, PersonFacts]:
        """By name."""
        return {person.name: person for person in self.data.evidence.people}

    def method(self, key: str) -> str:
        """What the reader calls a method."""
        return self.words.either(f"names.{key}", self.data.figures(key).card.name)

    def marked(self, key: str) -> Markup:
        """The name with the mark that stands for the method in every figure."""
        colour, kind = self.looks[key]
        mark = drawing(14, 14, marker(7, 7, colour, kind, 5))
        return Markup('<span class="mark">{} {}</span>').format(mark, self.method(key))

    def person(self, name: str) -> str:
        """What the reader calls a person."""
        found = self.people[name]
        return found.name_ja if self.words.language == "ja" else found.name

    def metric(self, key: str) -> str:
        """What the reader calls a metric."""
        names = {card.key: card.name for card in self.data.metrics}
        return self.words.either(f"metrics.{key}", names.get(key, key))

    def prompt_axis(self, key: str) -> str:
        """What a group of prompts asks to change."""
        return self.words.either(f"prompt_axes.{key}", key)

    def reason(self, key: str | None) -> str:
        """Why something is not known."""
        return self.words(f"analysis_reasons.{key}") if key else self.words.unknown

    def axis(self, axis: str) -> AxisResult | None:
        """The result of a question."""
        return self.data.analysis.axes.get(axis)

    def picture(self, key: str) -> str:
        """A thumbnail as a data URI; "" when the export has none."""
        data = self.data.evidence.thumbnails.get(key)
        return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}" if data else ""

    def reference(self, person: str) -> str:
        """The reference photo of ``person`` as a data URI; "" when it may not be shown."""
        return self.picture(reference_key(self.data.evidence.plan.people.index(person)))

    @property
    def today(self) -> dict[str, str]:
        """What a picture costs today, and whether somebody said so."""
        roi = self.data.parameters.roi
        source = "given" if "today_cost" in roi.given else "default"
        return {"today": self.words.money(roi.today_cost, roi.currency), "source": self.words(f"roi.source.{source}")}

    @property
    def able(self) -> list[MethodFigures]:
        """The methods that show a person, the chosen one first."""
        rest = [each for each in self.data.methods if each.decision and each.card.key != self.data.method]
        return [self.data.chosen, *rest]
