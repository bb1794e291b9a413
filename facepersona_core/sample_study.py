"""A study in a folder: the plan, its pictures with recipes and scores. So a rater can start in the first minute.

``study.toml`` is the plan; ``pictures/`` holds the pictures as lossless WebP; ``pictures.json`` says of each its
``file``, the ``seconds`` it took, its ``recipe`` and its ``scores`` (fields of `Score`).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facepersona_core.study.design import Cell, dump_plan, load_plan
from facepersona_core.types import Picture, Score

if TYPE_CHECKING:
    from facepersona_core.composition import Workplace


def seed_study(workplace: Workplace, folder: Path) -> None:
    """Store the study in ``folder`` and its pictures, unless it is there already. Its people must be enrolled."""
    plan = load_plan(folder / "study.toml")
    if plan.name in {study.name for study in workplace.studies.list()}:
        return
    people = {person.name: person.id for person in workplace.people.list()}
    entries = json.loads((folder / "pictures.json").read_text("utf-8"))
    cells = {_cell(entry["recipe"]): _store(workplace, folder, entry, people) for entry in entries}
    workplace.studies.create(plan, cells)


def export_study(workplace: Workplace, name: str, folder: Path) -> None:
    """Write the study ``name`` so that `seed_study` brings it back elsewhere. Raises UnknownStudy."""
    study = workplace.studies.get(name)
    pictures = workplace.studies.pictures(study.id).values()
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    entries = [_export(workplace, picture_id, folder) for picture_id in pictures]
    (folder / "pictures.json").write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", "utf-8")
    dump_plan(study.plan, folder / "study.toml")


def _cell(recipe: dict[str, Any]) -> Cell:
    return Cell(recipe["person"], recipe["request"]["prompt"], recipe["method"], recipe["request"]["seed"])


def _store(workplace: Workplace, folder: Path, entry: dict[str, Any], people: dict[str, int]) -> int:
    from PIL import Image

    recipe = entry["recipe"]
    with Image.open(folder / "pictures" / entry["file"]) as image:
        picture = Picture(image.convert("RGB"), recipe)
    scores = [Score(**score) for score in entry["scores"]]
    return workplace.pictures.save(picture, people[recipe["person"]], scores, entry["seconds"]).id


def _export(workplace: Workplace, picture_id: int, folder: Path) -> dict[str, Any]:
    from PIL import Image

    record = workplace.pictures.get(picture_id)
    name = f"{record.recipe_hash[:16]}.webp"
    with Image.open(workplace.pictures.image_path(record)) as image:
        image.save(folder / "pictures" / name, "WEBP", lossless=True, method=6)
    scores = [asdict(score) for score in workplace.studio.scores(record)]
    return {"file": name, "seconds": round(record.seconds, 3), "recipe": dict(record.recipe), "scores": scores}
