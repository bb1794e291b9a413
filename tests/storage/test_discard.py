"""A study that nobody has voted in can be discarded: nothing of it is left but its pictures, and nobody stumbles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tiny_store import PLAN, Store

from facepersona_core.errors import NotAssigned, StudyHasVotes, UnknownStudy
from facepersona_core.study.jobs import Job, Reason
from storage import Jobs, Vote, audit
from storage.tables import AuditRow, Base, JobRow, PictureRow, StudyRow
from tests.study import toy_studio as toy
from tests.study.toy_studio import SMALL

KEPT = {"people", "photos", "pictures", "rater_copies", "audit"}
"""Tables that may hold rows afterwards."""
VOTE = Vote("left", "tie", True, False, 2.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with toy.started(tmp_path) as opened:
        yield opened


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store.db)


def rows(store: Store) -> dict[str, int]:
    """How many rows each table has, without the empty ones."""
    with store.db.read() as session:
        counts = {
            name: session.scalars(select(func.count()).select_from(table)).one()
            for name, table in Base.metadata.tables.items()
        }
    return {name: count for name, count in counts.items() if count}


def log(store: Store) -> list[AuditRow]:
    with store.db.read() as session:
        assert audit.first_broken(session) is None
        return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))


def claim(jobs: Jobs) -> Job:
    job = jobs.claim("one", None, toy.BUNDLE)
    assert job is not None
    return job


def test_nothing_is_left_of_a_study_in_the_making_but_a_line_in_the_log(store: Store, jobs: Jobs) -> None:
    claim(jobs)
    total = sum(tally.total for tally in jobs.tallies("tiny").values())
    jobs.discard("tiny")
    assert jobs.runs() == [] and jobs.left(None, toy.BUNDLE) == 0 and jobs.claim("two", None, toy.BUNDLE) is None
    assert set(rows(store)) <= KEPT
    line = log(store)[-1]
    assert (line.actor, line.action, line.details["name"]) == ("owner", "discard", "tiny")
    assert (line.details["jobs"], line.details["in_hand"], line.details["raters"]) == (total, 1, 0)
    with pytest.raises(UnknownStudy):
        jobs.discard("tiny")


def test_a_worker_that_has_a_picture_in_hand_ends_it_and_spoils_no_other_study(store: Store, jobs: Jobs) -> None:
    held = [claim(jobs), claim(jobs)]
    assert [job.kind for job in held] == ["picture", "enrol"]
    jobs.discard("tiny")
    other = replace(SMALL, name="other", prompts=PLAN.prompts[1:])
    jobs.start(other, toy.tasks(store, other), toy.BUNDLE)
    with store.db.read() as session:
        assert set(session.scalars(select(JobRow.id))) >= {job.id for job in held}, "numbers are given anew"
    for job in held:
        jobs.heartbeat(job)
        jobs.fail(job, Reason("WorkFailed", {"kind": "x", "detail": "y"}))
        jobs.give_back(job)
        jobs.finish(job)
    tallies = jobs.tallies("other")
    assert {tally.done for (kind, _), tally in tallies.items() if kind == "picture"} == {0}, "another picture"
    assert tallies["enrol", "dreambooth"].done == 1, "the same person, learned by the same method"
    assert {(tally.running, tally.failed) for tally in tallies.values()} == {(0, 0)}


def test_workers_go_on_with_the_other_studies(store: Store, jobs: Jobs) -> None:
    other = replace(SMALL, name="other", seeds=(8,))
    jobs.start(other, toy.tasks(store, other), toy.BUNDLE)
    worker = toy.toy_worker(store)
    studio = worker._studio
    generate, made = studio.generate, []

    def discarding(*asked: object) -> object:
        made.append(asked)
        if len(made) == 2:  # this one is in hand
            jobs.discard("tiny")
        return generate(*asked)  # type: ignore[arg-type]

    studio.generate = discarding  # type: ignore[method-assign, assignment]
    worker.run()
    assert [(run.name, run.state) for run in jobs.runs()] == [("other", "open")]
    assert {tally.failed for tally in jobs.tallies("other").values()} == {0}
    assert rows(store)["pictures"] == len(made) == 2 + 8, "what was in hand is kept as a picture"


def test_raters_who_have_not_voted_lose_their_links_and_pictures_stay(store: Store, jobs: Jobs) -> None:
    toy.toy_worker(store).run()
    study, ratings = store.studies.get("tiny"), store.ratings
    aiko, ben = (ratings.join(study.id, name, "ja") for name in ("Aiko", "Ben"))
    ratings.practised(aiko.id, 17, 20)
    assignment = ratings.next(ben.id)
    assert assignment is not None
    ratings.skip(ben.id, assignment.id, "cannot_judge")
    pictures = rows(store)["pictures"]
    jobs.discard("tiny")
    assert set(rows(store)) <= KEPT and rows(store)["pictures"] == pictures == 8
    assert ratings.rater(aiko.token) is None and ratings.next(ben.id) is None
    with pytest.raises(NotAssigned):
        ratings.vote(ben.id, assignment.id, VOTE)
    assert log(store)[-1].details["raters"] == 2
    jobs.start(SMALL, toy.tasks(store, SMALL), toy.BUNDLE)  # the name is free; the pictures are found again
    again = toy.toy_worker(store)
    again.run()
    assert jobs.run("tiny").state == "open" and toy.said(store.folder, "made").total() == 8 + 2 * 2, "learned twice"
    assert rows(store)["pictures"] == 8


@pytest.mark.parametrize("taken_back", [False, True])
def test_what_people_said_is_kept(store: Store, jobs: Jobs, taken_back: bool) -> None:
    toy.toy_worker(store).run()
    rater = store.ratings.join(store.studies.get("tiny").id, "Aiko", "ja")
    assignment = store.ratings.next(rater.id)
    assert assignment is not None
    jobs.require_discardable("tiny")
    store.ratings.vote(rater.id, assignment.id, VOTE)
    if taken_back:
        store.ratings.undo(rater.id)
    before = rows(store)
    for act in (jobs.require_discardable, jobs.discard):
        with pytest.raises(StudyHasVotes) as caught:
            act("tiny")
        assert caught.value.plain == {"name": "tiny", "votes": 1}
        for language, word in (("en", "pause"), ("ja", "一時停止")):
            told = caught.value.text(language)
            assert "tiny" in told and word in told and "facepersona raters pause tiny" in told
    assert rows(store) == before


def test_votes_of_another_study_do_not_hold_it(store: Store, jobs: Jobs) -> None:
    toy.toy_worker(store).run()
    other = replace(SMALL, name="other", seeds=(8,))
    jobs.start(other, toy.tasks(store, other), toy.BUNDLE)
    toy.toy_worker(store).run()
    rater = store.ratings.join(store.studies.get("tiny").id, "Aiko", "ja")
    assignment = store.ratings.next(rater.id)
    assert assignment is not None
    store.ratings.vote(rater.id, assignment.id, VOTE)
    jobs.discard("other")
    with store.db.read() as session:
        assert session.scalars(select(StudyRow.name)).all() == ["tiny"]
        assert session.scalars(select(func.count()).select_from(PictureRow)).one() == 16
    assert len(store.ratings.votes(store.studies.get("tiny").id)) == 2
