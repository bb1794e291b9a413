"""A study begins: its plan is checked against who and what there is, and becomes jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import facepersona_core
from facepersona_core.methods import method_card
from facepersona_core.study.design import StudyPlan, cells
from facepersona_core.study.jobs import StudyRun, Task
from facepersona_core.types import Request, json_digest

if TYPE_CHECKING:
    from facepersona_core.bundle import Bundle


class PeopleBook(Protocol):
    """Where people are found; `storage.People` is one."""

    def get(self, name: str) -> Any: ...
    def require(self, person: Any, *purposes: Any) -> None: ...


class StartStore(Protocol):
    """Where the work goes; `storage.Jobs` is one."""

    def start(self, plan: StudyPlan, tasks: Sequence[Task], bundle: str) -> StudyRun: ...


def start_study(people: PeopleBook, jobs: StartStore, bundle: Bundle, plan: StudyPlan) -> StudyRun:
    """Put the work of ``plan`` where workers find it; the same plan again finds what was started before.

    Raises UnknownPerson, UnknownMethod, PromptInvalid, RequestInvalid, ConsentMissing, StudyExists."""
    photos = check_plan(people, bundle, plan)
    settings = {name: bundle.info["defaults"][name] for name in ("steps", "guidance")}  # a study draws once
    model = {"bundle": bundle.sha256, "release": facepersona_core.__version__, **settings}
    return jobs.start(plan, plan_tasks(plan, photos, model), bundle.sha256)


def check_plan(book: PeopleBook, bundle: Bundle, plan: StudyPlan) -> dict[str, tuple[str, ...]]:
    """The photo keys of each person of ``plan``, once everything in it is known and agreed to. Raises: see above."""
    people = {name: book.get(name) for name in plan.people}
    for method in plan.methods:
        method_card(method)
    for item in plan.prompts:
        for seed in plan.seeds:
            bundle.check(Request(item.text, seed=seed))
    for person in people.values():
        book.require(person, "generate", "rate")
    return {name: person.photo_keys for name, person in people.items()}


def plan_tasks(plan: StudyPlan, photos: Mapping[str, Sequence[str]], model: Mapping[str, Any]) -> list[Task]:
    """The work of ``plan`` in order: each picture, and before the first of a person what a method must learn.

    ``photos`` are the content keys of each person's photos; ``model`` is what decides about a picture besides."""
    tasks: dict[str, Task] = {}
    for cell in cells(plan):
        person = {"person": cell.person, "photos": list(photos[cell.person]), "method": cell.method, **model}
        needs = ""
        if method_card(cell.method).fine_tunes:
            needs = json_digest(["enrol", person])
            tasks[needs] = Task("enrol", cell.person, cell.method, needs)
        key = json_digest(["picture", person, cell.prompt, cell.seed])
        tasks[key] = Task("picture", cell.person, cell.method, key, cell.prompt, cell.seed, needs)
    return list(tasks.values())
