"""A routed study: the machine keeps the clear pairs, people the rest and a random floor, votes know their chance."""

from __future__ import annotations

import pytest
from tiny_store import Store

from facepersona_core.errors import StudyInvalid
from facepersona_core.study.design import Pair, slots_for_rater
from facepersona_core.study.routing import route_study
from facepersona_core.types import Score
from storage import StudyRecord, Vote
from storage.studies import Studies


def test_what_the_machine_decides_reaches_no_rater(store: Store, study: StudyRecord) -> None:
    for number, picture in enumerate(store.studies.pictures(study.id).values()):
        store.pictures.add_scores(picture, [Score("identity_similarity", "9", "0" * 64, 0.02 * number, {"faces": 1})])
    counts = route_study(store.studies, store.pictures, "tiny", 0.6, 0.3)
    pairs = [one.pair for one in store.studies.pairs(study.id)]
    ordinary = [pair for pair in pairs if not pair.gold]
    kept = {pair.index for pair in ordinary if not pair.rated}
    assert sum(counts.values()) == len(ordinary)
    assert len(kept) == sum(n for (who, _), n in counts.items() if who == "machine") > 0
    routes = store.studies.routes(study.id)
    assert {index for index, route in routes.items() if not route.rated} == kept
    assert {route.probability for route in routes.values()} == {0.3, 1.0}
    seen = set()
    for index in range(study.plan.raters):
        seen |= {slot.pair_index for slot in slots_for_rater(study.plan, pairs, index, 5)}
    assert not seen & kept
    assert {pair.index for pair in ordinary if pair.rated} <= seen

    rater = store.ratings.join(study.id, "Aiko", "ja")
    while assignment := store.ratings.next(rater.id):
        store.ratings.vote(rater.id, assignment.id, Vote("left", "tie", True, True, 1.0))
    votes = store.ratings.votes(study.id)
    asked = {0.3: {"floor"}, 1.0: {"close", ""}}
    by_scene = {_key(pair): routes[pair.index] for pair in ordinary}
    for row in votes[~votes["is_gold"]].itertuples():
        found = by_scene[row.person, row.prompt, row.seed, frozenset((row.left, row.right))]
        assert found.probability == row.sampled_with and found.reason in asked[row.sampled_with]


def test_a_study_that_is_rated_is_not_routed_any_more(store: Store, study: StudyRecord) -> None:
    store.ratings.join(study.id, "Aiko", "ja")
    with pytest.raises(StudyInvalid, match="1 raters"):
        route_study(Studies(store.db), store.pictures, "tiny", 0.5, 0.2)


def _key(pair: Pair) -> tuple[str, str, int, frozenset[str]]:
    return pair.first.person, pair.first.prompt, pair.first.seed, frozenset(pair.methods)
