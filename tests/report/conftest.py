"""One small study with votes by a known rule, made once; what the tests look at is read from its export."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from simulated import cast_votes
from tiny_store import open_store, photo, picture

from facepersona_core.report.data import ReportData, gather
from facepersona_core.report.evidence import Evidence, read
from facepersona_core.report.export import study_files
from facepersona_core.report.parameters import Parameters
from facepersona_core.study.design import Cell, PromptItem, StudyPlan, cells
from facepersona_core.types import Score
from storage import ConsentForm

PLAN = StudyPlan(
    name="small",
    title={"en": "A <small> study (simulated votes)", "ja": "小さなスタディ（模擬投票）"},
    people=("Aoi", "Ben", "Chie"),
    prompts=tuple(
        PromptItem(axis, f"a photo of S* {words}")
        for axis, words in (("context", "at the beach"), ("context", "in a library"), ("light", "backlit"), ("x", "up"))
    ),
    methods=("face2diffusion", "dreambooth", "class_word"),
    seeds=(7,),
    overlap=3,
    raters=5,
    gold_every=6,
    repeat_every=8,
)
MEANS = {"face2diffusion": (0.7, 0.8), "dreambooth": (0.8, 0.4), "class_word": (0.1, 0.8)}
NO_FACE = Cell("Ben", "a photo of S* backlit", "face2diffusion", 7)
EMPTY = "nobody-rated"


def scores(cell: Cell, place: int) -> list[Score]:
    """Scores around the method's means; one picture has no face."""
    identity, text = (
        mean + 0.1 * ((place * step) % 7 - 3) / 3 for mean, step in zip(MEANS[cell.method], (2, 5), strict=True)
    )
    details = {"faces": 0} if cell == NO_FACE else {"faces": 1, "cosine": 0.4, "floor": 0.01, "ceiling": 0.63}
    known = None if cell == NO_FACE else identity
    return [
        Score("identity_similarity", "1", "a" * 64, known, details),
        Score("text_match", "1.1", "b" * 64, text, {"scene.beach": text}),
    ]


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Stores with two studies, ``small`` and the same without any vote; Ben is real and agreed, Chie withdrew."""
    store = open_store(tmp_path_factory.mktemp("report"))
    consent = ConsentForm("Ben", "1", "c" * 64, "en", ("generate", "show", "rate"), adult=True)
    narrow = ConsentForm("Chie", "1", "c" * 64, "en", ("generate",), adult=True)
    people = {
        "Aoi": store.people.add("Aoi", [photo(1)], None, synthetic=True),
        "Ben": store.people.add("Ben", [photo(2)], consent),
        "Chie": store.people.add("Chie", [photo(3)], narrow),
    }
    made = {
        cell: store.pictures.save(picture(cell), people[cell.person].id, scores(cell, i), 1.0 + 0.1 * (i % 5)).id
        for i, cell in enumerate(cells(PLAN))
    }
    store.studies.create(PLAN, made)
    store.studies.create(StudyPlan(**{**vars(PLAN), "name": EMPTY}), made)
    opened = SimpleNamespace(**{**vars(store), "database": store.db, "names_ja": {"Aoi": "葵"}})
    cast_votes(opened, "small", 5, careless=1)
    for number, practice in enumerate(((17, 20), (0, 0), (20, 20)), start=1):
        rater = store.ratings.join(store.studies.get("small").id, f"Simulated rater {number}", "en")
        store.ratings.practised(rater.id, *practice)
    yield opened
    store.db.close()


@pytest.fixture(scope="session")
def files(workplace: Any) -> dict[str, bytes]:
    """The export of ``small``."""
    return study_files(workplace, "small")


@pytest.fixture(scope="session")
def evidence(files: dict[str, bytes]) -> Evidence:
    """What the export says."""
    return read(files)


@pytest.fixture(scope="session")
def data(evidence: Evidence) -> ReportData:
    """The figures of ``small``."""
    return gather(evidence, Parameters())
