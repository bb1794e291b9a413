"""The app itself under kill -9 in the middle of a study: the next start finishes it, and nothing is lost or doubled."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select, text
from tiny_store import Store, open_store

from facepersona_core.bundle import open_bundle
from facepersona_core.study.design import PromptItem, StudyPlan, cells
from facepersona_core.study.jobs import is_gone
from facepersona_core.study.start import start_study
from storage import Jobs, Rater, audit
from storage.tables import AssignmentRow, JobRow, PhotoRow, PictureRow, RaterRow, VoteRow
from tests.study.app_process import STEPS, AppProcess, descendants, start_app, wait_for

pytestmark = pytest.mark.slow
PLAN = StudyPlan(
    name="interrupted",
    title={"en": "Interrupted", "ja": "中断されたスタディ"},
    people=("Yuki", "Liam"),
    prompts=tuple(PromptItem("context", f"a photo of S* {words}") for words in ("in the snow", "in a park", "smiling")),
    methods=("face2diffusion", "class_word"),
    seeds=(77,),
    overlap=2,
    raters=2,
    gold_every=0,
    repeat_every=0,
)
ANSWER = {"identity": "left", "text": "tie", "left_ok": True, "right_ok": False, "seconds": 1.0, "tags": []}
HALF_WRITTEN = ".tmp0killed"
"""Named as the file that a killed process was about to rename."""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], AppProcess]]:
    """Starts the app in the test's folder; whatever happens, none of its processes is left."""
    started: list[AppProcess] = []

    def begin() -> AppProcess:
        started.append(start_app(tmp_path))
        started[-1].wait_until_it_answers()
        return started[-1]

    yield begin
    for app in started:
        app.kill()


@contextmanager
def look_into(folder: Path) -> Iterator[Store]:
    """The stores of the app whose home is ``folder``/home."""
    store = open_store(folder / "home")
    yield store
    store.db.close()


class Voter:
    """A rater who votes through the rater's page, until nobody answers any more."""

    def __init__(self, url: str, rater: Rater) -> None:
        self.acknowledged: list[int] = []
        self._rater = rater
        self._page = httpx.Client(base_url=f"{url}/rate/", timeout=60)
        self._thread = threading.Thread(target=self._vote_on, daemon=True)
        parts = self._page.get("config").json()["components"]
        (self._part,) = (part["id"] for part in parts if "vote" in part["props"].get("server_fns", ()))

    def start(self) -> None:
        """Vote from now on, four times a second, and keep the last two pairs for after the kill."""
        self._thread.start()

    def join(self) -> None:
        """Wait until it has seen that nobody answers."""
        self._thread.join(60)
        assert not self._thread.is_alive()

    def ask(self, function: str, **payload: Any) -> dict[str, Any]:
        """What the page asks the server."""
        data = {"token": self._rater.token, **payload}
        body = {"session_hash": "test", "component_id": self._part, "fn_name": function, "data": data}
        reply = self._page.post("gradio_api/component_server/", json=body)
        assert reply.status_code == 200, reply.text
        told: dict[str, Any] = reply.json()
        assert "problem" not in told, told
        return told

    def get(self, address: str) -> httpx.Response:
        """What lies at ``address`` under the rater's page."""
        return self._page.get(address)

    def vote(self, assignment: int) -> dict[str, Any]:
        """Vote, and note it once it is acknowledged."""
        told = self.ask("vote", assignment=assignment, **ANSWER)
        self.acknowledged.append(assignment)
        return told

    def _vote_on(self) -> None:
        try:
            while True:
                told = self.ask("open")
                if told["total"] - told["done"] > 2:
                    self.vote(told["assignment"]["id"])
                time.sleep(0.25)
        except httpx.TransportError:
            self._page.close()


def made(store: Store) -> int:
    """Pictures of the study that are there."""
    with store.db.read() as session:
        return session.scalars(select(func.count()).where(JobRow.state == "done")).one()


def workers_of(store: Store) -> list[str]:
    """The workers that have a picture in hand."""
    with store.db.read() as session:
        return list(session.scalars(select(JobRow.worker).where(JobRow.state == "running")))


def files_of(store: Store) -> set[str]:
    """Names under which a picture or photo can be had; each is whole, for it is the hash of its bytes."""
    found = [path for path in store.files.root.glob("??/*") if not path.name.startswith(".")]
    assert [path.name for path in found if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem] == []
    return {path.name for path in found}


