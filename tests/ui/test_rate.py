"""The rating page's server side: what it tells a rater, what it refuses from anybody, and the way in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tiny_store import PLAN, Store, fill, open_store

from facepersona_core.methods.base import METHODS
from facepersona_core.settings import Settings
from storage import Jobs, Rater
from ui import rater_page
from ui.context import AppContext
from ui.guard import Guard
from ui.i18n import LANGUAGES, catalogue

ANSWER = {"identity": "left", "text": "tie", "left_ok": True, "right_ok": False, "seconds": 4.2, "tags": []}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    fill(opened)
    yield opened
    opened.db.close()


@pytest.fixture
def context(store: Store) -> AppContext:
    settings = Settings.from_environment({"FACEPERSONA_HOME": str(store.folder)})
    stores = (store.db, store.files, store.people, store.pictures, store.studies, store.ratings)
    return AppContext(settings, *stores, studio=cast(Any, None))


@pytest.fixture
def ask(context: AppContext) -> dict[str, rater_page.ServerFunction]:
    return rater_page.server_functions(context)


@pytest.fixture
def guarded(context: AppContext) -> TestClient:
    """The page as it is served, and nothing else."""
    api = FastAPI()
    rater_page.mount(api, context)
    return TestClient(Guard(api))


@pytest.fixture
def rater(store: Store) -> Rater:
    return store.ratings.join(store.studies.get("tiny").id, "Aiko", "ja")


def count(store: Store) -> int:
    """Comparisons answered in the study."""
    return store.ratings.votes(store.studies.get("tiny").id)["assignment"].nunique()


def test_a_vote_moves_on_and_the_same_vote_again_changes_nothing(ask: Any, store: Store, rater: Rater) -> None:
    first = ask["open"]({"token": rater.token})
    assert (first["done"], first["rater"], first["language"]) == (0, "Aiko", "ja")
    payload = {"token": rater.token, "assignment": first["assignment"]["id"], **ANSWER}
    second = ask["vote"](payload)
    assert second["done"] == 1 and second["assignment"]["id"] != first["assignment"]["id"]
    assert ask["vote"](payload) == second
    assert count(store) == 1


def test_undo_opens_the_pair_again(ask: Any, store: Store, rater: Rater) -> None:
    first = ask["open"]({"token": rater.token})
    ask["vote"]({"token": rater.token, "assignment": first["assignment"]["id"], **ANSWER})
    assert ask["undo"]({"token": rater.token}) == first
    assert count(store) == 0


def test_a_raw_post_cannot_vote_for_somebody_else(ask: Any, store: Store, rater: Rater) -> None:
    other = store.ratings.join(rater.study_id, "Ben", "en")
    theirs = ask["open"]({"token": other.token})["assignment"]["id"]
    answer = ask["vote"]({"token": rater.token, "assignment": theirs, "language": "en", **ANSWER})
    assert answer["problem"] == "NotAssigned" and str(theirs) in answer["text"]
    assert ask["skip"]({"token": rater.token, "assignment": theirs, "reason": "x"})["problem"] == "NotAssigned"
    assert ask["vote"]({"token": "guess", "assignment": theirs, **ANSWER}) == {"problem": "unknown_rater"}
    assert ask["open"]({}) == {"problem": "unknown_rater"}
    assert count(store) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"identity": "both"},
        {"text": None},
        {"left_ok": "yes"},
        {"right_ok": None},
        {"seconds": -1},
        {"seconds": "4"},
        {"seconds": float("nan")},
        {"tags": ["<script>"]},
        {"tags": "distorted"},
    ],
)
def test_a_malformed_vote_is_refused_in_words(ask: Any, store: Store, rater: Rater, wrong: dict[str, Any]) -> None:
    state = ask["open"]({"token": rater.token})
    payload = {"token": rater.token, "assignment": state["assignment"]["id"], "language": "ja", **ANSWER, **wrong}
    answer = ask["vote"](payload)
    assert answer["problem"] == "VoteInvalid" and answer["text"]
    assert {**answer, "problem": 0, "text": 0} == {**state, "problem": 0, "text": 0}
    assert count(store) == 0


@pytest.mark.parametrize("assignment", [None, "x", [], {}])
def test_a_malformed_assignment_is_refused(ask: Any, rater: Rater, assignment: Any) -> None:
    assert ask["vote"]({"token": rater.token, "assignment": assignment, **ANSWER})["problem"] == "NotAssigned"


def test_after_the_last_pair_there_is_nothing_to_vote_on(ask: Any, store: Store, rater: Rater) -> None:
    state = ask["open"]({"token": rater.token})
    while state["assignment"]:
        last = {"token": rater.token, "assignment": state["assignment"]["id"], **ANSWER}
        state = ask["vote"](last)
    assert state["done"] == state["total"] == count(store)
    assert ask["vote"]({**last, "identity": "right"})["problem"] == "NotAssigned"
    assert ask["vote"]({**last, "assignment": last["assignment"] + 1})["problem"] == "NotAssigned"
    assert count(store) == state["total"]


def test_the_state_and_the_page_tell_nothing_of_methods(ask: Any, context: AppContext, rater: Rater) -> None:
    told = json.dumps(ask["open"]({"token": rater.token})) + json.dumps(
        rater_page.build_page(context).get_config_file()
    )
    for key, entry in METHODS.items():
        assert key not in told and entry.card.name not in told
    for record in map(context.pictures.get, context.studies.pictures(rater.study_id).values()):
        assert record.sha256 not in told and record.recipe_hash not in told


def test_a_study_in_place_of_a_discarded_one_has_its_own_title(context: AppContext, ask: Any) -> None:
    studies, ratings, jobs = context.studies, context.ratings, Jobs(context.database)
    pictures = studies.pictures(studies.get("tiny").id)
    first = replace(PLAN, name="first")
    jobs.start(first, [], "bundle")
    old = studies.create(first, pictures)
    assert ask["open"]({"token": ratings.join(old.id, "Aiko", "en").token})["study"] == PLAN.title
    jobs.discard("first")
    second = replace(PLAN, name="second", title={"en": "Second", "ja": "第二"})
    new = studies.create(second, pictures)
    assert new.id == old.id  # SQLite gives it again
    assert ask["open"]({"token": ratings.join(new.id, "Aiko", "en").token})["study"] == second.title


def test_upcoming_pictures_are_those_of_the_next_pairs(ask: Any, rater: Rater) -> None:
    state = ask["open"]({"token": rater.token})
    assert len(state["upcoming"]) == 3 * rater_page.UPCOMING
    for _ in range(rater_page.UPCOMING):
        following = ask["vote"]({"token": rater.token, "assignment": state["assignment"]["id"], **ANSWER})
        assert set(following["assignment"]["pictures"].values()) <= set(state["upcoming"])
        state = following


def test_pictures_need_the_right_token_and_carry_no_name(ask: Any, context: AppContext, rater: Rater) -> None:
    api = FastAPI()
    rater_page.mount(api, context)
    client = TestClient(api)
    key = ask["open"]({"token": rater.token})["assignment"]["pictures"]["left"]
    answer = client.get(f"/rate/picture/{rater.token}/{key}")
    assert answer.status_code == 200 and answer.content.startswith(b"\x89PNG")
    assert not {"content-disposition", "last-modified", "etag"} & set(answer.headers)
    stranger = context.ratings.join(rater.study_id, "Ben", "en")
    assert client.get(f"/rate/picture/{stranger.token}/{key}").status_code == 404
    assert client.get(f"/rate/picture/{rater.token}/unknown").status_code == 404
    moved = client.get("/rate?rater=abc", follow_redirects=False)
    assert moved.headers["location"] == "/rate/?rater=abc"


def test_the_page_fetches_nothing_from_other_sites(guarded: TestClient) -> None:
    for asked in ("file=https://127.0.0.1/a.png", "file=http://127.0.0.1/a.png", "file/https://127.0.0.1/a.png"):
        for path in (asked, asked.replace("https:", "HTTPS:"), asked.replace(":", "%3A"), asked.replace("=", "%3D")):
            answer = guarded.get(f"/rate/gradio_api/{path}")
            assert (answer.status_code, answer.text) == (404, ""), path
            assert "content-security-policy" in answer.headers


def test_the_page_takes_votes_and_no_files(guarded: TestClient, rater: Rater) -> None:
    page = next(part["id"] for part in guarded.get("/rate/config").json()["components"] if part["type"] == "html")
    body = {"data": {"token": rater.token}, "component_id": page, "session_hash": "x", "fn_name": "open"}
    assert guarded.post("/rate/gradio_api/component_server/", json=body).json()["rater"] == "Aiko"
    for route in ("upload", "process_recording", "component_server/"):
        kept = guarded.post(f"/rate/gradio_api/{route}", files={"files": ("a.txt", b"kept for ever")})
        assert kept.status_code == 404, route


def test_every_text_of_the_page_is_there_in_both_languages() -> None:
    scripts = "".join(rater_page._asset(name) for name in rater_page.SCRIPTS)
    for language in LANGUAGES:
        texts = catalogue(language)["rate"]
        assert set(rater_page.TAGS) == set(texts["tags"])
        for reason in ("cannot_judge", "not_shown", "unsuitable", "know_person"):
            assert reason in texts["skip"] and f'"{reason}"' in scripts
