"""Work that is handed out once: leases, tries, pause, and the study that opens with its last picture."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from tiny_store import PLAN, Store, open_store, photo, picture

from facepersona_core.errors import NoFaceFound, StudyExists, StudyInvalid, StudyUnfinished, UnknownStudy
from facepersona_core.study.design import Cell, StudyPlan, cells, plan_pairs
from facepersona_core.study.jobs import ATTEMPTS, LEASE, Job, Reason, Task
from storage import ConsentForm, JobPictures, Jobs, StudyRecord, audit, leases
from storage.tables import ConsentRow, JobRow, PictureRow, now

BUNDLE = "b" * 64
SMALL = replace(PLAN, people=("Aoi",), prompts=PLAN.prompts[:1], methods=("class_word", "dreambooth"), seeds=(7,))


def tasks(plan: StudyPlan) -> list[Task]:
    """The work of ``plan``, where dreambooth learns each person first."""
    found: dict[str, Task] = {}
    for cell in cells(plan):
        needs = f"learn {cell.person}" if cell.method == "dreambooth" else ""
        if needs:
            found[needs] = Task("enrol", cell.person, cell.method, needs)
        found[str(cell)] = Task("picture", cell.person, cell.method, str(cell), cell.prompt, cell.seed, needs)
    return list(found.values())


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `SMALL` has been started; tests work on copies."""
    opened = open_store(tmp_path_factory.mktemp("started"))
    for name in PLAN.people:
        opened.people.add(name, [photo(1)], None, synthetic=True)
    Jobs(opened.db).start(SMALL, tasks(SMALL), BUNDLE)
    opened.db.close()
    return opened.folder


