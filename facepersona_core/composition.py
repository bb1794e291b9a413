"""Puts the stores and the use cases together: the one place in the core that knows storage, for the app and the CLI."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facepersona_core.errors import FolderNotWritable
from facepersona_core.messages import text
from facepersona_core.sample_study import seed_study
from facepersona_core.settings import Settings
from facepersona_core.studio import Studio
from storage import (
    AccessKeys,
    ConsentForm,
    Database,
    FileStore,
    JobPictures,
    Jobs,
    People,
    Pictures,
    Ratings,
    Studies,
    open_database,
)

_EMBEDDED = Path(__file__).parent / "embedded"

CONSENT_VERSION = "1"
"""Raise it whenever the text under ``consent.text`` changes its meaning."""


@dataclass(frozen=True)
class Workplace:
    """Everything a command or a screen works with."""

    settings: Settings
    database: Database
    files: FileStore
    people: People
    pictures: Pictures
    studies: Studies
    ratings: Ratings
    studio: Studio
    names_ja: Mapping[str, str] = field(default_factory=dict)
    """Japanese names of the sample people, by name."""

    @property
    def jobs(self) -> Jobs:
        """Studies in the making."""
        return Jobs(self.database)

    @property
    def access(self) -> AccessKeys:
        """Keys of owners and analysts."""
        return AccessKeys(self.database)

    def worker_pictures(self) -> JobPictures:
        """The pictures as a worker keeps them: each with the end of its job."""
        return JobPictures(self.database, self.files)

    def close(self) -> None:
        """Finish what is being written and close the database."""
        self.database.close()


def open_workplace(settings: Settings, samples: Path | None = _EMBEDDED) -> Workplace:
    """Open the stores under ``settings.home`` (made if needed) and see that the samples are in them.

    ``samples`` holds ``people`` and, unless it is still to be made, ``sample_study``; None: whoever opened the
    stores before saw to that.

    Raises FolderNotWritable."""
    check_writable(settings.home)
    database = open_database(settings.database_url)
    files = FileStore(settings.pictures)
    people, pictures = People(database, files), Pictures(database, files)
    workplace = Workplace(
        settings=settings,
        database=database,
        files=files,
        people=people,
        pictures=pictures,
        studies=Studies(database),
        ratings=Ratings(database, files),
        studio=Studio(settings, people, pictures),
        names_ja={sample["name"]: sample["name_ja"] for sample in sample_people(samples / "people")} if samples else {},
    )
    if samples:
        seed_people(people, samples / "people")
        if (samples / "sample_study").is_dir():
            seed_study(workplace, samples / "sample_study")
    return workplace


def sample_people(root: Path = _EMBEDDED / "people") -> list[dict[str, Any]]:
    """The people in ``root``, by default those that ship: name, name_ja, slug, gender, class_word, photos.

    Photos are paths relative to ``root``."""
    people: list[dict[str, Any]] = json.loads((root / "people.json").read_text("utf-8"))
    return people


def seed_people(people: People, root: Path = _EMBEDDED / "people") -> None:
    """Enrol the sample people that are not there yet. They are synthetic, so nobody has to consent."""
    known = {person.name for person in people.list()}
    for sample in sample_people(root):
        if sample["name"] not in known:
            photos = [(root / photo).read_bytes() for photo in sample["photos"]]
            people.add(sample["name"], photos, None, sample["class_word"], synthetic=True, sample=True)


def check_writable(home: Path) -> None:
    """Make the folder ``home`` if needed and see that it takes files. Raises FolderNotWritable."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise FolderNotWritable(path=home, reason=error.strerror) from error


def consent_form(confirmed_by: str, language: str) -> ConsentForm:
    """The consent that ``confirmed_by`` gives by agreeing to the text under ``consent.text`` in ``language``."""
    words = text("consent.text", language)
    return ConsentForm(
        confirmed_by=confirmed_by,
        text_version=CONSENT_VERSION,
        text_hash=hashlib.sha256(words.encode()).hexdigest(),
        language=language,
        purposes=("generate", "show", "rate"),
        adult=True,
    )
