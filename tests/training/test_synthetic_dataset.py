"""The data set: sampling rules, format, resuming, independence of the number of workers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from training.synthetic import COEFFICIENTS
from training.synthetic.dataset import (
    HELD_OUT_CLOTHES_COLOUR,
    HELD_OUT_IDENTITIES,
    HELD_OUT_SCENE_EXPRESSION,
    TRAINING_IDENTITIES,
    render_dataset,
    shots_of,
)
from training.synthetic.sample_people import PHOTOS, SAMPLE_PEOPLE, sample_people

KEYS = {
    "identity", "expression", "expression_vector", "yaw", "pitch", "roll", "light", "scene", "clothes", "cloth_colour",
    "glasses", "hair", "hair_colour", "gender", "age", "beard", "landmarks5", "face_box", "zoom", "seed",
}  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_format(tmp_path: Path) -> None:
    render_dataset(1, 2, 48, tmp_path, workers=1, first=41)
    assert {p.name for p in tmp_path.iterdir()} == {"000041"}
    folder = tmp_path / "000041"
    assert {p.name for p in folder.iterdir()} == {
        "00.png", "00.mask.png", "01.png", "01.mask.png", "labels.json",
    }  # fmt: skip
    labels = json.loads((folder / "labels.json").read_text())
    assert labels["identity"] == 41
    for entry in labels["pictures"]:
        assert set(entry) == KEYS
        assert len(entry["expression_vector"]) == len(COEFFICIENTS) == 20
    assert Image.open(folder / "01.png").size == (48, 48)
    assert np.asarray(Image.open(folder / "01.mask.png")).dtype == bool


def test_resumes_and_ignores_the_number_of_workers(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    render_dataset(2, 1, 48, one, workers=1)
    (two / ".000001").mkdir(parents=True)
    (two / ".000001" / "00.png").write_bytes(b"left behind by a stopped run")
    render_dataset(1, 1, 48, two, workers=1)
    finished = (two / "000000" / "labels.json").stat().st_mtime_ns
    render_dataset(2, 1, 48, two, workers=2)
    assert (two / "000000" / "labels.json").stat().st_mtime_ns == finished
    assert contents(one) == contents(two)


def test_fewer_pictures_are_the_first_of_more() -> None:
    assert shots_of(5, 3) == shots_of(5, 12)[:3]


def test_sampling_never_shows_what_is_held_out_and_covers_the_rest() -> None:
    shots = [shot for identity in range(150) for shot in shots_of(identity, 12)]
    assert not {(s.scene, s.expression_name) for s in shots} & HELD_OUT_SCENE_EXPRESSION
    assert not {(s.clothes, s.cloth_colour) for s in shots} & HELD_OUT_CLOTHES_COLOUR
    assert len({s.scene for s in shots}) == 23 and len({s.expression_name for s in shots}) == 10
    assert len({s.light for s in shots}) == 7 and len({s.clothes for s in shots}) == 8
    share = {a: np.mean([s.accessory == a for s in shots]) for a in ("own", None, "sunglasses")}
    assert abs(share["own"] - 0.70) < 0.04 and abs(share[None] - 0.12) < 0.03 and abs(share["sunglasses"] - 0.09) < 0.03
    assert max(abs(s.yaw) for s in shots) <= 40 and max(abs(s.pitch) for s in shots) <= 14


def test_held_out_people_are_no_training_people() -> None:
    assert not set(HELD_OUT_IDENTITIES) & set(TRAINING_IDENTITIES)
    assert len(HELD_OUT_IDENTITIES) == 120
    assert all(person.identity in HELD_OUT_IDENTITIES for person in SAMPLE_PEOPLE)
    assert len({p.identity for p in SAMPLE_PEOPLE}) == len({p.slug for p in SAMPLE_PEOPLE}) == 12


def test_sample_people_are_written_with_a_list(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("training.synthetic.sample_people.SIZE", 48)
    monkeypatch.setattr("training.synthetic.sample_people.SUPERSAMPLING", 1)
    monkeypatch.setattr("training.synthetic.sample_people.SAMPLE_PEOPLE", SAMPLE_PEOPLE[:2])
    sample_people(tmp_path)
    entries = json.loads((tmp_path / "people.json").read_text(encoding="utf-8"))
    assert [e["name"] for e in entries] == [p.name for p in SAMPLE_PEOPLE[:2]]
    for entry in entries:
        assert set(entry) == {"name", "name_ja", "slug", "identity", "gender", "class_word", "photos"}
        assert len(entry["photos"]) == len(PHOTOS)
        assert all((tmp_path / photo).is_file() for photo in entry["photos"])
