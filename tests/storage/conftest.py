"""Fixtures over `tiny_store`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_store import Store, fill, open_store

from storage import StudyRecord


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny study, made once; tests work on copies."""
    folder = tmp_path_factory.mktemp("filled")
    store = open_store(folder)
    fill(store)
    store.db.close()
    return folder


@pytest.fixture
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store of its own: with the tiny study for a test that asks for `study`, else empty."""
    if "study" in request.fixturenames:
        shutil.copytree(request.getfixturevalue("filled"), tmp_path, dirs_exist_ok=True)
    opened = open_store(tmp_path)
    yield opened
    opened.db.close()


@pytest.fixture
def study(store: Store) -> StudyRecord:
    """The tiny study in ``store``."""
    return store.studies.get("tiny")
