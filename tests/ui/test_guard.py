"""The guard refuses large bodies and adds its headers to every answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from ui.guard import HEADERS, Guard


@pytest.fixture
def client() -> TestClient:
    api = FastAPI()

    @api.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    return TestClient(Guard(api, limit=1000))


def test_a_small_body_passes_with_security_headers(client: TestClient) -> None:
    answer = client.post("/echo", content=b"x" * 1000)
    assert answer.json() == 1000
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_a_large_body_is_refused_in_both_languages(client: TestClient) -> None:
    answer = client.post("/echo", content=b"x" * 1001)
    assert answer.status_code == 413
    assert "Choose fewer" in answer.text
    assert "枚数" in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_body_that_does_not_tell_its_length_is_counted(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    assert client.post("/echo", content=chunks()).status_code == 413


def test_not_found_has_the_headers_too(client: TestClient) -> None:
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/rate/gradio_api/upload", "multipart/form-data; boundary=x", 404),
        ("/results/gradio_api/upload", "Multipart/Form-Data; boundary=x", 404),
        ("/rate/gradio_api/component_server/", "application/json", 200),
        ("/gradio_api/upload", "multipart/form-data; boundary=x", 200),
    ],
)
def test_files_come_in_by_the_main_page_alone(path: str, kind: str, status: int) -> None:
    api = FastAPI()
    api.post("/{path:path}")(lambda path: path)
    assert TestClient(Guard(api)).post(path, content=b"{}", headers={"content-type": kind}).status_code == status
