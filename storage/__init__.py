"""What must survive: people, consents, pictures with their recipes, studies, votes and the audit log.

Nothing here knows a screen or a model. Records that leave are frozen dataclasses of plain values.
"""

from storage.database import Database, open_database, sqlite_note
from storage.files import FileStore
from storage.people import People
from storage.pictures import Pictures
from storage.ratings import Ratings
from storage.records import (
    Assignment,
    ConsentForm,
    ConsentRecord,
    PairRecord,
    PersonRecord,
    PictureRecord,
    Rater,
    StudyRecord,
    Vote,
)
from storage.studies import Studies

__all__ = [
    "Assignment",
    "ConsentForm",
    "ConsentRecord",
    "Database",
    "FileStore",
    "PairRecord",
    "People",
    "PersonRecord",
    "PictureRecord",
    "Pictures",
    "Rater",
    "Ratings",
    "Studies",
    "StudyRecord",
    "Vote",
    "open_database",
    "sqlite_note",
]
