"""The export: complete, without names of raters, with no picture of somebody who did not agree to it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from facepersona_core.errors import ExportInvalid, FolderNotEmpty
from facepersona_core.report import gallery
from facepersona_core.report.blocks import Table
from facepersona_core.report.data import ReportData, gather
from facepersona_core.report.evidence import Evidence, PersonFacts, read, read_folder, reference_key
from facepersona_core.report.export import study_files, write_files
from facepersona_core.report.make import html_file
from facepersona_core.report.parameters import Parameters
from facepersona_core.report.roi import assumptions
from facepersona_core.report.sections import agreement
from facepersona_core.report.view import View
from facepersona_core.report.words import Words
from storage.tables import ConsentRow, now


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_report_from_the_export_is_the_one_from_the_database(workplace: Any, tmp_path: Path, language: str) -> None:
    given = Parameters(roi=assumptions({"today_cost": 12.0, "currency": "EUR"}))
    from_database = html_file(gather(read(study_files(workplace, "small")), given), language)
    write_files(study_files(workplace, "small"), tmp_path / "export")
    assert html_file(gather(read_folder(tmp_path / "export"), given), language) == from_database


def test_no_rater_is_named_and_tables_for_people_say_the_same(files: dict[str, bytes], evidence: Evidence) -> None:
    assert not any(b"Simulated rater" in data for name, data in files.items() if name != "study.json")
    assert sorted(evidence.votes["rater"].unique()) == [f"R{n}" for n in range(1, 6)]
    for table in ("votes", "scores", "pictures"):
        rows = pd.read_csv(BytesIO(files[f"{table}.csv"]))
        assert list(rows.columns) == list(getattr(evidence, table).columns)
        assert len(rows) == len(getattr(evidence, table))


def test_the_practice_of_raters_travels_under_their_numbers(files: dict[str, bytes], evidence: Evidence) -> None:
    """R2 left it out, and of R4 there is none on record."""
    assert evidence.practice == {"R1": (17, 20), "R2": (0, 0), "R3": (20, 20)}
    facts = json.loads(files["study.json"])
    del facts["practice"]  # as an earlier release wrote it
    assert read({**files, "study.json": json.dumps(facts).encode()}).practice == {}


@pytest.mark.parametrize(("language", "left_out"), [("en", "left out"), ("ja", "省略")])
def test_the_table_of_raters_says_how_the_practice_went(data: ReportData, language: str, left_out: str) -> None:
    words = Words(language)
    (table,) = [
        block
        for block in agreement.blocks(View(data, words))
        if isinstance(block, Table) and block.title == words("agreement.raters")
    ]
    assert table.head[1] == words("agreement.rater.practice") and {len(row) for row in table.rows} == {len(table.head)}
    assert [row[1] for row in table.rows] == ["17 / 20", left_out, "20 / 20", words.unknown, words.unknown]


def test_only_people_who_agreed_are_shown(files: dict[str, bytes], evidence: Evidence) -> None:
    agreeing = {person.name for person in evidence.people if person.agrees(evidence.as_of)}
    assert agreeing == {"Aoi", "Ben"}  # Chie agreed to generating alone
    assert [reference_key(i) in evidence.thumbnails for i in range(3)] == [True, True, False]
    hashes = evidence.pictures.set_index("sha256")["person"]
    shown = {hashes[one.sha256] for one in gallery.shown(evidence) if one.key in evidence.thumbnails}
    wanted = {one.person for one in gallery.shown(evidence)}
    assert shown == {"Aoi", "Ben"} and wanted == {"Aoi", "Ben", "Chie"}
    assert all(data[:2] == b"\xff\xd8" for name, data in files.items() if name.startswith("thumbnails/"))


def test_consent_ends() -> None:
    consent = {"purposes": ["generate", "show", "rate"], "expires_at": None, "withdrawn_at": None}
    person = PersonFacts("Aoi", "Aoi", False, consent)
    assert person.agrees("2026-01-02T00:00:00+00:00")
    ended = replace(person, consent={**consent, "expires_at": "2026-01-01T00:00:00+00:00"})
    assert not ended.agrees("2026-01-02T00:00:00+00:00")
    assert ended.agrees("2025-12-31T00:00:00+00:00"), "the study kept to it"
    withdrawn = replace(person, consent={**consent, "withdrawn_at": "2026-01-01T00:00:00+00:00"})
    assert not withdrawn.agrees("2026-01-02T00:00:00+00:00")
    assert not withdrawn.agrees("2025-12-31T00:00:00+00:00"), "also after the newest vote"
    assert not replace(person, consent=None).agrees("2026-01-02T00:00:00+00:00")


@pytest.mark.parametrize(("end", "agreeing"), [("expires_at", 2), ("withdrawn_at", 1)])
def test_a_consent_that_ended_after_the_newest_vote_shows_no_picture(
    workplace: Any, files: dict[str, bytes], end: str, agreeing: int
) -> None:
    """Ben's consent ends after the newest vote and before the export."""

    def set_end(session: Session, moment: datetime | None) -> None:
        row = session.scalars(select(ConsentRow).where(ConsentRow.name == "Ben")).one()
        setattr(row, end, moment)

    workplace.database.write(lambda session: set_end(session, now()))
    try:
        found = study_files(workplace, "small")
        assert study_files(workplace, "small") == found
    finally:
        workplace.database.write(lambda session: set_end(session, None))
    ended = read(found)
    assert sum(person.agrees(ended.as_of) for person in ended.people) == agreeing
    hashes = ended.pictures.set_index("sha256")["person"]
    shown = {hashes[one.sha256] for one in gallery.shown(ended) if one.key in ended.thumbnails}
    assert shown == {"Aoi"} and [reference_key(i) in ended.thumbnails for i in range(3)] == [True, False, False]
    assert study_files(workplace, "small") == files, "nothing but consent has changed"


def test_faults_are_counted_and_shown_once(evidence: Evidence) -> None:
    found = gallery.faults(evidence, "face2diffusion")
    assert found.counts["no_face"] == 1 and found.pictures == 12
    assert [one.person for one in found.worst["no_face"]] == ["Ben"]
    every = [one.sha256 for worst in found.worst.values() for one in worst]
    assert len(every) == len(set(every))
    stranger = gallery.faults(evidence, "class_word")
    assert stranger.counts["unlike"] == 12
    values = [one.identity for one in stranger.worst["unlike"]]
    assert values == sorted(values, key=lambda value: value or 0.0)
    answers = evidence.votes[
        ~evidence.votes["is_gold"] & ~evidence.votes["repeat"] & (evidence.votes["axis"] == "text")
    ]
    one = next(one for worst in stranger.worst.values() for one in worst if one.refused is not None)
    same = answers[(answers["person"] == one.person) & (answers["prompt"] == one.prompt)]
    said = [*same.loc[same["left"] == one.method, "left_ok"], *same.loc[same["right"] == one.method, "right_ok"]]
    assert one.refused == pytest.approx(1 - sum(said) / len(said))


def test_a_folder_with_something_in_it_is_left_alone(files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(FolderNotEmpty):
        write_files(files, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_what_is_no_export_is_refused(files: dict[str, bytes]) -> None:
    for bad in (
        {name: data for name, data in files.items() if name != "plan.toml"},
        {**files, "votes.parquet": b"no table"},
        {**files, "study.json": b"{"},
        {**files, "study.json": files["study.json"].replace(b'"format": 1', b'"format": 9')},
    ):
        with pytest.raises(ExportInvalid):
            read(bad)
