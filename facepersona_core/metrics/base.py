"""The contract of a metric, its card, and the registry. Cards can be read without torch."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from facepersona_core.types import Face, Request, Score

if TYPE_CHECKING:
    from PIL.Image import Image

    from facepersona_core.bundle import Bundle
    from facepersona_core.settings import Settings


@dataclass(frozen=True)
class MetricCard:
    """What a reader must know before comparing figures of a metric."""

    key: str
    name: str
    direction: Literal["higher", "lower"]
    """Which way is better."""
    low: float
    high: float
    """Range of values."""
    version: str
    """Changes whenever the same picture may score differently."""
    needs: tuple[Literal["references", "prompt"], ...]
    axis: Literal["identity", "text", "quality", "safety"]
    conditions_method: bool = False
    """True when the metric's network also conditions a compared method; such a figure flatters that method."""


@dataclass(frozen=True)
class Context:
    """What a picture is judged against."""

    request: Request | None = None
    references: tuple[Face, ...] = field(default_factory=tuple)


class Metric(Protocol):
    """Judges one picture. Never averages failures away: what cannot be measured is None."""

    card: MetricCard

    def score(self, picture: Image, context: Context) -> Score:
        """``picture`` is RGB. ``Score.value`` is None when it cannot be measured (no face, no known word)."""
        ...


@dataclass(frozen=True)
class _Entry:
    card: MetricCard
    module: str
    class_name: str
    setting: str
    """Field of `Settings` with the folder of the metric's own weights; "" where they come with the bundle."""


METRICS: dict[str, _Entry] = {}


def register(card: MetricCard, class_name: str, setting: str = "") -> MetricCard:
    """Add a metric; called at import of ``facepersona_core.metrics.cards``."""
    METRICS[card.key] = _Entry(card, f"facepersona_core.metrics.{card.key}", class_name, setting)
    return card


def measurable(settings: Settings) -> list[str]:
    """Keys of the metrics of the bundle and of those whose folder ``settings`` names, in the order of the cards."""
    return [key for key, entry in METRICS.items() if not entry.setting or getattr(settings, entry.setting)]


def build_metric(key: str, bundle: Bundle, settings: Settings) -> Metric:
    """The metric ``key``, one of the `measurable`, on the models of ``bundle`` or on its own. Raises KeyError."""
    entry = METRICS[key]
    weights = getattr(settings, entry.setting) if entry.setting else bundle
    built: Metric = getattr(importlib.import_module(entry.module), entry.class_name)(weights)
    return built


from facepersona_core.metrics import cards as cards  # noqa: E402  registers the cards
