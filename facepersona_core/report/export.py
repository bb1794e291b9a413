"""Writes a study as the files of `evidence`: everything the report needs, and no rater's name."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import facepersona_core
from facepersona_core.answers import write
from facepersona_core.errors import ConsentMissing, FolderNotEmpty
from facepersona_core.export import FORMATS
from facepersona_core.report import gallery
from facepersona_core.report.evidence import (
    FACTS,
    FORMAT,
    PLAN,
    THUMBNAILS,
    USES,
    Evidence,
    PersonFacts,
    read,
    reference_key,
)
from facepersona_core.study.plan import plan_text

if TYPE_CHECKING:
    import pandas as pd

    from facepersona_core.composition import Workplace
    from storage import PictureRecord, StudyRecord

SIDE = 256
"""Longest side of a thumbnail in pixels."""
SOFTWARE = ("numpy", "scipy", "pandas", "evalica", "pyarrow", "pillow")
"""Packages that decide on the figures; what made the pictures stands in their recipes."""


def study_files(workplace: Workplace, name: str) -> dict[str, bytes]:
    """The study ``name`` as files, relative path to contents; the same study always gives the same bytes, as long as
    nobody's consent changes or ends.

    Pictures of somebody whose consent does not cover it, now or at the newest vote, are left out. Raises
    UnknownStudy."""
    study = workplace.studies.get(name)
    ids = list(workplace.studies.pictures(study.id).values())
    records = [workplace.pictures.get(picture) for picture in ids]
    votes = workplace.ratings.votes(study.id)
    numbers = _numbers(votes)
    tables = {
        "votes": votes.assign(rater=[numbers[rater] for rater in votes["rater"]]).astype({"rater": "str"}),
        "scores": workplace.pictures.scores(ids),
        "pictures": _pictures(records),
    }
    facts = {**_facts(workplace, study), "practice": _practice(workplace, study, numbers)}
    files = {FACTS: _json(facts), PLAN: plan_text(study.plan).encode()}
    files |= {f"{table}{suffix}": to(rows) for table, rows in tables.items() for suffix, to in FORMATS.items()}
    return files | _thumbnails(workplace, read(files), records)


def write_files(files: dict[str, bytes], folder: Path) -> None:
    """Write ``files`` into ``folder``. Raises FolderNotEmpty, FolderNotWritable."""
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(path=folder)
    for name, data in files.items():
        write(folder / name, data)


def _facts(workplace: Workplace, study: StudyRecord) -> dict[str, Any]:
    from facepersona_core.methods import method_card
    from facepersona_core.metrics import METRICS

    return {
        "format": FORMAT,
        "name": study.name,
        "title": study.plan.title,
        "created": study.created_at.isoformat(),
        "people": [asdict(_person(workplace, name)) for name in study.plan.people],
        "pairs_for_people": workplace.studies.pairs_for_people(study.id),
        "methods": [asdict(method_card(key)) for key in study.plan.methods],
        "metrics": [asdict(entry.card) for entry in METRICS.values()],
        "software": {"facepersona": facepersona_core.__version__, "python": platform.python_version()}
        | {package: version(package) for package in SOFTWARE},
    }


def _person(workplace: Workplace, name: str) -> PersonFacts:
    person = workplace.people.get(name)
    given = workplace.people.consents(person.id)
    consent = None
    if given:
        newest = given[-1]
        times = {"given_at": newest.given_at, "expires_at": newest.form.expires_at, "withdrawn_at": newest.withdrawn_at}
        consent = {key: time.isoformat() if time else None for key, time in times.items()} | {
            "purposes": list(newest.form.purposes),
            "text_version": newest.form.text_version,
            "text_hash": newest.form.text_hash,
        }
    return PersonFacts(name, workplace.names_ja.get(name, name), person.synthetic, consent)


def _numbers(votes: pd.DataFrame) -> dict[str, str]:
    """Raters as R1, R2 ... in the order of their first vote."""
    names = votes["rater"].unique()
    digits = len(str(len(names)))
    return {rater: f"R{place:0{digits}}" for place, rater in enumerate(names, start=1)}


def _practice(workplace: Workplace, study: StudyRecord, numbers: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """How the practice of those who voted went, by number."""
    found = workplace.ratings.practice(study.id)
    return {number: found[name] for name, number in numbers.items() if name in found}


def _pictures(records: Sequence[PictureRecord]) -> pd.DataFrame:
    import pandas as pd

    columns = ("person", "prompt", "method", "seed", "sha256", "recipe_hash", "width", "height", "seconds")
    rows = [{name: getattr(record, name) for name in columns} for record in records]
    table = pd.DataFrame(rows, columns=list(columns))
    return table.assign(
        made=[record.created_at.isoformat() for record in records],
        recipe=[json.dumps(record.recipe, ensure_ascii=False, sort_keys=True) for record in records],
    )


def _thumbnails(workplace: Workplace, evidence: Evidence, records: Sequence[PictureRecord]) -> dict[str, bytes]:
    agreed = [person.name for person in evidence.people if person.agrees(evidence.as_of)]
    agreeing = {name for name in agreed if _stands(workplace, name)}
    stored = {record.sha256: record for record in records}
    files: dict[str, bytes] = {}
    for index, name in enumerate(evidence.plan.people):
        photos = workplace.people.photos(workplace.people.get(name).id) if name in agreeing else []
        files |= {f"{THUMBNAILS}/{reference_key(index)}.jpg": _small(photo) for photo in photos[:1]}
    for shown in gallery.shown(evidence):
        if shown.person in agreeing:
            data = workplace.pictures.image_path(stored[shown.sha256]).read_bytes()
            files[f"{THUMBNAILS}/{shown.key}.jpg"] = _small(data)
    return files


def _stands(workplace: Workplace, name: str) -> bool:
    """True when the consent of the person called ``name`` covers `USES` now, or nobody has to consent."""
    try:
        workplace.people.require(workplace.people.get(name), *USES)
    except ConsentMissing:
        return False
    return True


def _small(data: bytes) -> bytes:
    """``data`` as a JPEG file of pixels alone, at most `SIDE` long."""
    from PIL import Image, ImageOps

    buffer = BytesIO()
    with Image.open(BytesIO(data)) as image:
        small = ImageOps.exif_transpose(image).convert("RGB")
        small.thumbnail((SIDE, SIDE))
        clean = Image.new("RGB", small.size)
        clean.paste(small)
        clean.save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
