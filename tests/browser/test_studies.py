"""The Studies tab in a real browser: from the form over the worker process to the rating, with a tiny model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from rating_site import serve

from app import study_workers
from facepersona_core.composition import open_workplace
from facepersona_core.settings import Settings
from tests.browser.conftest import App
from tests.ui.workplace import samples
from ui.context import AppContext
from ui.server import build_server

pytestmark = pytest.mark.browser
WAIT = 180_000
"""Milliseconds until a worker process has loaded the models and made eight tiny pictures on a busy core."""


@pytest.fixture(scope="module")
def app(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with its worker process, as `app.serve` composes it."""
    folder = tmp_path_factory.mktemp("studies")
    settings = Settings.from_environment({"FACEPERSONA_BUNDLE": str(tiny_bundle)})
    work = open_workplace(replace(settings, home=folder / "home"), samples(folder / "samples"))
    workers = study_workers(work)
    assert workers is not None
    workers.start()
    context = AppContext(**vars(work), workers=workers)
    with serve(build_server(context)) as url:
        yield App(url, work)
    workers.stop()
    work.close()


def test_a_study_is_planned_started_made_and_opened_for_rating(page: Page, keep: Callable[[Page, str], None]) -> None:
    page.get_by_role("tab", name="Studies").click()
    people = page.locator("#fp-study-people .fp-person")
    expect(people).to_have_count(3)
    expect(page.locator("#fp-study-panel")).to_contain_text("No study has been started here yet")
    preview = page.locator("#fp-study-preview")
    expect(preview).to_contain_text("not measured yet")
    keep(page, "studies_first")

    people.nth(2).click()
    page.locator("#fp-study-prompts textarea").fill("context | a photo of S* at the beach\nS* in a library")
    expect(preview.locator(".fp-tile b").first).to_have_text("8")
    page.locator("#fp-study-raters input").fill("")
    expect(preview).to_contain_text("Fill in every number")
    expect(page.locator("#fp-study-start")).to_be_disabled()
    page.locator("#fp-study-raters input").fill("4")
    expect(page.locator("#fp-study-start")).to_be_enabled()
    page.locator("#fp-study-start").click()
    expect(page.locator("#fp-study-message")).to_contain_text("has been started")
    panel = page.locator("#fp-study-panel .fp-run")
    expect(panel).to_have_attribute("data-phase", re.compile("making|open"), timeout=WAIT)  # an idle machine is quick
    keep(page, "studies_making")
    expect(panel).to_have_attribute("data-phase", "open", timeout=WAIT)
    expect(panel).to_contain_text("8 of 8 pictures")
    page.locator("#fp-language label", has_text="日本語").click()
    expect(panel).to_contain_text("評価を始められます")
    expect(preview).to_contain_text("見込まれる精度")
    keep(page, "studies_open_ja")

    page.locator("#fp-study-rate").click()
    expect(page.locator("#fp-rate-study input")).to_have_value("スタディ 1")
    page.locator("#fp-rate-name input, #fp-rate-name textarea").fill("Rin")
    page.locator("#fp-rate-start").click()
    page.wait_for_url("**/rate/?rater=*")
