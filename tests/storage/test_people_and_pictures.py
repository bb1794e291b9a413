from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_store import PLAN, Store, noise, photo, picture

from facepersona_core.errors import ConsentMissing, NameTaken, StudyExists, StudyInvalid, UnknownPerson, UnknownStudy
from facepersona_core.study.design import Cell, cells, plan_pairs
from facepersona_core.types import Score
from storage import ConsentForm, StudyRecord
from storage.files import LEFT_BEHIND_SECONDS, FileStore

FORM = ConsentForm(
    confirmed_by="the person shown",
    text_version="1",
    text_hash="a" * 64,
    language="ja",
    purposes=("generate", "show"),
    adult=True,
    expires_at=datetime(2027, 1, 1, 9, tzinfo=timezone(timedelta(hours=9))),
)
CELL = Cell("Aoi", "a photo of S*", "face2diffusion", 2**32 - 1)


def test_a_person_is_stored_with_photos_and_consent(store: Store) -> None:
    jpeg = BytesIO()
    noise(1).save(jpeg, "JPEG")
    photos = [photo(0), jpeg.getvalue()]
    added = store.people.add("Aoi", photos, FORM, class_word="woman")
    assert store.people.get("Aoi") == added
    assert (added.class_word, added.synthetic, added.sample) == ("woman", False, False)
    assert [key.rpartition(".")[2] for key in added.photo_keys] == ["png", "jpg"]
    assert store.people.photos(added.id) == photos
    (consent,) = store.people.consents(added.id)
    assert consent.form == FORM
    assert consent.form.expires_at is not None
    assert consent.form.expires_at.tzinfo is UTC
    assert abs((datetime.now(UTC) - consent.given_at).total_seconds()) < 60
    assert consent.withdrawn_at is None


def test_a_phone_jpeg_with_a_second_picture_is_kept_as_it_is(store: Store) -> None:
    phone = BytesIO()
    noise(1).save(phone, "MPO", save_all=True, append_images=[noise(2)])
    person = store.people.add("Aoi", [phone.getvalue()], FORM)
    assert person.photo_keys[0].endswith(".jpg")
    assert store.people.photos(person.id) == [phone.getvalue()]


def test_names_are_unique_and_unknown_ones_say_who_is_known(store: Store) -> None:
    store.people.add("Aoi", [photo(0)], FORM)
    kept = sorted(store.files.root.rglob("*.png"))
    with pytest.raises(NameTaken):
        store.people.add("Aoi", [photo(1)], FORM)
    assert sorted(store.files.root.rglob("*.png")) == kept, "no photo stays of whom nobody can find"
    assert len(store.people.list()) == 1
    with pytest.raises(UnknownPerson, match="Known: Aoi"):
        store.people.get("Ben")


@pytest.mark.parametrize("form", [None, replace(FORM, adult=False), replace(FORM, purposes=("show",))])
def test_a_real_person_needs_consent(store: Store, form: ConsentForm | None) -> None:
    with pytest.raises(ConsentMissing):
        store.people.add("Aoi", [photo(0)], form)
    assert store.people.list() == []


def test_samples_come_first(store: Store) -> None:
    store.people.add("Aoi", [photo(0)], FORM)
    store.people.add("Zoe", [photo(1)], None, synthetic=True, sample=True)
    assert [person.name for person in store.people.list()] == ["Zoe", "Aoi"]


def test_a_picture_is_stored_once_with_its_recipe(store: Store) -> None:
    person = store.people.add("Aoi", [photo(0)], FORM)
    made = picture(CELL)
    score = Score("identity", "1", "b" * 64, 0.25, {"faces": 1})
    record = store.pictures.save(made, person.id, [score], 1.5)
    again = store.pictures.save(made, person.id, [replace(score, value=0.9), replace(score, version="2")], 7.0)
    assert again == record == store.pictures.get(record.id) == store.pictures.find(made.recipe_hash)
    assert (record.person, record.method, record.prompt, record.seed) == ("Aoi", CELL.method, CELL.prompt, CELL.seed)
    assert record.recipe == made.recipe
    with Image.open(store.pictures.image_path(record)) as stored:
        assert np.array_equal(np.asarray(stored), np.asarray(made.image))
        assert stored.info == {}
    table = store.pictures.scores([record.id])
    assert table["version"].tolist() == ["1", "2"]
    assert table["value"].tolist() == [0.25, 0.25], "the score that was there stays"
    assert table["image_sha256"].tolist() == [record.sha256] * 2
    assert table["details"].tolist() == [{"faces": 1}] * 2
    assert store.pictures.find("f" * 64) is None
    assert store.pictures.scores([]).empty


def test_a_study_keeps_its_plan_pairs_and_pictures(store: Store, study: StudyRecord) -> None:
    assert store.studies.get("tiny") == study
    assert study.plan == PLAN
    assert [pair.pair for pair in store.studies.pairs(study.id)] == plan_pairs(PLAN)
    ids = store.studies.pictures(study.id)
    assert list(ids) == cells(PLAN)
    scores = store.pictures.scores(ids.values())
    assert len(scores) == len(ids)
    assert scores.loc[scores["method"] == "class_word", "value"].isna().all(), "not measurable is not 0"
    with pytest.raises(UnknownStudy, match="Known: tiny"):
        store.studies.get("other")
    with pytest.raises(StudyExists):
        store.studies.create(PLAN, ids)
    with pytest.raises(StudyInvalid):
        store.studies.create(replace(PLAN, name="holes"), dict(list(ids.items())[1:]))
    assert [entry.name for entry in store.studies.list()] == ["tiny"]


def test_times_without_a_zone_are_refused(store: Store) -> None:
    with pytest.raises(Exception, match="time zone"):
        store.people.add("Aoi", [photo(0)], replace(FORM, expires_at=datetime(2027, 1, 1)))


def test_what_a_killed_write_left_behind_is_swept_and_what_is_being_written_stays(tmp_path: Path) -> None:
    files = FileStore(tmp_path)
    kept = files.path(files.put(b"whole", ".png"))
    left, young = kept.parent / ".half.unfinished", kept.parent / ".now.unfinished"
    for path in (left, young):
        path.write_bytes(b"part of a photo")
    long_ago = time.time() - LEFT_BEHIND_SECONDS - 60
    for path in (left, kept):
        os.utime(path, (long_ago, long_ago))
    FileStore(tmp_path)
    assert not left.exists()
    assert young.exists() and kept.read_bytes() == b"whole"
