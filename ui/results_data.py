"""What the Results tab knows of a study: its votes, analysed once for all who look at the same votes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from facepersona_core.analysis.frame import newest
from facepersona_core.analysis.summary import analyse

if TYPE_CHECKING:
    import pandas as pd

    from facepersona_core.analysis.results import Analysis
    from storage.records import StudyRecord
    from ui.context import AppContext

Kept = dict[tuple[str, datetime], "Analysed"]
"""By name and birth of the study: a name may be given anew."""
_QUICK: Kept = {}
_DEEP: Kept = {}
"""The newest deep analyses; they may be older than the newest votes."""
_ONE = Lock()
"""One deep analysis at a time: whoever asks for the same meanwhile waits and gets the same."""


@dataclass(frozen=True)
class Votes:
    """The standing votes of a study, unread until they are analysed."""

    study: StudyRecord
    fingerprint: str
    """Changes with every vote and every undo, and with the study when its name is given anew."""


@dataclass(frozen=True)
class Analysed:
    """An analysis and the votes it is of."""

    fingerprint: str
    analysis: Analysis


def votes_of(context: AppContext, name: str) -> Votes:
    """The votes of the study called ``name``. Raises UnknownStudy."""
    study = context.studies.get(name)
    given, taken_back = context.ratings.tally(study.id)
    return Votes(study, f"{study.created_at.isoformat()}/{given}/{taken_back}")


def scores(context: AppContext, study: StudyRecord) -> pd.DataFrame:
    """The machine scores of all pictures of ``study``."""
    return context.pictures.scores(context.studies.pictures(study.id).values())


def quick(context: AppContext, votes: Votes) -> Analysis:
    """What is shown while votes come in."""
    return _kept(_QUICK, context, votes, in_depth=False)


def deep(context: AppContext, votes: Votes) -> None:
    """Analyse ``votes`` as the decision report does, unless that was done; takes seconds. Raises StudyInvalid."""
    with _ONE:
        _kept(_DEEP, context, votes, in_depth=True)


def newest_deep(study: StudyRecord) -> Analysed | None:
    """The newest deep analysis of ``study``, if somebody has asked for one since the app was started."""
    return _DEEP.get((study.name, study.created_at))


def _kept(kept: Kept, context: AppContext, votes: Votes, in_depth: bool) -> Analysis:
    study = votes.study
    known = kept.get((study.name, study.created_at))
    if known is None or known.fingerprint != votes.fingerprint:
        found = analyse(context.ratings.votes(study.id), scores=newest(scores(context, study)), deep=in_depth)
        known = kept[study.name, study.created_at] = Analysed(votes.fingerprint, found)
    return known.analysis
