"""The door: owners everywhere, analysts at the results, raters at their page, nobody else anywhere."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ui.door import COOKIE, Door

KEYS = {"o" * 43: "owner", "a" * 43: "analyst"}


@pytest.fixture
def client() -> TestClient:
    api = FastAPI()

    @api.get("/{path:path}")
    def anything(path: str) -> str:
        return f"inside {path}"

    @api.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("inside")

    return TestClient(Door(api, KEYS.get), follow_redirects=False)


@pytest.mark.parametrize(
    ("key", "open_paths", "shut_paths"),
    [
        ("", ["/rate/", "/rate/picture/x/y"], ["/", "/results/", "/exports/a/votes.csv", "/files/x", "/rated"]),
        ("a" * 43, ["/rate/", "/results/", "/results/exports/a/votes.csv"], ["/files/x", "/gradio_api/x", "/resultsx"]),
        ("o" * 43, ["/", "/rate/", "/results/", "/files/x"], []),
        ("x" * 43, ["/rate/"], ["/", "/results/"]),
    ],
)
def test_each_role_opens_its_own(client: TestClient, key: str, open_paths: list[str], shut_paths: list[str]) -> None:
    if key:
        client.cookies.set(COOKIE, key)
    for path in open_paths:
        assert client.get(path).text.startswith('"inside'), path
    for path in shut_paths:
        answer = client.get(path)
        assert answer.status_code == 401 and "inside" not in answer.text, path


def test_a_key_becomes_a_cookie_and_leaves_the_address(client: TestClient) -> None:
    answer = client.get(f"/?key={'o' * 43}&__theme=light")
    assert answer.status_code == 303 and answer.headers["location"] == "/?__theme=light"
    assert "HttpOnly" in answer.headers["set-cookie"] and "SameSite=Lax" in answer.headers["set-cookie"]
    assert client.get("/").text.startswith('"inside')


def test_a_link_with_a_key_never_leads_to_another_site(client: TestClient) -> None:
    answer = client.get(f"http://testserver//evil.example/?key={'o' * 43}")
    assert answer.headers["location"] == "/evil.example/"


def test_an_analyst_is_sent_to_the_results(client: TestClient) -> None:
    client.get(f"/?key={'a' * 43}")
    assert client.get("/").headers["location"] == "/results/"


def test_a_wrong_key_is_told_in_both_languages(client: TestClient) -> None:
    answer = client.get("/?key=wrong")
    assert answer.status_code == 401 and "set-cookie" not in answer.headers
    assert "opens nothing" in answer.text and "キー" in answer.text


def test_a_socket_needs_a_key_too(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/talk") as socket:
        socket.receive_text()
    client.cookies.set(COOKIE, "o" * 43)
    with client.websocket_connect("/talk") as socket:
        assert socket.receive_text() == "inside"
