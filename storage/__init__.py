"""What must survive: people, consents, pictures with their recipes, studies, votes and the audit log.

Nothing here knows a screen or a model. Records that leave are frozen dataclasses of plain values.
"""

from storage.access import AccessKeys
from storage.database import Database, open_database, sqlite_note
from storage.files import FileStore
from storage.jobs import JobPictures, Jobs
from storage.people import People
from storage.pictures import Pictures
from storage.ratings import Ratings
from storage.records import (
    AccessKey,
    Assignment,
    ConsentForm,
    ConsentRecord,
    PairRecord,
    PanelMember,
    PersonRecord,
    PictureRecord,
    Rater,
    RatingWindow,
    Role,
    StudyRecord,
    Vote,
)
from storage.studies import Studies

__all__ = [
    "AccessKey",
    "AccessKeys",
    "Assignment",
    "ConsentForm",
    "ConsentRecord",
    "Database",
    "FileStore",
    "JobPictures",
    "Jobs",
    "PairRecord",
    "PanelMember",
    "People",
    "PersonRecord",
    "PictureRecord",
    "Pictures",
    "Rater",
    "RatingWindow",
    "Ratings",
    "Role",
    "Studies",
    "StudyRecord",
    "Vote",
    "open_database",
    "sqlite_note",
]
