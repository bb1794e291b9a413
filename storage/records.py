"""The frozen dataclasses that leave storage: ids and plain values, never rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from facepersona_core.errors import VoteInvalid
from facepersona_core.study.design import Pair, StudyPlan

Purpose = Literal["generate", "show", "rate", "export"]
Role = Literal["owner", "analyst"]
Choice = Literal["left", "right", "tie"]
CHOICES: tuple[Choice, ...] = ("left", "right", "tie")


@dataclass(frozen=True)
class ConsentForm:
    """What the person shown agreed to, as the form had it."""

    confirmed_by: str
    """Who ticked: the person shown, or who did so on their behalf."""
    text_version: str
    text_hash: str
    """SHA-256 of the text that was read, so that a later edit of the text cannot change what was agreed to."""
    language: str
    purposes: tuple[Purpose, ...]
    adult: bool
    """The person confirmed to be 18 or older."""
    expires_at: datetime | None = None
    """Timezone-aware; None: until withdrawn."""


@dataclass(frozen=True)
class ConsentRecord:
    """A stored consent. Times are UTC."""

    id: int
    person_id: int
    name: str
    """The name or pseudonym at the time of consent."""
    form: ConsentForm
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class PersonRecord:
    """An enrolled person. Photos are read with `People.photos`."""

    id: int
    name: str
    class_word: str
    """The noun that stands for the person where S* is not used, such as "person"."""
    synthetic: bool
    """True when no such human being exists."""
    sample: bool
    """True for the people that ship with the project."""
    photo_keys: tuple[str, ...]
    """Keys in the file store, in the order given; the first is the reference photo raters see."""
    created_at: datetime


@dataclass(frozen=True)
class PictureRecord:
    """A stored picture."""

    id: int
    person_id: int
    person: str
    method: str
    prompt: str
    seed: int
    recipe: Mapping[str, Any]
    recipe_hash: str
    file_key: str
    """Key in the file store; it begins with the SHA-256 of the PNG file."""
    width: int
    height: int
    seconds: float
    """Wall-clock time to make it."""
    created_at: datetime

    @property
    def sha256(self) -> str:
        """SHA-256 of the PNG file."""
        return self.file_key.partition(".")[0]


@dataclass(frozen=True)
class StudyRecord:
    """A stored study."""

    id: int
    name: str
    plan: StudyPlan
    created_at: datetime


@dataclass(frozen=True)
class PairRecord:
    """A stored pair of a study; ``pair.index`` is its place in the plan."""

    id: int
    pair: Pair


@dataclass(frozen=True)
class Rater:
    """Somebody who rates one study."""

    id: int
    study_id: int
    index: int
    """0 for the first who joined; decides which part of the design they get."""
    name: str
    language: str
    token: str
    """Secret of the rater: it opens their pictures and nothing else."""
    practice: tuple[int, int] | None = None
    """(right, asked) answers of the practice, (0, 0) when it was left out; None: not practised yet."""


@dataclass(frozen=True)
class PanelMember:
    """A rater and how far they are."""

    rater: Rater
    done: int
    """Comparisons answered or skipped, of ``total``."""
    total: int
    last_at: datetime | None
    """Their newest vote that stands."""


@dataclass(frozen=True)
class RatingWindow:
    """When a study takes votes. Times are UTC."""

    paused_at: datetime | None
    """None: not paused."""
    closes_at: datetime | None
    """None: no deadline."""

    def closed(self, at: datetime) -> Literal["", "paused", "over"]:
        """Why no vote is taken at the time ``at``; "" when votes are taken."""
        if self.closes_at is not None and at >= self.closes_at:
            return "over"
        return "paused" if self.paused_at is not None else ""


@dataclass(frozen=True)
class AccessKey:
    """A key that was given, without the key itself."""

    id: int
    name: str
    """To whom."""
    role: Role
    """An owner may do everything; an analyst reads results."""
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Assignment:
    """One comparison as the rater sees it. The keys are random; nothing here names a method."""

    id: int
    pair_id: int
    person_name: str
    prompt: str
    reference_key: str
    """Opaque; `Ratings.rater_file` turns it into a picture."""
    left_key: str
    right_key: str
    position: int
    """1 to ``total``."""
    total: int


@dataclass(frozen=True)
class Vote:
    """The answer to one comparison. Raises VoteInvalid for a value outside its choices."""

    identity: Choice
    """Who looks more like the person."""
    text: Choice
    """Which follows the text better."""
    left_acceptable: bool
    right_acceptable: bool
    seconds: float
    """Time the rater took, 0 or more."""
    tags: tuple[str, ...] = ()
    """Reasons ticked, if any."""

    def __post_init__(self) -> None:
        for name in ("identity", "text"):
            if getattr(self, name) not in CHOICES:
                raise VoteInvalid(name=name, seen=getattr(self, name), expected=", ".join(CHOICES))
        for name in ("left_acceptable", "right_acceptable"):
            if not isinstance(getattr(self, name), bool):
                raise VoteInvalid(name=name, seen=getattr(self, name), expected="true, false")
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise VoteInvalid(name="seconds", seen=self.seconds, expected=">= 0")
