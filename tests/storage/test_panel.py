"""Raters' practice and progress, and when a study takes votes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tiny_store import Store

from facepersona_core.errors import RatingClosed
from storage import StudyRecord, Vote
from storage.tables import now

VOTE = Vote("left", "tie", True, False, 2.0)


def test_the_first_practice_is_kept(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Aiko", "ja")
    assert rater.practice is None
    store.ratings.practised(rater.id, 17, 20)
    store.ratings.practised(rater.id, 20, 20)
    found = store.ratings.rater(rater.token)
    assert found is not None and found.practice == (17, 20)
    left_out, silent = (store.ratings.join(study.id, name, "en") for name in ("Ben", "Chie"))
    store.ratings.practised(left_out.id, 0, 0)
    assert store.ratings.practice(study.id) == {"Aiko": (17, 20), "Ben": (0, 0)} and silent.practice is None


def test_the_panel_counts_what_stands(store: Store, study: StudyRecord) -> None:
    ratings, first = store.ratings, store.ratings.join(study.id, "Aiko", "ja")
    second = ratings.join(study.id, "Ben", "en")
    for _ in range(3):
        assignment = ratings.next(first.id)
        assert assignment is not None
        ratings.vote(first.id, assignment.id, VOTE)
    ratings.undo(first.id)
    aiko, ben = ratings.panel(study.id)
    assert (aiko.rater.name, aiko.done, aiko.total) == ("Aiko", *ratings.progress(first.id)) and aiko.done == 2
    assert (ben.rater, ben.done, ben.last_at) == (second, 0, None)
    assert aiko.last_at is not None and now() - aiko.last_at < timedelta(minutes=1)


@pytest.mark.parametrize("state", ["paused", "over"])
def test_a_closed_study_takes_nothing(store: Store, study: StudyRecord, state: str) -> None:
    ratings, rater = store.ratings, store.ratings.join(study.id, "Aiko", "ja")
    assignment = ratings.next(rater.id)
    assert assignment is not None
    if state == "paused":
        ratings.pause(study.id, True)
    else:
        ratings.close_at(study.id, now() - timedelta(seconds=1))
    assert ratings.window(study.id).closed(now()) == state
    for act in (
        lambda: ratings.vote(rater.id, assignment.id, VOTE),
        lambda: ratings.skip(rater.id, assignment.id, "cannot_judge"),
        lambda: ratings.undo(rater.id),
    ):
        with pytest.raises(RatingClosed) as caught:
            act()
        assert caught.value.fields["state"] == state
    assert ratings.progress(rater.id)[0] == 0
    ratings.pause(study.id, False)
    ratings.close_at(study.id, now() + timedelta(hours=1))
    assert ratings.vote(rater.id, assignment.id, VOTE)
