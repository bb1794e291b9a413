"""The contract of a method, its card, and the registry. Cards can be read without torch."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from facepersona_core.errors import UnknownMethod
from facepersona_core.types import Face, Persona, Progress, Request, no_progress

if TYPE_CHECKING:
    from PIL.Image import Image

    from facepersona_core.bundle import Bundle


@dataclass(frozen=True)
class MethodCard:
    """What a buyer must know of a method before reading its figures."""

    key: str
    """Stable name, as the CLI and the database write it."""
    name: str
    """Proper name, the same in every language."""
    paper: str
    """Citation with arXiv number, or "" for a baseline without one."""
    code_licence: str
    """SPDX expression of the code in this repository."""
    weights_licence: str
    """Licence of the weights used, in one line."""
    commercial_use: Literal["yes", "no", "ask"]
    references_needed: int
    """Fewest reference photos."""
    base_model: str
    memory_gb: float
    """Peak memory on top of the loaded bundle, measured with the embedded bundle."""
    fine_tunes: bool
    """True when enrolling a person trains something (minutes), False when it is a forward pass."""
    uses_identity: bool = True
    """False for a baseline that never looks at the person."""
    expression_slot: bool = False
    """True when `Request.expression` or its ``expression_vector`` steers the method through a slot of its own."""


class Method(Protocol):
    """What can be compared. One object serves many people; it holds no person."""

    card: MethodCard

    def enrol(self, faces: Sequence[Face], progress: Progress = no_progress) -> Persona:
        """Keep of the person what generation needs. ``faces`` are reference photos of one person, at least
        ``card.references_needed``."""
        ...

    def generate(self, persona: Persona, request: Request, progress: Progress = no_progress) -> Iterator[Image]:
        """Yield ``request.count`` RGB pictures one by one, of each its ``request.candidates`` drawings one after the
        other (`candidates.draw_best` chooses); picture ``i`` depends on ``seed + i`` alone.

        Raises PromptInvalid, RequestInvalid and ExpressionInvalid before any work."""
        ...


@dataclass(frozen=True)
class _Entry:
    card: MethodCard
    module: str
    class_name: str


METHODS: dict[str, _Entry] = {}


def register(card: MethodCard, class_name: str) -> MethodCard:
    """Add a method; called at import of ``facepersona_core.methods.cards``."""
    METHODS[card.key] = _Entry(card, f"facepersona_core.methods.{card.key}", class_name)
    return card


def method_card(key: str) -> MethodCard:
    """The card of method ``key``. Raises UnknownMethod."""
    if key not in METHODS:
        raise UnknownMethod(name=key, known=", ".join(METHODS))
    return METHODS[key].card


def build_method(key: str, bundle: Bundle) -> Method:
    """The method ``key`` on the models of ``bundle``. Raises UnknownMethod."""
    method_card(key)
    entry = METHODS[key]
    built: Method = getattr(importlib.import_module(entry.module), entry.class_name)(bundle)
    return built


from facepersona_core.methods import cards as cards  # noqa: E402  registers the cards
