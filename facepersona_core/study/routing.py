"""Routing of a study that can be rated: the machine decides the clear pairs, people the others and a random floor."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from facepersona_core.analysis.routing import route
from facepersona_core.types import Route

if TYPE_CHECKING:
    import pandas as pd

    from facepersona_core.study.design import Pair


def routed(name: str, pairs: Sequence[Pair], scores: pd.DataFrame, clear: float, floor: float) -> pd.DataFrame:
    """`analysis.routing.route` for the ordinary ones of ``pairs``, by pair index.

    The draw follows from the study's ``name``, so that nobody can draw until they like it. Raises StudyInvalid."""
    import pandas as pd

    ordinary = [pair for pair in pairs if not pair.gold]
    rows = [
        (pair.first.person, pair.first.prompt, pair.first.seed, pair.first.method, pair.second.method)
        for pair in ordinary
    ]
    index = [pair.index for pair in ordinary]
    table = pd.DataFrame(rows, index, columns=["person", "prompt", "seed", "first", "second"])
    seed = int.from_bytes(hashlib.sha256(f"{name}/route".encode()).digest()[:4])
    return route(table, scores, clear, floor, seed)


class RoutedStudies(Protocol):
    """Where studies are; `storage.Studies` is one."""

    def get(self, name: str) -> Any: ...
    def pairs(self, study_id: int) -> Sequence[Any]: ...
    def pictures(self, study_id: int) -> Mapping[Any, int]: ...
    def route(self, study_id: int, routes: Mapping[int, Route]) -> None: ...


class ScoreBook(Protocol):
    """Where scores are; `storage.Pictures` is one."""

    def scores(self, picture_ids: Any) -> pd.DataFrame: ...


def route_study(
    studies: RoutedStudies, pictures: ScoreBook, name: str, clear: float, floor: float
) -> Counter[tuple[str, str]]:
    """Route the study called ``name``; how many pairs go to whom, by (decision, reason).

    Raises UnknownStudy, and StudyInvalid when somebody rates already."""
    study = studies.get(name)
    scores = pictures.scores(studies.pictures(study.id).values())
    table = routed(name, [one.pair for one in studies.pairs(study.id)], scores, clear, floor)
    rows = zip(table.index, table["decision"], table["probability"], table["reason"], strict=True)
    studies.route(study.id, {int(i): Route(who == "people", float(p), why) for i, who, p, why in rows})
    return Counter(zip(table["decision"], table["reason"], strict=True))
