"""Studies made by workers that stop, crash and are killed: everything is made, and made once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from tiny_store import PLAN, Store, open_store

from facepersona_core.errors import NoFaceFound, RequestInvalid, WeightsMissing
from facepersona_core.settings import Settings
from facepersona_core.study import workers as workers_module
from facepersona_core.study.design import PromptItem, StudyPlan, cells
from facepersona_core.study.jobs import Reason, Tally, is_gone, worker_name
from facepersona_core.study.preview import preview
from facepersona_core.study.start import plan_tasks
from facepersona_core.study.status import RunStatus, status_of
from facepersona_core.study.workers import Workers
from storage import Jobs
from storage.tables import JobRow, PictureRow
from tests.study import toy_studio as toy

WAIT = 60.0
"""Seconds a busy machine may take for what takes one."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.db.close()


def wait_for(what: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WAIT
    while not what():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def process(folder: Path, seconds: float, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(toy.command(folder, seconds, *more), env=toy.environment(), start_new_session=True)


def made(folder: Path) -> int:
    return toy.said(folder, "made").total()


def status(store: Store, name: str = "tiny") -> RunStatus:
    return status_of(Jobs(store.db), name)


def check_complete(store: Store, plan: StudyPlan = PLAN) -> None:
    """The study can be rated; every cell has its picture, and no picture was finished twice."""
    study = store.studies.get(plan.name)
    assert set(store.studies.pictures(study.id)) == set(cells(plan))
    with store.db.read() as session:
        assert session.scalars(select(func.count()).select_from(PictureRow)).one() == len(cells(plan))
        assert set(session.scalars(select(JobRow.state))) == {"done"}
    assert set(toy.said(store.folder, "made").values()) == {1}


def test_workers_that_are_killed_and_told_to_stop_leave_the_rest_to_others(store: Store) -> None:
    """One worker is killed, one is told to stop, two go on side by side: nothing is lost, begun twice or made twice."""
    toy.begin(store, PLAN)
    victim = process(store.folder, 0.4)
    wait_for(lambda: made(store.folder) >= 2)
    time.sleep(0.1)
    victim.kill()
    victim.wait()
    in_hand = toy.said(store.folder, "begin") - toy.said(store.folder, "made")
    assert sum(in_hand.values()) <= 1

    polite, before = process(store.folder, 0.2), made(store.folder)
    wait_for(lambda: made(store.folder) > before)
    polite.send_signal(signal.SIGTERM)
    assert polite.wait(WAIT) == 0
    assert status(store).pictures.running == 0, "the picture in hand was finished, the dead worker's freed"
    assert made(store.folder) < len(cells(PLAN))

    pair = [process(store.folder, 0.02) for _ in range(2)]
    assert [one.wait(WAIT) for one in pair] == [0, 0]
    check_complete(store)
    begun = toy.said(store.folder, "begin")
    assert begun - toy.said(store.folder, "made") == in_hand, "only what the killed one had in hand was begun again"
    assert status(store).phase == "open"


def test_killing_the_app_ends_its_worker_and_its_next_start_finishes_the_study(store: Store) -> None:
    toy.begin(store, PLAN)
    app = process(store.folder, 0.3, "--app")
    wait_for(lambda: made(store.folder) >= 2)
    (worker,) = held_by(store)
    assert not is_gone(worker)
    app.kill()
    app.wait()
    wait_for(lambda: is_gone(worker))
    assert 2 <= made(store.folder) < len(cells(PLAN))
    again = process(store.folder, 0.0, "--app")
    wait_for(lambda: status(store).phase == "open")
    again.kill()
    again.wait()
    check_complete(store)


def held_by(store: Store) -> list[str]:
    """The workers that have something in hand, seen until there is one."""
    found: list[str] = []

    def look() -> list[str]:
        with store.db.read() as session:
            found[:] = session.scalars(select(JobRow.worker).where(JobRow.state == "running")).all()
        return found

    wait_for(look)
    return found


def test_a_picture_that_kills_its_worker_fails_and_the_rest_is_made(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(workers_module, "LOOK_SECONDS", 0.05)
    prompts = (PromptItem("context", toy.KILLS), *PLAN.prompts[:1])
    plan = replace(PLAN, people=("Aoi",), prompts=prompts, methods=("class_word", "face2diffusion"), seeds=(1,))
    toy.begin(store, plan)
    jobs = Jobs(store.db)
    jobs.pause("tiny")
    workers = Workers(
        jobs,
        lambda: toy.BUNDLE,
        store.folder,
        command=toy.command(store.folder, 0.0),
        environment=toy.environment(),
    )
    workers.start()
    assert workers.over and workers.alive == 0, "a paused study needs nobody"
    jobs.resume("tiny")
    workers.wake()
    wait_for(lambda: workers.gave_up or status(store).phase == "stuck")
    workers.stop(WAIT)
    assert workers.problem is not None and workers.problem.code == "WorkerCrashed"
    assert "-9" in workers.problem.text("ja")
    assert status(store).pictures == Tally(done=3, failed=1)
    (failure,) = status(store).failures
    assert (failure.prompt, failure.reason.code, failure.attempts) == (toy.KILLS, "WorkerLost", 3)
    (crash,) = store.folder.glob(f"worker-{os.getpid()}-*")
    assert crash.suffixes == [".crash", ".log"] and crash.read_bytes() == b"", "kept when the next worker begins"


def test_in_the_end_the_failures_are_listed_and_the_study_can_open_without_them(store: Store) -> None:
    prompts = (PromptItem("context", toy.FAILS), *PLAN.prompts)
    toy.begin(store, replace(PLAN, prompts=prompts))
    toy.toy_worker(store).run()
    seen = status(store)
    assert seen.phase == "stuck" and seen.pictures.failed == 12 and seen.pictures.left == 0
    assert {failure.prompt for failure in seen.failures} == {toy.FAILS}
    assert {failure.attempts for failure in seen.failures} == {3}
    assert all("No face found" in failure.reason.text("en") for failure in seen.failures)
    Jobs(store.db).open_with_gaps("tiny")
    assert {cell.prompt for cell in store.studies.pictures(1)} == {item.text for item in PLAN.prompts}


def test_a_pause_ends_the_worker_after_its_picture_and_nothing_is_made_again(store: Store) -> None:
    toy.begin(store, PLAN)
    jobs, worker = Jobs(store.db), toy.toy_worker(store)
    worker.run(lambda: jobs.pause("tiny") if made(store.folder) == 3 else None)
    assert made(store.folder) == 3 and status(store).phase == "paused"
    jobs.resume("tiny")
    assert status(store).phase == "waiting"
    toy.toy_worker(store).run()
    check_complete(store)
    assert toy.said(store.folder, "begin") == toy.said(store.folder, "made")


def test_another_study_with_the_same_pictures_finds_them_made(store: Store) -> None:
    toy.begin(store, PLAN)
    toy.toy_worker(store).run()
    before = made(store.folder)
    again = replace(PLAN, name="again", methods=("class_word", "face2diffusion"))
    Jobs(store.db).start(again, toy.tasks(store, again), toy.BUNDLE)
    toy.toy_worker(store).run()
    assert made(store.folder) == before
    with store.db.read() as session:
        measured = select(func.count(JobRow.seconds)).where(JobRow.run_id == 2)
        assert session.scalars(measured).one() == 0, "what was not made tells nothing of how long it takes"
    assert store.studies.get("again").plan == again


def test_a_person_half_learned_is_given_back_when_the_worker_must_stop(store: Store) -> None:
    plan = replace(PLAN, people=("Aoi",), methods=("dreambooth", "class_word"))
    toy.begin(store, plan)
    worker = toy.toy_worker(store, seconds=0.4)
    wait = worker._studio.persona  # type: ignore[attr-defined]

    def persona(*given: Any) -> None:
        worker.stop()
        wait(*given)

    worker._studio.persona = persona  # type: ignore[method-assign]
    worker.run()
    learning = status(store).tallies["enrol", "dreambooth"]
    assert learning == Tally(waiting=1)
    toy.toy_worker(store).run()
    check_complete(store, plan)


def test_what_keeps_the_models_from_loading_fails_no_picture(store: Store) -> None:
    toy.begin(store, PLAN)
    worker = toy.toy_worker(store)

    def missing() -> None:
        raise WeightsMissing(path="here", missing="unet")

    worker._studio.warm_up = missing  # type: ignore[method-assign]
    with pytest.raises(WeightsMissing):
        worker.run()
    seen = status(store)
    assert seen.pictures.waiting == seen.pictures.total and seen.phase == "waiting"


def test_what_a_worker_says_at_its_end_is_told_in_both_languages(tmp_path: Path) -> None:
    workers = Workers(Any, lambda: "", tmp_path)  # type: ignore[arg-type]
    log = workers._log(0)
    log.write_text('warning\n{"code": "WeightsMissing", "text": "...", "fields": {"path": "/x", "missing": "vae"}}\n')
    assert "モデルバンドル /x" in workers._last_words(0, 2).text("ja")
    log.write_text("Traceback\nRuntimeError: out of memory\n")
    assert "exit status 1" in workers._last_words(0, 1).text("en")
    log.write_text("")
    assert "-9" in workers._last_words(0, -9).text("en")


def test_a_worker_finds_the_stores_and_the_model_of_the_app(tmp_path: Path) -> None:
    settings = replace(Settings.from_environment({}), home=tmp_path, workers=3)
    again = Settings.from_environment(settings.to_environment())
    assert again == replace(settings, workers=1)
    for wrong in ("many", "-1", "65"):
        with pytest.raises(RequestInvalid, match="FACEPERSONA_WORKERS"):
            Settings.from_environment({"FACEPERSONA_WORKERS": wrong})


def test_a_process_is_gone_only_when_it_surely_is() -> None:
    here = worker_name()
    assert not is_gone(here)
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    host, _, token = here.rsplit(":", 2)
    assert is_gone(f"{host}:{ended.pid}:{token}")
    assert not is_gone(f"elsewhere:{ended.pid}:{token}"), "nobody here knows of other machines"
    assert not is_gone(f"{host}:1:{token}") or os.getpid() == 1


def test_an_error_can_be_told_again_later_in_either_language() -> None:
    reason = Reason.of(NoFaceFound(name="a.png", sizes=Path("640")))
    assert reason == Reason("NoFaceFound", {"name": "a.png", "sizes": "640"})
    assert "a.png" in reason.text("ja") != reason.text("en")
    assert Reason.of(KeyError()).fields == {"kind": "KeyError", "detail": ""}


def test_tasks_have_keys_that_say_all_that_decides(store: Store) -> None:
    toy.enrol(store, PLAN)
    found = toy.tasks(store, PLAN)
    assert toy.tasks(store, PLAN) == found
    assert len({task.key for task in found}) == len(found) == 24 + 2
    keys = [task.key for task in found]
    assert all(keys.index(task.needs) < keys.index(task.key) for task in found if task.needs)
    assert {task.method for task in found if task.needs} == {"dreambooth"}
    photos = {name: store.people.get(name).photo_keys for name in PLAN.people}
    for other in (
        plan_tasks(PLAN, {**photos, "Aoi": ("x",)}, toy.MODEL),
        plan_tasks(PLAN, photos, {**toy.MODEL, "steps": 3}),
    ):
        assert set(keys) != {task.key for task in other}


def test_the_preview_counts_and_leaves_unknown_what_was_never_measured() -> None:
    pace: dict[Any, float] = {("picture", "face2diffusion"): 2.0, ("picture", "class_word"): 1.0}
    assert preview(PLAN, pace).hours is None
    pace |= {("picture", "dreambooth"): 3.0, ("enrol", "dreambooth"): 60.0}
    seen = preview(PLAN, pace, workers=2)
    assert seen.hours == pytest.approx((8 * (2 + 1 + 3) + 2 * 60) / 2 / 3600)
    assert (seen.pictures, seen.learnings, seen.pairs, seen.votes, seen.votes_each) == (24, 2, 24, 48, 24)
    assert seen.minutes_each == 2 and seen.seconds == {"face2diffusion": 2.0, "class_word": 1.0, "dreambooth": 3.0}
    large = replace(PLAN, raters=10, overlap=8, prompts=tuple(PromptItem("x", f"S* {n}") for n in range(30)))
    wide = preview(large, {})
    assert wide.best == "raters"
    assert wide.doubled["raters"].half_width < wide.doubled["votes"].half_width < wide.precision.half_width


def test_the_time_left_follows_the_pace_and_the_hands(store: Store) -> None:
    run = toy.begin(store, PLAN)
    tallies: dict[Any, Tally] = {
        ("picture", "face2diffusion"): Tally(waiting=4, running=1, done=3),
        ("picture", "dreambooth"): Tally(waiting=8),
        ("enrol", "dreambooth"): Tally(waiting=2),
    }
    pace: dict[Any, float] = {("picture", "face2diffusion"): 2.0, ("picture", "dreambooth"): 3.0}
    assert RunStatus(run, tallies, 2, (), pace).seconds_left is None, "learning was never measured"
    seen = RunStatus(run, tallies, 2, (), {**pace, ("enrol", "dreambooth"): 60.0})
    assert seen.seconds_left == (10 + 24 + 120) / 2
    assert seen.pictures_an_hour == pytest.approx(13 / 77 * 3600)
    assert seen.pictures == Tally(waiting=12, running=1, done=3) and seen.phase == "making"
    assert RunStatus(run, tallies, 0, (), {}).seconds_left is None
