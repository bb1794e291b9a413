"""A real workplace in a temporary folder: the bundle that ships, people from the test folder, few steps."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from facepersona_core.composition import Workplace, open_workplace
from facepersona_core.settings import Settings
from facepersona_core.types import Request

PHOTOS = Path(__file__).parents[1] / "data" / "people"
NAMES = ("Aoi", "Ben", "Chidi")
SCENE = Request("a photo of S* smiling at the beach", seed=7, count=2, steps=2)


def samples(folder: Path) -> Path:
    """``folder`` with three sample people in the format of the ones that ship; the third has two photos."""
    people = []
    for name, source in zip(NAMES, sorted(PHOTOS.iterdir()), strict=False):
        photos = ["00.png", "01.png"] if name == "Chidi" else ["00.png"]
        (folder / "people" / name.lower()).mkdir(parents=True)
        for photo in photos:
            shutil.copy(source / photo, folder / "people" / name.lower())
        person = {"name": name, "name_ja": f"{name}さん", "slug": name.lower(), "class_word": "person"}
        people.append({**person, "photos": [f"{name.lower()}/{photo}" for photo in photos]})
    (folder / "people" / "people.json").write_text(json.dumps(people), "utf-8")
    return folder


def open_test_workplace(folder: Path) -> Workplace:
    """A workplace whose home and samples are under ``folder``."""
    settings = replace(Settings.from_environment(), home=folder / "home")
    return open_workplace(settings, samples(folder / "samples"))


def photo(person: int, number: int = 0) -> bytes:
    """A picture file of one of the people of the test folder."""
    return (sorted(PHOTOS.iterdir())[person] / f"0{number}.png").read_bytes()
