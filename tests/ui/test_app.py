"""What cannot start says why in one line; what the server hands out."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from facepersona_core.cli import main
from facepersona_core.composition import Workplace
from tests.ui.workplace import SCENE, open_test_workplace
from ui.context import AppContext
from ui.server import build_server

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEPERSONA_HOME", str(tmp_path / "home"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_app_py_takes_the_options_of_serve_and_names_a_port_in_use_with_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FACEPERSONA_LANGUAGE", "en")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        command = [sys.executable, "app.py", "--port", str(port)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    (words,) = done.stderr.splitlines()
    assert done.returncode == 2 and f"Port {port}" in words
    assert "--port" in words and f"PORT={port + 1}" in words


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that ``facepersona serve`` ends with."""
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", str(free_port())])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_a_missing_bundle_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FACEPERSONA_BUNDLE", str(tmp_path / "nothing"))
    assert "FACEPERSONA_BUNDLE" in refusal(capsys)


def test_a_home_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FACEPERSONA_HOME", str(tmp_path / "file" / "home"))
    assert "cannot be written" in refusal(capsys)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    opened = open_test_workplace(tmp_path_factory.mktemp("work"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(work: Workplace) -> Iterator[TestClient]:
    with TestClient(build_server(AppContext(**vars(work)))) as opened:
        yield opened


def test_a_stored_picture_is_served_byte_for_byte_and_nothing_else(client: TestClient, work: Workplace) -> None:
    key = work.people.list()[0].photo_keys[0]
    answer = client.get(f"/files/{key}")
    assert answer.content == work.files.read(key)
    assert answer.headers["content-type"] == "image/png"
    assert "content-disposition" not in answer.headers
    for wrong in ("0" * 64 + ".png", "facepersona.db", "..%2Ffacepersona.db", key[:-4] + ".json"):
        assert client.get(f"/files/{wrong}").status_code == 404
    assert client.get(f"/gradio_api/file={work.files.path(key)}").status_code == 403  # the results' page has it too


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
