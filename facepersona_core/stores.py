"""What the use cases need of the stores, as Protocols, and what they give back: the core knows no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from facepersona_core.errors import FacePersonaError
from facepersona_core.types import Face, Picture, Score

if TYPE_CHECKING:
    import pandas as pd


class PersonLike(Protocol):
    """What the use cases read of a stored person."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


class PictureLike(Protocol):
    """What the use cases read of a stored picture."""

    @property
    def id(self) -> int: ...
    @property
    def method(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def recipe(self) -> Mapping[str, Any]: ...
    @property
    def recipe_hash(self) -> str: ...
    @property
    def file_key(self) -> str: ...
    @property
    def seconds(self) -> float: ...


class PeopleStore(Protocol):
    """Where people are kept."""

    def add(self, name: str, photos: Sequence[bytes], consent: Any, *, synthetic: bool) -> PersonLike: ...
    def photos(self, person_id: int) -> list[bytes]: ...
    def require(self, person: Any, *purposes: Any) -> None: ...


class PictureStore(Protocol):
    """Where pictures are kept."""

    def save(self, picture: Picture, person_id: int, scores: Sequence[Score], seconds: float) -> PictureLike: ...
    def find(self, recipe_hash: str) -> PictureLike | None: ...
    def image_path(self, record: Any) -> Path: ...
    def scores(self, picture_ids: Sequence[int]) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Reading:
    """What the app saw in one reference photo: a face, or the reason why the photo is skipped."""

    name: str
    face: Face | None = None
    error: FacePersonaError | None = None


@dataclass(frozen=True)
class Made:
    """One picture, stored and scored."""

    record: PictureLike
    scores: tuple[Score, ...]
    path: Path
    """The PNG file."""
    reused: bool
    """True when the same recipe had been made before, so that nothing was computed."""
