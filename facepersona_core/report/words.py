"""The report's texts, and how it writes numbers, shares, money and times in either language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp, inf, log10
from typing import Any

from facepersona_core import messages
from facepersona_core.report.spans import Span

DASH = "–"
_BETWEEN_JAPANESE = re.compile(r"(?<=[\u3040-\u30ff\u4e00-\u9fff]) (?=[\u3040-\u30ff\u4e00-\u9fff])")
"""A space that stands beside Latin names, but not between two Japanese words."""
SMALL = 0.005
"""Amounts below this are written with two significant digits."""


@cache
def catalogue(language: str) -> dict[str, Any]:
    """Every text of the report in ``language`` as nested tables, with the core's own."""
    own = tomllib.loads(files("facepersona_core.report").joinpath(f"strings/{language}.toml").read_text("utf-8"))
    return {**messages.catalogue(language), **own}


@dataclass(frozen=True)
class Words:
    """Speaks one language."""

    language: str

    def __call__(self, key: str, **fields: Any) -> str:
        """The text under the dotted ``key``. A missing key raises KeyError."""
        node: Any = catalogue(self.language)
        for part in key.split("."):
            node = node[part]
        told = str(node).format(**fields)
        return _BETWEEN_JAPANESE.sub("", told) if self.language == "ja" else told

    def has(self, key: str) -> bool:
        """True when there is a text under ``key``."""
        node: Any = catalogue(self.language)
        for part in key.split("."):
            if part not in node:
                return False
            node = node[part]
        return True

    @property
    def unknown(self) -> str:
        """What stands for a figure that does not exist."""
        return self("common.unknown")

    def either(self, key: str, otherwise: str) -> str:
        """The text under ``key``, or ``otherwise`` where the catalogue does not know it."""
        return self(key) if self.has(key) else otherwise

    def both(self, texts: dict[str, str]) -> str:
        """The one of two texts that is in this language."""
        return texts[self.language]

    def list(self, names: Iterable[str]) -> str:
        """Names in a row."""
        return self("common.comma").join(names)

    def series(self, names: Iterable[str]) -> str:
        """Names in a sentence: one, two and three."""
        known = list(names)
        if len(known) < 2:
            return "".join(known)
        return self.list(known[:-1]) + self("common.and") + known[-1]

    def percent(self, value: float | None) -> str:
        """0.564 as 56%; what rounds to all or nothing without being it is said so, down to a thousandth."""
        if value is None:
            return self.unknown
        close = 0.0005 <= value < 0.005 or 0.995 < value < 0.9995
        shown = f"{value:.1%}" if close else f"{value:.0%}"
        return shown.replace("-", "−")

    def number(self, value: float | None, digits: int = 2) -> str:
        """A plain figure."""
        return self.unknown if value is None else f"{value:.{digits}f}".replace("-", "−")

    def count(self, value: float | None) -> str:
        """A whole number with thousands apart."""
        if value is None:
            return self.unknown
        return self("common.never") if value == inf else f"{value:,.0f}".replace("-", "−")

    def money(self, value: float | None, currency: str = "") -> str:
        """An amount, precise enough to tell small ones apart."""
        if value is None:
            return self.unknown
        if value == inf:
            return self("common.unlimited")
        size = abs(value)
        digits = 0 if size >= 100 or size == 0 else 2 if size >= SMALL else 1 - int(log10(size) // 1)
        shown = f"{value:,.{digits}f}".replace("-", "−")
        currency = self.currency(currency)
        return f"{shown} {currency}" if currency else shown

    def currency(self, code: str) -> str:
        """What the reader calls the currency ``code``."""
        return self.either(f"common.currencies.{code}", code) if code else ""

    def span(self, found: Span | None, kind: str = "number", unit: str = "") -> str:
        """``0.60 (0.52–0.68)``; ``kind`` is the name of the method that writes the figures."""
        if found is None:
            return self.unknown
        value = self._one(kind, found.value, unit)
        ends = self.ends(found, kind)
        return f"{value} ({ends})" if ends else value

    def ends(self, found: Span, kind: str = "number") -> str:
        """``0.52–0.68``; nothing without an interval."""
        if found.low is None or found.high is None:
            return ""
        low, high = self._one(kind, found.low), self._one(kind, found.high)
        if kind == "percent" and low.endswith("%") and high.endswith("%"):
            low = low.removesuffix("%")
        return f"{low} {self('common.to')} {high}" if "−" in low + high else f"{low}{DASH}{high}"

    def _one(self, kind: str, value: float, unit: str = "") -> str:
        if kind == "money":
            return self.money(value, unit)
        return {"number": self.number, "percent": self.percent, "count": self.count}[kind](value)

    def date(self, moment: str) -> str:
        """An ISO time as a day."""
        year, month, day = (int(part) for part in moment[:10].split("-"))
        months = catalogue(self.language)["common"]["months"]
        return self("common.date", year=year, month=months[month - 1], day=day)


def odds_share(found: Span | None) -> Span | None:
    """Log odds as the share of decisive votes."""
    if found is None:
        return None
    return Span(*(None if end is None else 1.0 / (1.0 + exp(-end)) for end in (found.value, found.low, found.high)))  # type: ignore[arg-type]
