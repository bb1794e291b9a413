"""A run on a thread of its own, and what the page says of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from facepersona_core.composition import Workplace
from facepersona_core.studio import Studio
from tests.ui.workplace import SCENE, open_test_workplace
from ui.board import board_html, status_html
from ui.messages import explain
from ui.runs import Run, Runs


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    opened = open_test_workplace(tmp_path_factory.mktemp("work"))
    yield opened
    opened.close()


def run_of(work: Workplace, methods: list[str], **changes: object) -> Run:
    return Run(work.studio, work.people.get("Aoi"), methods, replace(SCENE, **changes), "en")  # type: ignore[arg-type]


def finish(run: Run) -> None:
    while not run.finished:
        run.wait(run.version, timeout=60)


def test_every_method_makes_every_seed(work: Workplace) -> None:
    run = run_of(work, ["face2diffusion", "class_word"])
    run.start()
    finish(run)
    assert run.state == "done"
    assert set(run.made) == {(method, seed) for method in run.methods for seed in (7, 8)}
    board = board_html(run, {"Aoi": "葵"})
    assert board.count("<img") == 4
    assert "Aoi · seeds 7 to 8" in board
    run.language = "ja"
    assert "葵" in board_html(run, {"Aoi": "葵"})
    assert "完了" in status_html(run, {}, "")


def test_the_time_left_follows_the_pace_since_learning_was_first_heard_of(work: Workplace) -> None:
    run = run_of(work, ["textual_inversion"])
    run.state, run.method, run.stage_from, run.fraction = "learning", "textual_inversion", 0.25, 0.25
    assert "left" not in status_html(run, {}, ""), "nothing is known of the pace yet"
    run.stage_started, run.fraction = time.monotonic() - 10, 0.5
    assert "50 %, about 20 s left" in status_html(run, {}, "")


def test_one_picture_is_not_several(work: Workplace) -> None:
    run = run_of(work, ["class_word"], count=1)
    run.start()
    finish(run)
    assert "Done: 1 picture in" in status_html(run, {}, "")


def test_stop_ends_the_run_and_keeps_what_was_made(work: Workplace) -> None:
    run = run_of(work, ["class_word"], count=8, steps=3, seed=100)
    run.start()
    while not run.made:
        run.wait(run.version, timeout=60)
    run.stop()
    finish(run)
    assert run.state == "stopped"
    assert 1 <= len(run.made) < 8
    assert "not made" in board_html(run, {})
    assert f"{len(run.made)} of 8" in status_html(run, {}, "")


def test_what_goes_wrong_is_told_in_the_language_of_the_page(work: Workplace) -> None:
    settings = replace(work.settings, bundle=work.settings.home)
    run = Run(Studio(settings, work.people, work.pictures), work.people.get("Aoi"), ["class_word"], SCENE, "ja")
    run.start()
    finish(run)
    assert run.state == "failed"
    assert run.error is not None
    assert "モデルバンドル" in status_html(run, {}, explain(run.error, "ja"))


def test_the_unexpected_is_logged_under_the_reference_that_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="facepersona"):
        words = explain(ZeroDivisionError("secret detail"), "en")
    assert "secret detail" not in words
    reference = words.rsplit(" ", 1)[-1]
    assert reference in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_user_text_cannot_become_markup(work: Workplace) -> None:
    run = run_of(work, ["class_word"], prompt='S* <script>alert("x")</script>')
    assert "<script>" not in board_html(run, {})


def test_a_new_run_of_a_page_stops_the_old_one_and_the_oldest_is_forgotten(work: Workplace) -> None:
    runs = Runs(limit=2)
    first, second, third = (run_of(work, ["class_word"]) for _ in range(3))
    runs.put("one", first)
    runs.put("one", second)
    assert first.stopping
    assert runs.get("one") is second
    runs.put("two", third)
    runs.put("three", first)
    assert runs.get("one") is None
