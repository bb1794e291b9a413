"""Measures every condition of every person once, and goes on where it was stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from training.robustness.conditions import BASE, CONDITIONS, photo_of
from training.robustness.gauge import NETWORKS, Gallery, Gauge, Row, face_facts, group_row, photo_row
from training.robustness.photos import Photo, clean_photo, measured_people, ordinary_photos, second_photo
from training.synthetic import sample_identity
from training.synthetic.references import GALLERY

GROUPS = (1, 2, 4)
"""How many photos a person is enrolled with."""
ORDINARY = 8
"""Ordinary photos a person; every group size uses all of them."""
THUMBNAIL = 96


def measure(out: Path, bundle: Path, people: int, gallery: Sequence[int] = GALLERY) -> list[Row]:
    """Measure ``people`` persons of ``gallery`` with the networks of ``bundle`` into ``out``; one row a person.

    What ``out`` holds already is not measured again. Raises ValueError when it was measured with other weights."""
    gauge = Gauge(bundle)
    for folder in ("people", "images"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    _stamp(out / "weights.json", {"weights": gauge.weights})
    known = _gallery(gauge, out, gallery)
    chosen = [identity for identity in measured_people(len(GALLERY)) if identity in known.identities][:people]
    bar = tqdm(chosen, unit="person", desc="measuring")
    return [_person(gauge, known, out, identity, first=identity == chosen[0]) for identity in bar]


def clean_rows(out: Path) -> list[Row]:
    """What the app measures on the clean photo of everybody in the gallery, and how dark their skin truly is."""
    rows: list[Row] = json.loads((out / "gallery.json").read_text("utf-8"))
    return rows


def _stamp(path: Path, stamp: dict[str, str]) -> None:
    if path.is_file() and json.loads(path.read_text("utf-8")) != stamp:
        raise ValueError(f"{path.parent} holds figures of other weights. Choose an empty folder for --out.")
    _write(path, stamp)


def _gallery(gauge: Gauge, out: Path, people: Sequence[int]) -> Gallery:
    """The gallery from ``out``, or measured now. A person whose clean photo shows no face is left out."""
    if not (out / "gallery.json").is_file():
        read = {identity: gauge.read(clean_photo(identity)) for identity in tqdm(people, unit="photo", desc="gallery")}
        faces = {identity: face for identity, face in read.items() if not isinstance(face, str)}
        vectors = {identity: gauge.vectors([face]) for identity, face in faces.items()}
        stacked = {name: np.stack([vectors[identity][name] for identity in faces]) for name in NETWORKS}
        np.savez(out / "gallery.npz", identities=np.array(list(faces)), allow_pickle=False, **stacked)
        rows = [
            {"identity": who, "melanin": sample_identity(who).skin.melanin, "measures": face_facts(face)}
            for who, face in faces.items()
        ]
        _write(out / "gallery.json", rows)
    with np.load(out / "gallery.npz") as stored:
        tables = {name: stored[name] for name in NETWORKS}
        identities = [int(identity) for identity in stored["identities"]]
    return Gallery({who: {name: tables[name][i] for name in NETWORKS} for i, who in enumerate(identities)})


def _person(gauge: Gauge, gallery: Gallery, out: Path, identity: int, first: bool) -> Row:
    path = out / "people" / f"{identity}.json"
    row: Row = json.loads(path.read_text("utf-8")) if path.is_file() else {"identity": identity, "photos": {}}
    wanted = [(key, level) for key, condition in CONDITIONS.items() for level in condition.levels]
    missing = [(key, level) for key, level in wanted if f"{key} {level}" not in row["photos"]]
    if not missing and "several" in row:
        return row
    base = second_photo(identity)
    row["photos"].setdefault(BASE, photo_row(gauge, gallery, base, identity))
    shown = {BASE: base}
    for key, level in missing:
        photo = shown[f"{key} {level}"] = photo_of(identity, key, level, base)
        row["photos"][f"{key} {level}"] = photo_row(gauge, gallery, photo, identity)
    if "several" not in row:
        row.update(_several(gauge, gallery, identity))
    if first and len(missing) == len(wanted):
        sheet(shown).save(out / "images" / "robustness_levels.jpg", quality=86)
    _write(path, row)
    return row


def _several(gauge: Gauge, gallery: Gallery, identity: int) -> Row:
    """Ordinary photos alone, and the person enrolled with 1, 2 and 4 of them."""
    photos = ordinary_photos(identity, ORDINARY)
    faces = [gauge.read(photo) for photo in photos]
    groups = {
        str(size): [
            group_row(gauge, gallery, faces[start : start + size], identity) for start in range(0, ORDINARY, size)
        ]
        for size in GROUPS
    }
    ordinary = [
        {**row, "truth": photo.truth, **({} if isinstance(face, str) else {"measures": face_facts(face)})}
        for row, photo, face in zip(groups["1"], photos, faces, strict=True)
    ]
    return {"several": groups, "ordinary": ordinary}


def sheet(photos: dict[str, Photo], side: int = THUMBNAIL) -> Image.Image:
    """One row a condition, the clean photo first, then its levels."""
    columns = 1 + max(len(condition.levels) for condition in CONDITIONS.values())
    page = Image.new("RGB", (columns * side, len(CONDITIONS) * side), "white")
    for row, (key, condition) in enumerate(CONDITIONS.items()):
        for column, name in enumerate((BASE, *(f"{key} {level}" for level in condition.levels))):
            picture = Image.fromarray(photos[name].pixels).resize((side, side), Image.Resampling.LANCZOS)
            page.paste(picture, (column * side, row * side))
    return page


def _write(path: Path, value: Any) -> None:
    """All of the file or nothing."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, indent=1) + "\n", "utf-8")
    os.replace(part, path)