@pytest.fixture
def begun(started: Path, tmp_path: Path) -> Iterator[Store]:
    """`SMALL` has been started: a picture, a person to learn, and a picture that needs that."""
    shutil.copytree(started, tmp_path, dirs_exist_ok=True)
    opened = open_store(tmp_path)
    yield opened
    opened.db.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it with a timedelta to let time pass."""
    passed = [timedelta()]
    monkeypatch.setattr(leases, "now", lambda: now() + passed[0])
    return lambda more: passed.__setitem__(0, passed[0] + more)


def claim(jobs: Jobs, worker: str = "one", study: str | None = None) -> Job:
    job = jobs.claim(worker, study, BUNDLE)
    assert job is not None
    return job


def make(store: Store, job: Job) -> int:
    """What a worker does with a picture job."""
    pictures = JobPictures(store.db, store.files)
    pictures.job = job
    made = picture(Cell(job.person, job.prompt, job.method, job.seed))
    return pictures.save(made, store.people.get(job.person).id, [], 0.1).id


def work(store: Store, jobs: Jobs) -> list[Job]:
    """Do everything that can be done."""
    done = []
    while job := jobs.claim("one", None, BUNDLE):
        jobs.finish(job) if job.kind == "enrol" else make(store, job)
        done.append(job)
    return done


def count(store: Store, table: type[Any]) -> int:
    with store.db.read() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def test_the_same_plan_starts_once_and_a_name_means_one_study(begun: Store) -> None:
    jobs = Jobs(begun.db)
    again = jobs.start(SMALL, tasks(SMALL), BUNDLE)
    assert [run.name for run in jobs.runs()] == ["tiny"] and again == jobs.run("tiny")
    assert again.plan == SMALL and again.state == "running"
    assert count(begun, JobRow) == 3
    with pytest.raises(StudyExists):
        jobs.start(replace(SMALL, seeds=(8,)), [], BUNDLE)
    with pytest.raises(UnknownStudy, match="tiny"):
        jobs.pause("nothing")


def test_the_name_of_a_study_that_is_rated_is_taken(store: Store, study: StudyRecord) -> None:
    with pytest.raises(StudyExists):
        Jobs(store.db).start(study.plan, tasks(study.plan), BUNDLE)


def test_a_picture_waits_until_its_person_is_learned(begun: Store) -> None:
    jobs = Jobs(begun.db)
    first, second = claim(jobs), claim(jobs, "two")
    assert (first.kind, first.method, first.attempt) == ("picture", "class_word", 1)
    assert (second.kind, second.person, second.method) == ("enrol", "Aoi", "dreambooth")
    assert jobs.claim("three", None, BUNDLE) is None, "what is left needs what is in a hand"
    assert jobs.left(None, BUNDLE) == 3 and jobs.workers("tiny") == 2
    jobs.finish(second)
    assert claim(jobs, "three").method == "dreambooth"


def test_the_last_picture_opens_the_study(begun: Store) -> None:
    jobs = Jobs(begun.db)
    assert len(work(begun, jobs)) == 3
    assert jobs.run("tiny").state == "open" and jobs.left(None, BUNDLE) == 0
    study = begun.studies.get("tiny")
    assert set(begun.studies.pictures(study.id)) == set(cells(SMALL))
    assert [pair.pair for pair in begun.studies.pairs(study.id)] == plan_pairs(SMALL)
    assert {tally.done for tally in jobs.tallies("tiny").values()} == {1}
    assert set(jobs.pace(BUNDLE)) == {("picture", "class_word"), ("picture", "dreambooth"), ("enrol", "dreambooth")}
    assert jobs.pace("another") == {}
    with begun.db.read() as session:
        assert audit.first_broken(session) is None
    assert jobs.start(SMALL, tasks(SMALL), BUNDLE).state == "open"


def test_a_picture_and_the_end_of_its_job_are_stored_together_or_not_at_all(
    begun: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = Jobs(begun.db)
    job = claim(jobs)

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(leases, "finish", broken)
        with pytest.raises(OSError, match="disk full"):
            make(begun, job)
    assert count(begun, PictureRow) == 0
    make(begun, job)
    assert count(begun, PictureRow) == 1
    assert jobs.tallies("tiny")["picture", "class_word"].done == 1


def test_a_lease_that_ran_out_is_anybodys_and_who_is_first_ends_the_job(begun: Store, clock: Any) -> None:
    jobs = Jobs(begun.db)
    slow = claim(jobs)
    clock(LEASE / 2)
    jobs.heartbeat(slow)
    clock(LEASE / 2 + timedelta(seconds=1))
    assert claim(jobs, "two").id != slow.id, "it said that it lives"
    clock(LEASE)
    quick = claim(jobs, "two")
    while quick.id != slow.id:
        quick = claim(jobs, "two")
    assert quick.attempt == 2
    jobs.fail(slow, Reason("WorkFailed", {"kind": "x", "detail": "y"}))  # it is not in this hand any more
    jobs.give_back(slow)
    assert jobs.tallies("tiny")["picture", "class_word"].running == 1
    assert make(begun, slow) == make(begun, quick), "both are welcome, and there is one picture"
    assert count(begun, PictureRow) == 1
    assert jobs.tallies("tiny")["picture", "class_word"].done == 1


def test_three_failures_are_the_end_until_somebody_asks_for_another_try(begun: Store) -> None:
    jobs = Jobs(begun.db)
    for attempt in range(1, ATTEMPTS + 1):
        job = claim(jobs)
        while job.kind == "enrol" or job.method != "class_word":
            jobs.finish(job) if job.kind == "enrol" else make(begun, job)
            job = claim(jobs)
        assert job.attempt == attempt
        jobs.fail(job, Reason.of(NoFaceFound(name="Aoi", sizes="64")))
    assert work(begun, jobs) == [] and jobs.left(None, BUNDLE) == 0
    assert jobs.run("tiny").state == "running"
    (failure,) = jobs.failures("tiny")
    assert (failure.method, failure.attempts, failure.reason.code) == ("class_word", 3, "NoFaceFound")
    assert "No face found in Aoi" in failure.reason.text("en") and "Aoi" in failure.reason.text("ja")
    assert jobs.retry("tiny") == 1 and jobs.retry("tiny") == 0
    assert [job.attempt for job in work(begun, jobs)] == [1]
    assert jobs.run("tiny").state == "open"


def test_what_failed_waits_behind_what_was_never_tried(begun: Store) -> None:
    jobs = Jobs(begun.db)
    first = claim(jobs)
    jobs.fail(first, Reason("WorkerLost", {"attempts": 1}))
    assert claim(jobs).id != first.id


def test_when_a_person_cannot_be_learned_their_pictures_say_so(begun: Store) -> None:
    jobs = Jobs(begun.db)
    while job := jobs.claim("one", None, BUNDLE):
        if job.kind == "enrol":
            jobs.fail(job, Reason.of(MemoryError("no room\nat all")))
        else:
            make(begun, job)
    learning, following = jobs.failures("tiny")
    assert (learning.kind, learning.reason.fields) == ("enrol", {"kind": "MemoryError", "detail": "no room"})
    assert (following.kind, following.attempts, following.reason.code) == ("picture", 0, "NotLearned")
    assert jobs.retry("tiny") == 2
    assert [job.kind for job in work(begun, jobs)] == ["enrol", "picture"]


def test_workers_that_are_gone_lose_what_they_had_in_hand(begun: Store) -> None:
    jobs = Jobs(begun.db)
    for attempt in range(ATTEMPTS):
        assert claim(jobs, f"gone {attempt}").attempt == attempt + 1
        if attempt == 0:
            claim(jobs, "alive")
        assert jobs.release(lambda worker: worker.startswith("gone")) == 1
    (failure,) = jobs.failures("tiny")
    assert failure.reason.code == "WorkerLost" and "3" in failure.reason.text("ja")
    assert jobs.workers("tiny") == 1


def test_who_is_told_to_stop_gives_back_what_counts_as_never_tried(begun: Store) -> None:
    jobs = Jobs(begun.db)
    job = claim(jobs)
    jobs.give_back(job)
    assert claim(jobs) == job


def test_a_paused_study_hands_nothing_out_and_ends_what_is_in_hand(begun: Store) -> None:
    jobs = Jobs(begun.db)
    job = claim(jobs)
    jobs.pause("tiny")
    assert jobs.claim("two", None, BUNDLE) is None and jobs.left(None, BUNDLE) == 0
    make(begun, job)
    assert jobs.tallies("tiny")["picture", "class_word"].done == 1
    jobs.resume("tiny")
    assert len(work(begun, jobs)) == 2


def test_another_model_takes_no_part(begun: Store) -> None:
    jobs = Jobs(begun.db)
    assert jobs.claim("one", None, "c" * 64) is None and jobs.left(None, "c" * 64) == 0


def test_what_two_studies_need_alike_is_never_in_two_hands(begun: Store) -> None:
    jobs = Jobs(begun.db)
    other = replace(SMALL, name="other", title={"en": "Other", "ja": "別"})
    jobs.start(other, tasks(other), BUNDLE)
    first, second = claim(jobs, study="tiny"), claim(jobs, "two", "other")
    assert second.kind == "enrol", "the picture is in hand for the other study"
    assert jobs.claim("three", "other", BUNDLE) is None
    make(begun, first)
    assert claim(jobs, "three", "other").method == "class_word"


def test_nobody_is_shown_who_did_not_agree_or_does_not_any_more(store: Store) -> None:
    jobs = Jobs(store.db)
    form = ConsentForm("Aoi", "1", "0" * 64, "en", ("generate", "rate"), adult=True)
    store.people.add("Aoi", [photo(1)], form)
    jobs.start(SMALL, tasks(SMALL), BUNDLE)
    make(store, claim(jobs))

    def withdraw(session: Any) -> None:
        session.scalars(select(ConsentRow)).one().withdrawn_at = now()

    store.db.write(withdraw)
    assert jobs.claim("one", None, BUNDLE) is None
    assert {failure.reason.code for failure in jobs.failures("tiny")} == {"ConsentMissing", "NotLearned"}


def test_a_study_may_open_without_the_scenes_that_lack_a_picture(store: Store) -> None:
    jobs = Jobs(store.db)
    for name in PLAN.people:
        store.people.add(name, [photo(1)], None, synthetic=True)
    jobs.start(PLAN, tasks(PLAN), BUNDLE)
    with pytest.raises(StudyUnfinished):
        jobs.open_with_gaps("tiny")
    bad = Cell("Ben", PLAN.prompts[0].text, "class_word", 7)
    while job := jobs.claim("one", None, BUNDLE):
        if Cell(job.person, job.prompt, job.method, job.seed) == bad:
            jobs.fail(job, Reason("WorkFailed", {"kind": "x", "detail": "y"}))
        else:
            jobs.finish(job) if job.kind == "enrol" else make(store, job)
    jobs.open_with_gaps("tiny")
    jobs.open_with_gaps("tiny")
    study = store.studies.get("tiny")
    (out,) = study.plan.left_out
    assert (out.person, out.prompt, out.seed) == (bad.person, bad.prompt, bad.seed)
    pictures = store.studies.pictures(study.id)
    assert len(pictures) == len(cells(PLAN)) - len(PLAN.methods)
    pairs = [pair.pair for pair in store.studies.pairs(study.id)]
    assert {cell for pair in pairs for cell in (pair.first, pair.second)} <= set(pictures)
    assert len([pair for pair in pairs if not pair.gold]) == 3 * 7, "all methods meet equally often"
    assert store.ratings.progress(store.ratings.join(study.id, "Rin", "ja").id)[1] > 7
    assert jobs.run("tiny").plan == PLAN and jobs.retry("tiny") == 0


def test_a_study_without_one_whole_scene_cannot_open(begun: Store) -> None:
    jobs = Jobs(begun.db)
    while job := jobs.claim("one", None, BUNDLE):
        jobs.fail(job, Reason("WorkFailed", {"kind": "x", "detail": "y"}))
    with pytest.raises(StudyInvalid):
        jobs.open_with_gaps("tiny")
