"""Makes the pictures of a study. What was made before is found by its recipe, so a run that was stopped goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from facepersona_core.study.design import Cell, StudyPlan, cells
from facepersona_core.types import Progress, Request, no_progress

if TYPE_CHECKING:
    from facepersona_core.studio import PersonLike, Studio


def make_pictures(
    studio: Studio,
    person: Callable[[str], PersonLike],
    plan: StudyPlan,
    progress: Progress = no_progress,
) -> dict[Cell, int]:
    """The picture id of every cell of ``plan``; ``person`` finds somebody by name, as `storage.People.get` does.

    Steps and guidance are the bundle's own. ``progress`` hears the method in work. Raises, before any work,
    UnknownMethod, PromptInvalid and what ``person`` raises."""
    from facepersona_core.methods import method_card
    from facepersona_core.prompt import check_prompt

    people = {name: person(name) for name in plan.people}
    for method in plan.methods:
        method_card(method)
    for item in plan.prompts:
        check_prompt(item.text)
    defaults, wanted, made = studio.bundle.info["defaults"], cells(plan), dict[Cell, int]()
    for index, cell in enumerate(wanted):
        request = Request(cell.prompt, seed=cell.seed, steps=defaults["steps"], guidance=defaults["guidance"])
        progress(index / len(wanted), cell.method)
        (picture,) = studio.generate(people[cell.person], cell.method, request)
        made[cell] = picture.record.id
    progress(1.0, "done")
    return made
