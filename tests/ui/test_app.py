"""What cannot start says why in one line; what the server hands out."""

from __future__ import annotations

import io
import json
import socket
import zipfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import app
from facepersona_core.composition import Workplace
from tests.ui.workplace import SCENE, open_test_workplace
from ui.context import AppContext
from ui.server import build_server


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEPERSONA_HOME", str(tmp_path / "home"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_a_port_in_use_is_named_with_the_next_one(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert app.main(port=port) == 2
    words = said(capsys)
    assert f"Port {port}" in words
    assert f"PORT={port + 1}" in words


def test_a_missing_bundle_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FACEPERSONA_BUNDLE", str(tmp_path / "nothing"))
    assert app.main(port=free_port()) == 2
    assert "FACEPERSONA_BUNDLE" in said(capsys)


def test_a_home_that_cannot_be_written_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert app.main(port=free_port(), home=tmp_path / "file" / "home") == 2
    assert "cannot be written" in said(capsys)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    opened = open_test_workplace(tmp_path_factory.mktemp("work"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(work: Workplace) -> Iterator[TestClient]:
    context = AppContext(**{field.name: getattr(work, field.name) for field in fields(work)})
    with TestClient(build_server(context)) as opened:
        yield opened


def test_a_stored_picture_is_served_byte_for_byte_and_nothing_else(client: TestClient, work: Workplace) -> None:
    key = work.people.list()[0].photo_keys[0]
    answer = client.get(f"/files/{key}")
    assert answer.content == work.files.read(key)
    assert answer.headers["content-type"] == "image/png"
    assert "content-disposition" not in answer.headers
    for wrong in ("0" * 64 + ".png", "facepersona.db", "..%2Ffacepersona.db", key[:-4] + ".json"):
        assert client.get(f"/files/{wrong}").status_code == 404


def test_a_picture_comes_with_its_recipe(client: TestClient, work: Workplace) -> None:
    made = next(iter(work.studio.generate(work.people.get("Aoi"), "class_word", SCENE)))
    answer = client.get(f"/pictures/{made.record.recipe_hash}.zip")
    assert 'filename="AI_class_word_seed7_' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {Path(name).suffix: archive.read(name) for name in archive.namelist()}
    assert files[".png"] == made.path.read_bytes()
    assert json.loads(files[".json"]) == made.record.recipe
    assert client.get(f"/pictures/{'0' * 64}.zip").status_code == 404


def test_the_page_is_ours_and_asks_nothing_of_other_hosts(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert '"title":"FacePersona"' in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "fonts.googleapis" not in answer.text
