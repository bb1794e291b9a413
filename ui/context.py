"""What every screen is given: the stores, the use cases, and the page's live texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ui.i18n import LiveTexts

if TYPE_CHECKING:
    from facepersona_core.settings import Settings
    from facepersona_core.studio import Studio
    from facepersona_core.study.workers import Workers
    from storage.database import Database
    from storage.files import FileStore
    from storage.jobs import Jobs
    from storage.people import People
    from storage.pictures import Pictures
    from storage.ratings import Ratings
    from storage.studies import Studies


@dataclass(frozen=True)
class AppContext:
    """One object a process; `live` is replaced by `ui.shell` for each page that is built."""

    settings: Settings
    database: Database
    files: FileStore
    people: People
    pictures: Pictures
    studies: Studies
    ratings: Ratings
    studio: Studio
    live: LiveTexts = field(default_factory=LiveTexts)
    """Texts that follow the language switch; see `ui.i18n.LiveTexts`. Its ``language`` component gives
    handlers the language ("en" or "ja") as an input."""
    names_ja: Mapping[str, str] = field(default_factory=dict)
    """Japanese names of the sample people, by name."""
    workers: Workers | None = None
    """The worker processes that the app keeps for studies; None where it keeps none."""

    @property
    def jobs(self) -> Jobs:
        """Studies in the making."""
        from storage.jobs import Jobs

        return Jobs(self.database)
