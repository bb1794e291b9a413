"""``facepersona study discard``: asks first, does it for good, and leaves those at work unharmed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from tiny_store import Store
from typer.testing import CliRunner

from facepersona_core.cli_study import add_commands
from facepersona_core.errors import StudyHasVotes, UnknownStudy
from facepersona_core.study import worker as worker_module
from storage import Jobs, Vote
from tests.study import toy_studio as toy


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with toy.started(tmp_path) as opened:
        yield opened


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs ``facepersona study`` on ``store``."""
    monkeypatch.setenv("FACEPERSONA_LANGUAGE", "en")

    @contextmanager
    def opened(samples: bool = True) -> Iterator[Any]:
        yield SimpleNamespace(jobs=Jobs(store.db))

    study = typer.Typer()
    add_commands(study, opened)
    return lambda *arguments, said="": CliRunner().invoke(study, arguments, input=said)


def names(store: Store) -> list[str]:
    return [run.name for run in Jobs(store.db).runs()]


def test_it_asks_and_no_means_no(run: Any, store: Store) -> None:
    refused = run("discard", "tiny", said="n\n")
    assert refused.exit_code == 1 and "its pictures stay" in refused.stderr and names(store) == ["tiny"]
    assert run("discard", "tiny").exit_code == 1 and names(store) == ["tiny"], "nobody there to answer"
    done = run("discard", "tiny", said="y\n")
    assert done.exit_code == 0 and 'The study "tiny" is discarded.' in done.stdout and names(store) == []


def test_a_script_is_not_asked(run: Any, store: Store) -> None:
    done = run("discard", "tiny", "--yes", "--json")
    assert json.loads(done.stdout) == {"study": "tiny", "discarded": True} and names(store) == []
    assert isinstance(run("discard", "tiny", "--yes").exception, UnknownStudy)


def test_a_study_with_votes_is_refused_before_anything_is_asked(run: Any, store: Store) -> None:
    toy.toy_worker(store).run()
    rater = store.ratings.join(store.studies.get("tiny").id, "Aiko", "ja")
    assignment = store.ratings.next(rater.id)
    assert assignment is not None
    store.ratings.vote(rater.id, assignment.id, Vote("left", "tie", True, False, 2.0))
    refused = run("discard", "tiny")
    assert isinstance(refused.exception, StudyHasVotes) and "Discard it?" not in refused.output


def test_somebody_at_work_finishes_the_rest(run: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """``study work`` looks how far every study is after each job; one of them is gone by then."""
    other = replace(toy.SMALL, name="other", seeds=(8,))
    jobs = Jobs(store.db)
    jobs.start(other, toy.tasks(store, other), toy.BUNDLE)
    worker = toy.toy_worker(store)
    do, done = worker._do, []

    def discarding(job: Any) -> None:
        do(job)
        done.append(job)
        if len(done) == 1:
            jobs.discard("tiny")

    monkeypatch.setattr(worker, "_do", discarding)
    monkeypatch.setattr(worker_module, "build_worker", lambda *asked: worker)
    told = run("work", "--json")
    assert told.exit_code == 0, told.output
    assert [(one["name"], one["phase"]) for one in json.loads(told.stdout)] == [("other", "open")]
