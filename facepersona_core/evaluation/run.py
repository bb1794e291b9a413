"""The run: every method learns every person once, makes the pictures that are missing, and each is measured at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import facepersona_core
from facepersona_core.bundle import Bundle
from facepersona_core.candidates import Likeness, draw_best
from facepersona_core.evaluation.judges import Judges, Subject
from facepersona_core.evaluation.prompts import EXPRESSION, EvaluationPrompt, prompts_digest
from facepersona_core.evaluation.records import Cell, RunFolder
from facepersona_core.methods import Method, build_method, method_card
from facepersona_core.types import Persona, Progress, Request, json_digest, no_progress

if TYPE_CHECKING:
    import numpy as np

FORMAT = 2
"""Raise it whenever a row changes its meaning."""


@dataclass(frozen=True)
class Plan:
    """What is to be measured."""

    people: tuple[int, ...]
    """Numbers of held-out people."""
    gallery: tuple[int, ...]
    """Everybody whom a picture may be mistaken for; ``people`` are among them."""
    prompts: tuple[EvaluationPrompt, ...]
    methods: tuple[str, ...]
    seeds: int
    """How many pictures of each person under each prompt."""
    steps: int
    guidance: float
    slot: frozenset[str]
    """Expressions that the model's slot takes."""
    candidates: int = 1
    """Drawings of each picture, of which the best is measured (`candidates`)."""

    @property
    def cells(self) -> list[Cell]:
        """Every picture: by method, then by person, so that each person is learnt once. Raises UnknownMethod."""
        return [
            Cell(method, person, prompt, seed, slot)
            for method in self.methods
            for person in self.people
            for prompt, item in enumerate(self.prompts)
            for seed in range(self.seeds)
            for slot in (False, True)
            if not slot or (method_card(method).expression_slot and item.wanted.get(EXPRESSION) in self.slot)
        ]

    def facts(self, bundle: Bundle, judges: Judges) -> dict[str, Any]:
        """What must be the same for measurements to belong together."""
        return {
            "format": FORMAT,
            "release": facepersona_core.__version__,
            "bundle": bundle.sha256,
            "expressions": json_digest({name: vector.tolist() for name, vector in bundle.expressions.items()}),
            "judges": judges.sha256,
            "prompts": prompts_digest(self.prompts),
            "gallery": len(self.gallery),
            "steps": self.steps,
            "guidance": self.guidance,
            **({"candidates": self.candidates} if self.candidates > 1 else {}),
        }


def machine() -> dict[str, Any]:
    """What the seconds of a row are of: a run may be stopped on one machine and go on on another."""
    import torch

    return {"device": "cuda" if torch.cuda.is_available() else "cpu", "threads": torch.get_num_threads()}


def seed_of(cell: Cell) -> int:
    """The seed of a picture: the same for every method, another for every person, prompt and seed.

    >>> seed_of(Cell("face2diffusion", 900_003, 7, 1, False))
    901003007
    """
    return 1_000_000 * cell.seed + 1_000 * cell.person + cell.prompt


def run(
    bundle: Bundle,
    judges: Judges,
    plan: Plan,
    folder: RunFolder,
    progress: Progress = no_progress,
    build: Callable[[str, Bundle], Method] = build_method,
) -> None:
    """Make and measure what is missing of ``plan``. The photos of the people are in ``folder.people``. ``build``: from
    a method's key to the method as it is to be measured."""
    cells = plan.cells
    missing = [cell for cell in cells if cell not in folder]
    if not missing:
        return
    made = len(cells) - len(missing)
    work = _Work(bundle, judges, plan, folder, judges.gallery(folder.people, plan.gallery), build)
    for key in dict.fromkeys(cell.method for cell in missing):
        method = work.ready(key)
        for person in dict.fromkeys(cell.person for cell in missing if cell.method == key):
            subject = judges.subject(folder.people, person)
            persona = work.enrol(method, subject)
            likeness = Likeness(bundle, judges.reader, [subject.reference])
            for cell in (each for each in missing if (each.method, each.person) == (key, person)):
                progress(made / len(cells), f"{made} / {len(cells)}")
                work.make(method, persona, likeness, subject, cell)
                made += 1
    progress(1.0, f"{made} / {len(cells)}")


@dataclass(frozen=True)
class _Work:
    bundle: Bundle
    judges: Judges
    plan: Plan
    folder: RunFolder
    gallery: dict[int, np.ndarray]
    build: Callable[[str, Bundle], Method]

    def ready(self, key: str) -> Method:
        """The method ``key`` with everything loaded, so that no clock counts the loading."""
        method = self.build(key, self.bundle)
        _ = self.bundle.identity_encoder, self.bundle.expression_encoder, self.bundle.likeness_encoder
        subject = self.judges.subject(self.folder.people, self.plan.people[0])
        if method.card.fine_tunes:
            _ = self.bundle.pipeline
        else:
            persona = method.enrol([subject.reference])
            next(iter(method.generate(persona, Request("a photo of S*", steps=1))))
        return method

    def enrol(self, method: Method, subject: Subject) -> Persona:
        """The persona of ``subject``; how long that takes is kept the first time."""
        started = time.perf_counter()
        persona = method.enrol([subject.reference])
        if not self.folder.enrolled(method.card.key, subject.number):
            seconds = time.perf_counter() - started
            self.folder.add_enrolment(method.card.key, subject.number, {"enrol_seconds": seconds, "machine": machine()})
        return persona

    def make(self, method: Method, persona: Persona, likeness: Likeness, subject: Subject, cell: Cell) -> None:
        """Make one picture, measure it and keep both."""
        item, plan = self.plan.prompts[cell.prompt], self.plan
        text, expression = (item.plain or item.text, item.wanted[EXPRESSION]) if cell.slot else (item.text, None)
        settings: dict[str, Any] = {name: getattr(plan, name) for name in ("steps", "guidance", "candidates")}
        request = Request(text, seed_of(cell), expression=expression, **settings)
        started = time.perf_counter()
        (picture,) = draw_best(method, persona, request, likeness)
        timed = {"seconds": time.perf_counter() - started, "machine": machine()}
        measured = self.judges.measure(picture, subject, self.gallery)
        self.folder.add_picture(cell, picture, {**timed, "wanted": dict(item.wanted), **measured})
