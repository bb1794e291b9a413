"""A database, a file store and a small study of synthetic pictures; everything real, everything tiny."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np
from PIL import Image, PngImagePlugin

from facepersona_core.study.design import Cell, PromptItem, StudyPlan, cells
from facepersona_core.types import Picture, Score
from storage import Database, FileStore, People, Pictures, Ratings, Studies, StudyRecord, Vote, open_database

PLAN = StudyPlan(
    name="tiny",
    title={"en": "Tiny", "ja": "小さなスタディ"},
    people=("Aoi", "Ben"),
    prompts=(PromptItem("context", "a photo of S* at the beach"), PromptItem("expression", "a photo of S* smiling")),
    methods=("face2diffusion", "class_word", "dreambooth"),
    seeds=(7, 8),
    overlap=2,
    raters=2,
    gold_every=6,
    repeat_every=8,
)


@dataclass
class Store:
    """The repositories over one folder."""

    folder: Path
    db: Database
    files: FileStore
    people: People
    pictures: Pictures
    studies: Studies
    ratings: Ratings


def noise(seed: int, size: tuple[int, int] = (24, 24)) -> Image.Image:
    """A picture nobody has seen."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8))


def photo(seed: int, text: str = "") -> bytes:
    """A PNG file, with a text chunk if asked."""
    info, buffer = PngImagePlugin.PngInfo(), BytesIO()
    if text:
        info.add_text("Comment", text)
    noise(seed, (40, 30)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def picture(cell: Cell, size: tuple[int, int] = (24, 24)) -> Picture:
    """What a method would have made for ``cell``."""
    recipe = {"method": cell.method, "persona": cell.person, "request": {"prompt": cell.prompt, "seed": cell.seed}}
    return Picture(noise(crc32(repr(cell).encode()), size), recipe)


def open_store(folder: Path) -> Store:
    """Open what is in ``folder``."""
    db, files = open_database(f"sqlite:///{folder / 'facepersona.db'}"), FileStore(folder / "files")
    return Store(folder, db, files, People(db, files), Pictures(db, files), Studies(db), Ratings(db, files))


def fill(store: Store, plan: StudyPlan = PLAN) -> StudyRecord:
    """People, pictures and the study of ``plan``; the class word's pictures are smaller than the others."""
    people = {
        name: store.people.add(name, [photo(i, "camera of dreambooth")], None, synthetic=True)
        for i, name in enumerate(plan.people)
    }
    ids: dict[Cell, int] = {}
    for cell in cells(plan):
        size = (16, 16) if cell.method == "class_word" else (24, 24)
        score = Score("identity", "1", "0" * 64, None if cell.method == "class_word" else 0.5)
        ids[cell] = store.pictures.save(picture(cell, size), people[cell.person].id, [score], 0.1).id
    return store.studies.create(plan, ids)


def rate(store: Store, study: StudyRecord, *names: str, limit: int = 1000) -> None:
    """Votes at random by raters called ``names``, at most ``limit`` each; a name always says the same."""
    for name in names:
        rater, random = store.ratings.join(study.id, name, "en"), Random(name)
        for _ in range(limit):
            assignment = store.ratings.next(rater.id)
            if assignment is None:
                break
            sides = [random.choice(("left", "right", "tie")) for _ in range(2)]
            vote = Vote(*sides, random.random() < 0.5, True, 3.0)  # type: ignore[arg-type]
            store.ratings.vote(rater.id, assignment.id, vote)
