"""A study as files, read back: the one source of everything the report says.

    study.json      title, times, people with their consent, how many pairs people are asked about, cards of methods and
                    metrics, raters' practice, releases of the software
    plan.toml       the plan
    votes, scores, pictures    tables, each as .parquet (which is read) and as .csv (for people)
    thumbnails/     small copies of the pictures that the report shows, and of the reference photos

The same files may lie in a folder or in memory, so that a report from the database and one from its export cannot
differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from facepersona_core.analysis.frame import newest
from facepersona_core.errors import ExportInvalid
from facepersona_core.study.plan import StudyPlan, parse_plan

if TYPE_CHECKING:
    import pandas as pd

Files = Mapping[str, bytes]
"""Relative path to contents."""

FORMAT = 1
"""Of the files; raise it when an older export can no longer be read."""
TABLES = ("votes", "scores", "pictures")
FACTS, PLAN = "study.json", "plan.toml"
NEEDED = (FACTS, PLAN, *(f"{table}.parquet" for table in TABLES))
THUMBNAILS = "thumbnails"
USES: tuple[Literal["generate", "show", "rate"], ...] = ("generate", "show", "rate")
"""Purposes that a person's consent must cover for a study."""


@dataclass(frozen=True)
class PersonFacts:
    """One person of a study."""

    name: str
    name_ja: str
    synthetic: bool
    """No such human being exists."""
    consent: Mapping[str, Any] | None
    """The newest consent: given_at, expires_at, withdrawn_at (ISO 8601 or None), purposes, text_version, text_hash."""

    def agrees(self, as_of: str) -> bool:
        """True when nobody has to consent, or the consent covers `USES`, has not expired at the time ``as_of`` (ISO
        8601, UTC) and is not withdrawn.

        A withdrawal counts whenever it came: it takes back what was agreed to, also for votes given before. An expiry
        was agreed to beforehand and is judged at ``as_of``, not today, so that an export gives the same report on any
        day."""
        if self.synthetic or self.consent is None:
            return self.synthetic
        expires, withdrawn = self.consent["expires_at"], self.consent["withdrawn_at"]
        return set(USES) <= set(self.consent["purposes"]) and not withdrawn and (expires is None or expires > as_of)


@dataclass(frozen=True)
class Evidence:
    """What a report is made of."""

    plan: StudyPlan
    facts: Mapping[str, Any]
    """``study.json``."""
    votes: pd.DataFrame
    """As `storage.export.COLUMNS`, raters under numbers instead of names."""
    scores: pd.DataFrame
    """As `storage.Pictures.scores`."""
    pictures: pd.DataFrame
    """person, prompt, method, seed, sha256, recipe_hash, width, height, seconds, made, recipe (JSON)."""
    thumbnails: Mapping[str, bytes]
    """JPEG files by the first 16 digits of a picture's SHA-256, or by `reference_key` of a person."""
    hashes: Mapping[str, str]
    """SHA-256 of every file but the thumbnails, by name."""

    @cached_property
    def people(self) -> tuple[PersonFacts, ...]:
        """In the order of the plan."""
        return tuple(PersonFacts(**entry) for entry in self.facts["people"])

    @cached_property
    def as_of(self) -> str:
        """When the newest vote, else the newest picture, came in (ISO 8601, UTC): the date of the report."""
        times = self.votes["at"].dropna()
        return str(times.max().isoformat() if len(times) else max([*self.pictures["made"], self.facts["created"]]))

    @property
    def practice(self) -> Mapping[str, tuple[int, int]]:
        """(right, asked) answers of the practice by rater, (0, 0) when it was left out; without those who have none on
        record, and empty in an export from before it was kept."""
        return {rater: (right, asked) for rater, (right, asked) in self.facts.get("practice", {}).items()}

    @property
    def pairs(self) -> tuple[int, int]:
        """How many ordinary pairs the plan has, and about how many of them people are asked: all in an export from
        before it was kept which ones the machine decides."""
        methods = len(self.plan.methods)
        every = len(self.plan.scenes) * methods * (methods - 1) // 2
        return every, self.facts.get("pairs_for_people", every)

    @cached_property
    def newest_scores(self) -> pd.DataFrame:
        """`scores` as they count for the figures."""
        return newest(self.scores)


def reference_key(index: int) -> str:
    """Name of the thumbnail of the reference photo of person ``index`` of the plan."""
    return f"reference-{index}"


def read_folder(folder: Path) -> Evidence:
    """The study that ``facepersona study export`` wrote into ``folder``. Raises ExportInvalid."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return read(files, str(folder))


def read(files: Files, name: str = "") -> Evidence:
    """The study in ``files``; ``name`` is what to call them in an error. Raises ExportInvalid, StudyInvalid."""
    if missing := [needed for needed in NEEDED if needed not in files]:
        raise ExportInvalid(name=name, seen=", ".join(sorted(files)[:8]) or "-", expected=", ".join(missing))
    try:
        facts = json.loads(files[FACTS])
        plan = parse_plan(files[PLAN], PLAN)
        votes, scores, pictures = (_table(files, table) for table in TABLES)
    except (ValueError, OSError) as error:  # of the parsers: damaged or not what the name says
        raise ExportInvalid(name=name, seen=str(error), expected="JSON, Parquet") from error
    if facts.get("format") != FORMAT:
        raise ExportInvalid(name=name, seen=f"format = {facts.get('format')}", expected=f"format = {FORMAT}")
    small = {Path(key).stem: data for key, data in files.items() if key.startswith(f"{THUMBNAILS}/")}
    hashes = {key: hashlib.sha256(data).hexdigest() for key, data in sorted(files.items()) if "/" not in key}
    scores = scores.assign(details=[json.loads(each) for each in scores["details"]])
    return Evidence(plan, facts, votes, scores, pictures, small, hashes)


def _table(files: Files, name: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(BytesIO(files[f"{name}.parquet"]))