def recorded(store: Store) -> set[str]:
    """Names of the files that the database knows."""
    with store.db.read() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert audit.first_broken(session) is None
        return {*session.scalars(select(PictureRow.file_key)), *session.scalars(select(PhotoRow.file_key))}


def votes_of(store: Store, rater: Rater) -> list[int]:
    """The assignments that have a vote of ``rater``, one entry a vote."""
    query = select(VoteRow.assignment_id).join(AssignmentRow).join(RaterRow).where(RaterRow.id == rater.id)
    with store.db.read() as session:
        return list(session.scalars(query))


def test_a_killed_worker_and_a_killed_app_lose_and_double_nothing(
    start: Callable[[], AppProcess], tmp_path: Path
) -> None:
    app = start()
    with look_into(tmp_path) as store:
        bundle = open_bundle(tmp_path / "bundle")
        start_study(store.people, Jobs(store.db), bundle, PLAN)
        rater = store.ratings.join(store.studies.get("sample").id, "Rin", "en")
        voter = Voter(app.url, rater)

        wait_for(lambda: made(store) >= 1)
        kill_worker(store, app)
        voter.start()
        before = made(store)
        wait_for(lambda: made(store) > before and voter.acknowledged)
    app.kill()
    voter.join()

    with look_into(tmp_path) as store:
        assert before < made(store) < len(cells(PLAN)), "it was killed in the middle"
        assert recorded(store) <= files_of(store)
        kept = votes_of(store, rater)
        assert set(voter.acknowledged) <= set(kept) and len(set(kept)) == len(kept)
        assert len(kept) - len(voter.acknowledged) <= 1, "one may have been stored and its answer lost"
        folder = next(path for path in store.files.root.glob("??"))
        (folder / HALF_WRITTEN).write_bytes(next(folder.glob("*.png")).read_bytes()[:500])

    app = start()
    with look_into(tmp_path) as store:
        wait_for(lambda: Jobs(store.db).run(PLAN.name).state == "open")
        check_pictures(store, app.url)
        check_votes(store, Voter(app.url, rater), rater, kept)


def kill_worker(store: Store, app: AppProcess) -> None:
    """End the process that makes the study's pictures, and see that it is gone."""
    (worker,) = wait_for(lambda: workers_of(store))
    number = int(worker.split(":")[1])
    assert number in descendants(app.process.pid)
    os.kill(number, signal.SIGKILL)
    wait_for(lambda: is_gone(worker))


def check_pictures(store: Store, url: str) -> None:
    """Every planned picture is there once: in the database, on the disk, and whole when it is asked for."""
    planned = store.studies.pictures(store.studies.get(PLAN.name).id)
    assert set(planned) == set(cells(PLAN))
    with store.db.read() as session:
        rows = session.scalars(select(PictureRow).where(PictureRow.seed.in_(PLAN.seeds))).all()
        attempts = session.scalars(select(JobRow.attempts)).all()
    assert sorted(row.id for row in rows) == sorted(planned.values())
    assert len({row.recipe_hash for row in rows}) == len(cells(PLAN))
    assert all(row.recipe["request"]["steps"] == STEPS for row in rows)
    assert sum(attempts) <= len(cells(PLAN)) + 2, "only what the killed ones had in hand was begun again"
    assert files_of(store) == recorded(store)
    for row in rows:
        answer = httpx.get(f"{url}/files/{row.file_key}")
        assert hashlib.sha256(answer.content).hexdigest() + ".png" == row.file_key
        with Image.open(BytesIO(answer.content)) as image:
            image.load()
            assert image.size == (row.width, row.height)
    assert httpx.get(f"{url}/files/{HALF_WRITTEN}").status_code == 404


def check_votes(store: Store, voter: Voter, rater: Rater, kept: list[int]) -> None:
    """What was voted before the kill stands, and the rater goes on after it; the finished study can be rated too."""
    told = voter.ask("open")
    assert told["done"] == len(kept) and told["assignment"]["id"] not in kept
    assert voter.vote(told["assignment"]["id"])["done"] == len(kept) + 1
    assert sorted(votes_of(store, rater)) == sorted([*kept, *voter.acknowledged])
    new = store.ratings.join(store.studies.get(PLAN.name).id, "Rin", "en")
    shown = store.ratings.next(new.id)
    assert shown is not None
    picture = voter.get(f"picture/{new.token}/{shown.left_key}")
    assert picture.status_code == 200 and picture.content.startswith(b"\x89PNG")
